//! The repository library's view of the storage.
//!
//! The library passes over errors here and there, so this layer gives it no
//! chance: every listing is complete or an error, every size is checked, and
//! writers and prunes get a decorator of their own that remembers the first
//! failure and decides what may be written or removed at all.

mod fixed;
mod removal;
mod session;
mod shelf;
mod window;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use rustic_core::{
    BytesList, ErrorKind, FileType, Id, ReadBackend, RusticError, RusticResult, WriteBackend,
};

use crate::storage::{CONFIG, Fault, FaultKind, Operation, Storage};

pub(crate) use fixed::FixedBackend;
pub(crate) use removal::RemovalBackend;
pub(crate) use session::{Session, SessionBackend, SessionEnd};
pub(crate) use shelf::ShelfBackend;
use window::Window;

/// A file's path in restic's layout.
pub(crate) fn path_of(kind: FileType, id: &Id) -> String {
    let hex = id.to_hex();
    match kind {
        FileType::Config => CONFIG.to_owned(),
        FileType::Pack => format!("data/{}/{}", &hex[..2], hex.as_str()),
        _ => format!("{}/{}", kind.dirname(), hex.as_str()),
    }
}

/// The storage as the repository library wants it.
pub(crate) struct Backend {
    storage: Arc<dyn Storage>,
    window: Window,
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Backend({})", self.storage.root())
    }
}

impl Backend {
    pub(crate) fn new(storage: Arc<dyn Storage>) -> Self {
        Self {
            storage,
            window: Window::default(),
        }
    }

    pub(crate) fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// Every file of a kind with its size in bytes.
    pub(crate) fn all(&self, kind: FileType) -> Result<Vec<(Id, u32)>, Fault> {
        if kind == FileType::Config {
            let size = self.storage.size(CONFIG)?;
            return size.map_or(Ok(Vec::new()), |size| {
                Ok(vec![(Id::default(), self.fitting(CONFIG, size)?)])
            });
        }
        let mut files = Vec::new();
        for file in self.storage.list(kind.dirname())? {
            if let Some(id) = id_in(kind, &file.path) {
                files.push((id, self.fitting(&file.path, file.size)?));
            } else {
                // A check counts them.
                tracing::debug!(path = file.path, "not a file of the vault");
            }
        }
        Ok(files)
    }

    pub(crate) fn put(&self, kind: FileType, id: &Id, content: BytesList) -> Result<(), Fault> {
        self.storage.write(&path_of(kind, id), content.into_vec())
    }

    fn fitting(&self, path: &str, size: u64) -> Result<u32, Fault> {
        u32::try_from(size).map_err(|_| Fault {
            kind: FaultKind::Length {
                expected: u64::from(u32::MAX),
                found: size,
            },
            operation: Operation::List,
            root: self.storage.root().to_owned(),
            path: path.to_owned(),
            cause: None,
        })
    }
}

/// Whether restic would have given a file this path.
pub(crate) fn is_in_layout(kind: FileType, path: &str) -> bool {
    id_in(kind, path).is_some()
}

/// The id in a path of restic's layout, if it is one.
fn id_in(kind: FileType, path: &str) -> Option<Id> {
    let rest = path.strip_prefix(kind.dirname())?.strip_prefix('/')?;
    let name = if kind == FileType::Pack {
        let (folder, name) = rest.split_once('/')?;
        (name.get(..2) == Some(folder)).then_some(name)?
    } else {
        rest
    };
    let plain = name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    plain.then(|| name.parse().ok()).flatten()
}

/// Passes a fault through the repository library.
pub(crate) fn wrap(fault: Fault) -> Box<RusticError> {
    RusticError::with_source(ErrorKind::Backend, "the storage failed", fault)
}

impl ReadBackend for Backend {
    fn location(&self) -> String {
        self.storage.root().to_owned()
    }

    fn list_with_size(&self, kind: FileType) -> RusticResult<Vec<(Id, u32)>> {
        self.all(kind).map_err(wrap)
    }

    fn read_full(&self, kind: FileType, id: &Id) -> RusticResult<Bytes> {
        self.storage.read(&path_of(kind, id)).map_err(wrap)
    }

    fn read_partial(
        &self,
        kind: FileType,
        id: &Id,
        cacheable: bool,
        offset: u32,
        length: u32,
    ) -> RusticResult<Bytes> {
        let path = path_of(kind, id);
        let (offset, length) = (u64::from(offset), u64::from(length));
        if cacheable {
            self.window.read(&*self.storage, &path, offset, length)
        } else {
            self.storage.read_range(&path, offset, length)
        }
        .map_err(wrap)
    }

    fn warmup_path(&self, kind: FileType, id: &Id) -> String {
        path_of(kind, id)
    }
}

impl WriteBackend for Backend {
    fn write_bytes(
        &self,
        kind: FileType,
        id: &Id,
        _cacheable: bool,
        content: BytesList,
    ) -> RusticResult<()> {
        self.put(kind, id, content).map_err(wrap)
    }

    fn remove(&self, kind: FileType, id: &Id, _cacheable: bool) -> RusticResult<()> {
        self.storage.remove(&path_of(kind, id)).map_err(wrap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_in_restics_layout_are_taken() {
        let id = "ab".repeat(32);
        assert!(id_in(FileType::Pack, &format!("data/ab/{id}")).is_some());
        assert!(id_in(FileType::Pack, &format!("data/cd/{id}")).is_none());
        assert!(id_in(FileType::Pack, &format!("data/{id}")).is_none());
        assert!(id_in(FileType::Snapshot, &format!("snapshots/{id}")).is_some());
        assert!(
            id_in(
                FileType::Snapshot,
                &format!("snapshots/{}", id.to_uppercase())
            )
            .is_none()
        );
        assert!(id_in(FileType::Snapshot, "snapshots/note.txt").is_none());
    }
}
