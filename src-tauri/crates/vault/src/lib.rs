//! The vault: the encrypted place where copies are kept, a restic-format
//! repository that any restic client opens.
//!
//! The only crate that names `rustic_core` and `opendal`. It knows nothing of
//! GitLab: it stores pieces at paths and refuses to call a snapshot saved
//! unless every piece was read to its end.
#![deny(missing_docs)]

mod backend;
mod check;
mod copy;
mod error;
mod first_error;
mod guard;
mod id;
mod inspect;
mod key;
mod keyfile;
mod keys;
mod lease;
mod location;
mod open;
mod process;
mod progress;
mod prune;
mod queue;
mod reader;
mod records;
mod repair;
mod runtime;
mod snapshot;
mod storage;
#[cfg(test)]
mod tests;
mod vault;
mod veto;
mod writer;

pub use check::{CheckOptions, CheckReport, Finding, ReadShare, Severity};
pub use copy::mend::MendReport;
pub use copy::{CopiedSnapshot, CopyReport};
pub use error::{Cause, Error, Format, PathProblem, Result};
pub use id::{NotASnapshotId, SnapshotId, VaultId};
pub use inspect::{Inspection, State, inspect};
pub use key::VaultKey;
pub use lease::Lease;
pub use location::Location;
pub use open::{CreateOptions, OpenOptions};
pub use progress::{OnProgress, Progress, Unit, unobserved};
pub use prune::{PruneFacts, PrunePlan, PruneReport};
pub use reader::{Entry, SnapshotReader};
pub use repair::RepairReport;
pub use snapshot::SnapshotFacts;
pub use vault::{UnreadableSnapshots, Usage, Vault};
pub use veto::{Difference, Veto};
pub use writer::{
    Content, Expected, Piece, WriteProgress, WriteStart, WriteStats, Writer, Written, WrittenPiece,
};
