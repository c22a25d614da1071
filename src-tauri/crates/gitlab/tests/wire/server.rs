//! A server that answers what a test tells it to, and remembers what it saw.
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use labkeep_gitlab::{BaseUrl, Client, ClientOptions, Pauses, Proxy, Timeouts};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The token of all tests.
pub const TOKEN: &str = "glpat-Sec+ret/0123456789=x";

/// A request as the server saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// How many requests for the same method and path came before.
    pub before: usize,
}

impl Seen {
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    pub fn query(&self) -> HashMap<String, String> {
        url::form_urlencoded::parse(self.uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether any credentials came along.
    pub fn has_credentials(&self) -> bool {
        ["private-token", "authorization", "cookie"]
            .iter()
            .any(|name| self.headers.contains_key(*name))
    }
}

/// An HTTP server on a free port, gone when dropped.
pub struct Server {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Server {
    pub async fn start<F>(answer: F) -> Server
    where
        F: Fn(&Seen) -> Response + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let router = router(seen.clone(), answer);
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        Server {
            address,
            seen,
            task,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn client(&self) -> Client {
        Client::new(options(&self.url())).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The router behind a [`Server`], for tests that bring their own listener.
pub fn router<F>(seen: Arc<Mutex<Vec<Seen>>>, answer: F) -> axum::Router
where
    F: Fn(&Seen) -> Response + Send + Sync + 'static,
{
    let answer = Arc::new(answer);
    axum::Router::new().fallback(move |request: Request<Body>| {
        let (seen, answer) = (seen.clone(), answer.clone());
        async move {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX)
                .await
                .unwrap_or_default();
            let noted = {
                let mut seen = seen.lock().unwrap();
                let before = seen
                    .iter()
                    .filter(|old| old.method == parts.method && old.uri.path() == parts.uri.path())
                    .count();
                let noted = Seen {
                    method: parts.method,
                    uri: parts.uri,
                    headers: parts.headers,
                    body,
                    before,
                };
                seen.push(noted.clone());
                noted
            };
            answer(&noted)
        }
    })
}

/// Options that keep waits short.
pub fn options(url: &str) -> ClientOptions {
    ClientOptions {
        proxy: Proxy::None,
        timeouts: Timeouts {
            connect: Duration::from_secs(5),
            idle: Duration::from_secs(5),
        },
        pauses: Pauses {
            first: Duration::from_millis(5),
            longest: Duration::from_millis(20),
            window: Duration::from_millis(100),
            patience: Duration::from_secs(5),
        },
        ..ClientOptions::new(
            BaseUrl::parse(url).unwrap(),
            Some(SecretString::from(TOKEN)),
        )
    }
}

/// JSON with a status.
pub fn json(status: u16, body: &serde_json::Value) -> Response {
    (
        StatusCode::from_u16(status).unwrap(),
        axum::Json(body.clone()),
    )
        .into_response()
}

/// One of GitLab's plain error bodies.
pub fn refusal(status: u16, message: &str) -> Response {
    json(status, &serde_json::json!({ "message": message }))
}

/// A redirect to `target`.
pub fn redirect(status: u16, target: &str) -> Response {
    (
        StatusCode::from_u16(status).unwrap(),
        [("location", target.to_owned())],
    )
        .into_response()
}

/// What a [`RawServer`] does with one connection.
#[derive(Debug, Clone)]
pub enum Act {
    /// Reads the request's head, sends these bytes, closes.
    Send(Vec<u8>),
    /// Closes with a reset.
    Reset,
    /// Reads the request's head, sends these bytes, and says nothing more.
    Hang(Vec<u8>),
}

/// A server below HTTP, for answers that no HTTP library would send. The n-th
/// connection gets the n-th act, later ones the last.
pub struct RawServer {
    pub address: SocketAddr,
    connections: Arc<Mutex<usize>>,
    task: JoinHandle<()>,
}

impl RawServer {
    pub async fn start(acts: Vec<Act>) -> RawServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::<Mutex<usize>>::default();
        let counter = connections.clone();
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let number = {
                    let mut counter = counter.lock().unwrap();
                    *counter += 1;
                    *counter - 1
                };
                let act = acts[number.min(acts.len() - 1)].clone();
                tokio::spawn(async move {
                    match act {
                        Act::Reset => {
                            let _ = read_head(&mut stream).await;
                            let _ = stream.set_zero_linger();
                        }
                        Act::Send(bytes) => {
                            let _ = read_head(&mut stream).await;
                            let _ = stream.write_all(&bytes).await;
                            let _ = stream.shutdown().await;
                        }
                        Act::Hang(bytes) => {
                            let _ = read_head(&mut stream).await;
                            let _ = stream.write_all(&bytes).await;
                            // Ends when the client hangs up.
                            let _ = stream.read(&mut [0; 1]).await;
                        }
                    }
                });
            }
        });
        RawServer {
            address,
            connections,
            task,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read_head(stream: &mut tokio::net::TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0; 1];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).await? == 0 {
            break;
        }
        head.push(byte[0]);
    }
    Ok(())
}
