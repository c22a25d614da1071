//! The vault with some of its listings fixed. Read-only.
//!
//! A writer needs the trees that it has just written: with a listing of its
//! own index files it does not read the whole index again to find them. And a
//! prune has to work with the very listings that were found complete, not with
//! ones that the storage gives a moment later.

use std::sync::Arc;

use bytes::Bytes;
use rustic_core::{
    BytesList, ErrorKind, FileType, Id, ReadBackend, RusticError, RusticResult, WriteBackend,
};

use super::Backend;

/// The vault with some of its listings fixed. Read-only.
#[derive(Debug)]
pub(crate) struct FixedBackend {
    backend: Arc<Backend>,
    indexes: Vec<Id>,
    snapshots: Option<Vec<Id>>,
}

impl FixedBackend {
    /// With these index files alone.
    pub(crate) fn with_indexes(backend: Arc<Backend>, indexes: Vec<Id>) -> Self {
        Self {
            backend,
            indexes,
            snapshots: None,
        }
    }

    /// With these index files and snapshots alone.
    pub(crate) fn with_lists(backend: Arc<Backend>, indexes: Vec<Id>, snapshots: Vec<Id>) -> Self {
        Self {
            backend,
            indexes,
            snapshots: Some(snapshots),
        }
    }
}

impl ReadBackend for FixedBackend {
    fn location(&self) -> String {
        self.backend.location()
    }

    fn list_with_size(&self, kind: FileType) -> RusticResult<Vec<(Id, u32)>> {
        let fixed = match (kind, &self.snapshots) {
            (FileType::Index, _) => &self.indexes,
            (FileType::Snapshot, Some(snapshots)) => snapshots,
            _ => return self.backend.list_with_size(kind),
        };
        // Their sizes are of use to a cache only, and there is none.
        Ok(fixed.iter().map(|id| (*id, 0)).collect())
    }

    fn read_full(&self, kind: FileType, id: &Id) -> RusticResult<Bytes> {
        self.backend.read_full(kind, id)
    }

    fn read_partial(
        &self,
        kind: FileType,
        id: &Id,
        cacheable: bool,
        offset: u32,
        length: u32,
    ) -> RusticResult<Bytes> {
        self.backend
            .read_partial(kind, id, cacheable, offset, length)
    }

    fn warmup_path(&self, kind: FileType, id: &Id) -> String {
        self.backend.warmup_path(kind, id)
    }
}

impl WriteBackend for FixedBackend {
    fn write_bytes(
        &self,
        _kind: FileType,
        _id: &Id,
        _cacheable: bool,
        _content: BytesList,
    ) -> RusticResult<()> {
        Err(RusticError::new(ErrorKind::Backend, "a view for reading"))
    }

    fn remove(&self, _kind: FileType, _id: &Id, _cacheable: bool) -> RusticResult<()> {
        Err(RusticError::new(ErrorKind::Backend, "a view for reading"))
    }
}
