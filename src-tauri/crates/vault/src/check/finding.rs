//! What a check can find.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::SnapshotId;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is lost.
    Warning,
    /// Something is damaged or missing.
    Error,
}

/// Something that is not as it should be. Paths of the vault's files are
/// relative to its location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// A file of the vault cannot be read.
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        detail: String,
    },
    /// A file is not what was written: its content does not fit its name.
    Changed {
        /// The file.
        path: String,
    },
    /// A file is what was written, but cannot be understood.
    Undecodable {
        /// The file.
        path: String,
        /// What is wrong.
        detail: String,
    },
    /// A pack file that the index names is missing.
    PackMissing {
        /// The file.
        path: String,
    },
    /// A pack file has another size than the index says.
    PackSize {
        /// The file.
        path: String,
        /// Bytes it should have.
        expected: u32,
        /// Bytes it has.
        found: u32,
    },
    /// A part of a pack file is not what the index says.
    BlobDamaged {
        /// The pack file.
        path: String,
        /// The part's name.
        blob: String,
    },
    /// A pack file that the index does not name: data that a killed run left,
    /// or data whose index is damaged.
    PackUnreferenced {
        /// The file.
        path: String,
        /// Its size in bytes.
        bytes: u32,
    },
    /// A folder of a snapshot is lost, with everything in it.
    FolderLost {
        /// A snapshot with the folder; others may have it, too.
        snapshot: SnapshotId,
        /// The folder; empty for the root.
        folder: String,
    },
    /// A file of a snapshot is lost, as a whole or in part.
    FileLost {
        /// A snapshot with the file; others may have it, too.
        snapshot: SnapshotId,
        /// The file.
        file: String,
    },
    /// A file of a snapshot has parts of another size than it says.
    FileSize {
        /// A snapshot with the file; others may have it, too.
        snapshot: SnapshotId,
        /// The file.
        file: String,
        /// Bytes it should have.
        expected: u64,
        /// Bytes of its parts.
        found: u64,
    },
    /// A file in the vault's folders that does not belong there.
    ForeignFile {
        /// The file.
        path: String,
    },
}

impl Finding {
    /// The snapshot that it was found in; others may be concerned, too.
    pub fn snapshot(&self) -> Option<SnapshotId> {
        match self {
            Self::FolderLost { snapshot, .. }
            | Self::FileLost { snapshot, .. }
            | Self::FileSize { snapshot, .. } => Some(*snapshot),
            _ => self.snapshot_file(),
        }
    }

    /// What is concerned in the snapshot: `projects/12`, `groups/3`, or less
    /// where the path is shorter; nothing for the whole snapshot.
    pub fn item(&self) -> Option<String> {
        let path = match self {
            Self::FolderLost { folder, .. } => folder,
            Self::FileLost { file, .. } | Self::FileSize { file, .. } => file,
            _ => return self.snapshot_file().map(|_| String::new()),
        };
        Some(path.splitn(3, '/').take(2).collect::<Vec<_>>().join("/"))
    }

    /// The pack file that is damaged, missing or unreadable.
    pub fn pack(&self) -> Option<&str> {
        match self {
            Self::Unreadable { path, .. }
            | Self::Changed { path }
            | Self::Undecodable { path, .. }
            | Self::PackMissing { path }
            | Self::PackSize { path, .. }
            | Self::BlobDamaged { path, .. } => path.starts_with("data/").then_some(path),
            _ => None,
        }
    }

    /// The snapshot whose own file is damaged.
    pub(super) fn snapshot_file(&self) -> Option<SnapshotId> {
        match self {
            Self::Unreadable { path, .. }
            | Self::Changed { path }
            | Self::Undecodable { path, .. } => path.strip_prefix("snapshots/")?.parse().ok(),
            _ => None,
        }
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        match self {
            Self::PackUnreferenced { .. } | Self::ForeignFile { .. } => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, detail } => write!(f, "{path} cannot be read: {detail}"),
            Self::Changed { path } => write!(f, "{path} is not what was written"),
            Self::Undecodable { path, detail } => {
                write!(f, "{path} cannot be understood: {detail}")
            }
            Self::PackMissing { path } => write!(f, "{path} is missing"),
            Self::PackSize {
                path,
                expected,
                found,
            } => write!(f, "{path} has {found} bytes instead of {expected}"),
            Self::BlobDamaged { path, blob } => write!(f, "part {blob} of {path} is damaged"),
            Self::PackUnreferenced { path, bytes } => {
                write!(f, "{path} ({bytes} bytes) is in no index")
            }
            Self::FolderLost { snapshot, folder } => {
                write!(
                    f,
                    "folder {folder:?} of snapshot {} is lost",
                    snapshot.short()
                )
            }
            Self::FileLost { snapshot, file } => {
                write!(f, "file {file:?} of snapshot {} is lost", snapshot.short())
            }
            Self::FileSize {
                snapshot,
                file,
                expected,
                found,
            } => write!(
                f,
                "file {file:?} of snapshot {} has {found} bytes instead of {expected}",
                snapshot.short()
            ),
            Self::ForeignFile { path } => write!(f, "{path} does not belong to the vault"),
        }
    }
}
