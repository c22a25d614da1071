//! What commands work with: Labkeep, or the reason why it could not be opened.

use std::sync::Arc;

use labkeep_desktop::arguments::Arguments;
use labkeep_engine::clock::SystemClock;
use labkeep_engine::{Error, Labkeep};
use labkeep_settings::{Home, Keychain, Secrets, SecretsFolder};

use crate::error::AppError;

/// Labkeep, or why it could not be opened; then every command says so.
pub struct Opened(Result<Labkeep, AppError>);

impl Opened {
    /// Opens Labkeep's files and keychain.
    pub fn open(arguments: &Arguments) -> Self {
        Self(open(arguments))
    }

    /// Labkeep.
    pub fn labkeep(&self) -> Result<Labkeep, AppError> {
        self.0.clone()
    }
}

fn open(arguments: &Arguments) -> Result<Labkeep, AppError> {
    let secrets: Arc<dyn Secrets> = match &arguments.secrets {
        Some(folder) => Arc::new(SecretsFolder::create(folder).map_err(Error::from)?),
        None => Arc::new(Keychain::new()),
    };
    let home = Home::locate().map_err(Error::from)?;
    Ok(Labkeep::open(home, secrets, Arc::new(SystemClock))?)
}
