//! The one place where requests go out.
//!
//! Concurrency, rate budget, retries, timeouts, redirects, cancellation,
//! counting and what is told to an observer are decided here for REST, git, LFS
//! and the registry alike, so that no caller can forget one of them.
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::address::BaseUrl;
use crate::budget::Budget;
use crate::credentials::Credentials;
use crate::error::Error;
use crate::latch::Latch;
use crate::observer::{Counters, Observer, RequestCounts, Wait, WaitReason};
use crate::options::{ClientOptions, Pauses, Timeouts};
use crate::request::{Auth, Request};
use crate::response::Response;
use crate::retry::Tries;
use crate::server_clock::ServerClock;
use crate::wire::Wire;

/// A connection to one GitLab with one token. Cheap to clone; clones share the
/// budget, the number of requests in flight and the connections.
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
    pub(crate) cancel: CancellationToken,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) counters: Arc<Counters>,
    attempts: u32,
}

/// What clones of a client share.
pub(crate) struct Shared {
    pub(crate) base: BaseUrl,
    pub(crate) http: reqwest::Client,
    pub(crate) token: Option<Credentials>,
    pub(crate) slots: Arc<Semaphore>,
    pub(crate) budget: Mutex<Budget>,
    pub(crate) latch: Latch,
    pub(crate) pauses: Pauses,
    pub(crate) timeouts: Timeouts,
    pub(crate) clock: ServerClock,
    began: Instant,
}

impl Client {
    /// Sets up a client. Nothing is sent; a malformed token is refused here.
    pub fn new(options: ClientOptions) -> Result<Client, Error> {
        let token = options.token.as_ref().map(Credentials::new).transpose()?;
        let wire = Wire {
            proxy: &options.proxy,
            ca_pem: options.ca_pem.as_deref(),
            user_agent: &options.user_agent,
            connect: options.timeouts.connect,
        };
        let http = wire.client(&options.base.host())?;
        let shared = Shared {
            base: options.base,
            http,
            token,
            slots: Arc::new(Semaphore::new(options.concurrency.max(1))),
            budget: Mutex::new(Budget::new(options.pauses.window)),
            latch: Latch::default(),
            pauses: options.pauses,
            timeouts: options.timeouts,
            clock: ServerClock::default(),
            began: Instant::now(),
        };
        Ok(Client {
            shared: Arc::new(shared),
            cancel: CancellationToken::new(),
            observer: None,
            counters: Arc::default(),
            attempts: options.attempts.max(1),
        })
    }

    /// The instance.
    pub fn base(&self) -> &BaseUrl {
        &self.shared.base
    }

    /// Whether a token is there.
    pub fn has_token(&self) -> bool {
        self.shared.token.is_some()
    }

    /// A client whose requests, waits and streams end with
    /// [`Error::Cancelled`] when `cancel` is.
    #[must_use]
    pub fn with_cancel(&self, cancel: CancellationToken) -> Client {
        Client {
            cancel,
            ..self.clone()
        }
    }

    /// A client that tells `observer` about waits and bytes.
    #[must_use]
    pub fn with_observer(&self, observer: Arc<dyn Observer>) -> Client {
        Client {
            observer: Some(observer),
            ..self.clone()
        }
    }

    /// A client that counts its requests from zero.
    #[must_use]
    pub fn with_own_counts(&self) -> Client {
        Client {
            counters: Arc::default(),
            ..self.clone()
        }
    }

    /// A client with another number of attempts, for example a single one where
    /// a person is waiting.
    #[must_use]
    pub fn with_attempts(&self, attempts: u32) -> Client {
        Client {
            attempts: attempts.max(1),
            ..self.clone()
        }
    }

    /// Requests made so far by this client and those that count with it.
    pub fn counts(&self) -> RequestCounts {
        self.counters.read()
    }

    /// The present by the server's clock, to the second, from the last answer's
    /// `Date`. None before the first answer.
    pub fn server_time(&self) -> Option<Timestamp> {
        self.shared.clock.now()
    }

