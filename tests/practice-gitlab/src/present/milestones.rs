//! Milestones.

use serde_json::{Value, json};

use super::{View, date, time};
use crate::model::{Milestone, Project};

impl View<'_> {
    /// `API::Entities::Milestone` of a project.
    pub fn project_milestone(&self, milestone: &Milestone, project: &Project) -> Value {
        let mut shown = self.milestone(milestone, &format!("{}/-/milestones", project.full_path));
        shown["project_id"] = json!(project.id);
        shown
    }

    /// `API::Entities::Milestone` of a group.
    pub fn group_milestone(&self, milestone: &Milestone, group: u64) -> Value {
        let path = self.world.namespace_path(group).unwrap_or_default();
        let mut shown = self.milestone(milestone, &format!("groups/{path}/-/milestones"));
        shown["group_id"] = json!(group);
        shown
    }

    fn milestone(&self, milestone: &Milestone, folder: &str) -> Value {
        let expired = milestone.due_date.map(|due| due < self.today());
        json!({
            "id": milestone.id,
            "iid": milestone.iid,
            "title": milestone.title,
            "description": milestone.description.as_deref().unwrap_or_default(),
            "state": milestone.state_word(),
            "created_at": time(Some(milestone.created_at)),
            "updated_at": time(Some(milestone.updated_at)),
            "due_date": date(milestone.due_date),
            "start_date": date(milestone.start_date),
            "expired": expired.unwrap_or(false),
            "web_url": self.web(&format!("{folder}/{}", milestone.iid)),
        })
    }

    /// The milestone an issuable of `project` carries, or null.
    pub fn milestone_of(&self, project: &Project, id: Option<u64>) -> Value {
        match id.and_then(|id| self.world.milestone_of(project, id)) {
            Some((milestone, None)) => self.project_milestone(milestone, project),
            Some((milestone, Some(group))) => self.group_milestone(milestone, group),
            None => Value::Null,
        }
    }
}
