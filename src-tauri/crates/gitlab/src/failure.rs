//! A failure of the HTTP library, told apart by its types (never by its text).
use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Error, clip};
use crate::tls;

/// A file could not be read while it was being sent. Travels through the HTTP
/// library as the error of a body.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub(crate) struct SendFailed {
    pub(crate) path: PathBuf,
    pub(crate) source: io::Error,
}

/// What a failed request to `host` means. `timeout`: the limit on connecting.
pub(crate) fn read(error: reqwest::Error, host: &str, timeout: Duration) -> Error {
    // The URL may hold a query.
    let error = error.without_url();
    if let Some(failed) = find::<SendFailed>(&error) {
        return Error::Io {
            path: failed.path.clone(),
            source: io::Error::new(failed.source.kind(), failed.source.to_string()),
        };
    }
    if let Some(refused) = refused_tls(&error, host) {
        return refused;
    }
    let host = host.to_owned();
    if error.is_dns() {
        Error::Resolve {
            host,
            source: error,
        }
    } else if error.is_timeout() {
        Error::Timeout {
            host,
            after: timeout,
        }
    } else if error.is_connect() {
        Error::Connect {
            host,
            source: error,
        }
    } else if error.is_builder() {
        Error::Setup { source: error }
    } else {
        Error::Interrupted {
            host,
            received: 0,
            expected: None,
            source: Some(error),
        }
    }
}

/// The error of a TLS handshake with `host`, if that is what `error` comes from.
pub fn refused_tls(error: &(dyn StdError + 'static), host: &str) -> Option<Error> {
    find::<rustls::Error>(error).map(|tls| Error::Tls {
        host: host.to_owned(),
        failure: tls::failure_of(tls),
        detail: clip(&tls.to_string()),
    })
}

/// The first error of type `T` in the chain. An `io::Error` hides what it holds
/// from `source()`, so it is opened.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
