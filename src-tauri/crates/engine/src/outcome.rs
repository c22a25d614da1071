//! How a run ended. There is no "successful with errors": what is missing
//! makes it Partial, and the ledger says what and why.

use serde::{Deserialize, Serialize};
use specta::Type;

/// The end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything that was promised was done.
    Complete,
    /// Something is missing; the ledger says what, why and what helps.
    Partial,
    /// Stopped before its end: by a person, a shutdown, a crash.
    Aborted,
    /// Nothing was done that counts.
    Failed,
}

impl Outcome {
    /// The exit code of the command line (contract.md).
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Failed => 1,
            Self::Partial => 3,
            Self::Aborted => 4,
        }
    }

    /// The name in the catalogue and in result documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Aborted => "aborted",
            Self::Failed => "failed",
        }
    }

    /// The outcome with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Complete, Self::Partial, Self::Aborted, Self::Failed]
            .into_iter()
            .find(|outcome| outcome.name() == name)
    }
}

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// From GitLab into a vault.
    Backup,
    /// From a vault into GitLab.
    Restore,
    /// From a vault into a folder.
    Export,
    /// A rehearsal in a scratch folder.
    Drill,
    /// The vault's own check.
    Verify,
    /// Removing what the retention does not keep.
    Prune,
    /// From a vault into another one.
    Copy,
}

impl RunKind {
    /// The name in the catalogue and in result documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::Export => "export",
            Self::Drill => "drill",
            Self::Verify => "verify",
            Self::Prune => "prune",
            Self::Copy => "copy",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Backup,
            Self::Restore,
            Self::Export,
            Self::Drill,
            Self::Verify,
            Self::Prune,
            Self::Copy,
        ]
        .into_iter()
        .find(|kind| kind.name() == name)
    }
}
