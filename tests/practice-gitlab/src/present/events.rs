//! Events of issues and merge requests: states, labels, milestones.

use serde_json::{Value, json};

use super::{View, time};
use crate::model::issuable::{LabelEvent, MilestoneEvent, StateEvent};
use crate::model::{Issuable, IssuableKind, Project};

fn action(added: bool) -> &'static str {
    if added { "add" } else { "remove" }
}

impl View<'_> {
    fn event(
        &self,
        number: u64,
        user: u64,
        at: jiff::Timestamp,
        kind: IssuableKind,
        shared: &Issuable,
    ) -> Value {
        json!({
            "id": number,
            "user": self.user_basic(user),
            "created_at": time(Some(at)),
            "resource_type": kind.word(),
            "resource_id": shared.id,
        })
    }

    /// `API::Entities::ResourceStateEvent`.
    pub fn state_event(&self, event: &StateEvent, kind: IssuableKind, shared: &Issuable) -> Value {
        let mut shown = self.event(event.id, event.user_id, event.created_at, kind, shared);
        shown["state"] = json!(event.state);
        shown["source_commit"] = Value::Null;
        shown["source_merge_request_id"] = Value::Null;
        shown
    }

    /// `API::Entities::ResourceLabelEvent`.
    pub fn label_event(
        &self,
        project: &Project,
        event: &LabelEvent,
        kind: IssuableKind,
        shared: &Issuable,
    ) -> Value {
        let mut shown = self.event(event.id, event.user_id, event.created_at, kind, shared);
        let label = event
            .label_id
            .and_then(|id| self.world.label_of(project, id));
        shown["label"] = label.map_or(Value::Null, |label| self.label_basic(label));
        shown["action"] = json!(action(event.added));
        shown
    }

    /// `API::Entities::ResourceMilestoneEvent`.
    pub fn milestone_event(
        &self,
        project: &Project,
        event: &MilestoneEvent,
        kind: IssuableKind,
        shared: &Issuable,
    ) -> Value {
        let mut shown = self.event(event.id, event.user_id, event.created_at, kind, shared);
        shown["milestone"] = self.milestone_of(project, event.milestone_id);
        shown["action"] = json!(action(event.added));
        shown["state"] = json!(event.state);
        shown
    }
}
