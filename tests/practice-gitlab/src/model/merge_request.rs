//! Merge requests, their diff versions, approvals and reviewers.

use jiff::Timestamp;

use super::Issuable;

/// Where a merge request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeRequestState {
    /// Open.
    Opened,
    /// Closed without merging.
    Closed,
    /// Merged.
    Merged,
    /// Being merged.
    Locked,
}

impl MergeRequestState {
    /// The word REST and exports use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Closed => "closed",
            Self::Merged => "merged",
            Self::Locked => "locked",
        }
    }

    /// Reads the word exports use.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "opened" => Some(Self::Opened),
            "closed" => Some(Self::Closed),
            "merged" => Some(Self::Merged),
            "locked" => Some(Self::Locked),
            _ => None,
        }
    }
}

/// A commit as a diff version remembers it.
#[derive(Debug, Clone)]
pub struct DiffCommit {
    /// The commit's name.
    pub sha: String,
    /// The whole message.
    pub message: String,
    /// When it was written.
    pub authored_date: Timestamp,
    /// When it was committed.
    pub committed_date: Timestamp,
    /// Author's name and address.
    pub author: (String, String),
    /// Committer's name and address.
    pub committer: (String, String),
    /// Parents, where known.
    pub parents: Vec<String>,
}

/// A file's change as a diff version remembers it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "they are GitLab's columns")]
pub struct DiffFile {
    /// Path before.
    pub old_path: String,
    /// Path after.
    pub new_path: String,
    /// Octal mode before, `0` when there was no file.
    pub a_mode: String,
    /// Octal mode after, `0` when there is no file.
    pub b_mode: String,
    /// The file is new.
    pub new_file: bool,
    /// The file was renamed.
    pub renamed_file: bool,
    /// The file is gone.
    pub deleted_file: bool,
    /// The diff was not kept.
    pub too_large: bool,
    /// The file is no text.
    pub binary: bool,
    /// Hunks, without the header lines.
    pub diff: String,
}

/// One version of a merge request's diff.
#[derive(Debug, Clone)]
pub struct DiffVersion {
    /// Number, unique in the instance.
    pub id: u64,
    /// Where source and target parted.
    pub base_sha: String,
    /// The target branch's tip.
    pub start_sha: String,
    /// The source branch's tip.
    pub head_sha: String,
    /// When it was taken.
    pub created_at: Timestamp,
    /// `collected`, `empty`, `without_files`, …
    pub state: String,
    /// Commits, newest first.
    pub commits: Vec<DiffCommit>,
    /// Files, by path.
    pub files: Vec<DiffFile>,
}

/// An approval.
#[derive(Debug, Clone)]
pub struct Approval {
    /// By whom.
    pub user_id: u64,
    /// When.
    pub created_at: Timestamp,
}

/// Somebody asked to review.
#[derive(Debug, Clone)]
pub struct Reviewer {
    /// Who.
    pub user_id: u64,
    /// `unreviewed`, `reviewed`, `approved`, …
    pub state: String,
    /// Since when.
    pub created_at: Timestamp,
}

/// A merge request.
#[derive(Debug, Clone)]
pub struct MergeRequest {
    /// What it shares with issues.
    pub shared: Issuable,
    /// Where it stands.
    pub state: MergeRequestState,
    /// The branch with the changes.
    pub source_branch: String,
    /// The project of that branch; a fork, or gone.
    pub source_project_id: Option<u64>,
    /// The branch they are for.
    pub target_branch: String,
    /// Who is asked to review.
    pub reviewers: Vec<Reviewer>,
    /// Who approved.
    pub approvals: Vec<Approval>,
    /// When it was merged.
    pub merged_at: Option<Timestamp>,
    /// By whom.
    pub merged_by: Option<u64>,
    /// The commit that merged it.
    pub merge_commit_sha: Option<String>,
    /// The commit that squashed it.
    pub squash_commit_sha: Option<String>,
    /// Whether commits are to be squashed.
    pub squash: bool,
    /// Whether the source branch goes with the merge.
    pub remove_source_branch: bool,
    /// Whether members of the target project may push to the fork's branch.
    pub allow_collaboration: bool,
    /// `can_be_merged`, `cannot_be_merged`, `unchecked`, …
    pub merge_status: String,
    /// Versions of the diff, oldest first.
    pub versions: Vec<DiffVersion>,
    /// Numbers of the issues that merging closes.
    pub closes: Vec<u64>,
}

impl MergeRequest {
    /// A new open merge request around `shared`.
    pub fn new(
        shared: Issuable,
        source_branch: String,
        source_project_id: Option<u64>,
        target_branch: String,
    ) -> Self {
        let text = shared.description.as_deref().unwrap_or_default();
        let closes = crate::merge_requests::closing_numbers(text);
        Self {
            shared,
            state: MergeRequestState::Opened,
            source_branch,
            source_project_id,
            target_branch,
            reviewers: Vec::new(),
            approvals: Vec::new(),
            merged_at: None,
            merged_by: None,
            merge_commit_sha: None,
            squash_commit_sha: None,
            squash: false,
            remove_source_branch: false,
            allow_collaboration: false,
            merge_status: "unchecked".into(),
            versions: Vec::new(),
            closes,
        }
    }

    /// Whether the title marks it as a draft.
    pub fn draft(&self) -> bool {
        is_draft(&self.shared.title)
    }

    /// The latest version of the diff.
    pub fn latest(&self) -> Option<&DiffVersion> {
        self.versions.last()
    }

    /// The source branch's tip as last seen.
    pub fn head_sha(&self) -> Option<&str> {
        self.latest().map(|version| version.head_sha.as_str())
    }
}

/// Whether a title marks a draft (`MergeRequest::DRAFT_REGEX`).
pub fn is_draft(title: &str) -> bool {
    let title = title.trim_start().to_ascii_lowercase();
    title == "draft"
        || ["draft:", "[draft]", "(draft)"]
            .iter()
            .any(|mark| title.starts_with(mark))
}
