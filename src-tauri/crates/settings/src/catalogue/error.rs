//! What can go wrong with the catalogue, told apart by facts.

use std::path::PathBuf;

use crate::catalogue::run::RunState;
use crate::id::RunId;

/// What can go wrong with the catalogue. The file is never removed.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The file cannot be opened.
    #[error("{} cannot be opened", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no catalogue any more.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the database said.
        source: rusqlite::Error,
    },
    /// The file was written by a newer Labkeep.
    #[error("{} has version {found}; this program knows up to {supported}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The file's version.
        found: usize,
        /// The newest version that this program knows.
        supported: usize,
    },
    /// The file could not be brought to this program's version.
    #[error("{} could not be brought to version {to}", path.display())]
    Migration {
        /// The file.
        path: PathBuf,
        /// The version.
        to: usize,
        /// What the database said.
        source: rusqlite_migration::Error,
    },
    /// The file or its folder is read-only, or there is no permission.
    #[error("{} cannot be written", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("no room is left to write {}", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Another process keeps the catalogue locked.
    #[error("another process keeps {} locked", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The database failed in another way.
    #[error("the catalogue {} failed", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What the database said.
        source: rusqlite::Error,
    },
    /// A value in the catalogue cannot be understood.
    #[error("the catalogue has {value:?} as {what}")]
    Value {
        /// What it should be.
        what: &'static str,
        /// The value.
        value: String,
    },
    /// There is no such run.
    #[error("there is no run {run}")]
    UnknownRun {
        /// The run.
        run: RunId,
    },
    /// A run cannot do this in the state it is in.
    #[error("run {run} is {state} already")]
    WrongState {
        /// The run.
        run: RunId,
        /// Its state.
        state: RunState,
    },
}
