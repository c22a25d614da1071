//! GitLab's own export documents, made from REST answers.
//!
//! A document is one line of `tree/project/<relation>.ndjson` in a project
//! export (format 0.2.4), the form GitLab's importer restores from. Documents
//! from REST and those of the relations export become the same in
//! [`normalise`], except for [`ONLY_IN_EXPORT`].
mod diff;
mod events;
mod forms;
mod issue;
mod labels;
mod line_code;
mod member;
mod merge_request;
mod milestone;
mod normalise;
mod note;
mod only_in_export;
mod project;
mod settings;
mod system_note;
#[cfg(test)]
mod tests;
mod value;

pub use events::Events;
pub use issue::{IssueParts, issue};
pub use labels::Labels;
pub use member::project_member;
pub use merge_request::{MergeRequestParts, merge_request};
pub use milestone::milestone;
pub use normalise::normalise;
pub use note::{NoteAwards, Notes};
pub use only_in_export::{ONLY_IN_EXPORT, OnlyInExport, without_only_in_export};
pub use project::project;
pub use settings::{ci_cd_settings, project_feature};
