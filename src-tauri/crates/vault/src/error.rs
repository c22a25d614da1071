//! What can go wrong with a vault, told apart by facts.
//!
//! Every case that needs its own remedy is its own variant; nobody has to read
//! an error's text. No variant carries a key, and contents never appear.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::copy::CopyReport;
use crate::id::SnapshotId;
use crate::veto::Veto;

/// A cause from a layer below, kept for the log.
pub type Cause = Arc<dyn StdError + Send + Sync>;

/// Whose format is newer than this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Labkeep's own layout, written in the vault's marker file.
    Labkeep,
    /// The restic repository format.
    Restic,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Labkeep => "Labkeep",
            Self::Restic => "restic",
        })
    }
}

/// Why a path cannot be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathProblem {
    /// Nothing, or nothing between two slashes.
    EmptyPart,
    /// A part is `.` or `..`.
    DotPart,
    /// A backslash, a control character, or a colon in the first part: not the
    /// same file name on every system.
    Character(char),
    /// A piece belongs in a folder; only the documents that seal a snapshot
    /// lie at its root.
    AtRoot,
    /// A document that seals a snapshot lies at its root, not in a folder.
    InFolder,
    /// A document that seals a snapshot cannot be taken over from a parent.
    NotNew,
}

impl fmt::Display for PathProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyPart => f.write_str("a part of it is empty"),
            Self::DotPart => f.write_str("a part of it is a dot or two"),
            Self::Character(character) => write!(f, "it contains {character:?}"),
            Self::AtRoot => f.write_str("it has no folder"),
            Self::InFolder => f.write_str("it has a folder"),
            Self::NotNew => f.write_str("it has no content of its own"),
        }
    }
}

