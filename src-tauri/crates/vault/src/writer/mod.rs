//! Writing a snapshot: pieces go in, in order, and a snapshot comes out only
//! if every one of them was read to its end.
//!
//! The library's archive call runs on a thread of its own and reads from a
//! bounded channel. What it would save as a snapshot is held back; see
//! [`Written::seal`].

mod book;
mod path;
mod piece;
mod readback;
mod seal;
mod source;
mod tap;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use rustic_core::repofile::SnapshotFile;
use rustic_core::{BackupOptions, IndexedIdsStatus, Repository};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::{Semaphore, oneshot};

use crate::backend::{Session, SessionBackend, SessionEnd};
use crate::error::{Error, Result};
use crate::first_error::FirstError;
use crate::guard::{bug, guarded, library};
use crate::id::SnapshotId;
use crate::queue::Turn;
use crate::snapshot::{captured, draft};
use crate::vault::Vault;
use crate::veto::Veto;
use book::Book;
use path::{follows, storable};
use source::{Channel, Message};

pub(crate) use path::compare;
pub use piece::{Content, Expected, Piece, WrittenPiece};
pub use seal::{WriteStats, Written};

/// Pieces that may wait to be written.
const WAITING_PIECES: usize = 64;
/// Bytes of pieces in memory that may wait to be written.
const WAITING_BYTES: usize = 32 * 1024 * 1024;

/// A view that can write.
type WritingView = Repository<IndexedIdsStatus>;

/// What a snapshot will say about itself.
#[derive(Clone, Debug)]
pub struct WriteStart {
    /// The snapshot to take unchanged pieces from.
    pub parent: Option<SnapshotId>,
    /// The start of the run; what is finer than a millisecond is cut off.
    pub time: Timestamp,
    /// The machine's name.
    pub host: String,
    /// The plan's label.
    pub plan: String,
    /// Tags, without commas.
    pub tags: Vec<String>,
    /// The run's name.
    pub run: String,
}

/// Takes the pieces of one snapshot, in order.
///
/// Dropping it, at any time, ends without a snapshot.
#[derive(Debug)]
pub struct Writer {
    sender: Sender<Message>,
    memory: Arc<Semaphore>,
    last: Mutex<Option<String>>,
    shared: Arc<Shared>,
    captured: Timestamp,
    outcome: oneshot::Receiver<Result<Archived>>,
    thread: Option<JoinHandle<()>>,
}

/// What the writer, its thread and its backend have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub book: Arc<Book>,
    pub session: Arc<Session>,
    pub trouble: Arc<FirstError>,
}

/// What the archive call left behind.
pub(crate) struct Archived {
    pub vault: Vault,
    pub view: WritingView,
    pub snapshot: SnapshotFile,
    /// The time that captured pieces carry.
    pub captured: Timestamp,
    // In this order: the next writer begins when nothing is written any more.
    _end: SessionEnd,
    _turn: Turn,
}

impl std::fmt::Debug for Archived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archived").finish_non_exhaustive()
    }
}

/// How far a writer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteProgress {
    /// Pieces taken from the channel.
    pub pieces: u64,
    /// Bytes read from them.
    pub bytes_read: u64,
    /// Bytes written to the storage.
    pub bytes_stored: u64,
}

impl Vault {
    /// Starts to write a snapshot. Waits for other writers of this process on
    /// the same vault, so do not start a second one before the first is done
    /// with on the same thread.
    pub fn writer(&self, start: WriteStart) -> Result<Writer> {
        let turn = self.turn();
        guarded("starting to write", || self.start(start, turn))
    }

