//! The crate's edge towards the repository library: panics become errors, and
//! errors get back the facts that went in at the storage.

use std::any::Any;
use std::error::Error as StdError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rustic_core::RusticError;

use crate::error::{Error, Result};
use crate::storage::Fault;

/// rustic's code for "the message authentication code does not fit".
const NOT_AUTHENTIC: &str = "C001";

/// Runs something that calls the library. State that a panic may have left
/// half-changed is never used again: the caller gets an error instead of it.
pub(crate) fn guarded<T>(doing: &'static str, action: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(action)).unwrap_or_else(|panic| Err(bug(doing, &*panic)))
}

/// A panic as an error.
pub(crate) fn bug(doing: &'static str, panic: &(dyn Any + Send)) -> Error {
    let message = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    tracing::error!(doing, message, "a defect");
    Error::Bug { doing, message }
}

/// An error of the library as one of ours.
pub(crate) fn library(doing: &'static str, error: Box<RusticError>) -> Error {
    if let Some(fault) = Fault::inside(&*error) {
        return fault.into();
    }
    if is_damage(&error) {
        return Error::Damaged {
            path: "a file of the vault".to_owned(),
            detail: format!("it was changed or cut off (while {doing})"),
        };
    }
    Error::Repository {
        doing,
        source: Arc::from(error as Box<dyn StdError + Send + Sync>),
    }
}

fn is_damage(error: &RusticError) -> bool {
    let mut layer: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(current) = layer {
        let code = current
            .downcast_ref::<RusticError>()
            .or_else(|| current.downcast_ref::<Box<RusticError>>().map(|b| &**b));
        if code.is_some_and(|error| error.is_code(NOT_AUTHENTIC)) {
            return true;
        }
        layer = current.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let error = guarded("testing", || -> Result<()> { panic!("on {}", "purpose") });
        assert!(
            matches!(error, Err(Error::Bug { doing: "testing", message }) if message == "on purpose")
        );
    }
}
