//! What can go wrong with secrets, told apart by facts. Never with a value.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What can go wrong with secrets.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The keychain is locked and nobody unlocked it.
    #[error("the keychain is locked")]
    Locked {
        /// What the system said.
        detail: String,
    },
    /// The keychain did not answer: somebody may be looking at its prompt.
    #[error("the keychain did not answer within {} seconds", after.as_secs())]
    NoAnswer {
        /// How long it was waited for.
        after: Duration,
    },
    /// There is no keychain: no session bus, or nothing that keeps secrets.
    #[error("there is no keychain on this system")]
    Absent {
        /// What the system said.
        detail: String,
    },
    /// The keychain refused.
    #[error("the keychain refused")]
    Denied {
        /// What the system said.
        detail: String,
    },
    /// Several entries of the keychain have this name; one has to go.
    #[error("the keychain has several entries of the name {key}")]
    Ambiguous {
        /// The entry's name.
        key: String,
    },
    /// What is kept under this name is no text.
    #[error("what is kept as {key} is no secret of Labkeep's")]
    NotText {
        /// The secret's name.
        key: String,
    },
    /// A secret was kept but came back different.
    #[error("{key} was not kept as it was given")]
    NotKept {
        /// The secret's name.
        key: String,
    },

    /// There is no such folder.
    #[error("there is no folder {}", path.display())]
    FolderMissing {
        /// The folder.
        path: PathBuf,
    },
    /// There is something, but no folder.
    #[error("{} is not a folder", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// Others may read the folder or file.
    #[error("others may use {} (mode {mode:03o})", path.display())]
    TooOpen {
        /// The folder or file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The folder or file belongs to another user.
    #[error("{} belongs to another user", path.display())]
    NotOurs {
        /// The folder or file.
        path: PathBuf,
    },
    /// The folder can be read, but not written: mounted secrets.
    #[error("{} is read-only", path.display())]
    ReadOnly {
        /// The folder.
        path: PathBuf,
    },
    /// Reading failed.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Writing failed.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The name of a vault's option would not be a file name.
    #[error("{key:?} cannot be a file's name")]
    Name {
        /// The secret's name.
        key: String,
    },
}

impl SecretsError {
    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        let folder = path.parent().unwrap_or(path);
        match source.kind() {
            ReadOnlyFilesystem | PermissionDenied => Self::ReadOnly {
                path: folder.to_owned(),
            },
            _ => Self::Write {
                path: path.to_owned(),
                source,
            },
        }
    }
}
