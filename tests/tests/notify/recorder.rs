//! Servers that remember what they were sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto::aws_lc_rs};

use crate::mail_server::Issued;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// An HTTP server that remembers, and answers as it is told.
pub struct Recorder {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
    is_secure: bool,
}

impl Recorder {
    /// `answer` gets the number of the request, from 0.
    pub async fn start<A: IntoResponse>(
        answer: impl Fn(usize, &Seen) -> A + Clone + Send + Sync + 'static,
    ) -> Result<Self> {
        Self::launch(None, answer).await
    }

    /// The same behind TLS, in HTTP/2.
    pub async fn secure<A: IntoResponse>(
        issued: &Issued,
        answer: impl Fn(usize, &Seen) -> A + Clone + Send + Sync + 'static,
    ) -> Result<Self> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(
                    issued.certificate.as_bytes(),
                )?],
                PrivateKeyDer::from_pem_slice(issued.key.as_bytes())?,
            )?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Self::launch(Some(TlsAcceptor::from(Arc::new(config))), answer).await
    }

    async fn launch<A: IntoResponse>(
        acceptor: Option<TlsAcceptor>,
        answer: impl Fn(usize, &Seen) -> A + Clone + Send + Sync + 'static,
    ) -> Result<Self> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let router = axum::Router::new().fallback(
            move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
                let (answer, kept) = (answer.clone(), Arc::clone(&kept));
                async move {
                    let one = Seen {
                        method,
                        uri,
                        headers,
                        body,
                    };
                    let number = {
                        let mut kept = kept.lock().unwrap();
                        kept.push(one.clone());
                        kept.len() - 1
                    };
                    answer(number, &one).into_response() as Response
                }
            },
        );
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let is_secure = acceptor.is_some();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, router) = (acceptor.clone(), router.clone());
                tokio::spawn(async move {
                    let service = TowerToHyperService::new(router);
                    let builder = Builder::new(TokioExecutor::new());
                    let served = match acceptor {
                        None => {
                            let stream = TokioIo::new(stream);
                            builder.serve_connection(stream, service).await
                        }
                        // One that does not trust it has gone already.
                        Some(acceptor) => match acceptor.accept(stream).await {
                            Err(_) => return,
                            Ok(stream) => {
                                let stream = TokioIo::new(stream);
                                builder.serve_connection(stream, service).await
                            }
                        },
                    };
                    drop(served);
                });
            }
        });
        Ok(Self {
            address,
            seen,
            task,
            is_secure,
        })
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Its address with something after it, and by its name if it has a
    /// certificate.
    pub fn url(&self, rest: &str) -> String {
        if self.is_secure {
            format!("https://localhost:{}{rest}", self.port())
        } else {
            format!("http://{}{rest}", self.address)
        }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Accepts connections, says something (or nothing) and waits. The number of
/// connections so far.
pub async fn mute(greeting: &'static str) -> Result<(SocketAddr, Arc<Mutex<usize>>)> {
    use tokio::io::AsyncWriteExt;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let count = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            *counted.lock().unwrap() += 1;
            if stream.write_all(greeting.as_bytes()).await.is_ok() {
                open.push(stream);
            }
        }
    });
    Ok((address, count))
}
