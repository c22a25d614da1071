//! Restore: from a snapshot back into a GitLab, by an archive that GitLab's own
//! importer takes, git inside. A plan is shown first; what is done is
//! journalled, so that a resumed restore creates nothing twice; what came of
//! it is compared with the snapshot.

mod archive;
mod authors;
mod compare;
mod destination;
mod error;
mod import;
mod job;
mod material;
mod plan;
mod text;

pub use archive::{ArchiveWish, build};
pub use authors::addresses;
pub use compare::{Comparison, Difference, compare};
pub use destination::{Destination, choose};
pub use error::RestoreError;
pub use job::{RestoreJob, RestoreResult};
pub use material::{Link, Material, Repository, WITH_ACCESS, read_lines};
pub use plan::{Facts, Road, describe, things};
