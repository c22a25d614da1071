//! Files from GitLab, which may lie in an object storage elsewhere.
//!
//! A download never sends `If-None-Match`: GitLab gives files of different
//! content the same tag (its issue 371991). The token stays with the instance;
//! a redirect's target gets a bare request.
use std::path::Path;

use bytes::Bytes;
use futures::Stream;
use http::HeaderValue;
use http::header::{ACCEPT, ACCEPT_ENCODING};
use reqwest::Method;
use tokio::io::AsyncWriteExt;

use crate::client::Client;
use crate::error::Error;
use crate::request::{Redirects, Request};
use crate::response::Response;

/// A file on its way.
pub struct Download {
    /// In bytes, if announced.
    pub size: Option<u64>,
    /// As the server names it.
    pub content_type: Option<String>,
    response: Response,
}

impl Download {
    fn new(response: Response) -> Download {
        Download {
            size: response.expected,
            content_type: response.header("content-type").map(str::to_owned),
            response,
        }
    }

    /// The next piece; `None` after a whole file.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        self.response.chunk().await
    }

    /// The file as a stream, which ends with its first error. Dropping it early
    /// ends the transfer.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
        self.response.into_stream()
    }
}

/// A file that has come whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// In bytes.
    pub size: u64,
    /// As the server names it.
    pub content_type: Option<String>,
}

impl Client {
    /// Begins a download. What breaks from here on is the caller's to repeat.
    pub async fn download(&self, path: &str, query: &[(&str, &str)]) -> Result<Download, Error> {
        self.send(&self.download_request(path, query))
            .await
            .map(Download::new)
    }

    /// Downloads into a file, from the start again where the transfer broke.
    /// The file is there only if it has come whole.
    pub async fn download_to(
        &self,
        path: &str,
        query: &[(&str, &str)],
        into: &Path,
    ) -> Result<Downloaded, Error> {
        let request = self.download_request(path, query);
        let result = self
            .exchange(&request, |response| save(Download::new(response), into))
            .await;
        if result.is_err() {
            // What is left of a broken transfer must not be taken for the file;
            // that it was never made is as good.
            let _ = tokio::fs::remove_file(into).await;
        }
        result
    }

    pub(crate) fn download_request(&self, path: &str, query: &[(&str, &str)]) -> Request {
        self.api(Method::GET, path, query)
            .redirects(Redirects::Anywhere)
            .header(ACCEPT, HeaderValue::from_static("*/*"))
            .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"))
    }
}

async fn save(mut download: Download, into: &Path) -> Result<Downloaded, Error> {
    let failed = |source| Error::Io {
        path: into.to_owned(),
        source,
    };
    let mut file = private_file(into).await.map_err(failed)?;
    let mut size = 0;
    while let Some(bytes) = download.chunk().await? {
        size += bytes.len() as u64;
        file.write_all(&bytes).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    Ok(Downloaded {
        size,
        content_type: download.content_type,
    })
}

/// An empty file that only this user can read.
async fn private_file(path: &Path) -> std::io::Result<tokio::fs::File> {
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(path).await
}
