//! What can be said about a local folder before there is a vault in it, and
//! the one thing opendal leaves out for a folder: making names durable.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::fault::{Fault, Operation};
use super::{CONFIG, FOLDERS};

/// What is in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No such folder.
    Nothing,
    /// Something that is no folder.
    NoFolder,
    /// An empty folder.
    Empty,
    /// A folder with something else in it.
    Other,
    /// A vault.
    Vault,
}

/// What can be said about a folder without a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FolderFacts {
    pub found: Found,
    /// Whether a file can be made in it; for a folder that is not there,
    /// in the one around it.
    pub writable: bool,
    /// Bytes that fit on it.
    pub free: Option<u64>,
}

/// What is in a folder.
pub(crate) fn found(path: &Path) -> Result<Found, Fault> {
    let root = path.display().to_string();
    let fault = |cause| Fault::from_io(Operation::List, &root, "", cause);
    Ok(match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Nothing,
        Err(error) => return Err(fault(error)),
        Ok(metadata) if !metadata.is_dir() => Found::NoFolder,
        Ok(_) if path.join(CONFIG).is_file() => Found::Vault,
        Ok(_) => match fs::read_dir(path).map_err(fault)?.next() {
            None => Found::Empty,
            Some(entry) => {
                entry.map_err(fault)?;
                Found::Other
            }
        },
    })
}

/// Looks at a folder. Nothing that could be noticed later is left in it.
pub(crate) fn folder_facts(path: &Path) -> Result<FolderFacts, Fault> {
    let found = found(path)?;
    let existing = match found {
        Found::Nothing => path.parent().filter(|parent| parent.is_dir()),
        Found::NoFolder => None,
        _ => Some(path),
    };
    Ok(FolderFacts {
        found,
        writable: existing.is_some_and(|folder| tempfile::tempfile_in(folder).is_ok()),
        free: existing.and_then(folder_room),
    })
}

/// Bytes that fit into a folder that is there, if the system tells.
pub(crate) fn folder_room(path: &Path) -> Option<u64> {
    fs4::available_space(path).ok()
}

/// Folders in which names changed since they were last made durable.
#[derive(Debug)]
pub(super) struct Names {
    root: PathBuf,
    changed: Mutex<BTreeSet<String>>,
}

impl Names {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            changed: Mutex::default(),
        }
    }

    /// A file was written or removed. Its folder may be new, too.
    pub(super) fn touch(&self, path: &str) {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rest = path;
        while let Some((folder, _)) = rest.rsplit_once('/') {
            changed.insert(folder.to_owned());
            rest = folder;
        }
        changed.insert(String::new());
    }

    /// Makes the names durable, deepest folder first.
    pub(super) fn settle(&self) -> Result<(), Fault> {
        let changed =
            std::mem::take(&mut *self.changed.lock().unwrap_or_else(PoisonError::into_inner));
        for folder in changed.iter().rev() {
            if let Err(cause) = sync_folder(&self.root.join(folder)) {
                // What was not made durable stays to be done.
                let mut left = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
                left.extend(changed.iter().cloned());
                let root = self.root.display().to_string();
                return Err(Fault::from_io(Operation::Write, &root, folder, cause));
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// Windows keeps names in the file system's own journal and cannot sync a
/// folder.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// The folders and files that founding a vault made, to be taken back if it
/// fails half-way.
#[derive(Debug)]
pub(crate) struct Foundation {
    root: PathBuf,
    made: Vec<PathBuf>,
}

impl Foundation {
    /// Makes the vault's folder, if it is missing, and restic's folders in it.
    /// The folder around it must be there: a drive that is not connected must
    /// not turn into a folder beside its mount point.
    pub(crate) fn lay(root: &Path) -> Result<Self, Fault> {
        let mut this = Self {
            root: root.to_owned(),
            made: Vec::new(),
        };
        let name = root.display().to_string();
        if !root.is_dir() {
            private_folder(root).map_err(|e| Fault::from_io(Operation::Write, &name, "", e))?;
            this.made.push(root.to_owned());
        }
        let own = [
            super::OWN_FOLDER,
            super::TEMPORARY,
            super::PINNED,
            super::REMOVED,
        ];
        for folder in FOLDERS.iter().chain(&own) {
            let path = root.join(folder);
            if let Err(cause) = private_folder(&path) {
                this.undo();
                return Err(Fault::from_io(Operation::Write, &name, folder, cause));
            }
            this.made.push(path);
        }
        Ok(this)
    }

    /// Removes what was made and everything in it.
    pub(crate) fn undo(self) {
        match fs::remove_file(self.root.join(CONFIG)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(path = %self.root.display(), %error, "could not clean up");
            }
            _ => {}
        }
        for path in self.made.iter().rev() {
            if let Err(error) = fs::remove_dir_all(path) {
                tracing::warn!(path = %path.display(), %error, "could not clean up");
            }
        }
    }
}

#[cfg(unix)]
fn private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}
