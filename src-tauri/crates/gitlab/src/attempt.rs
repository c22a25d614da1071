//! One attempt at one request: admitted by the budget, sent, redirected, and its
//! status read.
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::{ACCEPT_ENCODING, LOCATION};
use reqwest::Method;
use tokio::sync::OwnedSemaphorePermit;
use url::Url;

use crate::activity::Activity;
use crate::address::host_of;
use crate::budget::Admission;
use crate::client::{Attempt, Client};
use crate::error::Error;
use crate::failure;
use crate::family::Family;
use crate::observer::WaitReason;
use crate::rates::Rates;
use crate::refusal::Refusal;
use crate::request::{Auth, Body, Redirects, Request, RequestKind};
use crate::response::Response;
use crate::retry::Tries;
use crate::sending::Outgoing;

/// Redirects followed in a row at most.
const HOPS: usize = 5;
/// Bytes of an error's body that are looked at.
const LOOKED_AT: usize = 64 * 1024;
/// Waits shorter than this are not worth telling.
const TOLD_FROM: Duration = Duration::from_secs(1);
/// The most that is added to a wait a server asks for.
const JITTER: Duration = Duration::from_millis(500);

/// The right to have one request in flight, counted by the budget until an
/// answer came.
pub(crate) struct Slot {
    client: Client,
    kind: RequestKind,
    family: Option<Family>,
    permit: Option<OwnedSemaphorePermit>,
    is_answered: bool,
}

impl Drop for Slot {
    fn drop(&mut self) {
        if !self.is_answered {
            self.client.shared.budget().unanswered(self.kind);
        }
    }
}

