//! Approvals of merge requests.
use jiff::Timestamp;
use serde::Deserialize;

use crate::client::Client;
use crate::error::Error;
use crate::rest::{Kept, UserRef};

/// One approval.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Approval {
    /// Who approved.
    pub user: UserRef,
    /// When; only newer GitLabs tell.
    #[serde(default)]
    pub approved_at: Option<Timestamp>,
}

/// The approvals of one merge request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Approvals {
    /// Those given.
    #[serde(default)]
    pub approved_by: Vec<Approval>,
    /// How many are needed (Premium).
    #[serde(default)]
    pub approvals_required: Option<u64>,
}

impl Client {
    /// The approvals of a merge request.
    pub async fn approvals(
        &self,
        project: u64,
        iid: u64,
    ) -> Result<Option<Kept<Approvals>>, Error> {
        let path = format!("projects/{project}/merge_requests/{iid}/approvals");
        self.get_optional(&path, &[]).await
    }
}
