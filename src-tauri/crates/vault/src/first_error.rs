//! The first thing that went wrong, wherever it did.
//!
//! A failing disk makes the library fail in ten places at once, most of them
//! far from the cause. The cause is what happened first.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::error::Error;

/// Keeps the first error that it is told.
#[derive(Debug, Default)]
pub(crate) struct FirstError {
    noted: AtomicBool,
    error: Mutex<Option<Error>>,
}

impl FirstError {
    /// Keeps the error if it is the first.
    pub(crate) fn note(&self, error: Error) {
        let mut first = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.noted.swap(true, Ordering::AcqRel) {
            *first = Some(error);
        }
    }

    /// Whether anything went wrong.
    pub(crate) fn is_noted(&self) -> bool {
        self.noted.load(Ordering::Acquire)
    }

    /// The error; whoever takes it answers for it.
    pub(crate) fn take(&self) -> Option<Error> {
        self.error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}
