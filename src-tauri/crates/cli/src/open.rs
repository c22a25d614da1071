//! Opens Labkeep: its files, and the keychain or what stands for it.

use std::path::Path;
use std::sync::Arc;

use labkeep_engine::Labkeep;
use labkeep_engine::clock::SystemClock;
use labkeep_settings::{Home, Keychain, Secrets, SecretsFolder};

use crate::failure::Failure;

/// Where Labkeep's files are.
pub fn home() -> Result<Home, Failure> {
    Ok(Home::locate()?)
}

/// Labkeep with its secrets in the keychain, or in a folder.
pub fn labkeep(home: Home, secrets: Option<&Path>) -> Result<Labkeep, Failure> {
    let secrets: Arc<dyn Secrets> = match secrets {
        Some(folder) => Arc::new(SecretsFolder::create(folder)?),
        None => Arc::new(Keychain::new()),
    };
    Ok(Labkeep::open(home, secrets, Arc::new(SystemClock))?)
}
