//! A storage's failure, sorted by what a person can do about it.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use crate::error::{Cause, Error};

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    List,
    Read,
    Write,
    Remove,
}

impl Operation {
    fn doing(self) -> &'static str {
        match self {
            Self::List => "listing",
            Self::Read => "reading",
            Self::Write => "writing",
            Self::Remove => "removing",
        }
    }
}

/// What kind of failure it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// A file or folder that must be there is not.
    NotFound,
    /// No permission.
    Denied,
    /// A read-only storage.
    ReadOnly,
    /// No room, or a quota is used up.
    Full,
    /// The whole vault is not there any more.
    Gone,
    /// A file is shorter or longer than it must be.
    Length { expected: u64, found: u64 },
    /// Anything else; `passing` if it may work when tried again.
    Other { passing: bool },
}

/// A storage's failure. Cheap to clone, as it is both returned through the
/// repository library, which may drop it, and kept by whoever asked.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub kind: FaultKind,
    pub operation: Operation,
    /// The vault's location.
    pub root: String,
    /// The file, relative to the vault.
    pub path: String,
    pub cause: Option<Cause>,
}

impl Fault {
    /// Sorts a system error.
    pub(crate) fn from_io(operation: Operation, root: &str, path: &str, cause: io::Error) -> Self {
        Self {
            kind: kind_of(&cause),
            operation,
            root: root.to_owned(),
            path: path.to_owned(),
            cause: Some(std::sync::Arc::new(cause)),
        }
    }

    /// Sorts an opendal error: by the system error inside it, where there is
    /// one, as opendal's own kinds do not know a full disk.
    pub(crate) fn from_opendal(
        operation: Operation,
        root: &str,
        path: &str,
        cause: opendal::Error,
    ) -> Self {
        let kind = match (cause.kind(), system_error(&cause)) {
            (opendal::ErrorKind::NotFound, _) => FaultKind::NotFound,
            (opendal::ErrorKind::PermissionDenied, _) => FaultKind::Denied,
            (_, Some(system)) => kind_of(system),
            _ => FaultKind::Other {
                passing: cause.is_temporary(),
            },
        };
        Self {
            kind,
            operation,
            root: root.to_owned(),
            path: path.to_owned(),
            cause: Some(std::sync::Arc::new(cause)),
        }
    }

    /// Whether trying again may help.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self.kind, FaultKind::Other { passing: true })
    }

    /// The fault inside an error of the repository library, which wraps what
    /// the backend returns any number of times.
    pub(crate) fn inside(error: &(dyn StdError + 'static)) -> Option<Self> {
        let mut layer = Some(error);
        while let Some(current) = layer {
            if let Some(fault) = current.downcast_ref::<Self>() {
                return Some(fault.clone());
            }
            layer = current.source();
        }
        None
    }

    fn place(&self) -> String {
        if self.path.is_empty() {
            self.root.clone()
        } else {
            format!("{}/{}", self.root.trim_end_matches('/'), self.path)
        }
    }
}

fn system_error(error: &opendal::Error) -> Option<&io::Error> {
    let mut layer = StdError::source(error);
    while let Some(current) = layer {
        if let Some(system) = current.downcast_ref::<io::Error>() {
            return Some(system);
        }
        layer = current.source();
    }
    None
}

fn kind_of(error: &io::Error) -> FaultKind {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::NotFound => FaultKind::NotFound,
        Kind::PermissionDenied => FaultKind::Denied,
        Kind::ReadOnlyFilesystem => FaultKind::ReadOnly,
        Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => FaultKind::Full,
        Kind::Interrupted | Kind::TimedOut | Kind::WouldBlock | Kind::ResourceBusy => {
            FaultKind::Other { passing: true }
        }
        _ => FaultKind::Other { passing: false },
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} failed", self.operation.doing(), self.place())?;
        match &self.cause {
            Some(cause) => write!(f, ": {cause}"),
            None => write!(f, ": {:?}", self.kind),
        }
    }
}

impl StdError for Fault {}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let path = fault.place();
        let reading = matches!(fault.operation, Operation::List | Operation::Read);
        match fault.kind {
            FaultKind::NotFound => Self::Missing { path },
            FaultKind::Denied if reading => Self::NotReadable {
                path,
                source: fault.cause,
            },
            FaultKind::Denied => Self::NotWritable {
                path,
                source: fault.cause,
            },
            FaultKind::ReadOnly => Self::ReadOnly { path },
            FaultKind::Full => Self::Full { path },
            FaultKind::Gone => Self::Gone { path: fault.root },
            FaultKind::Length { expected, found } => Self::Damaged {
                path,
                detail: format!("{found} bytes instead of {expected}"),
            },
            FaultKind::Other { .. } => Self::Storage {
                operation: fault.operation.doing(),
                path,
                source: fault.cause,
            },
        }
    }
}
