//! Merge requests with everything that hangs on them.
use serde_json::{Map, Value, json};

use super::diff;
use super::events::Events;
use super::issue::{assignees, time_spent};
use super::labels::Labels;
use super::milestone;
use super::normalise::normalise;
use super::note::{Notes, awards};
use super::value::{maybe_time, object, time, user_id};
use crate::rest::{
    Approvals, AwardEmoji, Issuable, IssuableKind, MergeRequest, Reviewer, VersionDetail,
};

/// What REST tells about one merge request.
#[derive(Debug, Clone, Copy)]
pub struct MergeRequestParts<'a> {
    /// The merge request itself, as the single one (lists leave out the diff's
    /// commits).
    pub merge_request: &'a MergeRequest,
    /// The latest version of its diff. Without it the importer makes the diff
    /// from the repository, as far as the commits are there.
    pub version: Option<&'a VersionDetail>,
    /// Its discussions, with the awards of their notes.
    pub notes: Notes<'a>,
    /// Its own awards.
    pub awards: &'a [AwardEmoji],
    /// What happened to it.
    pub events: Events<'a>,
    /// Its approvals.
    pub approvals: Option<&'a Approvals>,
    /// Its reviewers with their state, where GitLab tells it.
    pub reviewers: &'a [Reviewer],
}

/// The document of a merge request (relation `merge_requests`).
pub fn merge_request(parts: MergeRequestParts<'_>, labels: &Labels) -> Value {
    let request = parts.merge_request;
    let of = Issuable::merge_request(labels.project(), request.iid);
    let files = parts.version.map_or(&[][..], |version| &version.diffs);
    let mut document = attributes(&parts);
    document.extend(object([
        (
            "label_links",
            labels.links(&request.labels, IssuableKind::MergeRequest),
        ),
        (
            "milestone",
            request
                .milestone
                .as_ref()
                .map_or(Value::Null, milestone::part),
        ),
        ("merge_request_assignees", assignees(&request.assignees)),
        ("merge_request_reviewers", reviewers(&parts)),
        (
            "award_emoji",
            awards(parts.awards, IssuableKind::MergeRequest.as_str()),
        ),
        ("notes", parts.notes.documents(of, files)),
        ("resource_label_events", parts.events.labels(labels)),
        ("resource_milestone_events", parts.events.milestones()),
        ("resource_state_events", parts.events.states()),
        ("approvals", approvals(parts.approvals)),
        ("metrics", metrics(request)),
        (
            "merge_request_diff",
            parts.version.map_or(Value::Null, diff::document),
        ),
        (
            "timelogs",
            time_spent(
                request.time_stats,
                request.target_project_id,
                request.author.as_ref(),
                &time(request.updated_at),
            ),
        ),
    ]));
    normalise("merge_requests", Value::Object(document))
}

fn attributes(parts: &MergeRequestParts<'_>) -> Map<String, Value> {
    let request = parts.merge_request;
    let refs = request.diff_refs.as_ref();
    // Auto-merge's user while it waits; once merged, the merger is in `metrics`.
    let waiting = request.merge_when_pipeline_succeeds && request.state == "opened";
    let merge_user = request.merge_user.as_ref().filter(|_| waiting);
    let mut attributes = object([
        ("iid", request.iid.into()),
        ("title", request.title.clone().into()),
        ("description", request.description.clone().into()),
        ("state", request.state.clone().into()),
        ("author_id", user_id(request.author.as_ref())),
        ("created_at", time(request.created_at).into()),
        ("updated_at", time(request.updated_at).into()),
        ("target_branch", request.target_branch.clone().into()),
        ("source_branch", request.source_branch.clone().into()),
        ("source_project_id", request.source_project_id.into()),
        ("target_project_id", request.target_project_id.into()),
        ("draft", request.draft.into()),
        ("squash", request.squash.into()),
        ("merge_commit_sha", request.merge_commit_sha.clone().into()),
        (
            "squash_commit_sha",
            request.squash_commit_sha.clone().into(),
        ),
        ("merge_user_id", user_id(merge_user)),
        (
            "approvals_before_merge",
            request.approvals_before_merge.into(),
        ),
        ("discussion_locked", request.discussion_locked.into()),
        (
            "allow_maintainer_to_push",
            request.allow_maintainer_to_push.into(),
        ),
        ("time_estimate", request.time_stats.time_estimate.into()),
        ("merge_params", merge_params(request)),
    ]);
    // From these the importer makes the branches of a fork that is gone.
    let head = refs
        .and_then(|refs| refs.head_sha.clone())
        .or_else(|| request.sha.clone());
    attributes.insert("diff_head_sha".into(), head.into());
    attributes.insert(
        "target_branch_sha".into(),
        refs.and_then(|refs| refs.start_sha.clone()).into(),
    );
    attributes
}

fn merge_params(request: &MergeRequest) -> Value {
    let mut params = Map::new();
    if let Some(force) = request.force_remove_source_branch {
        let force = if force { "1" } else { "0" };
        params.insert("force_remove_source_branch".into(), force.into());
    }
    if let Some(should) = request.should_remove_source_branch {
        params.insert("should_remove_source_branch".into(), should.into());
    }
    Value::Object(params)
}

fn reviewers(parts: &MergeRequestParts<'_>) -> Value {
    let users = &parts.merge_request.reviewers;
    users
        .iter()
        .map(|user| {
            let told = parts.reviewers.iter().find(|reviewer| reviewer.user.id == user.id);
            json!({
                "user_id": user.id,
                "state": told.and_then(|reviewer| reviewer.state.as_deref()).unwrap_or("unreviewed"),
                "created_at": maybe_time(told.and_then(|reviewer| reviewer.created_at)),
            })
        })
        .collect()
}

fn approvals(approvals: Option<&Approvals>) -> Value {
    let Some(approvals) = approvals else {
        return Value::Null;
    };
    approvals
        .approved_by
        .iter()
        .map(|approval| {
            json!({
                "user_id": approval.user.id,
                "created_at": maybe_time(approval.approved_at),
                "updated_at": maybe_time(approval.approved_at),
            })
        })
        .collect()
}

fn metrics(request: &MergeRequest) -> Value {
    let is_merged = request.state == "merged";
    let merger = request.merge_user.as_ref().or(request.merged_by.as_ref());
    json!({
        "target_project_id": request.target_project_id,
        "merged_at": maybe_time(request.merged_at),
        "merged_by_id": user_id(merger.filter(|_| is_merged)),
        "latest_closed_at": maybe_time(request.closed_at),
        "latest_closed_by_id": user_id(request.closed_by.as_ref()),
    })
}
