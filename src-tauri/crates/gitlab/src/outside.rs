//! Requests to servers that are no GitLab, such as those that are told about
//! backups: the same proxy, certificates and errors, but no token, no budget,
//! no retry and no redirect. Whoever calls decides about those.
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use crate::address::host_of;
use crate::error::Error;
use crate::failure;
use crate::options::Proxy;
use crate::wire::Wire;

/// A way to servers that are no GitLab. Cheap to clone.
#[derive(Clone)]
pub struct Outside {
    http: reqwest::Client,
    timeout: Duration,
}

/// The HTTP library would print the proxy, which may hold a password.
impl fmt::Debug for Outside {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Outside")
    }
}

/// What a server answered. Its body is never looked at.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
}

impl Outside {
    /// Sets it up. Nothing is sent. `timeout` is for one exchange as a whole.
    pub fn new(
        proxy: &Proxy,
        ca_pem: Option<&[u8]>,
        user_agent: &str,
        timeout: Duration,
    ) -> Result<Outside, Error> {
        let wire = Wire {
            proxy,
            ca_pem,
            user_agent,
            connect: timeout,
        };
        Ok(Outside {
            http: wire.client("")?,
            timeout,
        })
    }

    /// One request and the head of its answer, whatever the status. Errors name
    /// the host alone: the rest of the address may be a secret.
    pub async fn exchange(
        &self,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, Error> {
        let host = host_of(&url);
        let began = tokio::time::Instant::now();
        let mut request = self.http.request(method.clone(), url).headers(headers);
        if method != Method::GET {
            request = request.body(body);
        }
        let answer = tokio::time::timeout(self.timeout, request.send())
            .await
            .map_err(|_| Error::Timeout {
                host: host.clone(),
                after: self.timeout,
            })?
            .map_err(|error| failure::read(error, &host, self.timeout))?;
        tracing::debug!(
            %method,
            host,
            status = answer.status().as_u16(),
            ms = began.elapsed().as_millis(),
            "answer from outside"
        );
        Ok(Answer {
            status: answer.status(),
            headers: answer.headers().clone(),
        })
    }
}