    fn start(&self, start: WriteStart, turn: Turn) -> Result<Writer> {
        let trouble = Arc::new(FirstError::default());
        let session = Arc::new(Session::new(Arc::clone(&trouble)));
        let backend = Arc::new(SessionBackend {
            backend: self.backend(),
            session: Arc::clone(&session),
        });
        let view = self.cached_view(backend)?;
        let parent = start.parent.map(|id| self.snapshot_file(id)).transpose()?;
        let time = whole_milliseconds(start.time);
        // Content is read again whenever a piece's time differs from the
        // parent's, and only then: the clock must not be allowed to repeat.
        let stamp = match &parent {
            Some(parent) => time.max(captured(parent) + SignedDuration::from_millis(1)),
            None => time,
        };
        let wanted = start.parent;
        let snapshot = draft(WriteStart { time, ..start }, stamp)?;
        let view = view
            .to_indexed_ids()
            .map_err(|e| library("reading the index", e))?;

        let book = Arc::new(Book::new(Arc::clone(&trouble)));
        let shared = Arc::new(Shared {
            book,
            session,
            trouble,
        });
        let (sender, receiver) = mpsc::channel(WAITING_PIECES);
        let (tell, outcome) = oneshot::channel();
        let archive = Archive {
            vault: self.clone(),
            view,
            snapshot,
            parent: wanted,
            captured: stamp,
            turn,
            shared: Arc::clone(&shared),
        };
        let thread = std::thread::Builder::new()
            .name("vault-writer".to_owned())
            .spawn(move || {
                let doing = "writing";
                let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    archive.run(receiver)
                }))
                .unwrap_or_else(|panic| Err(bug(doing, &*panic)));
                // Nobody waits any more if the writer was dropped.
                drop(tell.send(result));
            })
            .map_err(|error| Error::Storage {
                operation: "starting a thread for",
                path: self.location().to_string(),
                source: Some(Arc::new(error)),
            })?;
        Ok(Writer {
            sender,
            memory: Arc::new(Semaphore::new(WAITING_BYTES)),
            last: Mutex::new(None),
            shared,
            captured: stamp,
            outcome,
            thread: Some(thread),
        })
    }

    /// A snapshot's file. That it is not there is told apart from everything
    /// else.
    pub(crate) fn snapshot_file(&self, id: SnapshotId) -> Result<SnapshotFile> {
        let path = format!("snapshots/{id}");
        if self.0.storage.size(&path)?.is_none() {
            return Err(Error::SnapshotNotFound { snapshot: id });
        }
        guarded("reading a snapshot", || {
            self.view(self.backend())?
                .get_snapshots(&[id.to_hex()])
                .map_err(|e| library("reading a snapshot", e))?
                .pop()
                .ok_or(Error::SnapshotNotFound { snapshot: id })
        })
    }
}

/// One archive call.
struct Archive {
    vault: Vault,
    view: WritingView,
    snapshot: SnapshotFile,
    parent: Option<SnapshotId>,
    captured: Timestamp,
    turn: Turn,
    shared: Arc<Shared>,
}

impl Archive {
    fn run(self, messages: Receiver<Message>) -> Result<Archived> {
        let end = SessionEnd(Arc::clone(&self.shared.session));
        let source = Channel::new(messages, Arc::clone(&self.shared.book), self.captured);
        let mut options = BackupOptions::default();
        options.no_scan = true;
        match self.parent {
            Some(parent) => options.parent_opts.parents = vec![parent.to_hex()],
            None => options.parent_opts.force = true,
        }
        let result = self
            .view
            .archive(&options, &source, self.snapshot, &[PathBuf::from("/")]);
        // What went wrong first is the reason; what the library says last is
        // often only its echo.
        if let Some(error) = self.shared.trouble.take() {
            return Err(error);
        }
        let snapshot = result.map_err(|e| library("writing", e))?;
        if self.shared.session.held_back() != 1 {
            return Err(Error::Vetoed(Veto::OutOfTurn));
        }
        let used = snapshot.parent.map(|id| SnapshotId::from_rustic(*id));
        if let Some(parent) = self.parent
            && used != Some(parent)
        {
            return Err(Error::Vetoed(Veto::ParentNotUsed { parent }));
        }
        Ok(Archived {
            vault: self.vault,
            view: self.view,
            snapshot,
            captured: self.captured,
            _end: end,
            _turn: self.turn,
        })
    }
}

