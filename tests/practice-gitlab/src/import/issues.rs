//! Issues: number, dates and state are kept; the place among siblings follows the
//! order in the file.

use serde_json::Value;

use super::Import;
use super::failure::Unfit;
use super::fields::{Document, day, number, object, text, time, truth};
use crate::model::issue::Issue;
use crate::model::{IssuableKind, World};

/// Spacing of issues (`Gitlab::RelativePositioning::IDEAL_DISTANCE`).
const DISTANCE: i64 = 513;

/// `issue`, `incident`, …: of `work_item_type.name`, else `base_type`, else
/// `issue_type`; anything unknown is an issue.
fn kind(document: &Document) -> String {
    const KINDS: [&str; 9] = [
        "issue",
        "incident",
        "test_case",
        "requirement",
        "task",
        "objective",
        "key_result",
        "epic",
        "ticket",
    ];
    let nested = object(document, "work_item_type")
        .and_then(|kind| text(kind, "name").or_else(|| text(kind, "base_type")));
    let named = nested
        .or_else(|| text(document, "issue_type"))
        .unwrap_or_default();
    let named = named.to_lowercase().replace(' ', "_");
    if KINDS.contains(&named.as_str()) {
        named
    } else {
        "issue".into()
    }
}

impl Import<'_> {
    /// One line of `issues.ndjson`.
    pub fn issue(&self, world: &mut World, document: &Document) -> Result<(), Unfit> {
        let closed = match text(document, "state").as_deref() {
            Some("closed") => true,
            Some("opened") | None => false,
            Some(_) => return Err(Unfit::NotNull { column: "state_id" }),
        };
        if document.get("confidential") == Some(&Value::Null) {
            return Err(Unfit::NotNull {
                column: "confidential",
            });
        }
        let iid = number(document, "iid");
        let there = |world: &World, iid: u64| {
            world
                .projects
                .get(&self.project)
                .is_some_and(|project| project.issues.contains_key(&iid))
        };
        if iid.is_some_and(|iid| there(world, iid)) {
            return Err(Unfit::Taken {
                index: "index_issues_on_project_id_and_iid",
            });
        }
        let mut shared = self.shared(world, document, IssuableKind::Issue)?;
        shared.closed_at = time(document, "closed_at");
        shared.closed_by = self.people.referred(document, "closed_by_id");
        let Some(project) = world.projects.get_mut(&self.project) else {
            return Ok(());
        };
        if iid.is_none() {
            shared.iid = project.last_issue_iid + 1;
        }
        project.last_issue_iid = project.last_issue_iid.max(shared.iid);
        let count = i64::try_from(project.issues.len()).unwrap_or(0);
        let mut issue = Issue::new(shared);
        issue.closed = closed;
        issue.confidential = truth(document, "confidential").unwrap_or(false);
        issue.due_date = day(document, "due_date");
        issue.start_date = day(document, "start_date");
        issue.weight = number(document, "weight");
        issue.health_status = text(document, "health_status");
        issue.kind = kind(document);
        issue.relative_position = Some((count + 1) * DISTANCE);
        issue.external_author = text(document, "external_author");
        project.issues.insert(issue.shared.iid, issue);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_type_is_read_from_old_and_new_documents() {
        let of = |document: Value| kind(document.as_object().expect("an object"));
        assert_eq!(
            of(json!({"work_item_type": {"base_type": "incident"}})),
            "incident"
        );
        assert_eq!(
            of(json!({"work_item_type": {"name": "Key Result"}})),
            "key_result"
        );
        assert_eq!(of(json!({"issue_type": "task"})), "task");
        assert_eq!(
            of(json!({"work_item_type": {"base_type": "riddle"}})),
            "issue"
        );
    }
}
