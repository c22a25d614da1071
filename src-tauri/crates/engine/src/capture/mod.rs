//! Capture: read one kind of one item from GitLab into pieces. A piece is
//! verified before it is handed on; what is as before is not downloaded.
//!
//! Nothing here writes to the vault, and nothing decides what a failure means
//! for the run: it says what became of the kind and why.

mod assembly;
mod context;
mod document_file;
mod got;
mod issues;
mod item;
mod labels;
mod members;
mod merge_requests;
mod milestones;
mod previous;
mod relations;
mod repository;
mod threads;

pub use context::{Context, People, Person};
pub use got::{Fresh, Got, NewPiece, Trouble};
pub use issues::LINKS;
pub use item::{Shared, capture};
