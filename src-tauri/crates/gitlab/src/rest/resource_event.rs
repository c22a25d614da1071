//! What happened to an issue or merge request: state, labels, milestone.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::error::Error;
use crate::paging::Paging;
use crate::rest::{Issuable, Milestone, UserRef};

/// Added or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventAction {
    /// Added.
    Add,
    /// Removed.
    Remove,
}

impl EventAction {
    /// GitLab's word.
    pub fn as_str(self) -> &'static str {
        match self {
            EventAction::Add => "add",
            EventAction::Remove => "remove",
        }
    }
}

/// It was closed, reopened or merged. The first opening is not told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StateEvent {
    /// GitLab's number.
    pub id: u64,
    /// Who did it.
    pub user: Option<UserRef>,
    /// When.
    pub created_at: Timestamp,
    /// `opened`, `closed`, `reopened` or `merged`.
    pub state: String,
    /// The commit that did it.
    #[serde(default)]
    pub source_commit: Option<String>,
}

/// The label of an event; absent once the label is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EventLabel {
    /// GitLab's number.
    pub id: u64,
    /// The title.
    pub name: String,
    /// For example `#34495E`.
    pub color: String,
    /// The text about it.
    #[serde(default)]
    pub description: Option<String>,
}

/// A label was added or removed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LabelEvent {
    /// GitLab's number.
    pub id: u64,
    /// Who did it.
    pub user: Option<UserRef>,
    /// When.
    pub created_at: Timestamp,
    /// The label.
    #[serde(default)]
    pub label: Option<EventLabel>,
    /// Added or removed.
    pub action: EventAction,
}

/// A milestone was set or taken away.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MilestoneEvent {
    /// GitLab's number.
    pub id: u64,
    /// Who did it.
    pub user: Option<UserRef>,
    /// When.
    pub created_at: Timestamp,
    /// The milestone.
    #[serde(default)]
    pub milestone: Option<Milestone>,
    /// Set or taken away.
    pub action: EventAction,
    /// The state of the issue or merge request at that time.
    #[serde(default)]
    pub state: Option<String>,
}

impl Client {
    /// Changes of state, oldest first.
    pub async fn state_events(&self, of: Issuable) -> Result<Vec<StateEvent>, Error> {
        self.all(&of.path("resource_state_events"), &[], Paging::Offset)
            .await
    }

    /// Changes of labels, oldest first.
    pub async fn label_events(&self, of: Issuable) -> Result<Vec<LabelEvent>, Error> {
        self.all(&of.path("resource_label_events"), &[], Paging::Offset)
            .await
    }

    /// Changes of the milestone, oldest first.
    pub async fn milestone_events(&self, of: Issuable) -> Result<Vec<MilestoneEvent>, Error> {
        self.all(&of.path("resource_milestone_events"), &[], Paging::Offset)
            .await
    }
}
