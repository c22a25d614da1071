//! Issues of all types.
use futures::Stream;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use crate::client::Client;
use crate::error::Error;
use crate::paging::{Page, Paging, Sort};
use crate::rest::{Kept, Milestone, UserRef};

/// Estimated and spent time in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct TimeStats {
    /// Estimated.
    #[serde(default)]
    pub time_estimate: i64,
    /// Spent, all entries added up.
    #[serde(default)]
    pub total_time_spent: i64,
}

/// An issue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Issue {
    /// GitLab's number.
    pub id: u64,
    /// The number within the project.
    pub iid: u64,
    /// The project.
    pub project_id: u64,
    /// The title.
    pub title: String,
    /// The text.
    #[serde(default)]
    pub description: Option<String>,
    /// `opened` or `closed`.
    pub state: String,
    /// Who opened it.
    pub author: Option<UserRef>,
    /// Who works on it.
    #[serde(default)]
    pub assignees: Vec<UserRef>,
    /// Titles of its labels.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Its milestone.
    #[serde(default)]
    pub milestone: Option<Milestone>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// When it was closed.
    #[serde(default)]
    pub closed_at: Option<Timestamp>,
    /// Who closed it.
    #[serde(default)]
    pub closed_by: Option<UserRef>,
    /// The day it is due.
    #[serde(default)]
    pub due_date: Option<Date>,
    /// The day it begins.
    #[serde(default)]
    pub start_date: Option<Date>,
    /// Whether only members from Planner or Reporter on see it.
    #[serde(default)]
    pub confidential: bool,
    /// Whether only members may comment.
    #[serde(default)]
    pub discussion_locked: Option<bool>,
    /// `issue`, `incident`, `task`, `test_case`, ….
    #[serde(default)]
    pub issue_type: Option<String>,
    /// Premium.
    #[serde(default)]
    pub weight: Option<u64>,
    /// Ultimate.
    #[serde(default)]
    pub health_status: Option<String>,
    /// Time tracking.
    #[serde(default)]
    pub time_stats: TimeStats,
    /// Comments, those of GitLab itself not counted.
    #[serde(default)]
    pub user_notes_count: u64,
    /// Thumbs up and down; other awards are not counted.
    #[serde(default)]
    pub upvotes: u64,
    /// Thumbs down.
    #[serde(default)]
    pub downvotes: u64,
    /// The address of a customer who wrote by e-mail.
    #[serde(default)]
    pub service_desk_reply_to: Option<String>,
    /// The issue it was moved to.
    #[serde(default)]
    pub moved_to_id: Option<u64>,
}

/// Which issues are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct IssueQuery {
    /// Those that changed at or after this time.
    pub updated_after: Option<Timestamp>,
    /// By key instead of by page number: GitLab 18.3 and later. Older ones give
    /// offset pages whatever is asked, which works as well.
    pub keyset: bool,
}

impl Client {
    /// The issues of a project, oldest first, so that new ones come last.
    pub fn issues(
        &self,
        project: u64,
        query: IssueQuery,
    ) -> impl Stream<Item = Result<Page<Kept<Issue>>, Error>> + Send + use<> {
        let after = query.updated_after.map(|after| after.to_string());
        let mut pairs = vec![("scope", "all"), ("state", "all")];
        if let Some(after) = &after {
            pairs.push(("updated_after", after));
        }
        let paging = if query.keyset {
            Paging::Keyset {
                order_by: "created_at",
                sort: Sort::Ascending,
            }
        } else {
            pairs.extend([("order_by", "created_at"), ("sort", "asc")]);
            Paging::Offset
        };
        self.pages(&format!("projects/{project}/issues"), &pairs, paging)
    }

    /// One issue.
    pub async fn issue(&self, project: u64, iid: u64) -> Result<Option<Kept<Issue>>, Error> {
        self.get_optional(&format!("projects/{project}/issues/{iid}"), &[])
            .await
    }
}
