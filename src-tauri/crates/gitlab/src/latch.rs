//! Remembers that the token is dead, so that nobody tries it again.
//!
//! GitLab bans an address after too many failed logins
//! (doc/user/gitlab_com/_index.md: 300 in a minute). Eight workers with a dead
//! token would get there; with the latch each of them fails once at most.
use std::sync::OnceLock;

use crate::error::Error;
use crate::request::RequestKind;

/// Which way the token is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Death {
    Unknown,
    Expired,
    Revoked,
}

/// One latch per kind of request: what REST says counts for all, what git or
/// the registry says counts there alone, for they have further reasons to say no.
#[derive(Debug, Default)]
pub(crate) struct Latch([OnceLock<Death>; RequestKind::COUNT]);

impl Latch {
    /// The error every further request of that kind ends with, if any.
    pub(crate) fn check(&self, kind: RequestKind, host: &str) -> Result<(), Error> {
        let death = self.0[kind.index()]
            .get()
            .or_else(|| self.0[RequestKind::Api.index()].get());
        Err(match death {
            None => return Ok(()),
            Some(Death::Unknown) => Error::Unauthorized {
                host: host.to_owned(),
            },
            Some(Death::Expired) => Error::TokenExpired,
            Some(Death::Revoked) => Error::TokenRevoked,
        })
    }

    /// Takes note of an answer to a request that carried the token.
    pub(crate) fn note(&self, kind: RequestKind, error: &Error) {
        let death = match error {
            Error::Unauthorized { .. } => Death::Unknown,
            Error::TokenExpired => Death::Expired,
            Error::TokenRevoked => Death::Revoked,
            _ => return,
        };
        // The first reason stays: later ones are its consequences.
        let _ = self.0[kind.index()].set(death);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_token_stays_dead_for_everything() {
        let latch = Latch::default();
        assert!(latch.check(RequestKind::Git, "h").is_ok());
        latch.note(RequestKind::Api, &Error::TokenExpired);
        latch.note(RequestKind::Api, &Error::TokenRevoked);
        for kind in [RequestKind::Api, RequestKind::Git, RequestKind::Lfs] {
            assert!(matches!(latch.check(kind, "h"), Err(Error::TokenExpired)));
        }
    }

    #[test]
    fn what_git_refuses_does_not_close_rest() {
        let latch = Latch::default();
        latch.note(
            RequestKind::Git,
            &Error::Unauthorized {
                host: "h".to_owned(),
            },
        );
        assert!(latch.check(RequestKind::Git, "h").is_err());
        assert!(latch.check(RequestKind::Api, "h").is_ok());
        latch.note(
            RequestKind::Api,
            &Error::Forbidden {
                message: String::new(),
            },
        );
        assert!(latch.check(RequestKind::Api, "h").is_ok());
    }
}
