//! What people are told when something goes wrong: a sentence that says what
//! and where, and one that says what helps. The same sentences stand in the
//! window, on the command line and in the ledger.

mod backup;
mod git;
mod gitlab;
mod machine;
mod role;
mod vault;

use serde::{Deserialize, Serialize};
use specta::Type;

pub use backup::of_backup;
pub use gitlab::of_gitlab;
pub use machine::{of_catalogue, of_secrets, of_settings};
pub use role::of_role;
pub use vault::{is_damage, of_vault};

/// A sentence and its remedy. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Advice {
    /// What is wrong, and where.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl Advice {
    /// An advice from two sentences.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
        }
    }
}

impl std::fmt::Display for Advice {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.message, self.hint)
    }
}

/// A word as it begins a sentence.
pub(crate) fn capital(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}
