//! The backend of a prune: asks for the lease before anything is removed, and
//! makes what replaces it durable first.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use rustic_core::{
    BytesList, ErrorKind, FileType, Id, ReadBackend, RusticError, RusticResult, WriteBackend,
};

use super::{Backend, path_of, wrap};
use crate::error::Error;
use crate::first_error::FirstError;
use crate::lease::Lease;
use crate::progress::Reporter;
use crate::storage::Fault;

/// The backend of a prune.
#[derive(Debug)]
pub(crate) struct RemovalBackend {
    backend: Arc<Backend>,
    lease: Arc<Lease>,
    reporter: Reporter,
    trouble: FirstError,
    /// Something was written since names were last made durable.
    unsettled: AtomicBool,
    removed: AtomicU64,
}

impl RemovalBackend {
    pub(crate) fn new(backend: Arc<Backend>, lease: Arc<Lease>, reporter: Reporter) -> Self {
        Self {
            backend,
            lease,
            reporter,
            trouble: FirstError::default(),
            unsettled: AtomicBool::new(false),
            removed: AtomicU64::new(0),
        }
    }

    /// What went wrong first.
    pub(crate) fn trouble(&self) -> Option<Error> {
        self.trouble.take()
    }

    /// Pack files that were removed.
    pub(crate) fn removed(&self) -> u64 {
        self.removed.load(Ordering::Relaxed)
    }

    /// Whether the prune may go on. It can be stopped anywhere: what it has
    /// not done yet is planned again by the next one.
    fn may_go_on(&self) -> RusticResult<()> {
        let allowed = if self.reporter.is_stopped() {
            Err(Error::Aborted)
        } else {
            self.lease.check()
        };
        allowed.map_err(|error| {
            self.trouble.note(error);
            RusticError::new(ErrorKind::Backend, "the prune has to end")
        })
    }

    fn note<T>(&self, result: Result<T, Fault>) -> RusticResult<T> {
        result.map_err(|fault| {
            self.trouble.note(fault.clone().into());
            wrap(fault)
        })
    }
}

impl ReadBackend for RemovalBackend {
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
        self.backend
            .read_partial(kind, id, cacheable, offset, length)
    }

    fn warmup_path(&self, kind: FileType, id: &Id) -> String {
        self.backend.warmup_path(kind, id)
    }
}

impl WriteBackend for RemovalBackend {
    fn write_bytes(
        &self,
        kind: FileType,
        id: &Id,
        _cacheable: bool,
        content: BytesList,
    ) -> RusticResult<()> {
        if !matches!(kind, FileType::Pack | FileType::Index) {
            return Err(RusticError::new(
                ErrorKind::Backend,
                "a prune writes packs and indexes only",
            ));
        }
        self.may_go_on()?;
        if kind == FileType::Index {
            self.note(self.backend.storage().settle())?;
        }
        self.unsettled.store(true, Ordering::Release);
        self.note(self.backend.put(kind, id, content))
    }

    fn remove(&self, kind: FileType, id: &Id, _cacheable: bool) -> RusticResult<()> {
        if !matches!(kind, FileType::Pack | FileType::Index) {
            return Err(RusticError::new(
                ErrorKind::Backend,
                "a prune removes packs and indexes only",
            ));
        }
        self.may_go_on()?;
        let storage = self.backend.storage();
        if self.unsettled.swap(false, Ordering::AcqRel) {
            self.note(storage.settle())?;
        }
        self.note(storage.remove(&path_of(kind, id)))?;
        if kind == FileType::Pack {
            self.removed.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}
