//! What can be wrong with packs, chains of packs and repositories made of them.
use std::io;
use std::path::PathBuf;

use crate::git::object_id::ObjectId;

/// What is wrong with a pack. Offsets are bytes from the pack's beginning.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// It does not begin with `PACK`.
    #[error("this is not a pack")]
    Signature,
    /// It is of a version that git has not defined.
    #[error("packs of version {version} are not known")]
    Version {
        /// The version as the pack says.
        version: u32,
    },
    /// It ends too early.
    #[error("the pack ends after {offset} bytes, in the middle")]
    Truncated {
        /// Its length, in bytes.
        offset: u64,
    },
    /// Something follows the checksum.
    #[error("the pack goes on after its end at {offset}")]
    TrailingData {
        /// Where it should have ended.
        offset: u64,
    },
    /// An entry's beginning makes no sense.
    #[error("the entry at {offset} has no valid beginning")]
    EntryHeader {
        /// The entry.
        offset: u64,
    },
    /// An entry's compressed data is broken.
    #[error("the entry at {offset} cannot be decompressed")]
    Deflate {
        /// The entry.
        offset: u64,
    },
    /// An entry holds more or less than it says.
    #[error("the entry at {offset} says it has {declared} bytes, which it has not")]
    EntrySize {
        /// The entry.
        offset: u64,
        /// The size it says, in bytes.
        declared: u64,
    },
    /// A delta's base is not an earlier entry of the pack.
    #[error("the delta at {offset} builds on nothing: no entry begins {distance} bytes before it")]
    BaseOffset {
        /// The delta.
        offset: u64,
        /// How far before it the base should begin.
        distance: u64,
    },
    /// The checksum does not fit.
    #[error("the pack's checksum is {actual}, but it says {expected}")]
    Checksum {
        /// What the pack says.
        expected: ObjectId,
        /// What it is.
        actual: ObjectId,
    },
    /// A delta's instructions make no sense.
    #[error("the delta at {offset} cannot be applied")]
    Delta {
        /// The delta.
        offset: u64,
    },
    /// An object that must be held in memory is larger than allowed.
    #[error("the object at {offset} has {size} bytes, too many to hold in memory")]
    ObjectTooLarge {
        /// The entry.
        offset: u64,
        /// Its size, in bytes.
        size: u64,
    },
    /// A delta builds on an object that is not in its pack: the pack is thin.
    #[error("the pack is not complete: it builds on {id}, which is not in it")]
    MissingBase {
        /// The base.
        id: ObjectId,
    },
    /// An object is referred to and is in none of the packs.
    #[error("the chain of packs is not complete: {id} is missing")]
    MissingObject {
        /// What is missing.
        id: ObjectId,
    },
    /// A commit, tree or tag is not written as git writes them.
    #[error("the object {id} is malformed")]
    MalformedObject {
        /// The object.
        id: ObjectId,
    },
    /// One pack holds an object twice and builds on objects by name, so that it
    /// may build on itself.
    #[error("the pack holds {id} twice")]
    DuplicateObject {
        /// The object.
        id: ObjectId,
    },
    /// More objects than one pack can hold.
    #[error("{objects} objects do not fit in one pack")]
    TooManyObjects {
        /// How many there are.
        objects: u64,
    },
    /// A ref name that a bundle or a repository cannot hold.
    #[error("{name:?} is no ref name")]
    RefName {
        /// The name.
        name: String,
    },
    /// There is nothing to put in a bundle: git refuses an empty one.
    #[error("a bundle needs at least one ref")]
    EmptyBundle,
    /// A bundle's header is not understood.
    #[error("this is not a bundle that can be read: line {line}")]
    BundleHeader {
        /// The line, counted from one.
        line: usize,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// What a bundle was being read from failed.
    #[error("the bundle could not be read")]
    Read {
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// What a pack or bundle was being written to failed.
    #[error("the pack could not be written")]
    Write {
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The folder for a new repository holds something already.
    #[error("{} is not empty", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// libgit2 could not make or read the repository.
    #[error("{}: {source}", path.display())]
    Repository {
        /// The repository.
        path: PathBuf,
        /// What libgit2 said.
        #[source]
        source: git2::Error,
    },
    /// Somebody asked to stop.
    #[error("it was stopped")]
    Stopped,
}

impl PackError {
    /// Whether the pack itself is broken, as after a bad transfer; otherwise
    /// something on this machine is, or the request for a pack was wrong.
    pub fn is_damage(&self) -> bool {
        match self {
            PackError::Signature
            | PackError::Version { .. }
            | PackError::Truncated { .. }
            | PackError::TrailingData { .. }
            | PackError::EntryHeader { .. }
            | PackError::Deflate { .. }
            | PackError::EntrySize { .. }
            | PackError::BaseOffset { .. }
            | PackError::Checksum { .. }
            | PackError::Delta { .. } => true,
            PackError::ObjectTooLarge { .. }
            | PackError::MissingBase { .. }
            | PackError::MissingObject { .. }
            | PackError::MalformedObject { .. }
            | PackError::DuplicateObject { .. }
            | PackError::TooManyObjects { .. }
            | PackError::RefName { .. }
            | PackError::EmptyBundle
            | PackError::BundleHeader { .. }
            | PackError::Io { .. }
            | PackError::Read { .. }
            | PackError::Write { .. }
            | PackError::NotEmpty { .. }
            | PackError::Repository { .. }
            | PackError::Stopped => false,
        }
    }

    /// Whether it tells of this machine, such as of a full disk, and not of the
    /// pack.
    pub fn is_of_machine(&self) -> bool {
        match self {
            PackError::Io { .. }
            | PackError::Read { .. }
            | PackError::Write { .. }
            | PackError::NotEmpty { .. }
            | PackError::Stopped => true,
            PackError::Repository { source, .. } => source.class() == git2::ErrorClass::Os,
            _ => false,
        }
    }

    /// An error about a file.
    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(io::Error) -> PackError {
        let path = path.to_owned();
        move |source| PackError::Io { path, source }
    }
}
