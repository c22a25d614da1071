//! Merge requests, their commits, diffs, versions and approvals.

use serde_json::{Value, json};

use super::issues::references;
use super::{View, time};
use crate::model::merge_request::{DiffCommit, DiffFile, DiffVersion, MergeRequestState};
use crate::model::{AccessLevel, MergeRequest, Project};

/// `API::Entities::Diff`.
pub fn diff_file(file: &DiffFile) -> Value {
    json!({
        "diff": file.diff,
        "collapsed": false,
        "too_large": file.too_large,
        "new_path": file.new_path,
        "old_path": file.old_path,
        "a_mode": file.a_mode,
        "b_mode": file.b_mode,
        "new_file": file.new_file,
        "renamed_file": file.renamed_file,
        "deleted_file": file.deleted_file,
        "generated_file": false,
    })
}

impl View<'_> {
    /// `API::Entities::Commit`.
    pub fn commit(&self, project: &Project, commit: &DiffCommit) -> Value {
        let title = commit.message.lines().next().unwrap_or_default();
        let short = commit.sha.get(..8).unwrap_or(&commit.sha);
        json!({
            "id": commit.sha,
            "short_id": short,
            "created_at": time(Some(commit.committed_date)),
            "parent_ids": commit.parents,
            "title": title,
            "message": commit.message,
            "author_name": commit.author.0,
            "author_email": commit.author.1,
            "authored_date": time(Some(commit.authored_date)),
            "committer_name": commit.committer.0,
            "committer_email": commit.committer.1,
            "committed_date": time(Some(commit.committed_date)),
            "trailers": {},
            "extended_trailers": {},
            "web_url": self.web(&format!("{}/-/commit/{}", project.full_path, commit.sha)),
        })
    }

    /// `API::Entities::MergeRequestDiff`.
    pub fn diff_version(request: &MergeRequest, version: &DiffVersion) -> Value {
        json!({
            "id": version.id,
            "head_commit_sha": version.head_sha,
            "base_commit_sha": version.base_sha,
            "start_commit_sha": version.start_sha,
            "created_at": time(Some(version.created_at)),
            "merge_request_id": request.shared.id,
            "state": version.state,
            "real_size": version.files.len().to_string(),
            "patch_id_sha": null,
        })
    }

    /// `API::Entities::MergeRequestDiffFull`.
    pub fn diff_version_full(
        &self,
        project: &Project,
        request: &MergeRequest,
        version: &DiffVersion,
    ) -> Value {
        let mut shown = Self::diff_version(request, version);
        let commits = version
            .commits
            .iter()
            .map(|commit| self.commit(project, commit));
        shown["commits"] = commits.collect();
        shown["diffs"] = version.files.iter().map(diff_file).collect();
        shown
    }

    /// `detailed_merge_status`.
    fn merge_status(project: &Project, request: &MergeRequest) -> &'static str {
        if request.state != MergeRequestState::Opened {
            "not_open"
        } else if request.draft() {
            "draft_status"
        } else if request.merge_status == "cannot_be_merged" {
            "conflict"
        } else if request.merge_status == "unchecked" {
            "unchecked"
        } else if project
            .settings
            .only_allow_merge_if_all_discussions_are_resolved
            && !Self::discussions_resolved(request)
        {
            "discussions_not_resolved"
        } else {
            "mergeable"
        }
    }

    fn discussions_resolved(request: &MergeRequest) -> bool {
        request
            .shared
            .notes
            .iter()
            .all(|note| !note.resolvable(true) || note.resolved_at.is_some())
    }

    /// `API::Entities::MergeRequestBasic`, as lists give it.
    pub fn merge_request(
        &self,
        project: &Project,
        request: &MergeRequest,
        label_details: bool,
    ) -> Value {
        let shared = &request.shared;
        let reviewers: Vec<u64> = request
            .reviewers
            .iter()
            .map(|reviewer| reviewer.user_id)
            .collect();
        let merged_by = request.merged_by.map(|user| self.user_basic(user));
        let head = request.head_sha();
        let mut shown = self.issuable(project, shared, label_details);
        let Value::Object(fields) = &mut shown else {
            return shown;
        };
        let more = json!({
            "state": request.state.word(),
            "merged_by": merged_by,
            "merge_user": merged_by,
            "merged_at": time(request.merged_at),
            "target_branch": request.target_branch,
            "source_branch": request.source_branch,
            "reviewers": self.users_basic(&reviewers),
            "source_project_id": request.source_project_id,
            "target_project_id": project.id,
            "draft": request.draft(),
            "work_in_progress": request.draft(),
            "merge_when_pipeline_succeeds": false,
            "merge_status": request.merge_status,
            "detailed_merge_status": Self::merge_status(project, request),
            "merge_after": null,
            "sha": head,
            "merge_commit_sha": request.merge_commit_sha,
            "squash_commit_sha": request.squash_commit_sha,
            "should_remove_source_branch": null,
            "force_remove_source_branch": request.remove_source_branch,
            "prepared_at": time(Some(shared.created_at)),
            "reference": format!("!{}", shared.iid),
            "references": references(project, '!', shared.iid),
            "web_url": self.web(&format!("{}/-/merge_requests/{}", project.full_path, shared.iid)),
            "squash": request.squash,
            "squash_on_merge": request.squash,
            "has_conflicts": request.merge_status == "cannot_be_merged",
            "blocking_discussions_resolved": Self::discussions_resolved(request),
        });
        if let Value::Object(more) = more {
            fields.extend(more);
        }
        if request.source_project_id != Some(project.id) {
            fields.insert(
                "allow_collaboration".into(),
                json!(request.allow_collaboration),
            );
            fields.insert(
                "allow_maintainer_to_push".into(),
                json!(request.allow_collaboration),
            );
        }
        if self.world.instance.enterprise() {
            fields.insert("approvals_before_merge".into(), Value::Null);
        }
        shown
    }

    /// `API::Entities::MergeRequest`, as a single one is given.
    pub fn merge_request_detail(&self, project: &Project, request: &MergeRequest) -> Value {
        let role = self.viewer.role(self.world, project);
        let protected = project
            .protected_branches
            .iter()
            .find(|rule| rule.covers(&request.target_branch));
        let can_merge = protected.map_or(role >= AccessLevel::DEVELOPER, |rule| {
            rule.merge_levels
                .iter()
                .any(|level| *level > 0 && role.0 >= *level)
        });
        let version = request.latest();
        let mut shown = self.merge_request(project, request, false);
        shown["subscribed"] = json!(self.subscribed(&request.shared));
        shown["changes_count"] = json!(version.map(|version| version.files.len().to_string()));
        shown["latest_build_started_at"] = Value::Null;
        shown["latest_build_finished_at"] = Value::Null;
        shown["first_deployed_to_production_at"] = Value::Null;
        shown["pipeline"] = Value::Null;
        shown["head_pipeline"] = Value::Null;
        shown["diff_refs"] = version.map_or(Value::Null, |version| {
            json!({
                "base_sha": version.base_sha,
                "head_sha": version.head_sha,
                "start_sha": version.start_sha,
            })
        });
        shown["merge_error"] = Value::Null;
        shown["first_contribution"] = json!(false);
        shown["user"] = json!({ "can_merge": can_merge });
        shown
    }

    /// `API::Entities::MergeRequestApprovals`; the Enterprise Edition answers with
    /// its `ApprovalState`, whatever the licence.
    pub fn approvals(&self, project: &Project, request: &MergeRequest) -> Value {
        let user = self.viewer.user;
        let has = |user: u64| {
            request
                .approvals
                .iter()
                .any(|approval| approval.user_id == user)
        };
        let approved_by: Vec<Value> = request
            .approvals
            .iter()
            .map(|approval| {
                json!({
                    "user": self.user_basic(approval.user_id),
                    "approved_at": time(Some(approval.created_at)),
                })
            })
            .collect();
        let may = self.viewer.role(self.world, project) >= AccessLevel::DEVELOPER
            && user.is_some_and(|user| !has(user) && user != request.shared.author_id)
            && request.state == MergeRequestState::Opened;
        let mut shown = json!({
            "user_has_approved": user.is_some_and(has),
            "user_can_approve": may,
            "approved": !request.approvals.is_empty(),
            "approved_by": approved_by,
        });
        if self.world.instance.enterprise() {
            let shared = &request.shared;
            let more = json!({
                "id": shared.id,
                "iid": shared.iid,
                "project_id": project.id,
                "title": shared.title,
                "description": shared.description,
                "state": request.state.word(),
                "created_at": time(Some(shared.created_at)),
                "updated_at": time(Some(shared.updated_at)),
                "merge_status": request.merge_status,
                "approvals_required": 0,
                "approvals_left": 0,
                "require_password_to_approve": false,
                "suggested_approvers": [],
                "approvers": [],
                "approver_groups": [],
                "approval_rules_left": [],
                "has_approval_rules": false,
                "merge_request_approvers_available": true,
                "multiple_approval_rules_available": true,
                "invalid_approvers_rules": [],
            });
            if let (Value::Object(shown), Value::Object(more)) = (&mut shown, more) {
                shown.extend(more);
            }
        }
        shown
    }
}