impl Client {
    /// Waits for the budget and for a place among the requests in flight.
    pub(crate) async fn admit(&self, request: &Request, tries: &mut Tries) -> Result<Slot, Error> {
        let shared = &self.shared;
        let family = family_of(request);
        loop {
            let permit = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(Error::Cancelled),
                permit = shared.slots.clone().acquire_owned() => permit,
            };
            // Looked at last: the token may have died while this one waited.
            if matches!(request.auth, Auth::Token | Auth::Basic) {
                shared.latch.check(request.kind, &shared.base.host())?;
            }
            let now = shared.now();
            let admission = shared.budget().admit(now, request.kind, family.as_ref());
            let closed = match admission {
                Admission::Go => {
                    return Ok(Slot {
                        client: self.clone(),
                        kind: request.kind,
                        family,
                        permit: permit.ok(),
                        is_answered: false,
                    });
                }
                Admission::Wait(closed) => closed,
            };
            // Whoever waits for a limit keeps nobody else from going on.
            drop(permit);
            let wait = closed.until.saturating_sub(now);
            tries.wait_for_limit(wait, &closed.name)?;
            let reason = (wait >= TOLD_FROM).then_some(WaitReason::RateLimit {
                name: closed.name,
                limit: closed.limit,
            });
            self.pause(wait, reason).await?;
        }
    }

    /// Sends the request once, redirects included.
    pub(crate) async fn attempt(
        &self,
        request: &Request,
        mut slot: Slot,
    ) -> Result<Attempt, Error> {
        let mut request = request.clone();
        for hop in 0..=HOPS {
            let mut response = self.once(&request, &mut slot).await?;
            let status = response.status;
            if status.is_success() {
                return Ok(Attempt::Answer(Box::new(response)));
            }
            if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
                request = self.redirected(request, &response)?;
                // The place in flight goes on with the next hop.
                slot.permit = response.permit.take();
                continue;
            }
            // Whoever was asked first; a storage elsewhere knows nothing of tokens.
            let is_asked = hop == 0 || self.shared.base.is_same_origin(&request.url);
            let rates = Rates::read(&response.headers, jiff::Timestamp::now());
            if status == StatusCode::TOO_MANY_REQUESTS && is_asked {
                return Ok(self.limited(&slot, &response, &rates));
            }
            let body = response.beginning(LOOKED_AT).await;
            if self.cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let error = Refusal {
                status: status.as_u16(),
                kind: request.kind,
                is_asked,
                host: &response.host,
                url: &response.url,
                route: &request.route,
                content_type: response.header("content-type"),
                body: &body,
            }
            .into_error();
            // Without a token a 401 says that one is needed there, and no more.
            if self.has_token() && matches!(request.auth, Auth::Token | Auth::Basic) {
                self.shared.latch.note(request.kind, &error);
            }
            return Ok(Attempt::Failed {
                error,
                asked: rates.retry_after,
            });
        }
        Err(Error::Redirected {
            host: host_of(&request.url),
            target: String::new(),
        })
    }

    fn limited(&self, slot: &Slot, response: &Response, rates: &Rates) -> Attempt {
        let shared = &self.shared;
        let is_json = response
            .header("content-type")
            .is_some_and(|kind| kind.contains("json"));
        // Never zero, so that a server that says "now" again and again is not
        // asked without end.
        let jitter = JITTER
            .min(shared.pauses.first)
            .mul_f64(0.1 + 0.9 * rand::random::<f64>());
        let closed = shared.budget().refused(
            shared.now(),
            slot.kind,
            slot.family.as_ref(),
            is_json && !rates.is_named(),
            rates,
            jitter,
        );
        tracing::info!(
            route = response.route,
            limit = closed.name,
            "the limit on requests is reached"
        );
        Attempt::Limited
    }

    /// One exchange up to the headers, whatever the status.
    async fn once(&self, request: &Request, slot: &mut Slot) -> Result<Response, Error> {
        let shared = &self.shared;
        let host = host_of(&request.url);
        let activity = Activity::new();
        let outgoing = Outgoing {
            activity: activity.clone(),
            observer: self.observer.clone(),
        };
        let mut builder = shared
            .http
            .request(request.method.clone(), request.url.clone())
            .headers(request.headers.clone());
        if let Some((name, value)) = self.authorization(request)? {
            builder = builder.header(name, value);
        }
        let builder = outgoing.attach(builder, &request.body);
        let began = tokio::time::Instant::now();
        self.counters.count(request.kind);
        let idle = shared.timeouts.idle;
        let answer = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return Err(Error::Cancelled),
            answer = builder.send() => answer,
            () = activity.silence(idle) => return Err(Error::Timeout { host, after: idle }),
        };
        let inner = answer.map_err(|error| failure::read(error, &host, shared.timeouts.connect))?;
        let status = inner.status();
        tracing::debug!(
            method = %request.method,
            route = request.route,
            host,
            status = status.as_u16(),
            ms = began.elapsed().as_millis(),
            "answer"
        );
        shared.clock.note(inner.headers());
        let is_refused = status == StatusCode::TOO_MANY_REQUESTS;
        if !slot.is_answered && !is_refused {
            let rates = Rates::read(inner.headers(), jiff::Timestamp::now());
            shared.budget().answered(shared.now(), slot.kind, &rates);
        }
        slot.is_answered = true;
        let mut url = request.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        Ok(Response {
            status,
            headers: inner.headers().clone(),
            kind: request.kind,
            route: request.route.clone(),
            url: url.to_string(),
            host,
            expected: (request.method != Method::HEAD)
                .then(|| inner.content_length())
                .flatten(),
            inner,
            received: 0,
            idle,
            cancel: self.cancel.clone(),
            observer: self.observer.clone(),
            permit: slot.permit.take(),
            shared: Arc::clone(shared),
        })
    }

    /// The request that a redirect asks for, if it may be followed.
    fn redirected(&self, mut request: Request, response: &Response) -> Result<Request, Error> {
        let base = &self.shared.base;
        let target = response
            .header(LOCATION.as_str())
            .and_then(|location| request.url.join(location).ok());
        let refused = |target: Option<&Url>| Error::Redirected {
            host: host_of(&request.url),
            target: target
                .map(|target| format!("{}://{}", target.scheme(), host_of(target)))
                .unwrap_or_default(),
        };
        let Some(target) = target else {
            return Err(refused(None));
        };
        if !matches!(target.scheme(), "http" | "https") {
            return Err(refused(Some(&target)));
        }
        let is_same = base.is_same_origin(&target);
        let is_downgrade = request.url.scheme() == "https" && target.scheme() == "http";
        let may_follow = request.method == Method::GET
            && match request.redirects {
                Redirects::Refuse => false,
                Redirects::SameOrigin => is_same,
                Redirects::Anywhere => !is_downgrade,
            };
        if !may_follow {
            let from_base = base.is_same_origin(&request.url) && request.kind == RequestKind::Api;
            let moved = crate::address::BaseUrl::from_moved(&target, &request.route);
            return Err(match moved {
                Some(to) if from_base && !is_same && !is_downgrade => Error::Moved { to },
                _ => refused(Some(&target)),
            });
        }
        if !is_same {
            request.auth = Auth::None;
            request.headers.clear();
            request
                .headers
                .insert(ACCEPT_ENCODING, http::HeaderValue::from_static("identity"));
            request.body = Body::Empty;
        }
        request.url = target;
        Ok(request)
    }
}

/// The family of routes of a request; git and the registry have no such limits.
fn family_of(request: &Request) -> Option<Family> {
    (request.kind == RequestKind::Api).then(|| Family::of(&request.method, &request.route))
}
