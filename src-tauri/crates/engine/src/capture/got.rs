//! What became of a kind when it was asked for.

use bytes::Bytes;
use labkeep_gitlab::AccessLevel;
use labkeep_gitlab::git::GitError;
use labkeep_vault::Content;
use thiserror::Error;

use crate::advice::{self, Advice};
use crate::guard::Turnover;
use crate::kind::Kind;
use crate::ledger::GitFacts;
use crate::view::LedgerState;

/// A piece that was captured: its path inside the item's folder.
#[derive(Debug)]
pub struct NewPiece {
    /// Path inside the item's folder.
    pub path: String,
    /// What is in it; `AsBefore` for parts of a kind that did not change.
    pub content: Content,
}

impl NewPiece {
    /// A small piece that is in memory.
    pub fn bytes(path: impl Into<String>, content: impl Into<Bytes>) -> Self {
        Self {
            path: path.into(),
            content: Content::Bytes(content.into()),
        }
    }
}

/// A kind that was read.
#[derive(Debug, Default)]
pub struct Fresh {
    /// Its pieces, in path order.
    pub pieces: Vec<NewPiece>,
    /// Refs, issues, labels, …
    pub count: u64,
    /// For repositories.
    pub git: Option<GitFacts>,
    /// What is not in it though it exists, in a sentence.
    pub remark: Option<String>,
    /// What is gone since the previous version, where that is guarded and
    /// there is one.
    pub turnover: Option<Turnover>,
}

/// What became of a kind.
#[derive(Debug)]
pub enum Got {
    /// It was read.
    Fresh(Fresh),
    /// It was asked for and is as before.
    Same,
    /// There is nothing of it.
    Empty(Fresh),
    /// It is there but not to be had, without anything having failed.
    Skipped {
        /// No right, or not offered.
        state: LedgerState,
        /// Why, and what helps.
        advice: Advice,
    },
}

/// Why a kind could not be read.
#[derive(Debug, Error)]
pub enum Trouble {
    /// GitLab, or the way to it.
    #[error(transparent)]
    Gitlab(#[from] labkeep_gitlab::Error),
    /// A part of something that GitLab had listed before. A refusal here says
    /// nothing about the right to the kind.
    #[error("a part of what is listed: {source}")]
    Part {
        /// What GitLab said.
        source: labkeep_gitlab::Error,
    },
    /// The vault, when the previous version was looked at.
    #[error(transparent)]
    Vault(#[from] labkeep_vault::Error),
    /// The scratch folder.
    #[error("the scratch folder cannot be used: {source}")]
    Scratch {
        /// What the system said.
        #[from]
        source: std::io::Error,
    },
    /// The previous version in the vault is not what it should be.
    #[error("{path} in the previous snapshot cannot be read: {detail}")]
    Previous {
        /// The piece.
        path: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The item was deleted while it was being read.
    #[error("the item was deleted at GitLab during the run")]
    Deleted,
    /// Nobody answered to the items before, so this one was not tried.
    #[error("not tried, for GitLab did not answer")]
    GivenUp,
    /// Reading it panicked.
    #[error("a defect in Labkeep: {message}")]
    Bug {
        /// What it said.
        message: String,
    },
}

impl Trouble {
    /// The run cannot go on with this: somebody asked to stop, or there is no
    /// room.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Gitlab(labkeep_gitlab::Error::Cancelled) => true,
            Self::Gitlab(error) | Self::Part { source: error } => no_room(error),
            Self::Scratch { source } => is_full(source),
            Self::Vault(_)
            | Self::Previous { .. }
            | Self::Deleted
            | Self::GivenUp
            | Self::Bug { .. } => false,
        }
    }

    /// Whether what is saved already is damaged.
    pub const fn tells_of_damage(&self) -> bool {
        match self {
            Self::Previous { .. } => true,
            Self::Vault(error) => advice::is_damage(error),
            _ => false,
        }
    }

    /// GitLab does not hand it out.
    pub const fn is_refusal(&self) -> bool {
        use labkeep_gitlab::Error;
        matches!(
            self,
            Self::Gitlab(Error::Forbidden { .. } | Error::NotFound { .. })
        )
    }

    /// The same about a part of something that GitLab had listed.
    #[must_use]
    pub fn of_a_part(self) -> Self {
        match self {
            Self::Gitlab(source) => Self::Part { source },
            other => other,
        }
    }

    /// Nobody answers: what follows will fail in the same way.
    pub const fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Gitlab(
                labkeep_gitlab::Error::Resolve { .. }
                    | labkeep_gitlab::Error::Connect { .. }
                    | labkeep_gitlab::Error::Timeout { .. }
            )
        )
    }

    /// The sentence and the remedy.
    pub fn advice(&self) -> Advice {
        match self {
            Self::Gitlab(error) if no_room(error) => full(),
            Self::Gitlab(error) | Self::Part { source: error } => advice::of_gitlab(error),
            Self::Vault(error) => advice::of_vault(error),
            Self::Scratch { source } if is_full(source) => full(),
            Self::Scratch { source } => Advice::new(
                format!("The scratch folder cannot be used: {source}."),
                "Check that it exists and may be written.",
            ),
            Self::Previous { path, detail } => Advice::new(
                format!("{path} in the previous snapshot cannot be read: {detail}."),
                "Check the vault. A thorough backup reads everything again.",
            ),
            Self::Deleted => Advice::new(
                "It was deleted at GitLab while it was being read.",
                "The version saved before is kept. Restore it if the deletion was not meant.",
            ),
            Self::GivenUp => Advice::new(
                "It was not tried, for GitLab had stopped answering.",
                "Check the network and the server; the next backup reads it.",
            ),
            Self::Bug { message } => Advice::new(
                format!("Labkeep ran into a defect: {message}."),
                "Please report it.",
            ),
        }
    }

    /// Whether GitLab refused for lack of a right, and in which words.
    pub fn missing_right(&self, kind: Kind, role: Option<AccessLevel>) -> Option<Advice> {
        use labkeep_gitlab::Error;
        match self {
            Self::Gitlab(
                error @ (Error::InsufficientScope { .. } | Error::InsufficientGranularScope { .. }),
            ) => Some(advice::of_gitlab(error)),
            Self::Gitlab(Error::Forbidden { .. } | Error::NotFound { .. }) => {
                Some(advice::of_role(kind, role))
            }
            _ => None,
        }
    }
}

fn full() -> Advice {
    Advice::new(
        "There is no room left for what is being received.",
        "Free some space on the disk of Labkeep's scratch folder.",
    )
}

fn is_full(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
    )
}

fn no_room(error: &labkeep_gitlab::Error) -> bool {
    use labkeep_gitlab::Error;
    matches!(
        error,
        Error::Io { source, .. } | Error::Git(GitError::Io { source, .. }) if is_full(source)
    )
}
