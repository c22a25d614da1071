//! Comments: single ones, threads, and threads on diffs.

use jiff::Timestamp;
use serde_json::Value;

use super::Award;

/// What a note belongs to, besides its discussion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteKind {
    /// A comment that stands alone.
    Individual,
    /// A note in a thread.
    Discussion,
    /// A note in a thread on a diff.
    Diff,
    /// A note on a diff from before positions existed; imports may bring it.
    LegacyDiff,
}

impl NoteKind {
    /// The word REST and exports use; a single comment has none.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Individual => None,
            Self::Discussion => Some("DiscussionNote"),
            Self::Diff => Some("DiffNote"),
            Self::LegacyDiff => Some("LegacyDiffNote"),
        }
    }

    /// Reads the word exports use.
    pub fn from_word(word: Option<&str>) -> Option<Self> {
        match word {
            None => Some(Self::Individual),
            Some("DiscussionNote") => Some(Self::Discussion),
            Some("DiffNote") => Some(Self::Diff),
            Some("LegacyDiffNote") => Some(Self::LegacyDiff),
            Some(_) => None,
        }
    }
}

/// One comment.
#[derive(Debug, Clone)]
pub struct Note {
    /// Number, unique in the instance.
    pub id: u64,
    /// The text.
    pub body: String,
    /// Who wrote it.
    pub author_id: u64,
    /// What it belongs to.
    pub kind: NoteKind,
    /// 40 hexadecimal digits; notes of one thread share it.
    pub discussion_id: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Whether GitLab wrote it.
    pub system: bool,
    /// What a system note is about, such as `title` or `assignee`.
    pub system_action: Option<String>,
    /// How many commits a system note counts.
    pub commit_count: Option<u64>,
    /// Whether only Planners and Reporters and above may read it.
    pub internal: bool,
    /// When its thread was resolved.
    pub resolved_at: Option<Timestamp>,
    /// By whom.
    pub resolved_by: Option<u64>,
    /// Whether a push did it.
    pub resolved_by_push: Option<bool>,
    /// What a diff note brings along.
    pub diff: Option<Box<DiffAnchor>>,
    /// Who edited it last.
    pub updated_by: Option<u64>,
    /// When it was edited last.
    pub last_edited_at: Option<Timestamp>,
    /// Reactions.
    pub awards: Vec<Award>,
    /// Whether an import brought it.
    pub imported: bool,
}

/// Where on a diff a note stands.
#[derive(Debug, Clone, Default)]
pub struct DiffAnchor {
    /// The position now.
    pub position: Value,
    /// The position it was written at.
    pub original_position: Value,
    /// The position in the change since.
    pub change_position: Value,
    /// `<sha1 of the path>_<old line>_<new line>`.
    pub line_code: Option<String>,
    /// The commit it was written on.
    pub commit_id: Option<String>,
    /// The file's diff at that time, as exports carry it.
    pub note_diff_file: Option<Value>,
    /// Suggested changes.
    pub suggestions: Vec<Value>,
}

impl Note {
    /// Whether the thread of this note can be resolved: threads of merge
    /// requests can, single comments and system notes cannot.
    pub fn resolvable(&self, merge_request: bool) -> bool {
        !self.system && merge_request && self.kind != NoteKind::Individual
    }
}
