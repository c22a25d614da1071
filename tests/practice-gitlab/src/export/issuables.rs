//! Documents of issues and merge requests.

use serde_json::{Value, json};

use super::{Source, extend};
use crate::clock::stamp;
use crate::model::merge_request::{DiffCommit, DiffFile, DiffVersion};
use crate::model::{IssuableKind, Issue, MergeRequest};
use crate::present::{date, time};

/// Commit of a diff in the form with nested people.
fn commit(commit: &DiffCommit, order: usize) -> Value {
    json!({
        "authored_date": stamp(commit.authored_date),
        "committed_date": stamp(commit.committed_date),
        "relative_order": order,
        "sha": commit.sha,
        "message": commit.message,
        "trailers": {},
        "commit_author": { "name": commit.author.0, "email": commit.author.1 },
        "committer": { "name": commit.committer.0, "email": commit.committer.1 },
    })
}

fn file(file: &DiffFile, order: usize) -> Value {
    json!({
        "relative_order": order,
        "new_file": file.new_file,
        "renamed_file": file.renamed_file,
        "deleted_file": file.deleted_file,
        "too_large": file.too_large,
        "a_mode": file.a_mode,
        "b_mode": file.b_mode,
        "new_path": file.new_path,
        "old_path": file.old_path,
        "binary": file.binary,
        "encoded_file_path": false,
        "utf8_diff": file.diff,
    })
}

fn version(version: &DiffVersion) -> Value {
    let commits = version
        .commits
        .iter()
        .enumerate()
        .map(|(at, one)| commit(one, at));
    let files = version
        .files
        .iter()
        .enumerate()
        .map(|(at, one)| file(one, at));
    json!({
        "state": version.state,
        "created_at": stamp(version.created_at),
        "updated_at": stamp(version.created_at),
        "base_commit_sha": version.base_sha,
        "real_size": version.files.len().to_string(),
        "head_commit_sha": version.head_sha,
        "start_commit_sha": version.start_sha,
        "commits_count": version.commits.len(),
        "files_count": version.files.len(),
        "sorted": true,
        "diff_type": "regular",
        "merge_request_diff_commits": commits.collect::<Vec<_>>(),
        "merge_request_diff_files": files.collect::<Vec<_>>(),
    })
}

impl Source<'_> {
    /// One line of `issues.ndjson`.
    pub fn issue(&self, issue: &Issue) -> Value {
        let shared = &issue.shared;
        let mut document = self.shared(shared, IssuableKind::Issue);
        let assignees = shared
            .assignees
            .iter()
            .map(|user| json!({ "user_id": user }));
        extend(
            &mut document,
            json!({
                "project_id": self.project.id,
                "state": issue.state_word(),
                "confidential": issue.confidential,
                "closed_at": time(shared.closed_at),
                "closed_by_id": shared.closed_by,
                "due_date": date(issue.due_date),
                "weight": issue.weight,
                "health_status": issue.health_status,
                "external_key": null,
                "relative_position": issue.relative_position,
                "work_item_type": { "base_type": issue.kind },
                "issue_assignees": assignees.collect::<Vec<_>>(),
            }),
        );
        for name in ["designs", "design_versions", "zoom_meetings"] {
            if document.get(name).is_none() {
                document[name] = json!([]);
            }
        }
        document
    }

    /// The metrics of a merge request; what this server does not measure is null.
    fn metrics(&self, request: &MergeRequest) -> Value {
        let shared = &request.shared;
        let mut metrics = json!({
            "created_at": stamp(shared.created_at),
            "updated_at": stamp(shared.updated_at),
            "merged_by_id": request.merged_by,
            "merged_at": time(request.merged_at),
            "latest_closed_by_id": shared.closed_by,
            "latest_closed_at": time(shared.closed_at),
            "target_project_id": self.project.id,
        });
        for name in [
            "latest_build_started_at",
            "latest_build_finished_at",
            "first_deployed_to_production_at",
            "first_comment_at",
            "first_commit_at",
            "last_commit_at",
            "diff_size",
            "modified_paths_size",
            "commits_count",
            "first_approved_at",
            "first_reassigned_at",
            "added_lines",
            "removed_lines",
        ] {
            metrics[name] = Value::Null;
        }
        metrics
    }

    /// One line of `merge_requests.ndjson`, with the latest diff only.
    pub fn merge_request(&self, request: &MergeRequest) -> Value {
        let shared = &request.shared;
        let mut document = self.shared(shared, IssuableKind::MergeRequest);
        let assignees = shared
            .assignees
            .iter()
            .map(|user| json!({ "user_id": user, "created_at": stamp(shared.created_at) }));
        let reviewers = request.reviewers.iter().map(|reviewer| {
            json!({
                "user_id": reviewer.user_id,
                "created_at": stamp(reviewer.created_at),
                "state": reviewer.state,
            })
        });
        let approvals = request.approvals.iter().map(|approval| {
            json!({
                "user_id": approval.user_id,
                "created_at": stamp(approval.created_at),
                "updated_at": stamp(approval.created_at),
            })
        });
        let latest = request.latest();
        let remove = if request.remove_source_branch {
            "1"
        } else {
            "0"
        };
        extend(
            &mut document,
            json!({
                "target_branch": request.target_branch,
                "source_branch": request.source_branch,
                "source_project_id": request.source_project_id,
                "target_project_id": self.project.id,
                "state": request.state.word(),
                "merge_status": request.merge_status,
                "merge_error": null,
                "merge_params": { "force_remove_source_branch": remove },
                "merge_user_id": request.merged_by,
                "merge_commit_sha": request.merge_commit_sha,
                "squash_commit_sha": request.squash_commit_sha,
                "in_progress_merge_commit_sha": null,
                "rebase_commit_sha": null,
                "merge_ref_sha": null,
                "approvals_before_merge": null,
                "squash": request.squash,
                "allow_maintainer_to_push": request.allow_collaboration,
                "draft": request.draft(),
                "diff_head_sha": latest.map(|version| version.head_sha.clone()),
                "source_branch_sha": latest.map(|version| version.head_sha.clone()),
                "target_branch_sha": latest.map(|version| version.start_sha.clone()),
                "merge_request_assignees": assignees.collect::<Vec<_>>(),
                "merge_request_reviewers": reviewers.collect::<Vec<_>>(),
                "approvals": approvals.collect::<Vec<_>>(),
                "merge_request_diff": latest.map(version),
                "metrics": self.metrics(request),
            }),
        );
        document
    }
}
