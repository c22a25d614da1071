//! REST with JSON bodies: the four verbs.
use http::HeaderValue;
use http::header::ACCEPT;
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::error::Error;
use crate::request::{Auth, Body, Redirects, Request, RequestKind};
use crate::response::Response;

impl Client {
    /// A request of the REST API. `path` as in [`crate::BaseUrl::api`].
    pub(crate) fn api(&self, method: Method, path: &str, query: &[(&str, &str)]) -> Request {
        let mut url = self.base().api(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = Request::new(RequestKind::Api, method, url, Auth::Token)
            .redirects(Redirects::SameOrigin)
            .header(ACCEPT, HeaderValue::from_static("application/json"));
        path.trim_matches('/').clone_into(&mut request.route);
        request
    }

    /// Reads one JSON document.
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        let request = self.api(Method::GET, path, query);
        self.exchange(&request, Response::json).await
    }

    /// Reads one JSON document that may not be there.
    pub async fn get_optional<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<T>, Error> {
        match self.get(path, query).await {
            Ok(found) => Ok(Some(found)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates something. Tried again only where nothing can have happened.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync + ?Sized),
    ) -> Result<T, Error> {
        let request = self.with_json(Method::POST, path, body)?;
        self.exchange(&request, Response::json).await
    }

    /// Changes something; doing it twice is doing it once.
    pub async fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync + ?Sized),
    ) -> Result<T, Error> {
        let request = self.with_json(Method::PUT, path, body)?.idempotent();
        self.exchange(&request, Response::json).await
    }

    /// Asks for something whose answer's body says nothing (202, 204).
    pub async fn post_unanswered(
        &self,
        path: &str,
        body: &(impl Serialize + Sync + ?Sized),
    ) -> Result<(), Error> {
        let request = self.with_json(Method::POST, path, body)?;
        self.exchange(&request, drained).await
    }

    /// Deletes something; it is gone or going when this returns.
    pub async fn delete(&self, path: &str, query: &[(&str, &str)]) -> Result<(), Error> {
        let request = self.api(Method::DELETE, path, query).idempotent();
        self.exchange(&request, drained).await
    }

    fn with_json(
        &self,
        method: Method,
        path: &str,
        body: &(impl Serialize + Sync + ?Sized),
    ) -> Result<Request, Error> {
        let bytes = serde_json::to_vec(body).map_err(|error| Error::Decode {
            route: path.to_owned(),
            detail: format!(
                "the request cannot be written as JSON: {:?}",
                error.classify()
            ),
        })?;
        Ok(self.api(method, path, &[]).body(Body::Json(bytes.into())))
    }
}

/// Reads a short body to its end and drops it, so that the connection can be
/// used again.
async fn drained(response: Response) -> Result<(), Error> {
    response.bytes(1024 * 1024).await.map(drop)
}
