//! The body of a request on its way: made anew for each attempt, files read
//! from disk as they go, every byte told to the observer.
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use tokio_util::io::ReaderStream;

use crate::activity::Activity;
use crate::failure::SendFailed;
use crate::observer::Observer;
use crate::request::{Body, FilePart, Form, Part};

/// Bytes read from a file at a time.
const CHUNK: usize = 64 * 1024;

/// Tells whoever wants to know how much went out.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) activity: Activity,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

impl Outgoing {
    fn sent(&self, bytes: usize) {
        self.activity.touch();
        if let Some(observer) = &self.observer {
            observer.sent(bytes as u64);
        }
    }

    /// Puts the body into the request.
    pub(crate) fn attach(
        &self,
        builder: reqwest::RequestBuilder,
        body: &Body,
    ) -> reqwest::RequestBuilder {
        match body {
            Body::Empty => builder,
            Body::Json(bytes) => {
                self.sent(bytes.len());
                builder
                    .header(http::header::CONTENT_TYPE, "application/json")
                    .body(bytes.clone())
            }
            Body::Parts(parts) => match parts.as_slice() {
                [Part::Bytes(bytes)] => {
                    self.sent(bytes.len());
                    builder.body(bytes.clone())
                }
                parts => {
                    let size: u64 = parts.iter().map(Part::size).sum();
                    builder.header(http::header::CONTENT_LENGTH, size).body(
                        reqwest::Body::wrap_stream(self.clone().parts(parts.to_vec())),
                    )
                }
            },
            Body::Form(form) => builder.multipart(self.form(form)),
        }
    }

    fn form(&self, form: &Form) -> reqwest::multipart::Form {
        let body = reqwest::Body::wrap_stream(self.clone().file(form.file.clone()));
        let headers = [(http::header::CONTENT_TYPE, form.content_type.clone())];
        let part = reqwest::multipart::Part::stream_with_length(body, form.file.size)
            .file_name(form.file_name.clone())
            .headers(headers.into_iter().collect());
        let mut whole = reqwest::multipart::Form::new();
        for (name, value) in &form.fields {
            whole = whole.text(name.clone(), value.clone());
        }
        whole.part(form.field.clone(), part)
    }

    fn parts(self, parts: Vec<Part>) -> impl Stream<Item = Result<Bytes, SendFailed>> + Send {
        stream::iter(parts).flat_map(move |part| match part {
            Part::Bytes(bytes) => {
                self.sent(bytes.len());
                stream::once(async move { Ok(bytes) }).boxed()
            }
            Part::File(file) => self.clone().file(file).boxed(),
        })
    }

    fn file(self, file: FilePart) -> impl Stream<Item = Result<Bytes, SendFailed>> + Send {
        let FilePart { path, size: _ } = file;
        let opened = path.clone();
        let open = async move {
            match tokio::fs::File::open(&opened).await {
                Ok(file) => Ok(ReaderStream::with_capacity(file, CHUNK)),
                Err(error) => Err(error),
            }
        };
        stream::once(open)
            .try_flatten()
            .inspect_ok(move |chunk: &Bytes| self.sent(chunk.len()))
            .map_err(move |source| SendFailed {
                path: path.clone(),
                source,
            })
    }
}
