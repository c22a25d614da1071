//! One repository of a GitLab, by git's own protocol over HTTP.
use std::path::Path;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};
use reqwest::Method;
use url::Url;

use super::advertisement::{self, Advertisement};
use super::error::GitError;
use super::fetch::{self, FetchRequest};
use super::object_id::ObjectFormat;
use super::pack::PackFacts;
use super::packet::{Packet, PacketReader};
use super::push::{Pack, Plan, PushReport, PushRequest};
use super::receive::{self, Receiver};
use super::report;
use super::spool::Spool;
use crate::client::Client;
use crate::error::Error;
use crate::observer::WaitReason;
use crate::request::{Auth, Body, FilePart, Part, Redirects, Request, RequestKind};
use crate::response::Response;
use crate::retry::Tries;

/// What git on the server sees in its log.
const AGENT: &str = concat!("labkeep/", env!("CARGO_PKG_VERSION"));

/// A repository. Cheap to clone; it shares the client's budget, retries,
/// cancellation and counts.
#[derive(Debug, Clone)]
pub struct Remote {
    client: Client,
    url: Url,
}

impl Client {
    /// The repository of a project by its full path; a wiki is
    /// `<full path>.wiki`, a project's snippet `<full path>/snippets/<id>`.
    pub fn repository(&self, full_path: &str) -> Remote {
        Remote {
            client: self.clone(),
            url: self.base().repository(full_path),
        }
    }
}

impl Remote {
    /// Everything the repository shows, in one request.
    pub async fn ls_refs(&self, format: ObjectFormat) -> Result<Advertisement, Error> {
        let body = advertisement::request(format, AGENT);
        let request = self.upload_pack(Body::bytes(body));
        let result = self
            .client
            .exchange(&request, |response| async move {
                let mut packets = PacketReader::new(Box::pin(response.into_stream()));
                advertisement::read(&mut packets, format).await
            })
            .await;
        self.diagnosed(result).await
    }

    /// A pack of what is new, in one request; `None` when nothing is. The pack is
    /// verified as it comes, begun anew when the transfer breaks, and in the file
    /// `into` only when it is whole. It stands alone: no delta builds on an object
    /// outside.
    pub async fn fetch(
        &self,
        fetch: &FetchRequest,
        into: &Path,
    ) -> Result<Option<PackFacts>, Error> {
        let body = fetch::request(fetch, AGENT);
        let request = self.upload_pack(Body::bytes(body));
        let result = self
            .client
            .exchange(&request, |response| {
                receive_pack(response, fetch.format, into)
            })
            .await;
        self.diagnosed(result).await
    }

    /// Changes refs, after sending a pack with the objects they need. The report
    /// has a line for every update; a ref that the server refuses is no error.
    /// When the connection breaks, what became of the refs is asked before
    /// anything is sent again.
    pub async fn push(&self, push: &PushRequest) -> Result<PushReport, Error> {
        let mut tries = Tries::new(self.client.attempts(), &self.client.shared.pauses);
        loop {
            let error = match self.push_once(push).await {
                Ok(report) => return Ok(report),
                Err(error) => error,
            };
            let random = rand::random::<f64>();
            let Some(pause) = tries.pause_after(&error, true, random, None) else {
                return Err(error);
            };
            tracing::info!(error = error.code(), "a push is tried again");
            self.client.pause(pause, Some(WaitReason::Network)).await?;
        }
    }

    async fn push_once(&self, push: &PushRequest) -> Result<PushReport, Error> {
        let receiver = self.receiver().await?;
        let plan = Plan::make(push, &receiver, AGENT)?;
        if plan.is_settled() {
            return Ok(plan.finish(report::Report::default())?);
        }
        let mut parts = vec![Part::Bytes(plan.head.clone())];
        match &plan.pack {
            None => {}
            Some(Pack::Empty(bytes)) => parts.push(Part::Bytes(bytes.clone())),
            Some(Pack::File(path)) => {
                let size = tokio::fs::metadata(path)
                    .await
                    .map_err(GitError::io(path))?
                    .len();
                parts.push(Part::File(FilePart {
                    path: path.clone(),
                    size,
                }));
            }
        }
        // Not idempotent: push() asks what happened before it tries again.
        let request = self.service("git-receive-pack").body(Body::Parts(parts));
        let has_bands = plan.has_bands;
        let report = self
            .client
            .exchange(&request, |response| async move {
                let mut packets = PacketReader::new(Box::pin(response.into_stream()));
                report::read(&mut packets, has_bands).await
            })
            .await?;
        Ok(plan.finish(report)?)
    }

