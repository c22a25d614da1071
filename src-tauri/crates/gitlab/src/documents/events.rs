//! What happened to an issue or merge request: state, labels, milestone.
use serde_json::{Value, json};

use super::labels::Labels;
use super::milestone;
use super::value::{time, user_id};
use crate::rest::{LabelEvent, MilestoneEvent, StateEvent};

/// The events of one issue or merge request, as REST gives them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Events<'a> {
    /// Changes of state.
    pub state: &'a [StateEvent],
    /// Changes of labels.
    pub label: &'a [LabelEvent],
    /// Changes of the milestone.
    pub milestone: &'a [MilestoneEvent],
}

impl Events<'_> {
    pub(super) fn states(&self) -> Value {
        self.state
            .iter()
            .map(|event| {
                json!({
                    "user_id": user_id(event.user.as_ref()),
                    "state": event.state,
                    "created_at": time(event.created_at),
                    "source_commit": event.source_commit,
                })
            })
            .collect()
    }

    pub(super) fn labels(&self, labels: &Labels) -> Value {
        self.label
            .iter()
            .map(|event| {
                json!({
                    "user_id": user_id(event.user.as_ref()),
                    "action": event.action.as_str(),
                    "created_at": time(event.created_at),
                    "label": event.label.as_ref().map(|label| labels.of_event(label)),
                })
            })
            .collect()
    }

    pub(super) fn milestones(&self) -> Value {
        self.milestone
            .iter()
            .map(|event| {
                json!({
                    "user_id": user_id(event.user.as_ref()),
                    "action": event.action.as_str(),
                    "created_at": time(event.created_at),
                    "state": event.state,
                    "milestone": event.milestone.as_ref().map(milestone::part),
                })
            })
            .collect()
    }
}
