//! The forms that older and newer versions give to the same thing, brought into
//! today's.
use serde_json::{Map, Value, json};

/// Gives a part in the form of an older or newer version today's form.
pub(super) fn today(name: &str, mut attributes: Map<String, Value>) -> Map<String, Value> {
    match name {
        "issues" => work_item_type(&mut attributes),
        "merge_requests" => merge_params(&mut attributes),
        "merge_request_diff_commits" => commit(&mut attributes),
        "merge_request_diff_files"
            if !attributes.get("utf8_diff").is_some_and(Value::is_string) =>
        {
            attributes.insert("utf8_diff".into(), "".into());
        }
        _ => {}
    }
    attributes
}

/// Up to 16 `issue_type`, from 17 `work_item_type`, from 19 also
/// `exported_work_item_type`. The importer of each takes the middle one or the
/// first, so both are written.
fn work_item_type(attributes: &mut Map<String, Value>) {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let newest = attributes.remove("exported_work_item_type");
    let middle = attributes.remove("work_item_type");
    let old = text(attributes.get("issue_type"));
    let name = [&newest, &middle]
        .into_iter()
        .flatten()
        .find_map(|value| text(value.get("name")));
    let base = [&middle, &newest]
        .into_iter()
        .flatten()
        .find_map(|value| text(value.get("base_type")))
        .or(old)
        .or_else(|| name.as_deref().and_then(base_type).map(str::to_owned));
    if let Some(base) = base {
        attributes.insert("issue_type".into(), base.clone().into());
        attributes.insert("work_item_type".into(), json!({ "base_type": base }));
    } else if let Some(name) = name {
        // A type of the instance's own, which has a name alone.
        attributes.insert("work_item_type".into(), json!({ "name": name }));
    }
}

fn base_type(name: &str) -> Option<&'static str> {
    Some(match name {
        "Issue" => "issue",
        "Incident" => "incident",
        "Test Case" => "test_case",
        "Requirement" => "requirement",
        "Task" => "task",
        "Objective" => "objective",
        "Key Result" => "key_result",
        "Epic" => "epic",
        "Ticket" => "ticket",
        _ => return None,
    })
}

/// One notation for a switch that comes as text or as a boolean.
fn merge_params(attributes: &mut Map<String, Value>) {
    let Some(Value::Object(params)) = attributes.get_mut("merge_params") else {
        return;
    };
    if let Some(force) = params.get_mut("force_remove_source_branch") {
        match force {
            Value::Bool(is_on) => *force = if *is_on { "1" } else { "0" }.into(),
            Value::String(text) if text == "true" => *force = "1".into(),
            Value::String(text) if text == "false" => *force = "0".into(),
            _ => {}
        }
    }
}

/// Author and committer as objects; what 19.x tells in a part of its own moves
/// into the commit.
fn commit(attributes: &mut Map<String, Value>) {
    if let Some(Value::Object(metadata)) = attributes.remove("merge_request_commits_metadata") {
        for (key, value) in metadata {
            let is_there = attributes.get(&key).is_some_and(|value| !value.is_null());
            if !is_there {
                attributes.insert(key, value);
            }
        }
    }
    for (part, name, email) in [
        ("commit_author", "author_name", "author_email"),
        ("committer", "committer_name", "committer_email"),
    ] {
        let name = attributes.remove(name);
        let email = attributes.remove(email);
        let is_there = attributes.get(part).is_some_and(Value::is_object);
        if !is_there && (name.is_some() || email.is_some()) {
            attributes.insert(part.into(), json!({ "name": name, "email": email }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::normalise;

    #[test]
    fn every_versions_type_of_issue_becomes_the_same() {
        let of = |value: Value| normalise("issues", value);
        let expected = of(json!({"issue_type": "task"}));
        assert_eq!(expected["work_item_type"]["base_type"], "task");
        assert_eq!(
            of(json!({"work_item_type": {"base_type": "task"}})),
            expected
        );
        assert_eq!(
            of(json!({"exported_work_item_type": {"name": "Task"}})),
            expected
        );
        assert_eq!(
            of(json!({"exported_work_item_type": {"name": "Bug of ours"}})),
            json!({"work_item_type": {"name": "Bug of ours"}})
        );
    }

    #[test]
    fn every_versions_commit_becomes_the_same() {
        let of = |commit: Value| {
            normalise(
                "merge_requests",
                json!({"merge_request_diff": {"merge_request_diff_commits": [commit]}}),
            )
        };
        let author = json!({"name": "Ada", "email": "ada@example.com"});
        let today = of(json!({
            "sha": "abc", "relative_order": 0, "message": "m", "commit_author": author,
            "committer": author, "authored_date": "2026-01-02T03:04:05.000Z", "trailers": {}
        }));
        assert_eq!(
            of(json!({
                "sha": "abc", "relative_order": 0, "message": "m",
                "author_name": "Ada", "author_email": "ada@example.com",
                "committer_name": "Ada", "committer_email": "ada@example.com",
                "authored_date": "2026-01-02T04:04:05+01:00"
            })),
            today
        );
        assert_eq!(
            of(json!({
                "relative_order": 0, "sha": null,
                "merge_request_commits_metadata": {
                    "sha": "abc", "message": "m", "commit_author": author, "committer": author,
                    "authored_date": "2026-01-02T03:04:05.000Z"
                }
            })),
            today
        );
    }

    #[test]
    fn switches_that_come_as_text_or_boolean_are_one() {
        let of = |force: Value| {
            normalise(
                "merge_requests",
                json!({"merge_params": {"force_remove_source_branch": force}}),
            )
        };
        assert_eq!(of(json!(true)), of(json!("1")));
        assert_eq!(of(json!("false")), of(json!("0")));
    }
}
