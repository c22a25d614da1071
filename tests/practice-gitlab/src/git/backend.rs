//! Running `git http-backend` as CGI (RFC 3875): the request's body streams into
//! it and its answer streams out, so that a pack of any size needs no memory
//! here. After a push, what GitLab does then is done before the answer ends.

use std::process::Stdio;
use std::sync::Arc;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdout, Command};

use super::{INHERITED, Service, push};
use crate::answer::plain;
use crate::server::Server;

/// Bytes moved at a time.
const PIECE: usize = 64 * 1024;

/// One conversation with a repository.
#[derive(Debug)]
pub struct Session {
    /// The project.
    pub project: u64,
    /// Its wiki, not its code.
    pub wiki: bool,
    /// Fetching or pushing.
    pub service: Service,
    /// Only the advertisement.
    pub advertisement: bool,
    /// Who pushes.
    pub user: u64,
    /// What the push may not do.
    pub rules: String,
}

/// Runs the conversation and answers with what git says.
pub async fn run(server: &Arc<Server>, session: Session, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let mut child = match start(server, &session, &head.headers) {
        Ok(child) => child,
        Err(error) => {
            tracing::error!(%error, "git http-backend could not be started");
            return plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal error");
        }
    };
    if let Some(mut input) = child.stdin.take() {
        tokio::spawn(async move {
            let mut pieces = body.into_data_stream();
            while let Some(piece) = pieces.next().await {
                let Ok(piece) = piece else { return };
                if input.write_all(&piece).await.is_err() {
                    return;
                }
            }
        });
    }
    let Some(mut output) = child.stdout.take() else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal error");
    };
    match read_head(&mut output).await {
        Ok((status, headers, rest)) => {
            let mut response =
                Response::new(stream(Arc::clone(server), session, child, output, rest));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            response
        }
        Err(error) => {
            tracing::error!(%error, "git http-backend gave no proper answer");
            plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal error")
        }
    }
}

fn start(server: &Server, session: &Session, headers: &HeaderMap) -> std::io::Result<Child> {
    let suffix = if session.wiki { ".wiki.git" } else { ".git" };
    let service = session.service.name();
    let header = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let (method, path, query) = if session.advertisement {
        ("GET", "info/refs", format!("service={service}"))
    } else {
        ("POST", service, String::new())
    };
    let mut command = Command::new(&server.git.http_backend);
    for name in INHERITED {
        command.env_remove(name);
    }
    command
        .envs(server.git.environment())
        .env("GIT_PROJECT_ROOT", server.data.repositories())
        .env("PATH_INFO", format!("/{}{suffix}/{path}", session.project))
        .env("REQUEST_METHOD", method)
        .env("QUERY_STRING", query)
        .env("REMOTE_USER", format!("user-{}", session.user))
        .env("PRACTICE_RULES", &session.rules)
        .stdin(if session.advertisement {
            Stdio::null()
        } else {
            Stdio::piped()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    if let Some(content_type) = header(&CONTENT_TYPE) {
        command.env("CONTENT_TYPE", content_type);
    }
    if let Some(encoding) = header(&CONTENT_ENCODING) {
        command.env("HTTP_CONTENT_ENCODING", encoding);
    }
    if let Some(length) = header(&CONTENT_LENGTH) {
        command.env("CONTENT_LENGTH", length);
    }
    if let Some(protocol) = headers
        .get("git-protocol")
        .and_then(|value| value.to_str().ok())
    {
        command.env("GIT_PROTOCOL", protocol);
    }
    command.spawn()
}

/// Reads the CGI head: `Status:` and other headers up to an empty line. What was
/// read beyond it belongs to the body.
async fn read_head(output: &mut ChildStdout) -> std::io::Result<(StatusCode, HeaderMap, Bytes)> {
    let mut read = BytesMut::with_capacity(PIECE);
    loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = read.split_to(end + 4);
            let (status, headers) = parse_head(&String::from_utf8_lossy(&head));
            return Ok((status, headers, read.freeze()));
        }
        if output.read_buf(&mut read).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn parse_head(head: &str) -> (StatusCode, HeaderMap) {
    let mut status = StatusCode::OK;
    let mut headers = HeaderMap::new();
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        if name.eq_ignore_ascii_case("status") {
            let code = value.split(' ').next().and_then(|code| code.parse().ok());
            status = code.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        } else if let (Ok(name), Ok(value)) =
            (HeaderName::try_from(name), HeaderValue::try_from(value))
        {
            headers.insert(name, value);
        }
    }
    (status, headers)
}

/// The body: what git writes, then, after a push, what GitLab does with it.
fn stream(
    server: Arc<Server>,
    session: Session,
    child: Child,
    output: ChildStdout,
    rest: Bytes,
) -> Body {
    let first = futures::stream::iter((!rest.is_empty()).then_some(Ok::<_, std::io::Error>(rest)));
    let written = tokio_util::io::ReaderStream::with_capacity(output, PIECE);
    let end = futures::stream::once(async move { finish(server, session, child).await })
        .try_filter_map(|()| async { Ok(None::<Bytes>) });
    Body::from_stream(first.chain(written).chain(end))
}

/// Waits for git and lets GitLab take notice of a push. A fetch that git broke
/// off must not look whole, so its failure ends the connection.
async fn finish(server: Arc<Server>, session: Session, mut child: Child) -> std::io::Result<()> {
    let status = child.wait().await?;
    if !status.success() && session.service == Service::UploadPack {
        return Err(std::io::Error::other("git http-backend failed"));
    }
    if session.service == Service::ReceivePack && !session.advertisement {
        let took_notice = tokio::task::spawn_blocking(move || {
            push::after(&server, session.project, session.wiki, session.user)
        });
        match took_notice.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "a push was not taken notice of"),
            Err(error) => tracing::error!(%error, "taking notice of a push panicked"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cgi_heads_have_a_status_of_200_unless_they_say_so() {
        let (status, headers) = parse_head("Content-Type: a/b\r\nExpires: 0\r\n\r\n");
        assert_eq!((status, headers.len()), (StatusCode::OK, 2));
        let (status, _) = parse_head("Status: 403 Forbidden\r\n\r\n");
        assert_eq!(status, StatusCode::FORBIDDEN);
    }
}
