//! Why a command could not do what it was asked for: a sentence, what helps,
//! and the exit code that scripts rely on. Never a secret.

use std::process::ExitCode;

use labkeep_engine::advice::Advice;
use labkeep_engine::{Code, Error};

/// Nothing was done that counts.
const FAILED: u8 = 1;
/// Wrong usage or bad input.
const BAD_INPUT: u8 = 2;

/// Why a command could not do what it was asked for.
#[derive(Debug)]
pub struct Failure {
    /// The sentence and the remedy.
    pub advice: Advice,
    /// What it is about.
    pub code: Code,
}

impl Failure {
    /// What was asked for cannot be done.
    pub fn refused(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            advice: Advice::new(message, hint),
            code: Code::Refused,
        }
    }

    /// The same about a token.
    pub fn token(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            code: Code::Token,
            ..Self::refused(message, hint)
        }
    }

    /// Something of this machine does not work.
    pub fn machine(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            code: Code::Failed,
            ..Self::refused(message, hint)
        }
    }

    /// The exit code (contract.md).
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.code {
            Code::Failed | Code::Bug => FAILED,
            Code::Address
            | Code::Token
            | Code::Certificate
            | Code::Folder
            | Code::Key
            | Code::Keychain
            | Code::NotFound
            | Code::Refused => BAD_INPUT,
        })
    }
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        tracing::warn!(error = %labkeep_engine::error::chain(&error), "the command failed");
        Self {
            advice: error.advice(),
            code: match error {
                // A file that the command line names.
                Error::File { .. } => Code::Refused,
                error => error.code(),
            },
        }
    }
}