/// Everything that can go wrong with a vault.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No location was given.
    #[error("no location was given for the vault")]
    LocationEmpty,
    /// The location names a kind of storage that this build does not know.
    #[error("vaults in {scheme:?} locations are not supported")]
    LocationUnsupported {
        /// What stands before `://`.
        scheme: String,
    },

    /// No key was given.
    #[error("no vault key was given")]
    KeyEmpty,
    /// The key has too few or too many characters.
    #[error("a vault key has {expected} characters, this one has {found}")]
    KeyLength {
        /// Characters without dashes that a key has.
        expected: usize,
        /// Characters without dashes and spaces that were given.
        found: usize,
    },
    /// The key has a character that no vault key has.
    #[error("a vault key has no character {character:?} (number {position})")]
    KeyCharacter {
        /// The character.
        character: char,
        /// Its place, counted from 1, without dashes and spaces.
        position: usize,
    },
    /// The key's last group does not fit the others: a typing mistake.
    #[error("the vault key has a typing mistake: its last group does not fit the others")]
    KeyMistyped,
    /// The key is well formed but opens nothing here.
    #[error("the key does not open the vault in {path}")]
    WrongKey {
        /// The vault's location.
        path: String,
    },

    /// The folder is not there. A drive may not be connected.
    #[error("there is no folder {path}")]
    NoSuchFolder {
        /// The folder.
        path: String,
    },
    /// There is something, but no folder.
    #[error("{path} is not a folder")]
    NotAFolder {
        /// The path.
        path: String,
    },
    /// A new vault needs an empty folder.
    #[error("the folder {path} is not empty")]
    NotEmpty {
        /// The folder.
        path: String,
    },
    /// A new vault needs a folder without one.
    #[error("there is a vault in {path} already")]
    AlreadyAVault {
        /// The folder.
        path: String,
    },
    /// The folder is there, but holds no vault.
    #[error("there is no vault in {path}")]
    NotAVault {
        /// The folder.
        path: String,
    },
    /// The vault was written by a newer program.
    #[error(
        "the vault in {path} has {format} format {found}; this program knows up to {supported}"
    )]
    NewerFormat {
        /// The vault's location.
        path: String,
        /// Whose format.
        format: Format,
        /// The vault's version.
        found: u32,
        /// The newest version that this program knows.
        supported: u32,
    },
    /// The vault was there and is not any more: a drive was disconnected, or
    /// the folder was moved.
    #[error("the vault in {path} has disappeared")]
    Gone {
        /// The vault's location.
        path: String,
    },
    /// The system does not allow to read.
    #[error("no permission to read {path}")]
    NotReadable {
        /// The file or folder.
        path: String,
        /// What the system said.
        #[source]
        source: Option<Cause>,
    },
    /// The system does not allow to write.
    #[error("no permission to write {path}")]
    NotWritable {
        /// The file or folder.
        path: String,
        /// What the system said.
        #[source]
        source: Option<Cause>,
    },
    /// The storage is mounted read-only.
    #[error("{path} is read-only")]
    ReadOnly {
        /// The file or folder.
        path: String,
    },
    /// No room is left, or a quota is used up.
    #[error("no room is left to write {path}")]
    Full {
        /// The file that did not fit.
        path: String,
    },
    /// A file or folder that belongs to the vault is missing.
    #[error("{path} is missing")]
    Missing {
        /// The file or folder.
        path: String,
    },
    /// Reading or writing failed in another way.
    #[error("{operation} {path} failed")]
    Storage {
        /// What was tried, such as `reading`.
        operation: &'static str,
        /// The file or folder.
        path: String,
        /// What the system said.
        #[source]
        source: Option<Cause>,
    },
    /// A file of the vault is not what was written.
    #[error("{path} is damaged: {detail}")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong with it.
        detail: String,
    },

    /// A piece's path cannot be stored.
    #[error("{path:?} cannot be stored: {problem}")]
    InvalidPath {
        /// The path.
        path: String,
        /// Why.
        problem: PathProblem,
    },
    /// Pieces have to come in order, part by part, byte by byte.
    #[error("{path:?} came after {after:?}")]
    Unsorted {
        /// The path that came too late.
        path: String,
        /// The path before it.
        after: String,
    },
    /// The same path came twice.
    #[error("{path:?} came twice")]
    Duplicate {
        /// The path.
        path: String,
    },
    /// A path was a file before and is a folder now.
    #[error("{path:?} lies in {file:?}, which is a file")]
    FileAndFolder {
        /// The path.
        path: String,
        /// The file.
        file: String,
    },
    /// A tag of a snapshot contains a comma or is empty.
    #[error("{tag:?} cannot be a tag")]
    InvalidTag {
        /// The tag.
        tag: String,
    },
    /// The writer takes nothing any more; `Writer::close` says why.
    #[error("the writer is closed")]
    Closed,
    /// The writer was given up; there is no snapshot.
    #[error("writing was given up")]
    Aborted,
    /// What was written is not what had to be written; there is no snapshot.
    #[error("the snapshot was not saved: {0}")]
    Vetoed(Veto),
    /// A snapshot that did not pass its check could not be removed either.
    #[error("snapshot {snapshot} failed its check and could not be removed")]
    NotRemoved {
        /// The snapshot.
        snapshot: SnapshotId,
        /// Why it had to be removed.
        reason: Box<Error>,
        /// Why it was not.
        #[source]
        source: Box<Error>,
    },

    /// There is no such snapshot.
    #[error("there is no snapshot {snapshot} in the vault")]
    SnapshotNotFound {
        /// The snapshot.
        snapshot: SnapshotId,
    },
    /// Snapshots that must be there are not listed. Nothing may be pruned.
    #[error("{} snapshots that should be in the vault are not there", missing.len())]
    SnapshotsMissing {
        /// The snapshots.
        missing: Vec<SnapshotId>,
    },
    /// The snapshot is kept for ever; `Vault::unpin` ends that.
    #[error("snapshot {snapshot} is pinned")]
    Pinned {
        /// The snapshot.
        snapshot: SnapshotId,
    },
    /// Somebody is removing the snapshot, or began to.
    #[error("snapshot {snapshot} is being removed")]
    BeingRemoved {
        /// The snapshot.
        snapshot: SnapshotId,
    },
    /// A vault cannot be copied into itself.
    #[error("the vault in {path} would be copied into itself")]
    SameVault {
        /// The vault's location.
        path: String,
    },
    /// Snapshots cannot be read whole and were not copied; the others were.
    #[error("{}", not_copied(failed))]
    NotCopied {
        /// The snapshots, and what is wrong with each.
        failed: Vec<(SnapshotId, Error)>,
        /// What was copied.
        report: Box<CopyReport>,
    },
    /// The path in the snapshot is a folder.
    #[error("{path:?} is a folder")]
    IsAFolder {
        /// The path.
        path: String,
    },
    /// The path in the snapshot is a file.
    #[error("{path:?} is a file")]
    IsAFile {
        /// The path.
        path: String,
    },
    /// The destination of a copy did not take the content.
    #[error("writing the content of {path:?} failed")]
    Destination {
        /// The path in the snapshot.
        path: String,
        /// What the destination said.
        #[source]
        source: std::io::Error,
    },

    /// Somebody else holds the vault's lease.
    #[error("{owner} is working on the vault until {until}")]
    LeaseHeld {
        /// Who holds it.
        owner: String,
        /// When it ends unless it is renewed.
        until: Timestamp,
    },
    /// The lease was lost while it was needed: it ran out, or was taken over.
    #[error("the lease on the vault was lost")]
    LeaseLost,
    /// The vault changed since the plan was made.
    #[error("the vault changed since the plan was made")]
    PlanOutdated,

    /// The repository library reported a failure without a known reason.
    #[error("{doing} failed")]
    Repository {
        /// What was tried.
        doing: &'static str,
        /// What the library said.
        #[source]
        source: Cause,
    },
    /// A defect in this program or a library: something panicked.
    #[error("{doing} ran into a defect: {message}")]
    Bug {
        /// What was tried.
        doing: &'static str,
        /// The panic's message.
        message: String,
    },
}

fn not_copied(failed: &[(SnapshotId, Error)]) -> String {
    let all: Vec<_> = failed
        .iter()
        .map(|(snapshot, error)| format!("snapshot {snapshot} was not copied: {error}"))
        .collect();
    all.join("; ")
}

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;
