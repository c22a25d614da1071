//! An answer whose body is still to come.
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::{Stream, stream};
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use crate::client::Shared;
use crate::error::{Error, clip};
use crate::observer::Observer;
use crate::reason::NotGitlabReason;
use crate::refusal;
use crate::request::RequestKind;

/// The largest answer that is held in memory, in bytes. Merge request versions
/// with their diffs are the largest ones.
const LARGEST: u64 = 256 * 1024 * 1024;

/// A successful answer. Its place among the requests in flight is taken until it
/// was read or dropped.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) kind: RequestKind,
    /// What logs and errors call the request.
    pub(crate) route: String,
    /// The URL it came from, without query.
    pub(crate) url: String,
    pub(crate) host: String,
    /// Bytes of the body, if announced.
    pub(crate) expected: Option<u64>,
    pub(crate) inner: reqwest::Response,
    pub(crate) received: u64,
    pub(crate) idle: Duration,
    pub(crate) cancel: CancellationToken,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) permit: Option<OwnedSemaphorePermit>,
    pub(crate) shared: Arc<Shared>,
}

impl Response {
    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The next piece of the body; `None` after a whole one.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let next = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return Err(Error::Cancelled),
            next = tokio::time::timeout(self.idle, self.inner.chunk()) => next,
        };
        match next {
            Err(_) => Err(Error::Timeout {
                host: self.host.clone(),
                after: self.idle,
            }),
            Ok(Err(error)) => Err(self.interrupted(Some(error.without_url()))),
            Ok(Ok(Some(bytes))) => {
                self.received += bytes.len() as u64;
                if let Some(observer) = &self.observer {
                    observer.received(bytes.len() as u64);
                }
                Ok(Some(bytes))
            }
            Ok(Ok(None)) => match self.expected {
                Some(expected) if expected != self.received => Err(self.interrupted(None)),
                _ => Ok(None),
            },
        }
    }

    fn interrupted(&self, source: Option<reqwest::Error>) -> Error {
        Error::Interrupted {
            host: self.host.clone(),
            received: self.received,
            expected: self.expected,
            source,
        }
    }

    /// The body as a stream, which ends with its first error.
    pub(crate) fn into_stream(self) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
        stream::unfold(Some(self), |state| async move {
            let mut response = state?;
            match response.chunk().await {
                Ok(Some(bytes)) => Some((Ok(bytes), Some(response))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })
    }

    /// The whole body, if it is not longer than `limit` bytes.
    pub(crate) async fn bytes(mut self, limit: u64) -> Result<Bytes, Error> {
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if self.received > limit {
                return Err(Error::AnswerTooLong {
                    route: self.route,
                    limit,
                });
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }

    /// The first bytes of an error's body, without the token if it is in them; a
    /// broken transfer ends them.
    pub(crate) async fn beginning(&mut self, limit: usize) -> Vec<u8> {
        let mut start = Vec::new();
        while let Ok(Some(chunk)) = self.chunk().await {
            start.extend_from_slice(&chunk);
            if start.len() >= limit {
                start.truncate(limit);
                break;
            }
        }
        self.shared.without_token(start)
    }

    /// The body as JSON. A web page or foreign JSON means that something else
    /// than GitLab answered.
    pub(crate) async fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        let content_type = self.header("content-type").map(str::to_owned);
        let (route, url, kind) = (self.route.clone(), self.url.clone(), self.kind);
        let shared = Arc::clone(&self.shared);
        let host = self.host.clone();
        let body = self.bytes(LARGEST).await?;
        match serde_json::from_slice(&body) {
            Ok(value) => Ok(value),
            // Cut short on the way, though the transfer ended properly.
            Err(error) if error.is_eof() && is_json(content_type.as_deref()) => {
                Err(Error::Interrupted {
                    host,
                    received: body.len() as u64,
                    expected: None,
                    source: None,
                })
            }
            Err(error) => Err(not_understood(
                &error,
                &shared.without_token(body.to_vec()),
                content_type,
                route,
                url,
                kind,
            )),
        }
    }
}

fn is_json(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|kind| kind.contains("json"))
}

fn not_understood(
    error: &serde_json::Error,
    body: &[u8],
    content_type: Option<String>,
    route: String,
    url: String,
    kind: RequestKind,
) -> Error {
    if kind == RequestKind::Api && error.classify() != serde_json::error::Category::Data {
        let is_page = refusal::is_web_page(content_type.as_deref(), body);
        if is_page || !is_json(content_type.as_deref()) {
            let why = if is_page {
                NotGitlabReason::WebPage {
                    title: refusal::title(body),
                }
            } else {
                NotGitlabReason::NotJson {
                    content_type: content_type.map(|text| clip(&text)),
                }
            };
            return Error::NotGitlab { url, why };
        }
    }
    // The library's own text may quote a value, which can be a secret.
    let detail = format!(
        "{:?} at line {}, column {} of {} bytes",
        error.classify(),
        error.line(),
        error.column(),
        body.len()
    );
    Error::Decode { route, detail }
}
