//! What can go wrong with a project archive.
use std::io;
use std::path::{Path, PathBuf};

use crate::git::pack::PackError;

/// What is wrong with a JSON document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentFlaw {
    /// It is not JSON.
    NotJson,
    /// It is JSON, but no object.
    NotAnObject,
    /// It is longer than GitLab reads.
    TooLong {
        /// Its length, in bytes.
        bytes: u64,
    },
}

/// What went wrong with an archive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// A name that an archive cannot hold, or that would lead out of it.
    #[error("{name:?} cannot be a name in an archive")]
    Name {
        /// The name.
        name: String,
    },
    /// The same name twice.
    #[error("{path} is there twice")]
    Duplicate {
        /// The path in the archive.
        path: String,
    },
    /// A document that GitLab's importer would not read. Of `project.json` the
    /// line is 1.
    #[error("line {line} of {path} is not a document that can be imported ({flaw:?})")]
    Document {
        /// The path in the archive.
        path: String,
        /// The line, counted from one.
        line: u64,
        /// What is wrong with it.
        flaw: DocumentFlaw,
    },
    /// There are no project attributes: an archive needs them.
    #[error("the archive has no project.json")]
    NoProject,
    /// A file changed while it was put into the archive.
    #[error("{} changed while it was read", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A file's content is not what its name says.
    #[error("the LFS object {oid} is not the content of that name")]
    Digest {
        /// The name: SHA-256 in hexadecimal.
        oid: String,
    },
    /// A bundle could not be made.
    #[error("{path}: {source}")]
    Bundle {
        /// The path in the archive.
        path: String,
        /// Why.
        #[source]
        source: PackError,
    },
    /// It is no `tar.gz`, or damaged or cut off.
    #[error("the archive is damaged after {bytes} bytes: {source}")]
    Damaged {
        /// Bytes that could be read, decompressed.
        bytes: u64,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// An entry that leads out of the archive.
    #[error("the archive holds {path:?}, which leads out of it")]
    UnsafePath {
        /// The path, at most 200 characters.
        path: String,
    },
    /// A link, a device or something else that is neither file nor folder.
    #[error("the archive holds {path:?}, which is neither a file nor a folder")]
    SpecialFile {
        /// The path.
        path: String,
    },
    /// It holds more than is allowed, decompressed.
    #[error("the archive holds more than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// It holds more entries than allowed.
    #[error("the archive holds more than {limit} entries")]
    TooManyEntries {
        /// The limit.
        limit: u64,
    },
    /// An entry that is held in memory is larger than allowed.
    #[error("{path} has more than {limit} bytes")]
    EntryTooLarge {
        /// The path in the archive.
        path: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// An entry is not there.
    #[error("the archive holds no {path}")]
    Missing {
        /// The path in the archive.
        path: String,
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
    /// The documents of a relation could not be read.
    #[error("the documents of {relation} could not be read: {source}")]
    Documents {
        /// The relation.
        relation: String,
        /// What the reader said.
        #[source]
        source: io::Error,
    },
}

impl ArchiveError {
    /// An error about a file.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> ArchiveError {
        let path = path.to_owned();
        move |source| ArchiveError::Io { path, source }
    }
}
