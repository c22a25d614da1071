//! Accepting connections, plain or TLS, and serving HTTP/1.1 and HTTP/2 on them.
//!
//! Each connection carries a [`Cut`] that a fault may pull: the TCP connection is
//! then reset instead of closed, as when a proxy dies.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

use crate::options::Tls;

/// Pulled to reset a connection.
#[derive(Debug, Clone, Default)]
pub struct Cut(Arc<AtomicBool>);

impl Cut {
    /// Resets the connection at the next chance.
    pub fn pull(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn pulled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The address a request came from.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// A TCP stream that ends with a reset once its [`Cut`] was pulled.
struct Cuttable {
    stream: TcpStream,
    cut: Cut,
}

impl Cuttable {
    fn check(&self) -> io::Result<()> {
        if self.cut.pulled() {
            Err(io::ErrorKind::ConnectionReset.into())
        } else {
            Ok(())
        }
    }
}

impl Drop for Cuttable {
    fn drop(&mut self) {
        if self.cut.pulled()
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::warn!(%error, "a connection will be closed instead of reset");
        }
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Reads certificate and key.
pub fn acceptor(tls: &Tls) -> Result<TlsAcceptor, TlsError> {
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(tls.certificates.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(TlsError::Pem)?;
    let key = PrivateKeyDer::from_pem_slice(tls.key.as_bytes()).map_err(TlsError::Pem)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(certificates, key)
        })
        .map_err(TlsError::Config)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// A certificate or key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The text is no PEM of the kind expected.
    #[error("certificate or key is not readable PEM")]
    Pem(#[source] rustls::pki_types::pem::Error),
    /// The two do not fit together.
    #[error("certificate and key do not fit together")]
    Config(#[source] rustls::Error),
}

/// What a connection's requests are answered by; an error resets the connection.
pub trait Answerer: Clone + Send + Sync + 'static {
    /// Answers one request.
    fn answer(
        &self,
        request: Request<Body>,
    ) -> impl Future<Output = Result<Response<Body>, WasCut>> + Send;
}

/// The connection was cut in place of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection was cut on purpose")]
pub struct WasCut;

/// Accepts connections until the task is aborted.
pub async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    answerer: impl Answerer,
) -> Infallible {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::task::yield_now().await;
                continue;
            }
        };
        let (tls, answerer) = (tls.clone(), answerer.clone());
        tokio::spawn(async move {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "no-delay could not be set");
            }
            let cut = Cut::default();
            let stream = Cuttable {
                stream,
                cut: cut.clone(),
            };
            match tls {
                None => serve(stream, peer, cut, answerer).await,
                Some(acceptor) => match acceptor.accept(stream).await {
                    Ok(stream) => serve(stream, peer, cut, answerer).await,
                    Err(error) => tracing::debug!(%error, "TLS was not agreed on"),
                },
            }
        });
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    cut: Cut,
    answerer: impl Answerer,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        request.extensions_mut().insert(cut.clone());
        let answerer = answerer.clone();
        async move { answerer.answer(request).await }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let served = builder
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}
