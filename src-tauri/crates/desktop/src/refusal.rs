//! What was asked for and not done, as people are told, and as the log is.

use labkeep_engine::advice::Advice;
use labkeep_engine::error::chain;
use labkeep_engine::{Code, Error};

/// Notes the error and its causes in the log, and says what is wrong and what
/// helps.
pub fn told(error: &Error) -> Advice {
    if error.code() == Code::Bug {
        tracing::error!(error = %chain(error), "a defect");
    } else {
        tracing::info!(error = %chain(error), "refused");
    }
    error.advice()
}
