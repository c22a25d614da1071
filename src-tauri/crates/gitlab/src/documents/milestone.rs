//! Milestones, by themselves and inside issues and merge requests.
use serde_json::Value;

use super::normalise::normalise;
use super::value::{maybe_time, object};
use crate::rest::Milestone;

/// The document of a milestone, of the relation `milestones` or inside another.
pub fn milestone(milestone: &Milestone) -> Value {
    normalise("milestones", part(milestone))
}

/// The milestone as a part that is going to be normalised with the whole.
pub(super) fn part(milestone: &Milestone) -> Value {
    let date = |date: Option<jiff::civil::Date>| Value::from(date.map(|date| date.to_string()));
    Value::Object(object([
        ("iid", milestone.iid.into()),
        ("title", milestone.title.clone().into()),
        ("project_id", milestone.project_id.into()),
        ("group_id", milestone.group_id.into()),
        ("description", milestone.description.clone().into()),
        ("due_date", date(milestone.due_date)),
        ("start_date", date(milestone.start_date)),
        ("created_at", maybe_time(milestone.created_at)),
        ("updated_at", maybe_time(milestone.updated_at)),
        ("state", milestone.state.clone().into()),
    ]))
}
