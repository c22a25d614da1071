//! Project archives: the `tar.gz` files that GitLab's own import page takes, and
//! that its export makes.
//!
//! Building one, reading one (also GitLab's own), and saying beforehand whether
//! GitLab's importer would take it. Blocking, so called from a thread of its own.
mod builder;
mod check;
mod error;
mod gzip;
mod layout;
mod lfs;
mod lines;
mod reader;
mod record;
mod report;
mod rules;
mod shape;
mod source;
mod tar_writer;

pub use builder::{ArchiveBuilder, ArchiveFacts, ArchiveVersions};
pub use check::check;
pub use error::{ArchiveError, DocumentFlaw};
pub use layout::{DOCUMENT_LIMIT, Repository, VERSION, snippet_bundle_name};
pub use lfs::LfsRepository;
pub use reader::{Archive, ArchiveEntry, Limits};
pub use report::{ArchiveReport, BundleFacts, Flaw, Problem, Severity};

#[cfg(test)]
mod tests;
