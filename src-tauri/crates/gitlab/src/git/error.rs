//! What can go wrong in git's own protocol, above HTTP.
use std::io;
use std::path::PathBuf;

use super::pack::PackError;

/// The longest text of a server that an error keeps, in characters.
const LONGEST_MESSAGE: usize = 500;

/// What went wrong with a repository on the wire.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// What came is not in packet lines.
    #[error("the answer is not git's protocol")]
    Packet,
    /// The answer ended before its end.
    #[error("the answer ended too early")]
    Truncated,
    /// The server told an error in git's protocol.
    #[error("git on the server says: {message}")]
    Server {
        /// What it said, at most 500 characters.
        message: String,
    },
    /// The server speaks an older version of git's protocol, or none.
    #[error("the server does not speak version 2 of git's protocol")]
    NotVersion2,
    /// A line that has no place where it came.
    #[error("the answer holds a line that is not understood: {line}")]
    Line {
        /// Its beginning.
        line: String,
    },
    /// The answer lacks a section that it must have.
    #[error("the answer has no {section}")]
    NoSection {
        /// Its name in git's protocol.
        section: &'static str,
    },
    /// The repository has only part of its history: it is shallow.
    #[error("the repository on the server is shallow, so a copy would not be complete")]
    Shallow,
    /// More refs than anybody has.
    #[error("the server's list of refs is longer than {limit} bytes")]
    TooManyRefs {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The server names objects in another way than was said.
    #[error("the repository is not of the format {expected}")]
    ObjectFormat {
        /// The format that was said.
        expected: crate::git::ObjectFormat,
    },
    /// The server cannot do what is needed.
    #[error("the server lacks git's capability {name}")]
    NoCapability {
        /// Its name in git's protocol.
        name: &'static str,
    },
    /// The server did not take the pack, so nothing was changed.
    #[error("the server could not take what was pushed: {message}")]
    Unpack {
        /// What it said, at most 500 characters.
        message: String,
    },
    /// The server did not say what became of a ref.
    #[error("the server does not say what became of {name}")]
    Unreported {
        /// The ref.
        name: String,
    },
    /// A name that git's protocol cannot carry.
    #[error("{name:?} is no ref name")]
    RefName {
        /// The name.
        name: String,
    },
    /// Something is wrong with a pack.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// A file on this machine could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The thread that verifies a pack died.
    #[error("the verification of a pack broke off")]
    Worker,
}

impl GitError {
    /// Whether the same request may succeed a little later: the transfer was cut
    /// or garbled, or the server failed. A GitLab that is too busy says so by an
    /// error of git's protocol (workhorse/internal/git/error.go); its text is not
    /// looked at, so others are tried again too.
    pub fn is_transient(&self) -> bool {
        match self {
            GitError::Packet | GitError::Truncated | GitError::Server { .. } => true,
            GitError::Pack(error) => error.is_damage(),
            _ => false,
        }
    }

    /// A stable name of the variant, for logs and documents.
    pub fn code(&self) -> &'static str {
        match self {
            GitError::Packet => "git-packet",
            GitError::Truncated => "git-truncated",
            GitError::Server { .. } => "git-server",
            GitError::NotVersion2 => "git-not-version-2",
            GitError::Line { .. } => "git-line",
            GitError::NoSection { .. } => "git-no-section",
            GitError::Shallow => "git-shallow",
            GitError::TooManyRefs { .. } => "git-too-many-refs",
            GitError::ObjectFormat { .. } => "git-object-format",
            GitError::NoCapability { .. } => "git-no-capability",
            GitError::Unpack { .. } => "git-unpack",
            GitError::Unreported { .. } => "git-unreported",
            GitError::RefName { .. } => "git-ref-name",
            GitError::Pack(_) => "git-pack",
            GitError::Io { .. } => "git-io",
            GitError::Worker => "git-worker",
        }
    }

    pub(crate) fn server(message: &[u8]) -> GitError {
        GitError::Server {
            message: clip(message),
        }
    }

    pub(crate) fn line(line: &[u8]) -> GitError {
        let mut line = clip(line);
        if let Some((end, _)) = line.char_indices().nth(100) {
            line.truncate(end);
        }
        GitError::Line { line }
    }

    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(io::Error) -> GitError {
        let path = path.to_owned();
        move |source| GitError::Io { path, source }
    }
}

/// What a server said, on one line and not too long.
pub(crate) fn clip(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let mut line = String::new();
    for word in words.filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if let Some((end, _)) = line.char_indices().nth(LONGEST_MESSAGE) {
        line.truncate(end);
    }
    line
}
