//! One form for a document, whichever way it came.
//!
//! Nothing that the importer could use is lost: attributes that are not known
//! here stay. What goes is what means nothing outside its instance or changes
//! without anybody changing anything, and what says nothing (null, empty lists,
//! switches that are off by default). Documents of old versions get today's form.
use serde_json::{Map, Value, json};

use super::forms::today;
use super::value::time;

/// Attributes that go wherever they are: numbers of rows, caches of rendered
/// text, counters of optimistic locking.
const DROPPED: [&str; 4] = [
    "cached_markdown_version",
    "id",
    "imported_from",
    "lock_version",
];

/// What goes from single parts: what only the web page uses, and states of a
/// merge that GitLab tries now and then.
const DROPPED_OF: [(&str, &[&str]); 11] = [
    ("designs", &["relative_position"]),
    ("design", &["relative_position"]),
    ("events", &["fingerprint"]),
    ("issues", &["external_key", "relative_position"]),
    ("label", &["textColor"]),
    ("labels", &["textColor"]),
    (
        "merge_requests",
        &[
            "in_progress_merge_commit_sha",
            "merge_error",
            "merge_ref_sha",
            "merge_status",
            "merge_when_pipeline_succeeds",
        ],
    ),
    ("commit_notes", &["attachment", "internal", "st_diff"]),
    ("notes", &["attachment", "internal", "st_diff"]),
    ("pipeline_schedules", &["next_run_at"]),
    // Whoever imports says the name; one in the document would win over it.
    ("project", &["name"]),
];

/// Switches that are off by default, so that "off" says nothing.
const OFF: [&str; 8] = [
    "allow_maintainer_to_push",
    "close_after_error_tracking_resolve",
    "close_auto_resolve_prometheus_alert",
    "confidential",
    "discussion_locked",
    "ldap",
    "override",
    "template",
];

/// What orders the entries of a list, by the list's name. Lists that are not
/// here keep their order.
const ORDER: [(&str, &[&str]); 20] = [
    ("actions", &["/design/iid"]),
    ("approvals", &["/user_id"]),
    ("award_emoji", &["/created_at", "/user_id", "/name"]),
    (
        "create_access_levels",
        &["/access_level", "/user_id", "/group_id"],
    ),
    ("design_versions", &["/created_at", "/sha"]),
    ("designs", &["/iid"]),
    ("events", &["/created_at", "/author_id", "/action"]),
    ("issue_assignees", &["/user_id"]),
    ("label_links", &["/label/title"]),
    (
        "merge_access_levels",
        &["/access_level", "/user_id", "/group_id"],
    ),
    ("merge_request_assignees", &["/user_id"]),
    ("merge_request_diff_commits", &["/relative_order"]),
    ("merge_request_diff_files", &["/relative_order"]),
    ("merge_request_reviewers", &["/user_id"]),
    ("notes", &["/created_at", "/discussion_id", "/note"]),
    (
        "push_access_levels",
        &["/access_level", "/user_id", "/group_id"],
    ),
    (
        "resource_label_events",
        &["/created_at", "/label/title", "/action"],
    ),
    (
        "resource_milestone_events",
        &["/created_at", "/milestone/title", "/action"],
    ),
    ("resource_state_events", &["/created_at", "/state"]),
    ("timelogs", &["/spent_at", "/user_id", "/created_at"]),
];

/// Brings a document of `relation` (`issues`, `labels`, …, `project` for
/// `project.json`) into its one form. Keys are sorted. A `null` line, which
/// exports write for a setting that is not there, stays `null`.
pub fn normalise(relation: &str, document: Value) -> Value {
    let mut document = clean(relation, document).unwrap_or_else(|| json!({}));
    document.sort_all_objects();
    document
}

/// The value without what goes; `None` when nothing is left.
fn clean(name: &str, value: Value) -> Option<Value> {
    match value {
        Value::Null if is_whole(name) => Some(Value::Null),
        Value::Null => None,
        Value::Object(attributes) => {
            let attributes = clean_object(name, attributes);
            (!attributes.is_empty()).then_some(Value::Object(attributes))
        }
        Value::Array(entries) => {
            let mut entries: Vec<Value> = entries
                .into_iter()
                .filter_map(|entry| clean(name, entry))
                .collect();
            sort(name, &mut entries);
            (!entries.is_empty()).then_some(Value::Array(entries))
        }
        Value::String(text) => Some(Value::String(text)),
        other => Some(other),
    }
}

