//! Merge requests (facts of `merge_request_parser.rb`): those of forks get their
//! branches here; a diff that is not valid is taken anew from git; a file of a
//! diff without its text fails the whole document.

use std::path::Path;

use git2::Oid;
use jiff::Timestamp;
use serde_json::Value;

use super::failure::Unfit;
use super::fields::{Document, filled, number, object, objects, text, time, truth};
use super::{Import, ImportError, tree};
use crate::git::{GitError, repository};
use crate::model::merge_request::{
    Approval, DiffCommit, DiffFile, DiffVersion, MergeRequestState, Reviewer,
};
use crate::model::project::Repository;
use crate::model::world::next;
use crate::model::{IssuableKind, MergeRequest, World};

impl Import<'_> {
    /// All lines of `merge_requests.ndjson`; with `skip_known`, numbers that are
    /// there already are left alone.
    pub fn merge_requests(&self, folder: &Path, skip_known: bool) -> Result<(), ImportError> {
        let stored = self.project(&self.server.read())?.repository == Repository::Stored;
        let opened = stored
            .then(|| repository::open(self.server, self.project))
            .transpose()?;
        let mut anew = Vec::new();
        tree::restore_relation(self, folder, "merge_requests", |world, document| {
            let known =
                number(document, "iid").is_some_and(|iid| self.has_merge_request(world, iid));
            if known && skip_known {
                return Ok(());
            }
            if known {
                return Err(Unfit::Taken {
                    index: "index_merge_requests_on_target_project_id_and_iid",
                });
            }
            let iid = self.merge_request(world, document, opened.as_ref())?;
            if self.lacks_diff(world, iid) {
                anew.push(iid);
            }
            Ok(())
        })?;
        for iid in anew {
            crate::merge_requests::renew(self.server, self.project, iid, self.server.clock.now())?;
        }
        Ok(())
    }

    fn has_merge_request(&self, world: &World, iid: u64) -> bool {
        world
            .projects
            .get(&self.project)
            .is_some_and(|project| project.merge_requests.contains_key(&iid))
    }

    fn lacks_diff(&self, world: &World, iid: u64) -> bool {
        let project = world.projects.get(&self.project);
        project
            .and_then(|project| project.merge_requests.get(&iid))
            .is_some_and(|request| request.versions.is_empty())
    }

    fn merge_request(
        &self,
        world: &mut World,
        document: &Document,
        opened: Option<&git2::Repository>,
    ) -> Result<u64, Unfit> {
        let blank = |what: &str| Unfit::invalid(&format!("{what} can't be blank"));
        let source_branch =
            filled(document, "source_branch").ok_or_else(|| blank("Source branch"))?;
        let target_branch =
            filled(document, "target_branch").ok_or_else(|| blank("Target branch"))?;
        let state = match text(document, "state") {
            None => MergeRequestState::Opened,
            Some(state) => {
                MergeRequestState::from_word(&state).ok_or(Unfit::NotNull { column: "state_id" })?
            }
        };
        let mut shared = self.shared(world, document, IssuableKind::MergeRequest)?;
        let version = self.version(world, document)?;
        let target = number(document, "target_project_id");
        let own = target.is_some() && number(document, "source_project_id") == target;
        let head = text(document, "diff_head_sha");
        let source_project_id = (own || head.is_some()).then_some(self.project);
        if !own && let (Some(opened), Some(head)) = (opened, &head) {
            // Failures are let go: the merge request itself is worth having.
            let base = text(document, "target_branch_sha").unwrap_or_default();
            for (branch, sha) in [(&source_branch, head), (&target_branch, &base)] {
                if let Err(error) = create_branch(opened, branch, sha) {
                    tracing::info!(%error, branch, "a fork's branch could not be made");
                }
            }
        }
        let metrics = object(document, "metrics");
        shared.closed_at = metrics.and_then(|metrics| time(metrics, "latest_closed_at"));
        shared.closed_by =
            metrics.and_then(|metrics| self.people.referred(metrics, "latest_closed_by_id"));
        let Some(project) = world.projects.get_mut(&self.project) else {
            return Ok(0);
        };
        if shared.iid == 0 {
            shared.iid = project.last_merge_request_iid + 1;
        }
        let iid = shared.iid;
        project.last_merge_request_iid = project.last_merge_request_iid.max(iid);
        let mut request =
            MergeRequest::new(shared, source_branch, source_project_id, target_branch);
        request.state = state;
        request.reviewers = self.reviewers(document);
        request.approvals = self.approvals(document);
        request.merged_at = metrics.and_then(|metrics| time(metrics, "merged_at"));
        request.merged_by = metrics
            .and_then(|metrics| self.people.referred(metrics, "merged_by_id"))
            .or_else(|| self.people.referred(document, "merge_user_id"))
            .filter(|_| state == MergeRequestState::Merged);
        request.merge_commit_sha = text(document, "merge_commit_sha");
        request.squash_commit_sha = text(document, "squash_commit_sha");
        request.squash = truth(document, "squash").unwrap_or(false);
        request.remove_source_branch = object(document, "merge_params")
            .and_then(|params| truth(params, "force_remove_source_branch"))
            .unwrap_or(false);
        request.allow_collaboration = truth(document, "allow_maintainer_to_push").unwrap_or(false);
        request.merge_status = text(document, "merge_status").unwrap_or_else(|| "unchecked".into());
        request.versions.extend(version);
        project.merge_requests.insert(iid, request);
        Ok(iid)
    }

    fn reviewers(&self, document: &Document) -> Vec<Reviewer> {
        let now = self.server.clock.now();
        let mut reviewers: Vec<Reviewer> = Vec::new();
        for entry in objects(document, "merge_request_reviewers") {
            let Some(user_id) = self.people.referred(entry, "user_id") else {
                continue;
            };
            if reviewers.iter().all(|known| known.user_id != user_id) {
                reviewers.push(Reviewer {
                    user_id,
                    state: text(entry, "state").unwrap_or_else(|| "unreviewed".into()),
                    created_at: time(entry, "created_at").unwrap_or(now),
                });
            }
        }
        reviewers
    }

    fn approvals(&self, document: &Document) -> Vec<Approval> {
        let now = self.server.clock.now();
        let mut approvals: Vec<Approval> = Vec::new();
        for entry in objects(document, "approvals") {
            let Some(user_id) = self.people.referred(entry, "user_id") else {
                continue;
            };
            if approvals.iter().all(|known| known.user_id != user_id) {
                let created_at = time(entry, "created_at").unwrap_or(now);
                approvals.push(Approval {
                    user_id,
                    created_at,
                });
            }
        }
        approvals
    }

    /// The diff, when the document has a valid one.
    fn version(
        &self,
        world: &mut World,
        document: &Document,
    ) -> Result<Option<DiffVersion>, Unfit> {
        let Some(diff) = object(document, "merge_request_diff") else {
            return Ok(None);
        };
        let files: Vec<DiffFile> = objects(diff, "merge_request_diff_files")
            .map(file)
            .collect::<Result<_, _>>()?;
        let sha = |name: &str| {
            text(diff, name)
                .filter(|sha| sha.len() >= 40 && sha.chars().all(|digit| digit.is_ascii_hexdigit()))
        };
        let (Some(base_sha), Some(start_sha), Some(head_sha)) = (
            sha("base_commit_sha"),
            sha("start_commit_sha"),
            sha("head_commit_sha"),
        ) else {
            return Ok(None);
        };
        let now = self.server.clock.now();
        Ok(Some(DiffVersion {
            id: next(&mut world.numbers.diff),
            base_sha,
            start_sha,
            head_sha,
            created_at: time(diff, "created_at").unwrap_or(now),
            state: text(diff, "state").unwrap_or_else(|| "collected".into()),
            commits: objects(diff, "merge_request_diff_commits")
                .map(|one| commit(one, now))
                .collect(),
            files,
        }))
    }
}

