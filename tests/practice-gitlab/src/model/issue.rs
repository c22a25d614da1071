//! Issues of all types, and the links between them.

use jiff::{Timestamp, civil::Date};

use super::Issuable;

/// An issue.
#[derive(Debug, Clone)]
pub struct Issue {
    /// What it shares with merge requests.
    pub shared: Issuable,
    /// Whether it is closed.
    pub closed: bool,
    /// Whether only Planners and Reporters and above, its author and its
    /// assignees may see it.
    pub confidential: bool,
    /// When it has to be done.
    pub due_date: Option<Date>,
    /// When it starts.
    pub start_date: Option<Date>,
    /// Premium: how much work it is.
    pub weight: Option<u64>,
    /// Ultimate: `on_track`, `needs_attention` or `at_risk`.
    pub health_status: Option<String>,
    /// `issue`, `incident`, `task`, `ticket`, …
    pub kind: String,
    /// The issue it became when it was moved.
    pub moved_to_id: Option<u64>,
    /// Its place among its siblings.
    pub relative_position: Option<i64>,
    /// The e-mail address of an author without an account.
    pub external_author: Option<String>,
}

impl Issue {
    /// The word REST and exports use for the state.
    pub fn state_word(&self) -> &'static str {
        if self.closed { "closed" } else { "opened" }
    }

    /// A new open issue around `shared`.
    pub fn new(shared: Issuable) -> Self {
        Self {
            shared,
            closed: false,
            confidential: false,
            due_date: None,
            start_date: None,
            weight: None,
            health_status: None,
            kind: "issue".into(),
            moved_to_id: None,
            relative_position: None,
            external_author: None,
        }
    }
}

/// How two issues are related, seen from the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkType {
    /// They have to do with each other.
    RelatesTo,
    /// Premium: the target waits for the source.
    Blocks,
}

/// Where an issue is: project and number in it.
pub type IssueAddress = (u64, u64);

/// A link between two issues.
#[derive(Debug, Clone)]
pub struct IssueLink {
    /// Number, unique in the instance.
    pub id: u64,
    /// The issue the link was made from.
    pub source: IssueAddress,
    /// The other issue.
    pub target: IssueAddress,
    /// How they are related.
    pub link_type: LinkType,
    /// When it was made.
    pub created_at: Timestamp,
}
