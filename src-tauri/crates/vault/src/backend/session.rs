//! The backend of one writer: holds snapshot files back.
//!
//! The library saves a snapshot at the end of every archive call, also when
//! it dropped files on the way. Here such a file is recorded and not written;
//! one is let through, once, when the writer opens the gate.
//!
//! It also writes on several threads and does not wait for them when it fails:
//! that is done here, so that nothing is written after a writer's end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use bytes::Bytes;
use rustic_core::WriteBackend;
use rustic_core::{BytesList, ErrorKind, FileType, Id, ReadBackend, RusticError, RusticResult};

use super::{Backend, wrap};
use crate::first_error::FirstError;
use crate::storage::Fault;

/// What one writer's backend saw.
#[derive(Debug)]
pub(crate) struct Session {
    state: Mutex<State>,
    /// A file was written, or was not.
    written: Condvar,
    stored: AtomicU64,
    trouble: Arc<FirstError>,
}

#[derive(Debug, Default)]
struct State {
    open: bool,
    over: bool,
    writing: u32,
    held_back: u32,
    snapshots: Vec<Id>,
    indexes: Vec<Id>,
}

impl Session {
    pub(crate) fn new(trouble: Arc<FirstError>) -> Self {
        Self {
            state: Mutex::default(),
            written: Condvar::new(),
            stored: AtomicU64::new(0),
            trouble,
        }
    }

    /// Snapshot files that were not written.
    pub(crate) fn held_back(&self) -> u32 {
        self.state().held_back
    }

    /// Index files that were written.
    pub(crate) fn indexes(&self) -> Vec<Id> {
        self.state().indexes.clone()
    }

    /// Bytes that were written.
    pub(crate) fn stored(&self) -> u64 {
        self.stored.load(Ordering::Relaxed)
    }

    /// Lets one snapshot file through while `save` runs and tells which; with
    /// none or more than one, nothing is returned.
    pub(crate) fn let_one_through<T>(&self, save: impl FnOnce() -> T) -> (T, Option<Id>) {
        let before = {
            let mut state = self.state();
            state.open = true;
            state.snapshots.len()
        };
        let result = save();
        let mut state = self.state();
        state.open = false;
        let saved = match state.snapshots[before..] {
            [only] => Some(only),
            _ => None,
        };
        (result, saved)
    }

    /// Begins to write a file, if the writer has not ended.
    fn begin(&self) -> RusticResult<Writing<'_>> {
        let mut state = self.state();
        if state.over {
            return Err(RusticError::new(ErrorKind::Backend, "the writer has ended"));
        }
        state.writing += 1;
        Ok(Writing(self))
    }

    /// Lets nothing more be written, and waits for what is on its way.
    fn end(&self) {
        let mut state = self.state();
        state.over = true;
        while state.writing > 0 {
            state = self
                .written
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note<T>(&self, result: Result<T, Fault>) -> RusticResult<T> {
        result.map_err(|fault| {
            self.trouble.note(fault.clone().into());
            wrap(fault)
        })
    }
}

/// A file on its way.
struct Writing<'s>(&'s Session);

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.0.state().writing -= 1;
        self.0.written.notify_all();
    }
}

/// Ends a session when it is dropped: nothing is written after that.
#[derive(Debug)]
pub(crate) struct SessionEnd(pub Arc<Session>);

impl Drop for SessionEnd {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The backend of one writer.
#[derive(Debug)]
pub(crate) struct SessionBackend {
    pub backend: Arc<Backend>,
    pub session: Arc<Session>,
}

impl SessionBackend {
    fn seen<T>(&self, result: RusticResult<T>) -> RusticResult<T> {
        if let Err(error) = &result
            && let Some(fault) = Fault::inside(&**error)
        {
            self.session.trouble.note(fault.into());
        }
        result
    }
}

impl ReadBackend for SessionBackend {
    fn location(&self) -> String {
        self.backend.location()
    }

    fn list_with_size(&self, kind: FileType) -> RusticResult<Vec<(Id, u32)>> {
        self.seen(self.backend.list_with_size(kind))
    }

    fn read_full(&self, kind: FileType, id: &Id) -> RusticResult<Bytes> {
        self.seen(self.backend.read_full(kind, id))
    }

    fn read_partial(
        &self,
        kind: FileType,
        id: &Id,
        cacheable: bool,
        offset: u32,
        length: u32,
    ) -> RusticResult<Bytes> {
        self.seen(
            self.backend
                .read_partial(kind, id, cacheable, offset, length),
        )
    }

    fn warmup_path(&self, kind: FileType, id: &Id) -> String {
        self.backend.warmup_path(kind, id)
    }
}

impl WriteBackend for SessionBackend {
    fn write_bytes(
        &self,
        kind: FileType,
        id: &Id,
        _cacheable: bool,
        content: BytesList,
    ) -> RusticResult<()> {
        let size = content.size() as u64;
        let _writing = self.session.begin()?;
        match kind {
            FileType::Snapshot => {
                let mut state = self.session.state();
                if !state.open {
                    state.held_back += 1;
                    return Ok(());
                }
                // One only, and it counts as let through even if it fails
                // half-way, so that the writer removes it.
                state.open = false;
                state.snapshots.push(*id);
            }
            FileType::Index => {
                // An index makes packs visible: they have to be there first.
                self.session.note(self.backend.storage().settle())?;
                self.session.state().indexes.push(*id);
            }
            FileType::Pack => {}
            FileType::Config | FileType::Key => {
                return Err(RusticError::new(
                    ErrorKind::Backend,
                    "a writer writes neither config nor keys",
                ));
            }
        }
        self.session.note(self.backend.put(kind, id, content))?;
        self.session.stored.fetch_add(size, Ordering::Relaxed);
        Ok(())
    }

    fn remove(&self, _kind: FileType, _id: &Id, _cacheable: bool) -> RusticResult<()> {
        Err(RusticError::new(
            ErrorKind::Backend,
            "a writer removes nothing",
        ))
    }
}
