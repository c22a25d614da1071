//! Changing a vault's key. The data is not written again: its master key stays
//! the same and gets a new key file.

use std::sync::PoisonError;

use crate::error::Result;
use crate::key::VaultKey;
use crate::keyfile;
use crate::vault::Vault;

impl Vault {
    /// Makes `new` the vault's key; the one that opened it opens nothing any
    /// more. Key files that other programs added stay as they are.
    ///
    /// The old key goes only after the new one is seen to work, so whatever
    /// fails, one of the two opens the vault.
    pub fn change_key(&self, new: &VaultKey) -> Result<()> {
        let storage = &*self.0.storage;
        let (name, content) = keyfile::make(new, &self.0.master);
        storage.write(&format!("keys/{name}"), vec![content])?;
        storage.settle()?;
        let unlocked = keyfile::unlock(storage, new)?;
        let mut current = self
            .0
            .key_file
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *current, unlocked.file);
        storage.remove(&format!("keys/{old}"))?;
        Ok(storage.settle()?)
    }
}
