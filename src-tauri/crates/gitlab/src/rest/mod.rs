//! GitLab's REST API in types: one noun a file, each with its routes.
//!
//! Types hold what Labkeep uses. Where the API's own JSON has to survive it
//! stands beside the type ([`Kept`]). Fields that an older or smaller GitLab
//! leaves out are optional, and so are those hidden from small roles.
mod approval;
mod award_emoji;
mod diff_version;
mod discussion;
mod group;
mod id;
mod issue;
mod issue_link;
mod kept;
mod label;
mod member;
mod merge_request;
mod milestone;
mod project;
mod project_export;
mod project_import;
mod relations_export;
mod resource_event;
mod user;

pub use approval::{Approval, Approvals};
pub use award_emoji::AwardEmoji;
pub use diff_version::{Commit, DiffFile, Version, VersionDetail};
pub use discussion::{Discussion, Note, NoteType, Suggestion};
pub use group::{Group, GroupQuery};
pub use id::{Id, Issuable, IssuableKind};
pub use issue::{Issue, IssueQuery, TimeStats};
pub use issue_link::{IssueLink, LinkType, NewIssueLink};
pub use kept::Kept;
pub use label::Label;
pub use member::{Member, MemberScope};
pub use merge_request::{DiffRefs, MergeRequest, MergeRequestQuery, Reviewer};
pub use milestone::Milestone;
pub use project::{ForkSource, Namespace, NewProject, Project, ProjectQuery};
pub use project_export::{ExportState, ProjectExport};
pub use project_import::{FailedRelation, ImportState, ImportStatus, NewImport, RelationImport};
pub use relations_export::{
    Portable, RelationBatch, RelationExport, RelationSource, RelationState,
};
pub use resource_event::{EventAction, EventLabel, LabelEvent, MilestoneEvent, StateEvent};
pub use user::{User, UserRef};
