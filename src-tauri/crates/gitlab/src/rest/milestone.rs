//! Milestones of projects and groups.
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use crate::client::Client;
use crate::error::Error;
use crate::paging::Paging;
use crate::rest::Kept;

/// A milestone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Milestone {
    /// GitLab's number.
    pub id: u64,
    /// The number within its project or group.
    pub iid: u64,
    /// The project it belongs to.
    #[serde(default)]
    pub project_id: Option<u64>,
    /// Or the group.
    #[serde(default)]
    pub group_id: Option<u64>,
    /// The title.
    pub title: String,
    /// The text about it.
    #[serde(default)]
    pub description: Option<String>,
    /// `active` or `closed`.
    pub state: String,
    /// The day it is due.
    #[serde(default)]
    pub due_date: Option<Date>,
    /// The day it begins.
    #[serde(default)]
    pub start_date: Option<Date>,
    /// When it was made.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// When it changed last.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
}

impl Client {
    /// The milestones of a project itself.
    pub async fn project_milestones(&self, project: u64) -> Result<Vec<Kept<Milestone>>, Error> {
        self.all(
            &format!("projects/{project}/milestones"),
            &[],
            Paging::Offset,
        )
        .await
    }

    /// The milestones of a group itself.
    pub async fn group_milestones(&self, group: u64) -> Result<Vec<Kept<Milestone>>, Error> {
        self.all(&format!("groups/{group}/milestones"), &[], Paging::Offset)
            .await
    }
}
