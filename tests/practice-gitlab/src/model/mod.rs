//! What the practice GitLab knows: plain values, no HTTP and no git.
//!
//! Everything that an export archive can carry has a place here, so that an
//! import followed by an export gives the same documents again.

pub mod access;
pub mod group;
pub mod instance;
pub mod issuable;
pub mod issue;
pub mod label;
pub mod member;
pub mod merge_request;
pub mod milestone;
pub mod new_project;
pub mod note;
pub mod project;
pub mod reach;
pub mod settings;
pub mod token;
pub mod transfer;
pub mod user;
pub mod world;

pub use access::{AccessLevel, Visibility};
pub use group::Group;
pub use instance::{Deletion, Instance, Tier};
pub use issuable::{Award, Issuable, IssuableKind};
pub use issue::{Issue, IssueLink};
pub use label::Label;
pub use member::Member;
pub use merge_request::MergeRequest;
pub use milestone::Milestone;
pub use note::{Note, NoteKind};
pub use project::Project;
pub use token::Token;
pub use user::User;
pub use world::World;
