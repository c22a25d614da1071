//! Links between issues, which no export carries.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::error::Error;
use crate::paging::Paging;
use crate::rest::Kept;

/// How one issue is linked to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkType {
    /// They have to do with each other.
    RelatesTo,
    /// The first must be done before the second (Premium).
    Blocks,
    /// The second must be done before the first (Premium).
    IsBlockedBy,
}

/// An issue that another one is linked to. The rest of the issue is in the JSON.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct IssueLink {
    /// The number of the link.
    pub issue_link_id: u64,
    /// How they are linked, seen from the issue that was asked for.
    pub link_type: LinkType,
    /// The number of the linked issue within its project.
    pub iid: u64,
    /// The linked issue's project.
    pub project_id: u64,
    /// When the link was made.
    #[serde(default)]
    pub link_created_at: Option<Timestamp>,
}

/// A link to be made.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct NewIssueLink {
    /// The other issue's project.
    pub target_project_id: u64,
    /// The other issue's number.
    pub target_issue_iid: u64,
    /// How they are linked.
    pub link_type: LinkType,
}

impl Client {
    /// What an issue is linked to, as far as the user may see it.
    pub async fn issue_links(&self, project: u64, iid: u64) -> Result<Vec<Kept<IssueLink>>, Error> {
        self.all(
            &format!("projects/{project}/issues/{iid}/links"),
            &[],
            Paging::Offset,
        )
        .await
    }

    /// Links two issues. A link that is there already is a conflict.
    pub async fn create_issue_link(
        &self,
        project: u64,
        iid: u64,
        link: NewIssueLink,
    ) -> Result<(), Error> {
        self.post_unanswered(&format!("projects/{project}/issues/{iid}/links"), &link)
            .await
    }
}
