//! Labels, by themselves and inside issues and merge requests, which carry each
//! of their labels as a whole.
use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::normalise::normalise;
use super::value::object;
use crate::rest::{EventLabel, IssuableKind, Label};

/// The colour GitLab gives to a label that names none (app/models/label.rb).
const DEFAULT_COLOR: &str = "#6699cc";

/// The labels that a project's issues and merge requests can have.
#[derive(Debug, Clone)]
pub struct Labels {
    project: u64,
    group: Option<u64>,
    by_title: HashMap<String, Label>,
    own: Vec<String>,
}

impl Labels {
    /// `labels` as [`crate::Client::project_labels`] gives them, those of groups
    /// included. `group`: the group the project lies in; REST does not tell
    /// which of the groups above a label belongs to, and the importer looks for
    /// it in all of them.
    pub fn new<'a>(
        project: u64,
        group: Option<u64>,
        labels: impl IntoIterator<Item = &'a Label>,
    ) -> Labels {
        let mut own = Vec::new();
        let by_title = labels
            .into_iter()
            .map(|label| {
                if label.is_project_label != Some(false) {
                    own.push(label.name.clone());
                }
                (label.name.clone(), label.clone())
            })
            .collect();
        own.sort();
        Labels {
            project,
            group,
            by_title,
            own,
        }
    }

    /// The project's number.
    pub(super) fn project(&self) -> u64 {
        self.project
    }

    /// The documents of the relation `labels`: the project's own labels.
    pub fn documents(&self) -> Vec<Value> {
        self.own
            .iter()
            .map(|title| normalise("labels", Value::Object(self.document(title))))
            .collect()
    }

    /// What stands in `label_links` of an issue or merge request.
    pub(super) fn links(&self, titles: &[String], kind: IssuableKind) -> Value {
        titles
            .iter()
            .map(|title| json!({ "target_type": kind.as_str(), "label": self.document(title) }))
            .collect()
    }

    /// The label of an event, which GitLab tells in less detail.
    pub(super) fn of_event(&self, label: &EventLabel) -> Value {
        if self.by_title.contains_key(&label.name) {
            return Value::Object(self.document(&label.name));
        }
        let mut document = self.document(&label.name);
        document.insert("color".into(), label.color.clone().into());
        document.insert("description".into(), label.description.clone().into());
        Value::Object(document)
    }

    /// One label. A title that is not among the project's labels (it was renamed
    /// or deleted while we read) still becomes a label.
    fn document(&self, title: &str) -> Map<String, Value> {
        let label = self.by_title.get(title);
        let is_own = label.is_none_or(|label| label.is_project_label != Some(false));
        let color = label.map_or(DEFAULT_COLOR, |label| label.color.as_str());
        let mut document = object([
            ("title", title.into()),
            ("color", color.into()),
            (
                "description",
                label.and_then(|label| label.description.clone()).into(),
            ),
        ]);
        if is_own {
            document.insert("type".into(), "ProjectLabel".into());
            document.insert("project_id".into(), self.project.into());
        } else {
            document.insert("type".into(), "GroupLabel".into());
            document.insert("group_id".into(), self.group.into());
        }
        let priority = label.and_then(|label| label.priority);
        let priorities: Vec<Value> = priority
            .map(|priority| json!({ "project_id": self.project, "priority": priority }))
            .into_iter()
            .collect();
        document.insert("priorities".into(), priorities.into());
        document
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(name: &str, is_own: bool, priority: Option<u64>) -> Label {
        Label {
            id: 1,
            name: name.to_owned(),
            color: "#ff0000".to_owned(),
            description: Some(format!("about {name}")),
            priority,
            is_project_label: Some(is_own),
            archived: None,
        }
    }

    #[test]
    fn only_own_labels_are_documents_but_all_are_linked() {
        let labels = Labels::new(
            7,
            Some(2),
            &[
                label("bug", true, Some(0)),
                label("team", false, None),
                label("a11y", true, None),
            ],
        );
        let titles = ["bug".to_owned(), "team".to_owned(), "gone".to_owned()];
        let links = labels.links(&titles, IssuableKind::Issue);
        // The order of keys depends on what else is built with serde_json.
        insta::with_settings!({sort_maps => true}, {
            insta::assert_json_snapshot!("labels", labels.documents());
            insta::assert_json_snapshot!("label_links", links);
        });
    }
}
