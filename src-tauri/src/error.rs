//! Errors as the window gets them. A code is there only for the window to act
//! on; everything people read is in the sentences.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use labkeep_desktop::closing::Asked;
use labkeep_desktop::refusal;
use labkeep_engine::advice::Advice;
use labkeep_engine::{Code, Error};
use serde::Serialize;
use specta::Type;

/// What a command answers when it fails.
#[derive(Clone, Debug, Serialize, Type)]
pub struct AppError {
    /// What the error is about.
    pub code: Code,
    /// What is wrong, and where.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl From<Error> for AppError {
    fn from(error: Error) -> Self {
        let advice = refusal::told(&error);
        Self {
            code: error.code(),
            message: advice.message,
            hint: Some(advice.hint),
        }
    }
}

impl From<AppError> for Advice {
    fn from(error: AppError) -> Self {
        Self::new(error.message, error.hint.unwrap_or_default())
    }
}

impl AppError {
    /// A defect in Labkeep.
    pub fn bug(message: impl Into<String>) -> Self {
        Error::Bug {
            message: message.into(),
        }
        .into()
    }
}

/// Answers a command: a panic is a defect of that command alone, and the
/// window goes on. It is answered to its end even if the window is closed.
pub fn answer<T>(
    work: impl Future<Output = Result<T, Error>>,
) -> impl Future<Output = Result<T, AppError>> {
    let asked = Asked::begin();
    // On the heap: some of them are large.
    let work = AssertUnwindSafe(Box::pin(work)).catch_unwind();
    async move {
        let answer = work.await;
        drop(asked);
        match answer {
            Ok(result) => result.map_err(AppError::from),
            Err(panic) => {
                let message = panic
                    .downcast_ref::<String>()
                    .map(String::as_str)
                    .or_else(|| panic.downcast_ref::<&str>().copied())
                    .unwrap_or("a panic");
                Err(AppError::bug(message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_told_as_a_defect() {
        let told = answer(async {
            let parts: Vec<u8> = Vec::new();
            assert!(!parts.is_empty(), "out of order");
            Ok(())
        })
        .await;
        let error = told.unwrap_err();
        assert_eq!(error.code, Code::Bug);
        assert!(error.message.contains("out of order"));
    }
}
