//! What can go wrong between Labkeep and a GitLab, each thing told apart.
//!
//! The variants carry facts for the sentences that people read elsewhere; the
//! text here is for logs. No variant ever holds a token, a query string or more
//! than [`MESSAGE_LIMIT`] characters of what a server said.
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::address::{AddressError, BaseUrl};
use crate::git::GitError;
use crate::reason::{BlockedReason, CaFlaw, NotGitlabReason, TlsFailure, TokenFlaw};
use crate::scope::Scope;

/// The longest text of a server that an error keeps, in characters.
pub const MESSAGE_LIMIT: usize = 500;

/// What went wrong. See [`Error::code`] for a stable name of each.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be that of a GitLab.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The token cannot be one; nothing was sent.
    #[error("the token is malformed ({flaw:?})")]
    TokenMalformed {
        /// What is wrong with it.
        flaw: TokenFlaw,
    },
    /// A token is needed and none was given.
    #[error("no token is given for {host}")]
    TokenMissing {
        /// The instance.
        host: String,
    },
    /// The CA file holds no usable certificate.
    #[error("the CA file holds no usable certificate ({flaw:?})")]
    InvalidCa {
        /// What is wrong with it.
        flaw: CaFlaw,
    },
    /// The address of the proxy is no usable URL.
    #[error("the proxy's address is not usable")]
    InvalidProxy,
    /// The user agent holds characters that a header cannot carry.
    #[error("the user agent is not usable in a header")]
    InvalidUserAgent,
    /// TLS could not be set up on this machine.
    #[error("the HTTP client cannot be set up")]
    Setup {
        /// What the HTTP library said.
        #[source]
        source: reqwest::Error,
    },

    /// The host name has no address: a typing error, no network, no VPN.
    #[error("the name of {host} cannot be resolved")]
    Resolve {
        /// The host that was asked for; behind a proxy it may be the proxy's.
        host: String,
        /// What the HTTP library said.
        #[source]
        source: reqwest::Error,
    },
    /// Nobody answers at that host and port, or the proxy does not let through.
    #[error("no connection to {host}")]
    Connect {
        /// The host that was asked for.
        host: String,
        /// What the HTTP library said.
        #[source]
        source: reqwest::Error,
    },
    /// The proxy wants a name and a password, or refuses the ones it got.
    #[error("the proxy refuses to connect to {host}: it wants to know who asks")]
    ProxyUnauthorized {
        /// The host that was asked for.
        host: String,
    },
    /// The certificate or the handshake is not acceptable.
    #[error("no trusted connection to {host}: {detail}")]
    Tls {
        /// The host that was asked for.
        host: String,
        /// The kind of failure.
        failure: TlsFailure,
        /// What the TLS library said.
        detail: String,
    },
    /// Nothing came for too long.
    #[error("no answer from {host} for {} s", after.as_secs())]
    Timeout {
        /// The host that was asked.
        host: String,
        /// How long was waited.
        after: Duration,
    },
    /// The transfer broke before its end.
    #[error("the transfer from {host} broke after {received} bytes")]
    Interrupted {
        /// The host that sent.
        host: String,
        /// Bytes of the body that had come.
        received: u64,
        /// Bytes that were announced, if so.
        expected: Option<u64>,
        /// What the HTTP library said; `None` when the end came too early.
        #[source]
        source: Option<reqwest::Error>,
    },

    /// There is no GitLab at that address.
    #[error("there is no GitLab at {url} ({why:?})")]
    NotGitlab {
        /// The address without query.
        url: String,
        /// What was found instead.
        why: NotGitlabReason,
    },
    /// The instance has moved; nothing was sent there, neither is the token.
    #[error("the GitLab has moved to {to}")]
    Moved {
        /// Its new address.
        to: BaseUrl,
    },
    /// A redirect that is not followed: to another host with credentials due,
    /// from https to http, without a target, or too many in a row.
    #[error("{host} redirects to {target}, which is not followed")]
    Redirected {
        /// The host that was asked.
        host: String,
        /// Scheme and host of the target; empty when none was named.
        target: String,
    },
    /// A request that carries the token was to be sent to another host. A bug.
    #[error("the token may not be sent to {host}")]
    ForeignHost {
        /// The other host.
        host: String,
    },

    /// The token is unknown here: mistyped, deleted, or of another instance.
    #[error("the token is not known to {host}")]
    Unauthorized {
        /// The instance.
        host: String,
    },
    /// The token is past its last day.
    #[error("the token has expired")]
    TokenExpired,
    /// The token was revoked.
    #[error("the token was revoked")]
    TokenRevoked,
    /// The user may not use the API, whatever the token.
    #[error("GitLab refuses the user ({reason:?}): {message}")]
    UserBlocked {
        /// Why.
        reason: BlockedReason,
        /// GitLab's sentence.
        message: String,
    },
    /// This machine's address is banned for a while after failed sign-ins.
    #[error("{host} has banned this machine's address for a while")]
    AddressBanned {
        /// The instance.
        host: String,
    },
    /// The token lacks a scope; any one of those named would do.
    #[error("the token lacks the scope: one of {}", list(needed))]
    InsufficientScope {
        /// The scopes GitLab named.
        needed: Vec<Scope>,
    },
    /// A fine-grained token lacks a permission.
    #[error("the fine-grained token lacks a permission: {message}")]
    InsufficientGranularScope {
        /// GitLab's sentence, which names the permissions.
        message: String,
    },
    /// The user's role is too small, or a setting forbids it.
    #[error("forbidden: {message}")]
    Forbidden {
        /// GitLab's sentence.
        message: String,
    },
    /// It does not exist, or the user may not know that it does.
    #[error("not found: {what}")]
    NotFound {
        /// GitLab's sentence, or the route.
        what: String,
    },
    /// It exists already, or changed meanwhile (409, 412).
    #[error("conflict: {message}")]
    Conflict {
        /// GitLab's sentence.
        message: String,
    },
    /// GitLab does not accept what was sent (400, 405, 422 and their like).
    #[error("GitLab refuses the request ({status}): {message}")]
    Invalid {
        /// The status.
        status: u16,
        /// The validation's text.
        message: String,
    },
    /// Larger than GitLab, or a proxy before it, accepts.
    #[error("too large for the server: {message}")]
    TooLarge {
        /// The server's sentence.
        message: String,
    },
    /// The limit on requests did not open in the time that may be waited.
    #[error("the limit on requests did not open within {} s", waited.as_secs())]
    RateLimited {
        /// GitLab's name of the limit, or the family of routes.
        limit: String,
        /// How long was waited in all.
        waited: Duration,
        /// How long it stays closed, as far as known.
        remaining: Duration,
    },
    /// The server failed.
    #[error("the server failed ({status}): {message}")]
    Server {
        /// The status.
        status: u16,
        /// The server's sentence, or the title of its error page.
        message: String,
    },

    /// JSON that is not in the expected form. The detail names place and
    /// category, never a value.
    #[error("the answer of {route} is not understood: {detail}")]
    Decode {
        /// The route without query.
        route: String,
        /// Where and how it differs.
        detail: String,
    },
    /// A list got shorter each time that it was read, so that something may have
    /// been passed over.
    #[error("{route} changed each time that it was read")]
    ListChanged {
        /// The route without query.
        route: String,
    },
    /// An answer that is held in memory is larger than allowed.
    #[error("the answer of {route} is longer than {limit} bytes")]
    AnswerTooLong {
        /// The route without query.
        route: String,
        /// The allowed size in bytes.
        limit: u64,
    },
    /// Git's own protocol went wrong, above HTTP.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// A file on this machine could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// Whether the same request may succeed a little later without anybody
    /// changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Error::Resolve { .. }
                | Error::Connect { .. }
                | Error::Timeout { .. }
                | Error::Interrupted { .. }
                | Error::RateLimited { .. }
        ) || matches!(self, Error::Server { status, .. } if is_passing(*status))
            || matches!(self, Error::Git(error) if error.is_transient())
    }

    /// Whether the request cannot have had an effect, for nothing of it was
    /// sent to the instance.
    pub fn is_before_sending(&self) -> bool {
        matches!(self, Error::Resolve { .. } | Error::Connect { .. })
    }

    /// Whether it says that the token is of no use any more.
    pub fn is_dead_token(&self) -> bool {
        matches!(
            self,
            Error::Unauthorized { .. } | Error::TokenExpired | Error::TokenRevoked
        )
    }

    /// A stable name of the variant, for logs and documents.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Address(_) => "address",
            Error::TokenMalformed { .. } => "token-malformed",
            Error::TokenMissing { .. } => "token-missing",
            Error::InvalidCa { .. } => "invalid-ca",
            Error::InvalidProxy => "invalid-proxy",
            Error::InvalidUserAgent => "invalid-user-agent",
            Error::Setup { .. } => "setup",
            Error::Resolve { .. } => "resolve",
            Error::Connect { .. } => "connect",
            Error::ProxyUnauthorized { .. } => "proxy-unauthorized",
            Error::Tls { .. } => "tls",
            Error::Timeout { .. } => "timeout",
            Error::Interrupted { .. } => "interrupted",
            Error::NotGitlab { .. } => "not-gitlab",
            Error::Moved { .. } => "moved",
            Error::Redirected { .. } => "redirected",
            Error::ForeignHost { .. } => "foreign-host",
            Error::Unauthorized { .. } => "unauthorized",
            Error::TokenExpired => "token-expired",
            Error::TokenRevoked => "token-revoked",
            Error::UserBlocked { .. } => "user-blocked",
            Error::AddressBanned { .. } => "address-banned",
            Error::InsufficientScope { .. } => "insufficient-scope",
            Error::InsufficientGranularScope { .. } => "insufficient-granular-scope",
            Error::Forbidden { .. } => "forbidden",
            Error::NotFound { .. } => "not-found",
            Error::Conflict { .. } => "conflict",
            Error::Invalid { .. } => "invalid",
            Error::TooLarge { .. } => "too-large",
            Error::RateLimited { .. } => "rate-limited",
            Error::Server { .. } => "server",
            Error::Decode { .. } => "decode",
            Error::ListChanged { .. } => "list-changed",
            Error::AnswerTooLong { .. } => "answer-too-long",
            Error::Git(error) => error.code(),
            Error::Cancelled => "cancelled",
            Error::Io { .. } => "io",
        }
    }
}

/// Statuses of a server or proxy that is down or busy for a moment.
pub(crate) fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 500 | 502 | 503 | 504 | 520..=524)
}

/// The first [`MESSAGE_LIMIT`] characters of a text, on one line.
pub(crate) fn clip(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > MESSAGE_LIMIT * 4 {
            break;
        }
    }
    match line.char_indices().nth(MESSAGE_LIMIT) {
        Some((end, _)) => {
            line.truncate(end);
            line.push('…');
            line
        }
        None => line,
    }
}

fn list(scopes: &[Scope]) -> String {
    let names: Vec<&str> = scopes.iter().map(Scope::as_str).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_clipped_on_a_character() {
        let clipped = clip(&"ä".repeat(2000));
        assert_eq!(clipped.chars().count(), MESSAGE_LIMIT + 1);
        assert_eq!(clip("  two\n words "), "two words");
    }

    #[test]
    fn only_passing_failures_are_transient() {
        let server = |status| Error::Server {
            status,
            message: String::new(),
        };
        assert!(server(503).is_transient());
        assert!(!server(501).is_transient());
        assert!(!Error::TokenExpired.is_transient());
        assert!(!Error::Cancelled.is_transient());
    }
}