/// Whether a relation may be a setting that is not there.
fn is_whole(name: &str) -> bool {
    matches!(
        name,
        "auto_devops"
            | "error_tracking_setting"
            | "service_desk_setting"
            | "push_rule"
            | "user_contributions"
            | "metrics_setting"
            | "security_setting"
            | "container_expiration_policy"
            | "ci_cd_settings"
            | "project_feature"
    )
}

fn clean_object(name: &str, attributes: Map<String, Value>) -> Map<String, Value> {
    let mut attributes = today(name, attributes);
    attributes.retain(|key, value| !is_dropped(name, key, value));
    attributes
        .into_iter()
        .filter_map(|(key, value)| {
            let value = if is_verbatim(&key) {
                keep(value)
            } else {
                clean(&key, value)
            };
            let value = at_time(&key, value?);
            Some((key, value))
        })
        .collect()
}

/// Objects that are somebody's data and not made of attributes.
fn is_verbatim(key: &str) -> bool {
    matches!(key, "findings" | "options" | "trailers" | "yaml_variables")
}

fn keep(value: Value) -> Option<Value> {
    match &value {
        Value::Null => None,
        Value::Object(entries) if entries.is_empty() => None,
        Value::Array(entries) if entries.is_empty() => None,
        _ => Some(value),
    }
}

fn is_dropped(name: &str, key: &str, value: &Value) -> bool {
    // Members and contributors are known by their number.
    if key == "id" && name == "user" {
        return false;
    }
    DROPPED.contains(&key)
        || key.ends_with("_html")
        || DROPPED_OF
            .iter()
            .any(|(part, keys)| *part == name && keys.contains(&key))
        || (OFF.contains(&key) && *value == Value::Bool(false))
        || (key == "time_estimate" && value.as_i64() == Some(0))
        || (key == "public_email" && value.as_str() == Some(""))
}

/// Points in time in one notation.
fn at_time(key: &str, value: Value) -> Value {
    if !(key.ends_with("_at") || key.ends_with("_date")) {
        return value;
    }
    match value
        .as_str()
        .and_then(|text| text.parse::<jiff::Timestamp>().ok())
    {
        Some(timestamp) => Value::String(time(timestamp)),
        None => value,
    }
}

/// Sorts by the fields that order that list; what is the same in all of them,
/// by everything.
fn sort(name: &str, entries: &mut [Value]) {
    let Some((_, fields)) = ORDER.iter().find(|(list, _)| *list == name) else {
        return;
    };
    entries.sort_by_cached_key(|entry| {
        let fields: Vec<(u64, String)> = fields
            .iter()
            .map(|field| match entry.pointer(field) {
                Some(Value::Number(number)) => (number.as_u64().unwrap_or(0), String::new()),
                Some(Value::String(text)) => (0, text.clone()),
                _ => (0, String::new()),
            })
            .collect();
        (fields, entry.to_string())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalising_twice_changes_nothing_more() {
        let once = normalise(
            "issues",
            json!({
                "iid": 1, "id": 900, "lock_version": 3, "title": "a", "description": null,
                "created_at": "2026-01-02T03:04:05Z", "due_date": "2026-02-01",
                "issue_type": "incident", "confidential": false, "title_html": "<p>",
                "future_attribute": {"kept": true},
                "notes": [
                    {"note": "b", "created_at": "2026-01-02T03:04:06.1Z", "discussion_id": "2"},
                    {"note": "a", "created_at": "2026-01-02T03:04:05.1Z", "discussion_id": "1",
                     "award_emoji": [], "system": false, "confidential": null}
                ],
                "timelogs": [], "milestone": null,
                "label_links": [{"label": {"title": "z"}}, {"label": {"title": "a", "id": 3}}]
            }),
        );
        insta::assert_json_snapshot!("normalised_issue", once);
        assert_eq!(normalise("issues", once.clone()), once);
    }

    #[test]
    fn a_diff_is_always_a_text() {
        let document = normalise(
            "merge_requests",
            json!({"merge_request_diff": {"merge_request_diff_files": [{"new_path": "a", "utf8_diff": null}]}}),
        );
        assert_eq!(
            document["merge_request_diff"]["merge_request_diff_files"][0]["utf8_diff"],
            ""
        );
    }

    #[test]
    fn a_setting_that_is_not_there_stays_null() {
        assert_eq!(normalise("push_rule", Value::Null), Value::Null);
    }

    #[test]
    fn a_members_number_stays() {
        let member = normalise(
            "project_members",
            json!({"id": 4, "user_id": 9, "user": {"id": 9, "username": "ada", "public_email": ""}}),
        );
        assert_eq!(
            member,
            json!({"user_id": 9, "user": {"id": 9, "username": "ada"}})
        );
    }
}
