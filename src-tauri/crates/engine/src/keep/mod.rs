//! Labkeep as one object: what the window and the command line talk to. It
//! holds the settings, the catalogue, the keychain and the runs of this
//! process, and turns what is asked for into work of the domain.

mod account;
mod advise;
mod affected;
mod answers;
mod attention;
mod attention_of_proof;
mod attention_of_prunes;
mod backup;
mod before_loss;
mod channels;
mod check;
mod check_past;
mod check_report;
mod chore;
mod copy;
mod copy_backoff;
mod copy_choice;
mod copy_report;
mod copy_state;
mod copying;
mod damage;
mod distrust;
mod drill;
mod drill_choice;
mod drill_failures;
mod drill_proof;
mod drilling;
mod execute;
mod export;
mod find;
mod folder;
mod given_up;
mod good_news;
mod hindered;
mod home;
mod items;
mod judge;
mod kit;
mod kit_page;
mod kit_pdf;
mod loss;
mod mending;
mod place;
mod plan;
mod preferences;
mod promise;
mod prune;
mod prune_due;
mod prune_rules;
mod reader;
mod rebuild;
mod recall;
mod recovered;
mod restore;
mod room;
mod run;
mod scheduler;
mod snapshot;
mod status;
mod tell;
mod trouble;
mod unnoted;
mod vault;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use labkeep_settings::{Catalogue, Home, PlanId, Run, Secrets, Settings, Store, VaultEntryId};
use labkeep_vault::Vault;
use tokio::sync::broadcast;

use crate::advice::Advice;
use crate::clock::SharedClock;
use crate::error::{Error, Result};
use crate::notify::{Notice, Owed, ToldBy};
use crate::run::Runs;
use crate::run::process::Presence;
use crate::schedule::Why;

pub use backup::BackupWish;
pub use reader::{SavedFile, SavedItem};
pub use restore::ExportWish;
pub use scheduler::Scheduler;
pub use snapshot::SnapshotRef;

/// Notices that wait for a slow desktop before it misses some.
const NOTICES: usize = 64;

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
    places: place::Places,
    /// Held while the status is looked at: one at a time.
    status: Arc<tokio::sync::Mutex<()>>,
    presence: Presence,
    /// Ends of runs that the catalogue did not take.
    unnoted: Mutex<Vec<unnoted::Unnoted>>,
    /// Vaults that are open: opening derives a key, which takes its time.
    open: Mutex<HashMap<VaultEntryId, Vault>>,
    /// What the scheduler of this process last saw holding plans back.
    held: Mutex<HashMap<PlanId, Why>>,
    /// What is due and could not be started, and why.
    troubles: Mutex<BTreeMap<String, Advice>>,
    /// What was told, in case the catalogue does not take it.
    told: Mutex<ToldBy>,
    /// Whom good news is owed, while the catalogue does not take it.
    owed: Mutex<Option<Owed>>,
    /// The settings as they could be read last, for when they cannot be.
    settings: Mutex<Settings>,
    /// What the desktop should show.
    notices: broadcast::Sender<Notice>,
}

impl Labkeep {
    /// Opens Labkeep's files in `home`. Runs that a crash ended are noted as
    /// such; nothing else is done.
    pub fn open(home: Home, secrets: Arc<dyn Secrets>, clock: SharedClock) -> Result<Self> {
        let store = Store::open(&home)?;
        let settings = store.read()?;
        let catalogue = Catalogue::open(&home.catalogue_file())?;
        let runs = Runs::new(home.locks());
        let presence = Presence::begin(&home.locks()).map_err(|source| Error::File {
            path: home.locks().display().to_string(),
            source,
        })?;
        let labkeep = Self(Arc::new(Inner {
            home,
            store,
            catalogue,
            secrets,
            clock,
            runs,
            places: place::Places::default(),
            status: Arc::default(),
            presence,
            unnoted: Mutex::default(),
            open: Mutex::default(),
            held: Mutex::default(),
            troubles: Mutex::default(),
            told: Mutex::default(),
            owed: Mutex::default(),
            settings: Mutex::new(settings),
            notices: broadcast::channel(NOTICES).0,
        }));
        let crashed = labkeep.note_crashes()?;
        // What it had unpacked must not lie about; nobody else works here now.
        if crashed > 0 && labkeep.0.catalogue.unended_runs()?.is_empty() {
            let scratch = labkeep.0.home.scratch();
            if let Err(error) = crate::scratch::sweep(&scratch, Duration::ZERO) {
                tracing::warn!(%error, "scratch of a crashed run could not be removed");
            }
        }
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

    /// Notes runs whose process is gone, and ends that could not be noted
    /// before. Tells how many runs crashed.
    fn note_crashes(&self) -> Result<usize> {
        self.note_kept_ends();
        let is_known = |run: &Run| self.is_under_way(run) || self.is_unnoted(run.id);
        let now = self.0.clock.now();
        let crashed = self.0.catalogue.end_crashed_runs(now, is_known)?;
        if !crashed.is_empty() {
            self.0.runs.changed();
        }
        for run in &crashed {
            tracing::warn!(run = %run.id, kind = %run.kind, "the run was ended by a crash");
        }
        Ok(crashed.len())
    }

    fn settings(&self) -> Result<Settings> {
        Ok(self.0.store.read()?)
    }
}

/// What comes of work, unless it takes too long.
async fn answered<T>(
    what: &str,
    patience: Duration,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let answer = tokio::time::timeout(patience, work).await;
    answer.unwrap_or_else(|_| {
        Err(Error::Silent {
            what: what.to_owned(),
        })
    })
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