    /// Attempts at one request at most.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Sends a request until the headers of a successful answer are there.
    /// What breaks while the body is read is the caller's; [`Client::exchange`]
    /// covers that too.
    pub(crate) async fn send(&self, request: &Request) -> Result<Response, Error> {
        self.exchange(request, |response| async move { Ok(response) })
            .await
    }

    /// Sends a request and reads its answer with `consume`, trying the whole
    /// again where the policy allows: also when the body broke on its way.
    /// `consume` must begin anew each time it is called.
    pub(crate) async fn exchange<T, F, Fut>(
        &self,
        request: &Request,
        mut consume: F,
    ) -> Result<T, Error>
    where
        F: FnMut(Response) -> Fut,
        Fut: Future<Output = Result<T, Error>>,
    {
        let mut tries = Tries::new(self.attempts, &self.shared.pauses);
        loop {
            let slot = self.admit(request, &mut tries).await?;
            let (error, asked) = match self.attempt(request, slot).await {
                Ok(Attempt::Answer(response)) => match consume(*response).await {
                    Ok(value) => return Ok(value),
                    Err(error) => (error, None),
                },
                Ok(Attempt::Limited) => continue,
                Ok(Attempt::Failed { error, asked }) => (error, asked),
                Err(error) => (error, None),
            };
            let random = rand::random::<f64>();
            let Some(pause) = tries.pause_after(&error, request.is_idempotent, random, asked)
            else {
                if !matches!(error, Error::Cancelled) {
                    tracing::debug!(
                        route = request.route,
                        error = error.code(),
                        "request failed"
                    );
                }
                return Err(error);
            };
            let reason = match &error {
                Error::Server { status, .. } => WaitReason::ServerBusy { status: *status },
                _ => WaitReason::Network,
            };
            tracing::info!(
                route = request.route,
                error = error.code(),
                pause_ms = pause.as_millis(),
                "request is tried again"
            );
            self.pause(pause, Some(reason)).await?;
        }
    }

    /// Waits; told to the observer if there is a reason.
    pub(crate) async fn pause(
        &self,
        pause: Duration,
        reason: Option<WaitReason>,
    ) -> Result<(), Error> {
        let observer = self.observer.as_ref().filter(|_| reason.is_some());
        if let (Some(observer), Some(reason)) = (observer, reason) {
            let span = SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX);
            let until = Timestamp::now()
                .saturating_add(span)
                .unwrap_or(Timestamp::MAX);
            observer.waiting(&Wait { until, reason });
        }
        let end = tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Error::Cancelled),
            () = tokio::time::sleep(pause) => Ok(()),
        };
        if let Some(observer) = observer {
            observer.resumed();
        }
        end
    }

    /// The credentials a request carries.
    pub(crate) fn authorization(
        &self,
        request: &Request,
    ) -> Result<Option<(http::HeaderName, HeaderValue)>, Error> {
        let is_token = matches!(request.auth, Auth::Token | Auth::Basic);
        if is_token && !self.shared.base.is_same_origin(&request.url) {
            let host = crate::address::host_of(&request.url);
            return Err(Error::ForeignHost { host });
        }
        let credentials = self.shared.token.as_ref();
        Ok(match &request.auth {
            Auth::Token => credentials.map(|token| token.api.clone()),
            Auth::Basic => {
                credentials.map(|token| (http::header::AUTHORIZATION, token.basic.clone()))
            }
            Auth::None => None,
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Client({})", self.shared.base)
    }
}

impl Shared {
    /// The time since the client began, the budget's clock.
    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// What a server said, without the token if it is in it.
    pub(crate) fn without_token(&self, said: Vec<u8>) -> Vec<u8> {
        match &self.token {
            Some(credentials) => credentials.take_out(said),
            None => said,
        }
    }

    /// The budget. A panic elsewhere leaves it usable: it holds numbers only.
    pub(crate) fn budget(&self) -> std::sync::MutexGuard<'_, Budget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How one attempt ended.
pub(crate) enum Attempt {
    /// With a successful answer.
    Answer(Box<Response>),
    /// With a 429 that the budget has learned from.
    Limited,
    /// With an error, and the pause the server asks for.
    Failed {
        error: Error,
        asked: Option<Duration>,
    },
}
