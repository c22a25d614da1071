//! The stream of pieces as the library wants it: an iterator of files in the
//! order of the snapshot.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rustic_core::repofile::{Metadata, Node, NodeType};
use rustic_core::{ErrorKind, ReadSource, ReadSourceEntry, RusticError, RusticResult};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::Receiver;

use super::book::Book;
use super::piece::{Content, Piece};
use super::tap::Opening;

const FILE_MODE: u32 = 0o644;

/// What goes through a writer's channel.
pub(super) enum Message {
    Piece(Piece, Option<OwnedSemaphorePermit>),
    End,
}

/// The pieces of a channel, read once.
pub(super) struct Channel {
    stream: Mutex<Option<Stream>>,
}

/// The pieces of a channel, one by one.
pub(super) struct Stream {
    messages: Receiver<Message>,
    book: Arc<Book>,
    captured: Timestamp,
    over: bool,
}

impl Channel {
    pub(super) fn new(messages: Receiver<Message>, book: Arc<Book>, captured: Timestamp) -> Self {
        Self {
            stream: Mutex::new(Some(Stream {
                messages,
                book,
                captured,
                over: false,
            })),
        }
    }
}

impl ReadSource for Channel {
    type Open = Opening;
    type Iter = Stream;

    fn size(&self) -> RusticResult<Option<u64>> {
        Ok(None)
    }

    fn entries(&self) -> Stream {
        self.stream
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .expect("the library reads a source once")
    }
}

impl Iterator for Stream {
    type Item = RusticResult<ReadSourceEntry<Opening>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over || self.book.in_trouble() {
            self.over = true;
            // Whoever waits to hand in more has to learn that it is over.
            self.messages.close();
            return None;
        }
        match self.messages.blocking_recv() {
            Some(Message::Piece(piece, permit)) => {
                Some(Ok(entry(piece, permit, &self.book, self.captured)))
            }
            Some(Message::End) => {
                self.book.end();
                self.over = true;
                None
            }
            None => {
                self.over = true;
                None
            }
        }
    }
}

/// A piece as a file of the library, entered in the book.
pub(super) fn entry(
    piece: Piece,
    permit: Option<OwnedSemaphorePermit>,
    book: &Arc<Book>,
    captured: Timestamp,
) -> ReadSourceEntry<Opening> {
    let size = piece.content.size();
    let (as_before, modified) = match piece.content {
        Content::AsBefore { captured, .. } => (true, captured),
        _ => (false, captured),
    };
    let place = book.enter(&piece.path, size, as_before);
    let name = piece.path.rsplit('/').next().unwrap_or_default();
    let metadata = Metadata {
        mode: Some(FILE_MODE),
        mtime: Some(modified),
        size,
        ..Metadata::default()
    };
    ReadSourceEntry {
        node: Node::new_node(name.as_ref(), NodeType::File, metadata),
        path: PathBuf::from(piece.path),
        open: Some(Opening {
            book: Arc::clone(book),
            place,
            content: piece.content,
            permit,
        }),
    }
}

/// The root of a snapshot: finished folders, and documents among them.
///
/// A finished folder is a node that already names its tree. The library adds
/// it as it is when it arrives with the root's own, empty path; whether it
/// really did is seen when the snapshot is read back.
pub(super) struct Root {
    entries: Mutex<Vec<ReadSourceEntry<Opening>>>,
}

impl Root {
    pub(super) fn new(
        folders: Vec<Node>,
        documents: Vec<Piece>,
        book: &Arc<Book>,
        captured: Timestamp,
    ) -> Self {
        let mut named: Vec<(Vec<u8>, Option<Node>, Option<Piece>)> = folders
            .into_iter()
            .map(|node| {
                let name = node.name().as_encoded_bytes().to_vec();
                (name, Some(node), None)
            })
            .chain(
                documents
                    .into_iter()
                    .map(|piece| (piece.path.clone().into_bytes(), None, Some(piece))),
            )
            .collect();
        named.sort_by(|one, other| one.0.cmp(&other.0));
        let entries = named
            .into_iter()
            .filter_map(|(_, folder, document)| match (folder, document) {
                (Some(node), _) => Some(ReadSourceEntry {
                    path: PathBuf::new(),
                    node,
                    open: None,
                }),
                (None, Some(piece)) => Some(entry(piece, None, book, captured)),
                (None, None) => None,
            })
            .collect();
        Self {
            entries: Mutex::new(entries),
        }
    }
}

impl ReadSource for Root {
    type Open = Opening;
    type Iter = std::vec::IntoIter<RusticResult<ReadSourceEntry<Opening>>>;

    fn size(&self) -> RusticResult<Option<u64>> {
        Err(RusticError::new(ErrorKind::Unsupported, "not asked for"))
    }

    fn entries(&self) -> Self::Iter {
        let entries =
            std::mem::take(&mut *self.entries.lock().unwrap_or_else(PoisonError::into_inner));
        entries.into_iter().map(Ok).collect::<Vec<_>>().into_iter()
    }
}
