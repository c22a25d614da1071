//! Versions of a merge request's diff, with commits and files.
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::client::Client;
use crate::error::Error;
use crate::paging::Paging;

/// A version of the diff; each push makes one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Version {
    /// GitLab's number.
    pub id: u64,
    /// The tip of the source branch.
    #[serde(default)]
    pub head_commit_sha: Option<String>,
    /// Where the branches parted.
    #[serde(default)]
    pub base_commit_sha: Option<String>,
    /// The tip of the target branch.
    #[serde(default)]
    pub start_commit_sha: Option<String>,
    /// When it was made.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// `collected`, `empty`, `overflow`, ….
    #[serde(default)]
    pub state: Option<String>,
    /// The number of files as text; `100+` when not all are kept.
    #[serde(default)]
    pub real_size: Option<String>,
}

/// A commit as GitLab tells it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Commit {
    /// The SHA.
    pub id: String,
    /// The message.
    #[serde(default)]
    pub message: Option<String>,
    /// The first line, where there is no message.
    #[serde(default)]
    pub title: Option<String>,
    /// Who wrote it.
    #[serde(default)]
    pub author_name: Option<String>,
    /// The writer's e-mail address.
    #[serde(default)]
    pub author_email: Option<String>,
    /// When it was written.
    #[serde(default)]
    pub authored_date: Option<Timestamp>,
    /// Who committed it.
    #[serde(default)]
    pub committer_name: Option<String>,
    /// The committer's e-mail address.
    #[serde(default)]
    pub committer_email: Option<String>,
    /// When it was committed.
    #[serde(default)]
    pub committed_date: Option<Timestamp>,
    /// Lines like `Signed-off-by: …`.
    #[serde(default)]
    pub trailers: BTreeMap<String, String>,
}

/// A changed file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DiffFile {
    /// Its path before.
    pub old_path: String,
    /// Its path after.
    pub new_path: String,
    /// Its mode before; `0` when it is new.
    #[serde(default)]
    pub a_mode: Option<String>,
    /// Its mode after; `0` when it is gone.
    #[serde(default)]
    pub b_mode: Option<String>,
    /// Whether it is new.
    #[serde(default)]
    pub new_file: bool,
    /// Whether it was renamed.
    #[serde(default)]
    pub renamed_file: bool,
    /// Whether it is gone.
    #[serde(default)]
    pub deleted_file: bool,
    /// Whether it is too large to be shown; the diff is empty then.
    #[serde(default)]
    pub too_large: Option<bool>,
    /// The hunks, without the lines that name the files.
    #[serde(default)]
    pub diff: Option<String>,
}

/// A version with all that it holds. Large: it is read whole into memory.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VersionDetail {
    /// What lists tell as well.
    #[serde(flatten)]
    pub version: Version,
    /// The commits, newest first.
    #[serde(default)]
    pub commits: Vec<Commit>,
    /// The changed files.
    #[serde(default)]
    pub diffs: Vec<DiffFile>,
}

impl Client {
    /// The versions of a merge request's diff, newest first.
    pub async fn diff_versions(&self, project: u64, iid: u64) -> Result<Vec<Version>, Error> {
        let path = format!("projects/{project}/merge_requests/{iid}/versions");
        self.all(&path, &[], Paging::Offset).await
    }

    /// One version with commits and files.
    pub async fn diff_version(
        &self,
        project: u64,
        iid: u64,
        version: u64,
    ) -> Result<Option<VersionDetail>, Error> {
        let path = format!("projects/{project}/merge_requests/{iid}/versions/{version}");
        self.get_optional(&path, &[]).await
    }
}
