//! Why a snapshot was not saved: what was written is not what had to be.

use std::fmt;

use crate::error::Cause;
use crate::id::SnapshotId;

/// The reason of [`Error::Vetoed`](crate::Error::Vetoed).
#[derive(Clone, Debug)]
pub enum Veto {
    /// The end marker was never seen: the writer was dropped on the way.
    NoEnd,
    /// A piece was handed in, but never read.
    Unread {
        /// The piece.
        path: String,
    },
    /// A piece ended before its declared size.
    Short {
        /// The piece.
        path: String,
        /// Bytes that were declared.
        declared: u64,
        /// Bytes that came.
        delivered: u64,
    },
    /// A piece went on after its declared size.
    Long {
        /// The piece.
        path: String,
        /// Bytes that were declared.
        declared: u64,
    },
    /// Reading a piece failed.
    Reading {
        /// The piece.
        path: String,
        /// What the system said.
        source: Cause,
    },
    /// A piece that was to be taken over from the parent is not there with
    /// this size and time of capture.
    NotAsBefore {
        /// The piece.
        path: String,
    },
    /// The parent could not be used although one was asked for.
    ParentNotUsed {
        /// The parent.
        parent: SnapshotId,
    },
    /// A piece that was expected was not written.
    NotWritten {
        /// The piece.
        path: String,
    },
    /// A piece was written that was not expected.
    NotExpected {
        /// The piece.
        path: String,
    },
    /// A piece was written with another size than expected.
    OtherSize {
        /// The piece.
        path: String,
        /// Bytes that were expected.
        expected: u64,
        /// Bytes that were written.
        found: u64,
    },
    /// Read back from the vault, a file is missing or differs.
    ReadBack {
        /// The file in the snapshot.
        path: String,
        /// What is wrong with it.
        difference: Difference,
    },
    /// A snapshot would have been saved at the wrong moment, or not at all.
    OutOfTurn,
}

/// What reading back a snapshot found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It is not in the snapshot.
    Missing,
    /// It is in the snapshot but should not be.
    Surplus,
    /// It has another size.
    Size {
        /// Bytes that were written.
        written: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// A part of its content is not in the index.
    NotIndexed,
    /// The pack file with a part of its content is missing or too short.
    PackMissing,
    /// The snapshot file names another tree.
    OtherTree,
    /// It is not what was written.
    Changed,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("missing"),
            Self::Surplus => f.write_str("not written by this run"),
            Self::Size { written, found } => {
                write!(f, "{written} bytes were written, {found} are there")
            }
            Self::NotIndexed => f.write_str("a part is not in the index"),
            Self::PackMissing => f.write_str("a part's pack file is missing or too short"),
            Self::OtherTree => f.write_str("the snapshot names another tree"),
            Self::Changed => f.write_str("it is not what was written"),
        }
    }
}

impl fmt::Display for Veto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEnd => f.write_str("writing ended before everything was handed in"),
            Self::Unread { path } => write!(f, "{path:?} was not read"),
            Self::Short {
                path,
                declared,
                delivered,
            } => write!(f, "{path:?} has {delivered} bytes instead of {declared}"),
            Self::Long { path, declared } => {
                write!(f, "{path:?} has more than the declared {declared} bytes")
            }
            Self::Reading { path, source } => write!(f, "reading {path:?} failed: {source}"),
            Self::NotAsBefore { path } => {
                write!(f, "{path:?} is not in the parent as it was said to be")
            }
            Self::ParentNotUsed { parent } => write!(f, "snapshot {parent} was not used as parent"),
            Self::NotWritten { path } => write!(f, "{path:?} was expected but not written"),
            Self::NotExpected { path } => write!(f, "{path:?} was written but not expected"),
            Self::OtherSize {
                path,
                expected,
                found,
            } => write!(
                f,
                "{path:?} was written with {found} bytes instead of {expected}"
            ),
            Self::ReadBack { path, difference } => write!(f, "read back, {path:?}: {difference}"),
            Self::OutOfTurn => f.write_str("a snapshot was about to be saved out of turn"),
        }
    }
}
