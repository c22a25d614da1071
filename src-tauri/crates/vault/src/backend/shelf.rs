//! The vault with some pack files in memory, for checking their contents one
//! blob at a time without reading them twice.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use rustic_core::{BytesList, FileType, Id, ReadBackend, RusticResult, WriteBackend};

use super::FixedBackend;

/// The vault with some pack files in memory. Read-only.
#[derive(Debug)]
pub(crate) struct ShelfBackend {
    backend: FixedBackend,
    packs: RwLock<HashMap<Id, Bytes>>,
}

impl ShelfBackend {
    pub(crate) fn new(backend: FixedBackend) -> Arc<Self> {
        Arc::new(Self {
            backend,
            packs: RwLock::default(),
        })
    }

    pub(crate) fn put(&self, pack: Id, content: Bytes) {
        self.packs
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(pack, content);
    }

    pub(crate) fn remove(&self, pack: &Id) {
        self.packs
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(pack);
    }
}

impl ReadBackend for ShelfBackend {
    fn location(&self) -> String {
        self.backend.location()
    }

    fn list_with_size(&self, kind: FileType) -> RusticResult<Vec<(Id, u32)>> {
        self.backend.list_with_size(kind)
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
        if kind == FileType::Pack {
            let packs = self.packs.read().unwrap_or_else(PoisonError::into_inner);
            let (start, end) = (offset as usize, offset as usize + length as usize);
            if let Some(content) = packs.get(id).filter(|content| content.len() >= end) {
                return Ok(content.slice(start..end));
            }
        }
        self.backend
            .read_partial(kind, id, cacheable, offset, length)
    }

    fn warmup_path(&self, kind: FileType, id: &Id) -> String {
        self.backend.warmup_path(kind, id)
    }
}

impl WriteBackend for ShelfBackend {
    fn write_bytes(
        &self,
        kind: FileType,
        id: &Id,
        cacheable: bool,
        content: BytesList,
    ) -> RusticResult<()> {
        self.backend.write_bytes(kind, id, cacheable, content)
    }

    fn remove(&self, kind: FileType, id: &Id, cacheable: bool) -> RusticResult<()> {
        self.backend.remove(kind, id, cacheable)
    }
}
