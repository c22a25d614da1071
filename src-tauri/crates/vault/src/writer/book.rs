//! The book of one writer: what was handed in, what was read of it.
//!
//! The library tells nobody when it drops a file. So each piece's reader
//! reports here, and a snapshot is saved only if the book balances.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::piece::WrittenPiece;
use crate::error::{Error, Result};
use crate::first_error::FirstError;
use crate::veto::Veto;

/// What was handed in, and what was read of it.
#[derive(Debug)]
pub(crate) struct Book {
    lines: Mutex<Vec<Line>>,
    /// The end marker was seen.
    ended: AtomicBool,
    read: AtomicU64,
    trouble: Arc<FirstError>,
}

#[derive(Debug)]
struct Line {
    path: Box<str>,
    size: u64,
    reading: Reading,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// Must not be read at all.
    AsBefore,
    NotYet,
    Started,
    Whole,
}

/// A line's place in the book.
pub(super) type Place = usize;

impl Book {
    pub(super) fn new(trouble: Arc<FirstError>) -> Self {
        Self {
            lines: Mutex::default(),
            ended: AtomicBool::new(false),
            read: AtomicU64::new(0),
            trouble,
        }
    }

    /// Enters a piece, in the order of the snapshot.
    pub(super) fn enter(&self, path: &str, size: u64, as_before: bool) -> Place {
        let mut lines = self.lines();
        lines.push(Line {
            path: path.into(),
            size,
            reading: if as_before {
                Reading::AsBefore
            } else {
                Reading::NotYet
            },
        });
        lines.len() - 1
    }

    /// The piece was opened. `false` if it must not be.
    pub(super) fn opened(&self, place: Place) -> bool {
        let mut lines = self.lines();
        let line = &mut lines[place];
        if line.reading == Reading::AsBefore {
            let path = line.path.to_string();
            drop(lines);
            self.veto(Veto::NotAsBefore { path });
            return false;
        }
        line.reading = Reading::Started;
        true
    }

    /// The piece was read to its end, which was where it should be.
    pub(super) fn whole(&self, place: Place) {
        self.lines()[place].reading = Reading::Whole;
    }

    /// So many more bytes were read.
    pub(super) fn count(&self, bytes: u64) {
        self.read.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes that were read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Pieces that were handed in so far.
    pub(super) fn pieces(&self) -> u64 {
        self.lines().len() as u64
    }

    /// The end marker was seen: nothing was cut off.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    pub(super) fn veto(&self, veto: Veto) {
        self.trouble.note(Error::Vetoed(veto));
    }

    /// Whether anything went wrong, here or in the storage.
    pub(super) fn in_trouble(&self) -> bool {
        self.trouble.is_noted()
    }

    pub(super) fn path(&self, place: Place) -> String {
        self.lines()[place].path.to_string()
    }

    pub(super) fn size(&self, place: Place) -> u64 {
        self.lines()[place].size
    }

    /// The pieces, if the end was seen and every one was read as it should be.
    pub(super) fn balance(&self) -> Result<Vec<WrittenPiece>> {
        if let Some(error) = self.trouble.take() {
            return Err(error);
        }
        if self.trouble.is_noted() {
            return Err(Error::Closed);
        }
        if !self.ended.load(Ordering::Acquire) {
            return Err(Error::Vetoed(Veto::NoEnd));
        }
        let lines = std::mem::take(&mut *self.lines());
        let mut pieces = Vec::with_capacity(lines.len());
        for line in lines {
            let as_before = line.reading == Reading::AsBefore;
            if !as_before && line.reading != Reading::Whole {
                let path = line.path.into_string();
                return Err(Error::Vetoed(Veto::Unread { path }));
            }
            pieces.push(WrittenPiece {
                path: line.path.into_string(),
                size: line.size,
                as_before,
            });
        }
        Ok(pieces)
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
