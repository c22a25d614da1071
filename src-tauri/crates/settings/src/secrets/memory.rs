//! Secrets in memory: for tests, and for a token that one restore needs.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use secrecy::SecretString;

use super::{SecretKey, Secrets, SecretsError};

/// Secrets that end with the process.
#[derive(Debug, Default)]
pub struct MemorySecrets(Mutex<HashMap<SecretKey, SecretString>>);

impl MemorySecrets {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn secrets(&self) -> MutexGuard<'_, HashMap<SecretKey, SecretString>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Secrets for MemorySecrets {
    fn get(&self, key: &SecretKey) -> Result<Option<SecretString>, SecretsError> {
        Ok(self.secrets().get(key).cloned())
    }

    fn set(&self, key: &SecretKey, _label: &str, value: &SecretString) -> Result<(), SecretsError> {
        self.secrets().insert(key.clone(), value.clone());
        Ok(())
    }

    fn delete(&self, key: &SecretKey) -> Result<(), SecretsError> {
        self.secrets().remove(key);
        Ok(())
    }

    fn describe(&self) -> String {
        "memory".to_owned()
    }
}
