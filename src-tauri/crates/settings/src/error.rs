//! What can go wrong with the settings file, told apart by facts.

use std::io;
use std::path::{Path, PathBuf};

use crate::id::{AccountId, CopyId, PlanId, VaultEntryId};

/// Settings that contradict themselves.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Two entries have the same id.
    #[error("the id {id} is used twice")]
    IdTwice {
        /// The id.
        id: String,
    },
    /// An entry for people has no name.
    #[error("{id} has no name")]
    NoName {
        /// The entry's id.
        id: String,
    },
    /// A plan names an account that is not there.
    #[error("plan {plan} uses account {account}, which is not there")]
    UnknownAccount {
        /// The plan.
        plan: PlanId,
        /// The account.
        account: AccountId,
    },
    /// A plan names a vault that is not there.
    #[error("plan {plan} uses vault {vault}, which is not there")]
    UnknownVault {
        /// The plan.
        plan: PlanId,
        /// The vault.
        vault: VaultEntryId,
    },
    /// A plan's schedule cannot happen.
    #[error("the schedule of plan {plan} cannot happen")]
    ImpossibleSchedule {
        /// The plan.
        plan: PlanId,
    },
    /// A plan would keep no snapshot at all.
    #[error("plan {plan} would keep nothing")]
    KeepsNothing {
        /// The plan.
        plan: PlanId,
    },
    /// A copy names a vault that is not there.
    #[error("the copy {copy} names the vault {vault}, which is not there")]
    UnknownCopyVault {
        /// The copy.
        copy: CopyId,
        /// The vault's id.
        vault: VaultEntryId,
    },
    /// A vault is to be copied to itself.
    #[error("the vault {vault} is to be copied to itself")]
    CopiesItself {
        /// The vault.
        vault: VaultEntryId,
    },
    /// A copy would keep no snapshot.
    #[error("the copy {copy} keeps no snapshot")]
    CopyKeepsNothing {
        /// The copy.
        copy: CopyId,
    },
}

/// What can go wrong with the settings file. Whatever it is, the file is left
/// as it was.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The system does not say where this user's files are.
    #[error("the system does not say where this user's files belong")]
    NoHome,
    /// A folder of Labkeep's cannot be made.
    #[error("the folder {} cannot be made", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file cannot be written; a full disk, for example.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no settings file.
    #[error("{} is damaged (line {line}, column {column})", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// The last good copy, if there is one, to be put in its place.
        backup: Option<PathBuf>,
        /// What the reader said.
        source: serde_json::Error,
    },
    /// The file is gone, but its copy is there: it was not simply never made.
    #[error("{} is gone, but there is a copy of it", path.display())]
    Lost {
        /// The file.
        path: PathBuf,
        /// The last good copy, to be put in its place or removed.
        backup: PathBuf,
    },
    /// The file was written by a newer Labkeep.
    #[error("{} has version {found}; this program knows up to {supported}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The file's version.
        found: u32,
        /// The newest version that this program knows.
        supported: u32,
    },
    /// The settings contradict themselves.
    #[error("the settings do not fit together: {0}")]
    Invalid(#[from] Problem),
    /// Another process keeps the settings locked.
    #[error("another process is changing the settings ({})", lock.display())]
    Busy {
        /// The lock file.
        lock: PathBuf,
    },
}

impl SettingsError {
    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write {
            path: path.to_owned(),
            source,
        }
    }
}
