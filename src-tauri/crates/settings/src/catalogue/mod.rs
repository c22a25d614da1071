//! The catalogue: what happened on this machine, and what is known of vaults
//! and items. A cache of nothing: history and restore journals are only here.
//!
//! One SQLite file, used by several processes at once. Everything is written
//! as it happens, each call a transaction; no SQL leaves this module.

mod error;
mod history;
mod item;
mod journal;
mod ledger;
mod log;
mod memo;
mod run;
mod run_item;
mod snapshot;
mod value;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use rusqlite_migration::{M, Migrations};

pub use error::CatalogueError;
pub use item::{ItemKey, ItemSort, KnownItem, SeenItem, Sighting};
pub use journal::{Begun, Step, StepState};
pub use ledger::LedgerRow;
pub use log::{LogLevel, LogLine};
pub use run::{NewRun, Process, Run, RunEnd, RunKind, RunOutcome, RunQuery, RunState};
pub use run_item::RunItem;
pub use snapshot::KnownSnapshot;

/// How long another process may keep the catalogue to itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// The versions of the catalogue, each a step from the one before. What has
/// been released is never changed.
const STEPS: [M<'static>; 2] = [
    M::up(include_str!("schema.sql")),
    M::up(include_str!("schema_2.sql")).foreign_key_check(),
];

/// The catalogue. Cheap to clone; its calls are short, but block.
#[derive(Clone, Debug)]
pub struct Catalogue {
    path: Arc<PathBuf>,
    connection: Arc<Mutex<Connection>>,
}

type Result<T, E = CatalogueError> = std::result::Result<T, E>;

impl Catalogue {
    /// Opens the catalogue and makes it if it is missing. An older one is
    /// brought to this version; a newer or damaged one is refused and left as
    /// it is.
    pub fn open(path: &Path) -> Result<Self> {
        let sorted = |source| sort(path, source);
        private_file(path).map_err(|source| CatalogueError::Open {
            path: path.to_owned(),
            source,
        })?;
        let mut connection = Connection::open(path).map_err(sorted)?;
        connection.busy_timeout(PATIENCE).map_err(sorted)?;
        // A restore's journal must survive a power cut.
        connection
            .pragma_update(None, "synchronous", "FULL")
            .map_err(sorted)?;
        if version(path, &connection)? < STEPS.len() {
            // A table that is made anew must not take with it what refers to it.
            connection
                .pragma_update(None, "foreign_keys", false)
                .map_err(sorted)?;
            migrate(path, &mut connection)?;
        }
        connection
            .pragma_update(None, "foreign_keys", true)
            .map_err(sorted)?;
        Ok(Self {
            path: Arc::new(path.to_owned()),
            connection: Arc::new(Mutex::new(connection)),
        })
    }

    /// Reads.
    fn read<T>(&self, action: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T> {
        action(&self.connection()).map_err(|failure| failure.at(&self.path))
    }

    /// Writes: all of it or nothing.
    fn write<T>(&self, action: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>) -> Result<T> {
        let mut connection = self.connection();
        let result = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(Failure::from)
            .and_then(|transaction| {
                let value = action(&transaction)?;
                transaction.commit()?;
                Ok(value)
            });
        result.map_err(|failure| failure.at(&self.path))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere rolled its transaction back; the connection is
        // sound.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A failure inside a call, before the file's name is added to it.
#[derive(Debug)]
enum Failure {
    Database(rusqlite::Error),
    Known(CatalogueError),
}

impl Failure {
    fn at(self, path: &Path) -> CatalogueError {
        match self {
            Self::Database(source) => sort(path, source),
            Self::Known(error) => error,
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<CatalogueError> for Failure {
    fn from(error: CatalogueError) -> Self {
        Self::Known(error)
    }
}

/// Makes the file, if it is missing, for this user alone.
fn private_file(path: &Path) -> std::io::Result<()> {
    let mut options = File::options();
    options.create_new(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The file's version; refuses a newer one.
fn version(path: &Path, connection: &Connection) -> Result<usize> {
    let found: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|source| sort(path, source))?;
    let found = usize::try_from(found).unwrap_or(usize::MAX);
    if found > STEPS.len() {
        return Err(CatalogueError::Newer {
            path: path.to_owned(),
            found,
            supported: STEPS.len(),
        });
    }
    Ok(found)
}

/// Brings the file to this version; one process at a time.
fn migrate(path: &Path, connection: &mut Connection) -> Result<()> {
    let lock = path.with_extension("lock");
    let opened = |source| CatalogueError::Open {
        path: lock.clone(),
        source,
    };
    let held = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock)
        .map_err(opened)?;
    held.lock().map_err(opened)?;
    // Another process may have done it meanwhile.
    if version(path, connection)? == STEPS.len() {
        return Ok(());
    }
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .map_err(|source| sort(path, source))?;
    Migrations::from_slice(&STEPS)
        .to_latest(connection)
        .map_err(|error| match error {
            rusqlite_migration::Error::RusqliteError { err, .. } if is_known(&err) => {
                sort(path, err)
            }
            source => CatalogueError::Migration {
                path: path.to_owned(),
                to: STEPS.len(),
                source,
            },
        })
}

/// Whether there is a remedy for the error, so that it has its own name.
fn is_known(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::DiskFull
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::CannotOpen
        )
    )
}

/// Sorts a database error by what a person can do about it.
fn sort(path: &Path, source: rusqlite::Error) -> CatalogueError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            CatalogueError::Damaged { path, source }
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            CatalogueError::ReadOnly { path }
        }
        Some(ErrorCode::DiskFull) => CatalogueError::Full { path },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => CatalogueError::Busy { path },
        Some(ErrorCode::CannotOpen) => CatalogueError::Open {
            path,
            source: std::io::Error::other(source),
        },
        _ => CatalogueError::Database { path, source },
    }
}