    /// What the server says to one who wants to push.
    async fn receiver(&self) -> Result<Receiver, Error> {
        let request = self.info_refs("git-receive-pack");
        self.client
            .exchange(&request, |response| async move {
                let mut packets = PacketReader::new(Box::pin(response.into_stream()));
                receive::read(&mut packets).await
            })
            .await
    }

    /// A request that only reads.
    fn upload_pack(&self, body: Body) -> Request {
        self.service("git-upload-pack")
            .header(
                HeaderName::from_static("git-protocol"),
                HeaderValue::from_static("version=2"),
            )
            .body(body)
            .idempotent()
    }

    fn service(&self, service: &str) -> Request {
        let url = self.below(service);
        let kind = |end: &str| {
            HeaderValue::from_str(&format!("application/x-{service}-{end}"))
                .expect("names of services are ASCII")
        };
        Request::new(RequestKind::Git, Method::POST, url, Auth::Basic)
            .header(CONTENT_TYPE, kind("request"))
            .header(ACCEPT, kind("result"))
            .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"))
            .redirects(Redirects::Refuse)
    }

    fn info_refs(&self, service: &str) -> Request {
        let mut url = self.below("info/refs");
        url.query_pairs_mut().append_pair("service", service);
        Request::new(RequestKind::Git, Method::GET, url, Auth::Basic)
            .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"))
            .redirects(Redirects::SameOrigin)
    }

    fn below(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{path}", self.url.path()));
        url
    }

    /// After an answer that makes no sense: asks whether the server speaks the
    /// protocol's version 2 at all. Costs a request only then.
    async fn diagnosed<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        let is_doubtful = matches!(
            result,
            Err(Error::Git(
                GitError::Server { .. }
                    | GitError::Line { .. }
                    | GitError::NoSection { .. }
                    | GitError::Packet
                    | GitError::Truncated
            ))
        );
        if is_doubtful && matches!(self.speaks_version_2().await, Ok(false)) {
            return Err(GitError::NotVersion2.into());
        }
        result
    }

    async fn speaks_version_2(&self) -> Result<bool, Error> {
        let request = self.info_refs("git-upload-pack").header(
            HeaderName::from_static("git-protocol"),
            HeaderValue::from_static("version=2"),
        );
        let response = self.client.with_attempts(1).send(&request).await?;
        let mut packets = PacketReader::new(Box::pin(response.into_stream()));
        // GitLab puts the service's name before, git itself does not.
        for _ in 0..3 {
            match packets.next().await? {
                Some(Packet::Flush) => {}
                Some(packet) => match packet.text() {
                    Some(b"version 2") => return Ok(true),
                    Some(line) if line.starts_with(b"# service=") => {}
                    _ => return Ok(false),
                },
                None => return Ok(false),
            }
        }
        Ok(false)
    }
}

async fn receive_pack(
    response: Response,
    format: ObjectFormat,
    into: &Path,
) -> Result<Option<PackFacts>, Error> {
    let mut spool = Spool::begin(format, into);
    let stream: std::pin::Pin<Box<dyn futures::Stream<Item = Result<Bytes, Error>> + Send>> =
        Box::pin(response.into_stream());
    let mut packets = PacketReader::new(stream);
    match fetch::read(&mut packets, &mut spool).await {
        Ok(()) => Ok(spool.finish().await?),
        Err(error) => {
            spool.abandon().await;
            Err(error)
        }
    }
}
