//! Files to GitLab, streamed from disk as one part of a multipart form.
use std::path::Path;

use http::HeaderValue;
use reqwest::Method;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::error::Error;
use crate::request::{Body, FilePart, Form};
use crate::response::Response;

/// A file to send.
#[derive(Debug, Clone, Copy)]
pub struct UploadFile<'a> {
    /// The form's field, mostly `file`.
    pub field: &'a str,
    /// The name GitLab is told.
    pub file_name: &'a str,
    /// Where it lies. It must not change while it is sent.
    pub path: &'a Path,
    /// In bytes; announced with the request.
    pub size: u64,
    /// For example `application/gzip`.
    pub content_type: &'a str,
}

impl Client {
    /// Sends fields and a file (POST). Tried again only where nothing can have
    /// happened: after a 429 and when no connection came about.
    pub async fn upload<T: DeserializeOwned>(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        file: UploadFile<'_>,
    ) -> Result<T, Error> {
        let request = self.api(Method::POST, path, &[]);
        let content_type = HeaderValue::from_str(file.content_type)
            .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"));
        let body = Body::Form(Form {
            fields: fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            field: file.field.to_owned(),
            file_name: file.file_name.to_owned(),
            content_type,
            file: FilePart {
                path: file.path.to_owned(),
                size: file.size,
            },
        });
        self.exchange(&request.body(body), Response::json).await
    }
}
