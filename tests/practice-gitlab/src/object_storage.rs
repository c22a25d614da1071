//! The second host: "object storage" that downloads are redirected to, as a
//! GitLab with remote uploads does. It notes the headers it gets, so that a test
//! can see whether a client carried its token to another host.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use http::{HeaderMap, Request, Response, StatusCode};
use serde::Serialize;

use crate::answer::{file_response, plain};

/// A request that reached the second host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StorageRequest {
    /// Path and query.
    pub path: String,
    /// Header names and values, in lower case and as sent.
    pub headers: Vec<(String, String)>,
}

#[derive(Debug, Default)]
struct Contents {
    files: HashMap<String, (PathBuf, String)>,
    seen: Vec<StorageRequest>,
}

/// The second host.
#[derive(Debug)]
pub struct ObjectStorage {
    origin: String,
    contents: Mutex<Contents>,
}

impl ObjectStorage {
    /// A host that answers at `origin`.
    pub fn new(origin: String) -> Self {
        Self {
            origin,
            contents: Mutex::default(),
        }
    }

    fn contents(&self) -> std::sync::MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Offers a file and gives a URL that is good without any other sign-in.
    pub fn offer(&self, file: PathBuf, name: &str) -> String {
        let mut contents = self.contents();
        let key = format!(
            "{}-{}",
            contents.files.len() + 1,
            file.file_name().unwrap_or_default().to_string_lossy()
        );
        contents.files.insert(key.clone(), (file, name.to_owned()));
        format!("{}/bucket/{key}?X-Amz-Signature=signed", self.origin)
    }

    /// Requests seen so far.
    pub fn seen(&self) -> Vec<StorageRequest> {
        self.contents().seen.clone()
    }

    /// Answers a request: the file, if it was offered and no authorization that
    /// the signature contradicts comes along (real stores answer 400 then).
    pub async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let key = request
            .uri()
            .path()
            .trim_start_matches("/bucket/")
            .to_owned();
        let offered = {
            let mut contents = self.contents();
            contents.seen.push(StorageRequest {
                path: request.uri().to_string(),
                headers: readable(request.headers()),
            });
            contents.files.get(&key).cloned()
        };
        if request.headers().contains_key(http::header::AUTHORIZATION) {
            return plain(StatusCode::BAD_REQUEST, "Only one auth mechanism allowed");
        }
        match offered {
            Some((file, name)) => file_response(&file, &name, "application/gzip").await,
            None => plain(StatusCode::FORBIDDEN, "AccessDenied"),
        }
    }
}

fn readable(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect()
}
