//! How a client is set up: where to, as whom, through what, how patiently.
use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::address::BaseUrl;
use crate::error::Error;
use crate::reason::TokenFlaw;

/// The longest text that is taken for a token, in bytes. GitLab's own are
/// below 300.
const LONGEST_TOKEN: usize = 2048;

/// Which proxy is used.
#[derive(Clone, Default)]
pub enum Proxy {
    /// The one of the system's settings or environment, if any.
    #[default]
    System,
    /// None, whatever the system says.
    None,
    /// This one (`http`, `https`, `socks5`, `socks5h`). It may hold a name and a
    /// password, so it is never printed.
    Url(String),
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Proxy::System => "System",
            Proxy::None => "None",
            Proxy::Url(_) => "Url(…)",
        })
    }
}

/// How long one step of a request may take. There is no limit on the whole:
/// large repositories take hours.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Until the connection, TLS included, stands.
    pub connect: Duration,
    /// Without a byte in either direction.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        // GitLab's web server gives up on its own work after 60 s.
        Timeouts {
            connect: Duration::from_secs(20),
            idle: Duration::from_mins(2),
        }
    }
}

/// How long is waited between attempts.
#[derive(Debug, Clone, Copy)]
pub struct Pauses {
    /// Before the second attempt; doubled for each further one.
    pub first: Duration,
    /// The longest pause between attempts.
    pub longest: Duration,
    /// The window of GitLab's limits on single endpoints, which come without a
    /// hint (lib/gitlab/application_rate_limiter.rb: one minute).
    pub window: Duration,
    /// The longest time one request waits for limits, all waits added up.
    pub patience: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Pauses {
            first: Duration::from_secs(1),
            longest: Duration::from_mins(1),
            window: Duration::from_mins(1),
            patience: Duration::from_mins(15),
        }
    }
}

/// Everything a [`crate::Client`] needs to know.
#[derive(Clone)]
pub struct ClientOptions {
    /// The instance.
    pub base: BaseUrl,
    /// The user's token; without it only public answers come.
    pub token: Option<SecretString>,
    /// Further certificates to trust, as PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// The proxy.
    pub proxy: Proxy,
    /// What the server sees in its log.
    pub user_agent: String,
    /// Requests in flight at most; one counts until its body was read.
    pub concurrency: usize,
    /// Limits on single steps.
    pub timeouts: Timeouts,
    /// Attempts at one request at most; waiting for a limit is none.
    pub attempts: u32,
    /// The time between attempts.
    pub pauses: Pauses,
}

impl ClientOptions {
    /// The defaults for an instance and a token.
    pub fn new(base: BaseUrl, token: Option<SecretString>) -> ClientOptions {
        ClientOptions {
            base,
            token,
            ca_pem: None,
            proxy: Proxy::System,
            user_agent: concat!("Labkeep/", env!("CARGO_PKG_VERSION")).to_owned(),
            concurrency: 8,
            timeouts: Timeouts::default(),
            attempts: 5,
            pauses: Pauses::default(),
        }
    }
}

/// Refuses a text that no GitLab would take for a token, so that a slip of the
/// clipboard never travels.
pub fn check_token(token: &SecretString) -> Result<(), Error> {
    let text = token.expose_secret();
    let flaw = if text.is_empty() {
        TokenFlaw::Empty
    } else if text.len() > LONGEST_TOKEN {
        TokenFlaw::TooLong
    } else if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        TokenFlaw::Whitespace
    } else if text.chars().any(|c| !c.is_ascii_graphic()) {
        TokenFlaw::ForeignCharacter
    } else {
        return Ok(());
    };
    Err(Error::TokenMalformed { flaw })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_no_tokens_are_refused() {
        let flaw = |text: &str| match check_token(&SecretString::from(text)) {
            Err(Error::TokenMalformed { flaw }) => Some(flaw),
            _ => None,
        };
        assert_eq!(flaw(""), Some(TokenFlaw::Empty));
        assert_eq!(flaw("glpat-abc\n"), Some(TokenFlaw::Whitespace));
        assert_eq!(flaw("glpat abc"), Some(TokenFlaw::Whitespace));
        assert_eq!(flaw("glpat-äbc"), Some(TokenFlaw::ForeignCharacter));
        assert_eq!(flaw("glpat\u{200b}abc"), Some(TokenFlaw::ForeignCharacter));
        assert_eq!(flaw(&"x".repeat(5000)), Some(TokenFlaw::TooLong));
        assert_eq!(flaw("glpat-Ab_1-2.3"), None);
    }

    #[test]
    fn a_proxy_is_never_printed() {
        let proxy = Proxy::Url("http://me:hunter2@proxy:3128".to_owned());
        assert!(!format!("{proxy:?}").contains("hunter2"));
    }
}
