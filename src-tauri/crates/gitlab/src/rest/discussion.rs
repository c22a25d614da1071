//! Discussions and their notes.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::Client;
use crate::error::Error;
use crate::paging::Paging;
use crate::rest::{Issuable, UserRef};

/// A discussion: a single comment, a thread, or a system note.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Discussion {
    /// 40 hexadecimal digits. The discussion of a commit or of a single comment
    /// has one too.
    pub id: String,
    /// Whether it is a single comment that nobody answered.
    #[serde(default)]
    pub individual_note: bool,
    /// The notes, oldest first.
    pub notes: Vec<Note>,
}

/// The kind of a note; `None` in its place is a plain comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoteType {
    /// Part of a thread.
    DiscussionNote,
    /// At a line of a diff.
    DiffNote,
    /// At a line of a diff, in the form of old versions.
    LegacyDiffNote,
    /// A kind that is unknown here.
    #[serde(other)]
    Other,
}

impl NoteType {
    /// GitLab's word, where it is known.
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            NoteType::DiscussionNote => Some("DiscussionNote"),
            NoteType::DiffNote => Some("DiffNote"),
            NoteType::LegacyDiffNote => Some("LegacyDiffNote"),
            NoteType::Other => None,
        }
    }
}

/// A change that a note proposes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Suggestion {
    /// Whether it was applied.
    #[serde(default)]
    pub applied: bool,
    /// The lines as they were.
    #[serde(default)]
    pub from_content: String,
    /// The lines as proposed.
    #[serde(default)]
    pub to_content: String,
    /// The first line.
    #[serde(default)]
    pub from_line: Option<u64>,
    /// The last line.
    #[serde(default)]
    pub to_line: Option<u64>,
}

/// One note.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Note {
    /// GitLab's number.
    pub id: u64,
    /// The kind.
    #[serde(rename = "type", default)]
    pub note_type: Option<NoteType>,
    /// The text.
    #[serde(default)]
    pub body: String,
    /// Who wrote it; absent where the user is gone.
    pub author: Option<UserRef>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// Whether GitLab wrote it, about an action of the author.
    #[serde(default)]
    pub system: bool,
    /// The commit that a note in a merge request is about.
    #[serde(default)]
    pub commit_id: Option<String>,
    /// Where in a diff it stands, as GitLab gives it.
    #[serde(default)]
    pub position: Option<Value>,
    /// Whether it can be resolved.
    #[serde(default)]
    pub resolvable: bool,
    /// Whether it is.
    #[serde(default)]
    pub resolved: Option<bool>,
    /// By whom.
    #[serde(default)]
    pub resolved_by: Option<UserRef>,
    /// When.
    #[serde(default)]
    pub resolved_at: Option<Timestamp>,
    /// Whether only members from Planner or Reporter on see it.
    #[serde(default)]
    pub confidential: Option<bool>,
    /// The newer name of the same.
    #[serde(default)]
    pub internal: Option<bool>,
    /// Changes it proposes; only newer GitLabs tell them.
    #[serde(default)]
    pub suggestions: Vec<Suggestion>,
}

impl Client {
    /// All discussions, system notes included, oldest first.
    pub async fn discussions(&self, of: Issuable) -> Result<Vec<Discussion>, Error> {
        self.all(&of.path("discussions"), &[], Paging::Offset).await
    }

    /// All notes without their threads, oldest first.
    pub async fn notes(&self, of: Issuable) -> Result<Vec<Note>, Error> {
        let query = [("order_by", "created_at"), ("sort", "asc")];
        self.all(&of.path("notes"), &query, Paging::Offset).await
    }
}
