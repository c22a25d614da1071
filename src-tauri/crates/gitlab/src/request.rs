//! One request as a value that can be sent again.
use std::path::PathBuf;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Method;
use url::Url;

/// What a request is part of; each has its own counter and its own limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestKind {
    /// REST.
    Api,
    /// Git over HTTP.
    Git,
    /// The container registry and its token service.
    Registry,
    /// LFS batches and objects.
    Lfs,
}

impl RequestKind {
    pub(crate) const COUNT: usize = 4;

    pub(crate) fn index(self) -> usize {
        match self {
            RequestKind::Api => 0,
            RequestKind::Git => 1,
            RequestKind::Registry => 2,
            RequestKind::Lfs => 3,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            RequestKind::Api => "api",
            RequestKind::Git => "git",
            RequestKind::Registry => "registry",
            RequestKind::Lfs => "lfs",
        }
    }
}

/// How a request says who asks.
#[derive(Debug, Clone)]
pub(crate) enum Auth {
    /// The user's token as GitLab's REST API takes it.
    Token,
    /// The user's token as git's password, with the user name `oauth2`. Sent
    /// with the first request: an attempt without it counts as a failed login.
    Basic,
    /// Nothing.
    None,
}

/// A file that is sent from disk.
#[derive(Debug, Clone)]
pub(crate) struct FilePart {
    pub(crate) path: PathBuf,
    /// In bytes; announced, so the file must not change meanwhile.
    pub(crate) size: u64,
}

/// A piece of a body.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    Bytes(Bytes),
    File(FilePart),
}

impl Part {
    pub(crate) fn size(&self) -> u64 {
        match self {
            Part::Bytes(bytes) => bytes.len() as u64,
            Part::File(file) => file.size,
        }
    }
}

/// A multipart form with one file.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) field: String,
    pub(crate) file_name: String,
    pub(crate) content_type: HeaderValue,
    pub(crate) file: FilePart,
}

/// The body of a request. The content type of [`Body::Parts`] is among the
/// request's headers.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Empty,
    Json(Bytes),
    /// Sent one after the other, with their whole length announced.
    Parts(Vec<Part>),
    Form(Form),
}

impl Body {
    /// A body that is in memory.
    pub(crate) fn bytes(bytes: impl Into<Bytes>) -> Body {
        Body::Parts(vec![Part::Bytes(bytes.into())])
    }
}

/// Which redirects are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redirects {
    /// None; each is an error.
    Refuse,
    /// Of a GET to the same scheme, host and port.
    SameOrigin,
    /// Of a GET to anywhere but from https to http. Credentials and the
    /// request's own headers stay behind when the origin changes.
    Anywhere,
}

/// A request. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    pub(crate) auth: Auth,
    pub(crate) kind: RequestKind,
    /// Whether sending it twice does no harm; decides what is tried again.
    pub(crate) is_idempotent: bool,
    pub(crate) redirects: Redirects,
    /// What logs and errors call it: a path without query.
    pub(crate) route: String,
}

impl Request {
    /// A request for `url`. GET and HEAD are idempotent, others are not unless
    /// [`Request::idempotent`] says so.
    pub(crate) fn new(kind: RequestKind, method: Method, url: Url, auth: Auth) -> Request {
        Request {
            is_idempotent: method.is_safe(),
            route: url.path().trim_start_matches('/').to_owned(),
            method,
            url,
            headers: HeaderMap::new(),
            body: Body::Empty,
            auth,
            kind,
            redirects: Redirects::Refuse,
        }
    }

    pub(crate) fn idempotent(mut self) -> Request {
        self.is_idempotent = true;
        self
    }

    pub(crate) fn redirects(mut self, redirects: Redirects) -> Request {
        self.redirects = redirects;
        self
    }

    pub(crate) fn body(mut self, body: Body) -> Request {
        self.body = body;
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Request {
        self.headers.insert(name, value);
        self
    }
}
