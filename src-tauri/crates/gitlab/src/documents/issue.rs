//! Issues with everything that hangs on them.
use serde_json::{Value, json};

use super::events::Events;
use super::labels::Labels;
use super::milestone;
use super::normalise::normalise;
use super::note::{Notes, awards};
use super::value::{maybe_time, object, time, user_id};
use crate::rest::{AwardEmoji, Issuable, IssuableKind, Issue, TimeStats, UserRef};

/// What REST tells about one issue.
#[derive(Debug, Clone, Copy)]
pub struct IssueParts<'a> {
    /// The issue itself.
    pub issue: &'a Issue,
    /// Its discussions, with the awards of their notes.
    pub notes: Notes<'a>,
    /// Its own awards.
    pub awards: &'a [AwardEmoji],
    /// What happened to it.
    pub events: Events<'a>,
}

/// The document of an issue (relation `issues`).
pub fn issue(parts: IssueParts<'_>, labels: &Labels) -> Value {
    let issue = parts.issue;
    let of = Issuable::issue(issue.project_id, issue.iid);
    let kind = issue.issue_type.as_deref().unwrap_or("issue");
    let mut document = object([
        ("iid", issue.iid.into()),
        ("project_id", issue.project_id.into()),
        ("title", issue.title.clone().into()),
        ("description", issue.description.clone().into()),
        ("state", issue.state.clone().into()),
        ("author_id", user_id(issue.author.as_ref())),
        ("created_at", time(issue.created_at).into()),
        ("updated_at", time(issue.updated_at).into()),
        ("closed_at", maybe_time(issue.closed_at)),
        ("closed_by_id", user_id(issue.closed_by.as_ref())),
        (
            "due_date",
            issue.due_date.map(|date| date.to_string()).into(),
        ),
        ("confidential", issue.confidential.into()),
        ("discussion_locked", issue.discussion_locked.into()),
        ("weight", issue.weight.into()),
        ("health_status", issue.health_status.clone().into()),
        ("time_estimate", issue.time_stats.time_estimate.into()),
        (
            "external_author",
            issue.service_desk_reply_to.clone().into(),
        ),
        ("work_item_type", json!({ "base_type": kind })),
        (
            "label_links",
            labels.links(&issue.labels, IssuableKind::Issue),
        ),
        (
            "milestone",
            issue
                .milestone
                .as_ref()
                .map_or(Value::Null, milestone::part),
        ),
        ("issue_assignees", assignees(&issue.assignees)),
        (
            "award_emoji",
            awards(parts.awards, IssuableKind::Issue.as_str()),
        ),
        ("notes", parts.notes.documents(of, &[])),
        ("resource_label_events", parts.events.labels(labels)),
        ("resource_milestone_events", parts.events.milestones()),
        ("resource_state_events", parts.events.states()),
    ]);
    let spent = time_spent(
        issue.time_stats,
        issue.project_id,
        issue.author.as_ref(),
        &time(issue.updated_at),
    );
    document.insert("timelogs".into(), spent);
    normalise("issues", Value::Object(document))
}

/// Assignees, in both kinds of things that have some.
pub(super) fn assignees(users: &[UserRef]) -> Value {
    users
        .iter()
        .map(|user| json!({ "user_id": user.id }))
        .collect()
}

/// The time spent as one entry. REST gives the sum alone; who spent when is lost
/// with it, and the summary says so.
pub(super) fn time_spent(
    stats: TimeStats,
    project: u64,
    author: Option<&UserRef>,
    at: &str,
) -> Value {
    if stats.total_time_spent == 0 {
        return Value::Array(Vec::new());
    }
    json!([{
        "time_spent": stats.total_time_spent,
        "user_id": user_id(author),
        "project_id": project,
        "spent_at": at,
        "created_at": at,
        "updated_at": at,
        "summary": "The sum of all entries; the single ones could not be read",
    }])
}
