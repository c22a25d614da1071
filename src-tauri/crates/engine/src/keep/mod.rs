//! Labkeep as one object: what the window and the command line talk to. It
//! holds the settings, the catalogue, the keychain and the runs of this
//! process, and turns what is asked for into work of the domain.

mod account;
mod advise;
mod attention;
mod backup;
mod execute;
mod find;
mod home;
mod items;
mod kit;
mod plan;
mod preferences;
mod prune;
mod reader;
mod rebuild;
mod rehearse;
mod restore;
mod run;
mod snapshot;
mod vault;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use labkeep_settings::{Catalogue, Home, Secrets, Settings, Store, VaultEntryId};
use labkeep_vault::Vault;

use crate::clock::SharedClock;
use crate::error::{Error, Result};
use crate::run::{Runs, process};

pub use backup::BackupWish;
pub use reader::{SavedFile, SavedItem};
pub use restore::ExportWish;
pub use snapshot::SnapshotRef;

/// Labkeep. Cheap to clone; clones are the same Labkeep.
#[derive(Clone)]
pub struct Labkeep(Arc<Inner>);

struct Inner {
    home: Home,
    store: Store,
    catalogue: Catalogue,
    secrets: Arc<dyn Secrets>,
    clock: SharedClock,
    runs: Runs,
    /// Vaults that are open: opening derives a key, which takes its time.
    open: Mutex<HashMap<VaultEntryId, Vault>>,
}

impl Labkeep {
    /// Opens Labkeep's files in `home`. Runs that a crash ended are noted as
    /// such; nothing else is done.
    pub fn open(home: Home, secrets: Arc<dyn Secrets>, clock: SharedClock) -> Result<Self> {
        let store = Store::open(&home)?;
        store.read()?;
        let catalogue = Catalogue::open(&home.catalogue_file())?;
        let runs = Runs::new(home.locks());
        let labkeep = Self(Arc::new(Inner {
            home,
            store,
            catalogue,
            secrets,
            clock,
            runs,
            open: Mutex::default(),
        }));
        labkeep.note_crashes()?;
        Ok(labkeep)
    }

    /// The runs of this process.
    pub fn runs(&self) -> &Runs {
        &self.0.runs
    }

    /// Where Labkeep's files are.
    pub fn home(&self) -> &Home {
        &self.0.home
    }

    fn note_crashes(&self) -> Result<()> {
        let crashed = self
            .0
            .catalogue
            .end_crashed_runs(self.0.clock.now(), process::is_alive)?;
        for run in &crashed {
            tracing::warn!(run = %run.id, kind = %run.kind, "the run was ended by a crash");
        }
        // What it had unpacked must not lie about; nobody else works here now.
        if !crashed.is_empty() && self.0.catalogue.unended_runs()?.is_empty() {
            let scratch = self.0.home.scratch();
            if let Err(error) = crate::scratch::sweep(&scratch, Duration::ZERO) {
                tracing::warn!(%error, "scratch of a crashed run could not be removed");
            }
        }
        Ok(())
    }

    fn settings(&self) -> Result<Settings> {
        Ok(self.0.store.read()?)
    }
}

/// Does blocking work (the keychain, the vault) without holding up others.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Bug {
            message: error.to_string(),
        })?
}