/// A file of a diff; its text must be a string.
fn file(document: &Document) -> Result<DiffFile, Unfit> {
    let diff = document
        .get("diff_export")
        .filter(|diff| !diff.is_null())
        .or_else(|| document.get("utf8_diff"))
        .and_then(Value::as_str)
        .ok_or(Unfit::Nil { method: "delete" })?;
    Ok(DiffFile {
        old_path: text(document, "old_path").unwrap_or_default(),
        new_path: text(document, "new_path").unwrap_or_default(),
        a_mode: text(document, "a_mode").unwrap_or_default(),
        b_mode: text(document, "b_mode").unwrap_or_default(),
        new_file: truth(document, "new_file").unwrap_or(false),
        renamed_file: truth(document, "renamed_file").unwrap_or(false),
        deleted_file: truth(document, "deleted_file").unwrap_or(false),
        too_large: truth(document, "too_large").unwrap_or(false),
        binary: truth(document, "binary").unwrap_or(false),
        diff: diff.replace('\0', ""),
    })
}

/// A commit of a diff, in any of the three forms exports have had.
fn commit(document: &Document, now: Timestamp) -> DiffCommit {
    let metadata = object(document, "merge_request_commits_metadata").unwrap_or(document);
    let person = |nested: &str, name: &str, email: &str| {
        let one = object(metadata, nested).or_else(|| object(document, nested));
        match one {
            Some(one) => (
                text(one, "name").unwrap_or_default(),
                text(one, "email").unwrap_or_default(),
            ),
            None => (
                text(document, name).unwrap_or_default(),
                text(document, email).unwrap_or_default(),
            ),
        }
    };
    let either = |name: &str| {
        text(metadata, name)
            .or_else(|| text(document, name))
            .unwrap_or_default()
    };
    let moment = |name: &str| {
        time(metadata, name)
            .or_else(|| time(document, name))
            .unwrap_or(now)
    };
    DiffCommit {
        sha: either("sha"),
        message: either("message"),
        authored_date: moment("authored_date"),
        committed_date: moment("committed_date"),
        author: person("commit_author", "author_name", "author_email"),
        committer: person("committer", "committer_name", "committer_email"),
        parents: Vec::new(),
    }
}

/// Makes a branch, unless there is one of that name.
fn create_branch(opened: &git2::Repository, branch: &str, sha: &str) -> Result<(), GitError> {
    if repository::branch_tip(opened, branch)?.is_some() {
        return Ok(());
    }
    let commit = opened.find_commit(Oid::from_str(sha)?)?;
    opened.reference(&format!("refs/heads/{branch}"), commit.id(), false, "")?;
    Ok(())
}
