//! Labels.

use serde_json::{Value, json};

use super::{View, html};
use crate::model::{Issuable, Label, Project};

impl View<'_> {
    /// `API::Entities::LabelBasic`.
    pub fn label_basic(&self, label: &Label) -> Value {
        let description = label.description.as_deref();
        let mut shown = json!({
            "id": label.id,
            "name": label.title,
            "description": description,
            "description_html": html(description.unwrap_or_default()),
            "text_color": label.text_color(),
            "color": label.color,
        });
        if self.world.instance.at_least(18, 5) {
            shown["archived"] = json!(false);
        }
        shown
    }

    /// `API::Entities::ProjectLabel`, or `GroupLabel` when `own` is `None`.
    pub fn label(&self, label: &Label, own: Option<bool>) -> Value {
        let mut shown = self.label_basic(label);
        shown["subscribed"] = json!(false);
        if let Some(own) = own {
            shown["priority"] = json!(label.priority);
            shown["is_project_label"] = json!(own);
        }
        shown
    }

    /// Adds how many issues and merge requests of `projects` carry the label.
    pub fn count_label(shown: &mut Value, label: &Label, projects: &[&Project]) {
        let carries = |shared: &Issuable| shared.labels.contains(&label.id);
        let issues = |closed: bool| {
            let issues = projects.iter().flat_map(|project| project.issues.values());
            issues
                .filter(|issue| issue.closed == closed && carries(&issue.shared))
                .count()
        };
        let requests = projects
            .iter()
            .flat_map(|project| project.merge_requests.values());
        shown["open_issues_count"] = json!(issues(false));
        shown["closed_issues_count"] = json!(issues(true));
        shown["open_merge_requests_count"] = json!(
            requests
                .filter(|request| request.state.word() == "opened" && carries(&request.shared))
                .count()
        );
    }

    /// The labels of an issuable, by title: names, or whole labels.
    pub fn labels_of(&self, project: &Project, shared: &Issuable, details: bool) -> Value {
        let mut labels: Vec<&Label> = shared
            .labels
            .iter()
            .filter_map(|id| self.world.label_of(project, *id))
            .collect();
        labels.sort_by(|one, other| one.title.cmp(&other.title));
        if details {
            labels
                .into_iter()
                .map(|label| self.label_basic(label))
                .collect()
        } else {
            labels.into_iter().map(|label| json!(label.title)).collect()
        }
    }
}
