//! The HTTP library, set up: proxy, certificates, and no redirect that nobody
//! looked at. GitLab and every other server are reached through it alike.
use std::time::Duration;

use http::HeaderValue;

use crate::error::Error;
use crate::failure;
use crate::options::Proxy;
use crate::tls;

/// How the HTTP library is set up.
pub(crate) struct Wire<'a> {
    /// The proxy.
    pub(crate) proxy: &'a Proxy,
    /// Further certificates to trust, as PEM.
    pub(crate) ca_pem: Option<&'a [u8]>,
    /// What servers see in their logs.
    pub(crate) user_agent: &'a str,
    /// How long a connection may take to stand.
    pub(crate) connect: Duration,
}

impl Wire<'_> {
    /// The HTTP library; `host` is for errors.
    pub(crate) fn client(&self, host: &str) -> Result<reqwest::Client, Error> {
        let ca = self
            .ca_pem
            .map(tls::read_ca)
            .transpose()?
            .unwrap_or_default();
        let agent = HeaderValue::from_str(self.user_agent).map_err(|_| Error::InvalidUserAgent)?;
        let builder = || -> Result<reqwest::ClientBuilder, Error> {
            let builder = reqwest::Client::builder()
                .user_agent(agent.clone())
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .connect_timeout(self.connect)
                .tcp_keepalive(Duration::from_mins(1))
                .pool_idle_timeout(Duration::from_mins(1));
            Ok(match self.proxy {
                Proxy::System => builder,
                Proxy::None => builder.no_proxy(),
                Proxy::Url(url) => builder
                    .proxy(reqwest::Proxy::all(url.as_str()).map_err(|_| Error::InvalidProxy)?),
            })
        };
        match builder()?.tls_certs_merge(ca.clone()).build() {
            Ok(client) => Ok(client),
            // A machine without any certificate of its own: nothing is trusted then
            // but what the user added, and plain http still works.
            Err(error) if ca.is_empty() => {
                tracing::warn!("this machine has no certificates to trust");
                builder()?
                    .tls_certs_only([])
                    .build()
                    .map_err(|_| failure::read(error, host, Duration::ZERO))
            }
            Err(error) => Err(failure::read(error, host, Duration::ZERO)),
        }
    }
}