impl Writer {
    /// Hands in the next piece; waits while enough others wait already.
    ///
    /// A piece that is refused ends the writer: nothing more is taken, and
    /// [`Writer::close`] gives the same reason. Safe to drop while waiting,
    /// the piece is then not handed in.
    pub async fn push(&self, piece: Piece) -> Result<()> {
        let permit = match &piece.content {
            Content::Bytes(bytes) => {
                let share = u32::try_from(bytes.len().min(WAITING_BYTES)).unwrap_or(u32::MAX);
                let memory = Arc::clone(&self.memory);
                Some(
                    memory
                        .acquire_many_owned(share)
                        .await
                        .map_err(|_| Error::Closed)?,
                )
            }
            _ => None,
        };
        let place = self.sender.reserve().await.map_err(|_| Error::Closed)?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if self.shared.book.in_trouble() {
            return Err(Error::Closed);
        }
        if let Err(error) = acceptable(&piece, last.as_deref()) {
            self.shared.trouble.note(copy(&error));
            return Err(error);
        }
        *last = Some(piece.path.clone());
        place.send(Message::Piece(piece, permit));
        Ok(())
    }

    /// [`Writer::push`] for blocking threads.
    pub fn push_blocking(&self, piece: Piece) -> Result<()> {
        block_on(self.push(piece))
    }

    /// The time that new pieces get, in whole milliseconds: the start of the
    /// run, or a little later if the parent's clock was ahead.
    pub fn captured(&self) -> Timestamp {
        self.captured
    }

    /// How far the writer is.
    pub fn progress(&self) -> WriteProgress {
        WriteProgress {
            pieces: self.shared.book.pieces(),
            bytes_read: self.shared.book.bytes_read(),
            bytes_stored: self.shared.session.stored(),
        }
    }

    /// Says that this was everything, and waits until it is written. There is
    /// no snapshot yet; [`Written::seal`] makes it.
    pub async fn close(mut self) -> Result<Written> {
        if self.sender.send(Message::End).await.is_err() {
            tracing::debug!("the writer had ended already");
        }
        let outcome = (&mut self.outcome).await;
        self.finish(outcome)
    }

    /// [`Writer::close`] for blocking threads.
    pub fn close_blocking(self) -> Result<Written> {
        block_on(self.close())
    }

    /// Gives up: there is no snapshot, ever. Blocks until nothing is written
    /// any more.
    pub fn abort(mut self) {
        self.shared.trouble.note(Error::Aborted);
        let thread = self.thread.take();
        drop(self);
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer's thread panicked");
        }
    }

    fn finish(
        mut self,
        outcome: std::result::Result<Result<Archived>, oneshot::error::RecvError>,
    ) -> Result<Written> {
        let thread = self.thread.take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer's thread panicked");
        }
        let archived = outcome.map_err(|_| Error::Bug {
            doing: "writing",
            message: "the writer's thread ended without a word".to_owned(),
        })??;
        let pieces = self.shared.book.balance()?;
        Ok(Written::new(archived, Arc::clone(&self.shared), pieces))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Without an end marker nothing is sealed anyway; this ends it sooner.
        if self.thread.is_some() {
            self.shared.trouble.note(Error::Aborted);
        }
    }
}

/// Callers keep times in milliseconds, and an unchanged piece must have its
/// time exactly.
fn whole_milliseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

fn acceptable(piece: &Piece, last: Option<&str>) -> Result<()> {
    storable(&piece.path)?;
    if !piece.path.contains('/') {
        return Err(Error::InvalidPath {
            path: piece.path.clone(),
            problem: crate::error::PathProblem::AtRoot,
        });
    }
    follows(&piece.path, last)
}

/// The same error once more: one for whoever handed in the piece, one for
/// whoever closes the writer.
fn copy(error: &Error) -> Error {
    match error {
        Error::Unsorted { path, after } => Error::Unsorted {
            path: path.clone(),
            after: after.clone(),
        },
        Error::Duplicate { path } => Error::Duplicate { path: path.clone() },
        Error::FileAndFolder { path, file } => Error::FileAndFolder {
            path: path.clone(),
            file: file.clone(),
        },
        Error::InvalidPath { path, problem } => Error::InvalidPath {
            path: path.clone(),
            problem: *problem,
        },
        _ => Error::Closed,
    }
}
