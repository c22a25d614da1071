//! Pieces: what a writer is given, and what it says it wrote.

use std::fmt;

use bytes::Bytes;
use jiff::Timestamp;
use tempfile::TempPath;

/// One file of a snapshot to be.
#[derive(Debug)]
pub struct Piece {
    /// Its path in the snapshot, such as `projects/12/repository/refs`.
    pub path: String,
    /// What is in it.
    pub content: Content,
}

/// Where a piece's content comes from.
pub enum Content {
    /// Memory; for pieces of at most a few MB.
    Bytes(Bytes),
    /// A file with this many bytes, removed when it has been read.
    File {
        /// The file.
        path: TempPath,
        /// Its size in bytes.
        size: u64,
    },
    /// The content that the parent has at the same path. It is not read.
    AsBefore {
        /// Its size in the parent, in bytes.
        size: u64,
        /// When it was captured: `Entry::modified` in the parent.
        captured: Timestamp,
    },
}

impl Content {
    /// Bytes that the piece must have.
    pub fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { size, .. } | Self::AsBefore { size, .. } => *size,
        }
    }

    /// Whether the content is taken over from the parent.
    pub fn is_as_before(&self) -> bool {
        matches!(self, Self::AsBefore { .. })
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Bytes(_) => "Bytes",
            Self::File { .. } => "File",
            Self::AsBefore { .. } => "AsBefore",
        };
        write!(f, "{kind}({} bytes)", self.size())
    }
}

/// A piece that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenPiece {
    /// Its path.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Whether it was taken over from the parent.
    pub as_before: bool,
}

/// A piece that has to be in the snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Its path.
    pub path: String,
    /// Bytes.
    pub size: u64,
}
