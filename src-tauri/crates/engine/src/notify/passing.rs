//! Which failures pass: within moments, so that the same message is sent again
//! at once, or in a while, so that it is still owed.

use labkeep_gitlab::{Error as Wire, TlsFailure};
use url::Url;

use super::SendError;

impl SendError {
    /// Whether the same may go through a little later.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Wire(error) => error.is_transient(),
            Self::TooMany { .. } | Self::MailConnection { .. } | Self::MailUnknown { .. } => true,
            // RFC 9110: 501 and 505 to 511 say that it never will.
            Self::Failed { status, .. } => matches!(status, 408 | 425 | 500 | 502 | 503 | 504),
            // RFC 5321, 4.2.1: 4yz is a passing failure.
            Self::MailRefused { code, .. } | Self::SignInRefused { code, .. } => {
                (400..500).contains(code)
            }
            _ => false,
        }
    }

    /// Whether it is worth another try in a while: nothing may have to be set
    /// up differently. What a network answers that wants a person to sign in
    /// first, in the server's place, is no word of the server.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            // RFC 6585, 6: only such a network says 511.
            Self::Secrets { .. } | Self::Failed { status: 511, .. } => true,
            Self::Redirected { host, target } => leads_elsewhere(host, target),
            Self::Wire(Wire::Tls { failure, .. }) => {
                matches!(failure, TlsFailure::UnknownIssuer | TlsFailure::WrongName)
            }
            other => other.is_transient(),
        }
    }
}

/// Whether a redirect names another host than that which it comes from.
fn leads_elsewhere(host: &str, target: &str) -> bool {
    let name = |url: &str| Some(Url::parse(url).ok()?.host_str()?.to_owned());
    name(target).is_some_and(|target| name(&format!("http://{host}")) != Some(target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_network_says_in_the_place_of_the_server_is_tried_later_and_not_at_once() {
        let redirected = |target: &str| SendError::Redirected {
            host: "hooks.example.com:8443".to_owned(),
            target: target.to_owned(),
        };
        let tls = |failure| {
            SendError::Wire(Wire::Tls {
                host: "hooks.example.com".to_owned(),
                failure,
                detail: String::new(),
            })
        };
        let failed = |status| SendError::Failed {
            host: "hooks.example.com".to_owned(),
            status,
        };
        for (error, may_pass) in [
            (redirected("https://portal.example.net"), true),
            (redirected("http://192.0.2.1:8080"), true),
            (redirected("https://hooks.example.com"), false),
            (redirected(""), false),
            (tls(TlsFailure::UnknownIssuer), true),
            (tls(TlsFailure::WrongName), true),
            (tls(TlsFailure::Revoked), false),
            (failed(511), true),
            (failed(501), false),
        ] {
            assert_eq!(error.may_pass(), may_pass, "{error}");
            assert!(!error.is_transient(), "{error}");
        }
    }
}
