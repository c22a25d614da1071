//! Secrets on their way from the window: read once, never shown, never sent
//! back.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use specta::Type;

/// A token or key that a person entered.
#[derive(Debug, Type)]
#[specta(transparent)]
pub struct Entered(#[specta(type = String)] SecretString);

impl Entered {
    /// The secret, for the engine.
    pub fn into_inner(self) -> SecretString {
        self.0
    }
}

impl<'de> Deserialize<'de> for Entered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self(SecretString::from(text)))
    }
}
