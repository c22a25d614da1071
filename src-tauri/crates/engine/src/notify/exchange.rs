//! One message over HTTP: tried again when the failure may pass, and sent on
//! only where the same server says so.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, LOCATION, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use labkeep_gitlab::{Answer, Error as Wire, Outside, host_of};
use url::Url;

use super::address::{Address, forget_user};
use super::error::SendError;
use super::way::Way;

/// Attempts at one message at most.
const ATTEMPTS: u32 = 3;
/// Redirects followed in a row at most.
const HOPS: usize = 3;
/// The longest pause that a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What is sent.
#[derive(Clone)]
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// A failed attempt, and the pause that the server asks for.
pub(super) struct Setback {
    error: SendError,
    asked: Option<Duration>,
}

impl From<SendError> for Setback {
    fn from(error: SendError) -> Self {
        Self { error, asked: None }
    }
}

/// Sends it. Done means that the server said so.
pub(super) async fn send(
    address: &Address,
    outgoing: &Outgoing,
    way: &Way,
) -> Result<(), SendError> {
    let outside = Outside::new(
        &way.proxy,
        way.ca_pem.as_deref(),
        concat!("Labkeep/", env!("CARGO_PKG_VERSION")),
        way.timeout,
    )?;
    let mut patience = Patience::new(way);
    loop {
        match attempt(&outside, address, outgoing).await {
            Ok(()) => return Ok(()),
            Err(setback) => tokio::time::sleep(patience.after(setback)?).await,
        }
    }
}

/// Tries until it is done, will never be, or was tried often enough.
pub(super) struct Patience {
    left: u32,
    pause: Duration,
}

impl Patience {
    pub(super) const fn new(way: &Way) -> Self {
        Self {
            left: ATTEMPTS,
            pause: way.pause,
        }
    }

    /// How long to wait before the next attempt; the error if there is none.
    pub(super) fn after(&mut self, setback: impl Into<Setback>) -> Result<Duration, SendError> {
        let Setback { error, asked } = setback.into();
        let wait = asked.map_or(self.pause, |asked| asked.max(self.pause));
        self.left -= 1;
        self.pause *= 4;
        if self.left == 0 || !error.is_transient() || wait > LONGEST_PAUSE {
            return Err(error);
        }
        Ok(wait)
    }
}

/// Once, redirects included.
async fn attempt(outside: &Outside, address: &Address, outgoing: &Outgoing) -> Result<(), Setback> {
    let (mut url, authorization) = address.open()?;
    let mut headers = outgoing.headers.clone();
    if let Some(value) = authorization {
        headers.insert(AUTHORIZATION, value);
    }
    for _ in 0..=HOPS {
        let method = outgoing.method.clone();
        let answer = outside
            .exchange(method, url.clone(), headers.clone(), outgoing.body.clone())
            .await
            .map_err(SendError::from)?;
        match answer.status {
            status if status.is_success() => return Ok(()),
            status if is_redirect(status) => url = next(&url, &answer, &outgoing.method)?,
            _ => return Err(setback(&url, &answer)),
        }
    }
    Err(SendError::Redirected {
        host: host_of(&url),
        target: String::new(),
    }
    .into())
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where the server sends: another path of itself, or the same with TLS. A
/// message is not turned into a question by it, as a browser would do (RFC
/// 9110, 15.4): the answer would look as if the message had been taken.
fn next(from: &Url, answer: &Answer, method: &Method) -> Result<Url, SendError> {
    let target = answer
        .headers
        .get(LOCATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| from.join(text).ok());
    let refused = |target: String| SendError::Redirected {
        host: host_of(from),
        target,
    };
    let Some(mut target) = target else {
        return Err(refused(String::new()));
    };
    let port = Url::port_or_known_default;
    let is_same = target.scheme() == from.scheme() && port(&target) == port(from);
    let is_secured = from.scheme() == "http"
        && target.scheme() == "https"
        && from.port().is_none()
        && target.port().is_none();
    let keeps_method = *method == Method::GET || matches!(answer.status.as_u16(), 307 | 308);
    if from.host() != target.host() || !(is_same || is_secured) || !keeps_method {
        let origin = format!("{}://{}", target.scheme(), host_of(&target));
        return Err(refused(origin));
    }
    forget_user(&mut target);
    Ok(target)
}

fn setback(url: &Url, answer: &Answer) -> Setback {
    let host = host_of(url);
    let asked = answer.headers.get(RETRY_AFTER).and_then(seconds);
    let error = match answer.status.as_u16() {
        407 => Wire::ProxyUnauthorized { host }.into(),
        429 => SendError::TooMany { host },
        status @ (408 | 425 | 500..) => SendError::Failed { host, status },
        status => SendError::Refused { host, status },
    };
    Setback { error, asked }
}

/// Seconds of `Retry-After`. Its other form, a date, is rare; the usual pause
/// does for it.
fn seconds(value: &HeaderValue) -> Option<Duration> {
    let seconds = value.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
