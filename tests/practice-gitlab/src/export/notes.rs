//! Documents of notes, reactions and everything else that issues and merge
//! requests carry alike.

use serde_json::{Value, json};

use super::Source;
use crate::clock::stamp;
use crate::model::{Award, Issuable, IssuableKind, Note};
use crate::present::time;

fn awards(awards: &[Award], kind: &str) -> Value {
    awards
        .iter()
        .map(|award| {
            json!({
                "user_id": award.user_id,
                "name": award.name,
                "awardable_type": kind,
                "created_at": stamp(award.created_at),
                "updated_at": stamp(award.updated_at),
            })
        })
        .collect()
}

impl Source<'_> {
    fn author(&self, user: u64) -> Value {
        let name = self
            .world
            .users
            .get(&user)
            .map_or("Ghost User", |user| user.name.as_str());
        json!({ "name": name })
    }

    fn note(&self, note: &Note, kind: IssuableKind) -> Value {
        let diff = note.diff.as_deref();
        let events = if note.system {
            json!([])
        } else {
            json!([self.event("commented", note.author_id, note.created_at, "Note")])
        };
        let mut document = json!({
            "note": note.body,
            "noteable_type": kind.word(),
            "author_id": note.author_id,
            "created_at": stamp(note.created_at),
            "updated_at": stamp(note.updated_at),
            "project_id": self.project.id,
            "attachment": { "url": null },
            "line_code": diff.and_then(|diff| diff.line_code.clone()),
            "commit_id": diff.and_then(|diff| diff.commit_id.clone()),
            "st_diff": null,
            "system": note.system,
            "updated_by_id": note.updated_by,
            "type": note.kind.word(),
            "position": diff.map(|diff| diff.position.clone()),
            "original_position": diff.map(|diff| diff.original_position.clone()),
            "change_position": diff.map(|diff| diff.change_position.clone()),
            "resolved_at": time(note.resolved_at),
            "resolved_by_id": note.resolved_by,
            "resolved_by_push": note.resolved_by_push,
            "discussion_id": note.discussion_id,
            "confidential": note.internal,
            "last_edited_at": stamp(note.last_edited_at.unwrap_or(note.updated_at)),
            "author": self.author(note.author_id),
            "award_emoji": awards(&note.awards, "Note"),
            "events": events,
        });
        if let Some(action) = &note.system_action {
            document["system_note_metadata"] = json!({
                "commit_count": note.commit_count,
                "action": action,
                "created_at": stamp(note.created_at),
                "updated_at": stamp(note.updated_at),
            });
        }
        if let Some(file) = diff.and_then(|diff| diff.note_diff_file.as_ref()) {
            document["note_diff_file"] = file.clone();
        }
        if kind == IssuableKind::MergeRequest {
            let suggestions = diff.map(|diff| diff.suggestions.as_slice());
            document["suggestions"] = json!(suggestions.unwrap_or_default());
        }
        document
    }

    /// What issues and merge requests carry alike.
    pub fn shared(&self, shared: &Issuable, kind: IssuableKind) -> Value {
        let word = kind.word();
        let label = |id: &u64| {
            self.world
                .label_of(self.project, *id)
                .map(|label| self.label(label))
        };
        let links = shared.labels.iter().filter_map(|id| {
            label(id).map(|label| {
                json!({
                    "target_type": word,
                    "created_at": stamp(shared.updated_at),
                    "updated_at": stamp(shared.updated_at),
                    "label": label,
                })
            })
        });
        let milestone = |id: Option<u64>| {
            id.and_then(|id| self.world.milestone_of(self.project, id))
                .map(|(milestone, group)| self.milestone(milestone, group))
        };
        let label_events = shared.label_events.iter().map(|event| {
            json!({
                "action": if event.added { "add" } else { "remove" },
                "user_id": event.user_id,
                "created_at": stamp(event.created_at),
                "label": event.label_id.as_ref().and_then(label),
            })
        });
        let milestone_events = shared.milestone_events.iter().map(|event| {
            json!({
                "user_id": event.user_id,
                "action": if event.added { "add" } else { "remove" },
                "created_at": stamp(event.created_at),
                "state": event.state,
                "milestone": milestone(event.milestone_id),
            })
        });
        let state_events = shared.state_events.iter().map(|event| {
            json!({
                "user_id": event.user_id,
                "created_at": stamp(event.created_at),
                "state": event.state,
                "source_commit": null,
                "close_after_error_tracking_resolve": false,
                "close_auto_resolve_prometheus_alert": false,
            })
        });
        let timelogs = shared.timelogs.iter().map(|log| {
            json!({
                "time_spent": log.time_spent,
                "user_id": log.user_id,
                "project_id": self.project.id,
                "spent_at": stamp(log.spent_at),
                "created_at": stamp(log.created_at),
                "updated_at": stamp(log.created_at),
                "summary": log.summary,
            })
        });
        let mut document = json!({
            "title": shared.title,
            "author_id": shared.author_id,
            "created_at": stamp(shared.created_at),
            "updated_at": stamp(shared.updated_at),
            "description": shared.description,
            "iid": shared.iid,
            "updated_by_id": shared.updated_by,
            "lock_version": 0,
            "time_estimate": shared.time_estimate,
            "last_edited_at": time(shared.last_edited_at),
            "last_edited_by_id": shared.last_edited_by,
            "discussion_locked": shared.discussion_locked,
            "events": [self.event("created", shared.author_id, shared.created_at, word)],
            "timelogs": timelogs.collect::<Vec<_>>(),
            "notes": shared.notes.iter().map(|note| self.note(note, kind)).collect::<Vec<_>>(),
            "label_links": links.collect::<Vec<_>>(),
            "resource_label_events": label_events.collect::<Vec<_>>(),
            "resource_milestone_events": milestone_events.collect::<Vec<_>>(),
            "resource_state_events": state_events.collect::<Vec<_>>(),
            "award_emoji": awards(&shared.awards, word),
        });
        let own = shared
            .milestone_id
            .and_then(|id| self.world.milestone_of(self.project, id));
        if let Some((milestone, group)) = own {
            document["milestone"] = self.milestone_with_events(milestone, group);
        }
        for (name, value) in &shared.carried {
            document[name] = value.clone();
        }
        document
    }
}
