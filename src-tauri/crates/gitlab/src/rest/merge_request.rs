//! Merge requests.
use futures::Stream;
use jiff::Timestamp;
use serde::Deserialize;

use crate::client::Client;
use crate::error::Error;
use crate::paging::{Page, Paging};
use crate::rest::{Kept, Milestone, TimeStats, UserRef};

/// The three commits a diff is made of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DiffRefs {
    /// Where the branches parted.
    #[serde(default)]
    pub base_sha: Option<String>,
    /// The tip of the source branch.
    #[serde(default)]
    pub head_sha: Option<String>,
    /// The tip of the target branch when the diff was made.
    #[serde(default)]
    pub start_sha: Option<String>,
}

/// A merge request. Lists leave out a few fields that the single one has.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MergeRequest {
    /// GitLab's number.
    pub id: u64,
    /// The number within the project.
    pub iid: u64,
    /// The project it goes to.
    pub project_id: u64,
    /// The title.
    pub title: String,
    /// The text.
    #[serde(default)]
    pub description: Option<String>,
    /// `opened`, `closed`, `merged` or `locked`.
    pub state: String,
    /// Who opened it.
    pub author: Option<UserRef>,
    /// Who works on it.
    #[serde(default)]
    pub assignees: Vec<UserRef>,
    /// Who looks at it.
    #[serde(default)]
    pub reviewers: Vec<UserRef>,
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
    /// When it was merged.
    #[serde(default)]
    pub merged_at: Option<Timestamp>,
    /// Who merged it, or asked for it to be merged.
    #[serde(default)]
    pub merge_user: Option<UserRef>,
    /// The older name of the same.
    #[serde(default)]
    pub merged_by: Option<UserRef>,
    /// When it was closed.
    #[serde(default)]
    pub closed_at: Option<Timestamp>,
    /// Who closed it.
    #[serde(default)]
    pub closed_by: Option<UserRef>,
    /// The branch it goes to.
    pub target_branch: String,
    /// The branch it comes from, which may be gone.
    pub source_branch: String,
    /// The project it comes from; absent when the fork is gone.
    #[serde(default)]
    pub source_project_id: Option<u64>,
    /// The project it goes to.
    pub target_project_id: u64,
    /// Whether it is a draft.
    #[serde(default)]
    pub draft: bool,
    /// Whether its commits are to be made one.
    #[serde(default)]
    pub squash: bool,
    /// The tip of the source branch.
    #[serde(default)]
    pub sha: Option<String>,
    /// The commit that merged it.
    #[serde(default)]
    pub merge_commit_sha: Option<String>,
    /// The one commit that its commits became.
    #[serde(default)]
    pub squash_commit_sha: Option<String>,
    /// Whether it is merged as soon as its pipeline succeeds.
    #[serde(default)]
    pub merge_when_pipeline_succeeds: bool,
    /// Whether the source branch is to go with the merge.
    #[serde(default)]
    pub should_remove_source_branch: Option<bool>,
    /// Whether its author wants that.
    #[serde(default)]
    pub force_remove_source_branch: Option<bool>,
    /// Whether those who may merge may also push to the fork.
    #[serde(default)]
    pub allow_maintainer_to_push: Option<bool>,
    /// Whether only members may comment.
    #[serde(default)]
    pub discussion_locked: Option<bool>,
    /// Approvals needed (Premium).
    #[serde(default)]
    pub approvals_before_merge: Option<u64>,
    /// Time tracking.
    #[serde(default)]
    pub time_stats: TimeStats,
    /// Comments, those of GitLab itself not counted.
    #[serde(default)]
    pub user_notes_count: u64,
    /// Thumbs up.
    #[serde(default)]
    pub upvotes: u64,
    /// Thumbs down.
    #[serde(default)]
    pub downvotes: u64,
    /// The commits of its latest diff; the single one only.
    #[serde(default)]
    pub diff_refs: Option<DiffRefs>,
}

/// A reviewer with what the list of names leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Reviewer {
    /// The user.
    pub user: UserRef,
    /// `unreviewed`, `reviewed`, `approved`, ….
    #[serde(default)]
    pub state: Option<String>,
    /// When the review was asked for.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
}

/// Which merge requests are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct MergeRequestQuery {
    /// Those that changed at or after this time.
    pub updated_after: Option<Timestamp>,
}

impl Client {
    /// The merge requests of a project, oldest first, so that new ones come last.
    pub fn merge_requests(
        &self,
        project: u64,
        query: MergeRequestQuery,
    ) -> impl Stream<Item = Result<Page<Kept<MergeRequest>>, Error>> + Send + use<> {
        let after = query.updated_after.map(|after| after.to_string());
        let mut pairs = vec![
            ("scope", "all"),
            ("state", "all"),
            ("order_by", "created_at"),
            ("sort", "asc"),
        ];
        if let Some(after) = &after {
            pairs.push(("updated_after", after));
        }
        self.pages(
            &format!("projects/{project}/merge_requests"),
            &pairs,
            Paging::Offset,
        )
    }

    /// One merge request, with everything.
    pub async fn merge_request(
        &self,
        project: u64,
        iid: u64,
    ) -> Result<Option<Kept<MergeRequest>>, Error> {
        self.get_optional(&format!("projects/{project}/merge_requests/{iid}"), &[])
            .await
    }

    /// The reviewers with their state; empty where GitLab has no such route.
    pub async fn reviewers(&self, project: u64, iid: u64) -> Result<Vec<Reviewer>, Error> {
        let path = format!("projects/{project}/merge_requests/{iid}/reviewers");
        Ok(self.get_optional(&path, &[]).await?.unwrap_or_default())
    }
}
