//! The real git behind HTTP, with faults on demand.
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, Response};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::task::JoinHandle;

use crate::git::Remote;
use crate::{BaseUrl, Client, ClientOptions, Pauses, Proxy};

/// The token of all tests.
const TOKEN: &str = "glpat-0123456789abcdefghij";

/// What the server does wrong, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection breaks after so many bytes of the answer.
    Cut(usize),
    /// The answer just ends after so many bytes, as if it were whole.
    End(usize),
    /// The byte at that place is another one.
    Flip(usize),
    /// This status instead of an answer.
    Status(u16),
    /// The request is carried out, but the connection breaks before an answer.
    Silence,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

#[derive(Default)]
struct State {
    seen: Vec<Seen>,
    /// Faults to come, by the end of the path.
    faults: VecDeque<(&'static str, Fault)>,
    /// Forgets that clients ask for version 2.
    is_old: bool,
}

/// A server on a free port, gone when dropped.
pub(crate) struct Server {
    client: Client,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves the repositories in a folder.
    pub(crate) async fn start(root: &Path) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let (root, shared) = (root.to_owned(), state.clone());
        let router = axum::Router::new().fallback(move |request: Request<Body>| {
            let (root, state) = (root.clone(), shared.clone());
            async move { answer(root, state, request).await }
        });
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let base = BaseUrl::parse(&format!("http://{address}")).unwrap();
        let options = ClientOptions {
            proxy: Proxy::None,
            attempts: 4,
            pauses: Pauses {
                first: Duration::from_millis(1),
                ..Pauses::default()
            },
            ..ClientOptions::new(base, Some(TOKEN.into()))
        };
        Server {
            client: Client::new(options).unwrap(),
            state,
            task,
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn remote(&self, full_path: &str) -> Remote {
        self.client.repository(full_path)
    }

    /// The next answer for a path with that end has a fault.
    pub(crate) fn fault(&self, end: &'static str, fault: Fault) {
        self.state.lock().unwrap().faults.push_back((end, fault));
    }

    /// Faults that did not come yet.
    pub(crate) fn faults_left(&self) -> usize {
        self.state.lock().unwrap().faults.len()
    }

    /// From now on the server knows no version 2.
    pub(crate) fn grow_old(&self) {
        self.state.lock().unwrap().is_old = true;
    }

    /// The requests so far; forgets them.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.state.lock().unwrap().seen)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(root: PathBuf, state: Arc<Mutex<State>>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let path = parts.uri.path().to_owned();
    let (fault, is_old) = {
        let mut state = state.lock().unwrap();
        state.seen.push(Seen {
            method: parts.method.clone(),
            headers: parts.headers.clone(),
            body: body.clone(),
        });
        let place = state.faults.iter().position(|(end, _)| path.ends_with(end));
        let fault = place.and_then(|place| state.faults.remove(place));
        (fault.map(|(_, fault)| fault), state.is_old)
    };
    if let Some(Fault::Status(status)) = fault {
        let body = Body::from("told to");
        return Response::builder().status(status).body(body).unwrap();
    }
    let header = |name: &str| {
        let value = parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let mut git = Command::new("git");
    git.arg("http-backend")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REMOTE_USER", "oauth2")
        .env("REQUEST_METHOD", parts.method.as_str())
        .env("PATH_INFO", &path)
        .env("QUERY_STRING", parts.uri.query().unwrap_or_default())
        .env("CONTENT_TYPE", header("content-type"));
    if !is_old {
        git.env("GIT_PROTOCOL", header("git-protocol"));
    }
    let mut git = git
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdin = git.stdin.take().unwrap();
    let feed = tokio::spawn(async move {
        // git may end before it has read everything.
        let _ = stdin.write_all(&body).await;
    });
    let output = git.wait_with_output().await.unwrap().stdout;
    feed.await.unwrap();
    from_cgi(&output, fault)
}

/// The answer in the form of CGI, as HTTP, with a fault.
fn from_cgi(output: &[u8], fault: Option<Fault>) -> Response<Body> {
    let mut response = Response::builder();
    let mut rest = output;
    while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end + 2..];
        match line.split_once(": ") {
            Some(("Status", status)) => response = response.status(&status[..3]),
            Some((name, value)) => response = response.header(name, value),
            None => break,
        }
    }
    let mut body = rest.to_vec();
    let cut = match fault {
        Some(Fault::Silence) => 0,
        Some(Fault::Cut(length)) => length.min(body.len()),
        Some(Fault::End(length)) => {
            body.truncate(length);
            return response.body(Body::from(body)).unwrap();
        }
        Some(Fault::Flip(place)) => {
            let place = place.min(body.len() - 1);
            body[place] ^= 0x20;
            return response.body(Body::from(body)).unwrap();
        }
        Some(Fault::Status(_)) | None => return response.body(Body::from(body)).unwrap(),
    };
    body.truncate(cut);
    let pieces = [Ok(Bytes::from(body)), Err(std::io::Error::other("cut"))];
    response
        .body(Body::from_stream(futures::stream::iter(pieces)))
        .unwrap()
}
