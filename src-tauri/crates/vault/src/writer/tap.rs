//! The reader of one piece: counts what goes through and reports to the book.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use rustic_core::{ErrorKind, ReadSourceOpen, RusticError, RusticResult};
use tempfile::TempPath;
use tokio::sync::OwnedSemaphorePermit;

use super::book::{Book, Place};
use super::piece::Content;
use crate::veto::Veto;

/// A piece that the library may open.
pub(crate) struct Opening {
    pub(super) book: Arc<Book>,
    pub(super) place: Place,
    pub(super) content: Content,
    /// The piece's share of the memory for pieces that wait.
    pub(super) permit: Option<OwnedSemaphorePermit>,
}

impl ReadSourceOpen for Opening {
    type Reader = Tap;

    fn open(self) -> RusticResult<Tap> {
        if !self.book.opened(self.place) {
            return Err(refused());
        }
        let source = match self.content {
            Content::Bytes(bytes) => Source::Memory {
                bytes,
                _permit: self.permit,
            },
            Content::File { path, .. } => match File::open(&path) {
                Ok(file) => Source::File { file, _path: path },
                Err(error) => {
                    let path = self.book.path(self.place);
                    let source = Arc::new(error);
                    self.book.veto(Veto::Reading { path, source });
                    return Err(refused());
                }
            },
            Content::AsBefore { .. } => return Err(refused()),
        };
        let declared = self.book.size(self.place);
        Ok(Tap {
            declared,
            left: declared,
            book: self.book,
            place: self.place,
            source,
        })
    }
}

/// What the library is told; the reason is in the book.
fn refused() -> Box<RusticError> {
    RusticError::new(ErrorKind::InputOutput, "the piece cannot be read")
}

enum Source {
    Memory {
        bytes: Bytes,
        _permit: Option<OwnedSemaphorePermit>,
    },
    // The file is closed before it is removed: fields drop in this order.
    File {
        file: File,
        _path: TempPath,
    },
    Done,
}

impl Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Memory { bytes, .. } => {
                let size = bytes.len().min(buffer.len());
                bytes.copy_to_slice(&mut buffer[..size]);
                Ok(size)
            }
            Self::File { file, .. } => file.read(buffer),
            Self::Done => Ok(0),
        }
    }
}

/// The reader of one piece.
pub(crate) struct Tap {
    book: Arc<Book>,
    place: Place,
    source: Source,
    /// Bytes that the piece has to have.
    declared: u64,
    /// Bytes that still have to come.
    left: u64,
}

impl Tap {
    fn fail(&mut self, veto: Veto) -> io::Error {
        self.book.veto(veto);
        self.source = Source::Done;
        io::Error::other("the piece cannot be read")
    }
}

impl Read for Tap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.book.in_trouble() {
            return Err(io::Error::other("writing was given up"));
        }
        let size = match self.source.read(buffer) {
            Ok(size) => size as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                let path = self.book.path(self.place);
                let source = Arc::new(error);
                return Err(self.fail(Veto::Reading { path, source }));
            }
        };
        let declared = self.declared;
        if size > self.left {
            let path = self.book.path(self.place);
            return Err(self.fail(Veto::Long { path, declared }));
        }
        if size == 0 && self.left > 0 {
            let path = self.book.path(self.place);
            let delivered = declared - self.left;
            return Err(self.fail(Veto::Short {
                path,
                declared,
                delivered,
            }));
        }
        if size == 0 && !matches!(self.source, Source::Done) {
            // Frees the memory, or removes the file, as soon as possible.
            self.source = Source::Done;
            self.book.whole(self.place);
        }
        self.left -= size;
        self.book.count(size);
        Ok(usize::try_from(size).expect("no more than the buffer holds"))
    }
}
