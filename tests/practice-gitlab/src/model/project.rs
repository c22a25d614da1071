//! Projects: everything of theirs that is no file.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde_json::Value;

use super::settings::{CiCdSettings, Features, ProjectSettings};
use super::transfer::{Export, ImportState, RelationExport, RelationImport};
use super::{Issue, Label, Member, MergeRequest, Milestone, Visibility};

/// Whether a repository exists on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repository {
    /// There is none yet; it is made empty when somebody pushes.
    #[default]
    Absent,
    /// It is made from this number when git first asks for it, always the same.
    Planned(u64),
    /// It is on disk.
    Stored,
}

/// What is known of a stored repository without opening it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RepositoryFacts {
    /// Commits reachable from the default branch.
    pub commits: u64,
    /// Bytes on disk.
    pub bytes: u64,
}

/// A protected branch (or pattern).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectedBranch {
    /// Number, unique in the instance.
    pub id: u64,
    /// Name, `*` stands for any text.
    pub name: String,
    /// Roles that may push: 0 nobody, 30, 40.
    pub push_levels: Vec<u8>,
    /// Roles that may merge.
    pub merge_levels: Vec<u8>,
    /// Whether those who may push may force.
    pub allow_force_push: bool,
    /// Premium: owners of the code must approve.
    pub code_owner_approval_required: bool,
    /// When it was protected.
    pub created_at: Timestamp,
}

impl ProtectedBranch {
    /// Whether `branch` is meant.
    pub fn covers(&self, branch: &str) -> bool {
        wildcard(&self.name, branch)
    }
}

/// A protected tag (or pattern).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectedTag {
    /// Name, `*` stands for any text.
    pub name: String,
    /// Roles that may create it.
    pub create_levels: Vec<u8>,
    /// When it was protected.
    pub created_at: Timestamp,
}

impl ProtectedTag {
    /// Whether `tag` is meant.
    pub fn covers(&self, tag: &str) -> bool {
        wildcard(&self.name, tag)
    }
}

/// Matches `text` against a pattern in which `*` stands for any text.
fn wildcard(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|tail| {
            (0..=tail.len())
                .filter(|at| tail.is_char_boundary(*at))
                .any(|at| wildcard(rest, &tail[at..]))
        }),
    }
}

/// A file attached to text, `/uploads/<secret>/<name>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// 32 hexadecimal digits.
    pub secret: String,
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: u64,
}

/// A project.
#[derive(Debug, Clone)]
pub struct Project {
    /// Number, unique in the instance; never changes.
    pub id: u64,
    /// The namespace it lies in.
    pub namespace_id: u64,
    /// The name shown.
    pub name: String,
    /// The last part of its path.
    pub path: String,
    /// All parts of its path.
    pub full_path: String,
    /// A longer text.
    pub description: Option<String>,
    /// Who may see it.
    pub visibility: Visibility,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its own row changed last.
    pub updated_at: Timestamp,
    /// The last activity, moved at most once an hour.
    pub last_activity_at: Timestamp,
    /// Who made it.
    pub creator_id: u64,
    /// Read only.
    pub archived: bool,
    /// Topics.
    pub topics: Vec<String>,
    /// The branch shown first; `None` in an empty repository.
    pub default_branch: Option<String>,
    /// Settings.
    pub settings: ProjectSettings,
    /// Settings of its pipelines.
    pub ci_cd: CiCdSettings,
    /// Features and for whom.
    pub features: Features,
    /// Direct members by user.
    pub members: BTreeMap<u64, Member>,
    /// Its labels.
    pub labels: Vec<Label>,
    /// Its milestones.
    pub milestones: Vec<Milestone>,
    /// Its issues by number.
    pub issues: BTreeMap<u64, Issue>,
    /// Its merge requests by number.
    pub merge_requests: BTreeMap<u64, MergeRequest>,
    /// The highest issue number ever given away.
    pub last_issue_iid: u64,
    /// The highest merge request number ever given away.
    pub last_merge_request_iid: u64,
    /// Protected branches.
    pub protected_branches: Vec<ProtectedBranch>,
    /// Protected tags.
    pub protected_tags: Vec<ProtectedTag>,
    /// The project it was forked from.
    pub forked_from: Option<u64>,
    /// How many forks it has.
    pub forks: u64,
    /// Its code.
    pub repository: Repository,
    /// Its wiki.
    pub wiki: Repository,
    /// What is known of its code.
    pub facts: RepositoryFacts,
    /// Attached files.
    pub uploads: Vec<Upload>,
    /// LFS objects: digest, and repository types that use them.
    pub lfs_objects: BTreeMap<String, Vec<Value>>,
    /// The import it came from.
    pub import: ImportState,
    /// Exports by the user who asked.
    pub exports: BTreeMap<u64, Export>,
    /// Exported relations by name.
    pub relation_exports: BTreeMap<String, RelationExport>,
    /// Relations imported into it.
    pub relation_imports: Vec<RelationImport>,
    /// Export documents of relations that have no part of the API here; an
    /// import brings them and an export gives them again.
    pub carried: BTreeMap<String, Vec<Value>>,
    /// The day it is going to be removed.
    pub marked_for_deletion_on: Option<Date>,
}

impl Project {
    /// Whether nothing was ever pushed.
    pub fn empty_repository(&self) -> bool {
        self.default_branch.is_none()
    }

    /// Notes activity at `now`: moves the mark at most once an hour
    /// (`EventCreateService` by way of `Project::LAST_ACTIVITY`).
    pub fn touch(&mut self, now: Timestamp) {
        if now.duration_since(self.last_activity_at).as_hours() >= 1 {
            self.last_activity_at = now;
        }
    }

    /// The next free issue number.
    pub fn next_issue_iid(&mut self) -> u64 {
        self.last_issue_iid += 1;
        self.last_issue_iid
    }

    /// The next free merge request number.
    pub fn next_merge_request_iid(&mut self) -> u64 {
        self.last_merge_request_iid += 1;
        self.last_merge_request_iid
    }
}

#[cfg(test)]
mod tests {
    use super::wildcard;

    #[test]
    fn wildcards_match_any_text() {
        assert!(wildcard("release/*", "release/1.0"));
        assert!(wildcard("*-stable", "18-6-stable"));
        assert!(!wildcard("main", "maintenance"));
        assert!(!wildcard("v*-rc", "v1"));
    }
}
