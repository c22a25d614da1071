//! Notes, discussions and reactions.

use serde_json::{Value, json};

use super::{View, time};
use crate::model::{Award, Issuable, IssuableKind, Note, NoteKind};

/// What a note stands on.
#[derive(Clone, Copy)]
pub struct On<'n> {
    /// The project.
    pub project: u64,
    /// Issue or merge request.
    pub kind: IssuableKind,
    /// The issue or merge request itself.
    pub shared: &'n Issuable,
}

/// Notes of one thread, in the order they were written.
pub struct Discussion<'n> {
    /// 40 hexadecimal digits.
    pub id: &'n str,
    /// The notes.
    pub notes: Vec<&'n Note>,
}

/// Groups notes into threads, in the order the threads were begun.
pub fn discussions<'n>(notes: impl Iterator<Item = &'n Note>) -> Vec<Discussion<'n>> {
    let mut threads: Vec<Discussion<'n>> = Vec::new();
    for note in notes {
        match threads
            .iter_mut()
            .find(|thread| thread.id == note.discussion_id)
        {
            Some(thread) => thread.notes.push(note),
            None => threads.push(Discussion {
                id: &note.discussion_id,
                notes: vec![note],
            }),
        }
    }
    threads
}

impl View<'_> {
    /// `API::Entities::Note`.
    pub fn note(&self, on: On<'_>, note: &Note) -> Value {
        let merge_request = on.kind == IssuableKind::MergeRequest;
        let resolvable = note.resolvable(merge_request);
        let mut shown = json!({
            "id": note.id,
            "type": note.kind.word(),
            "body": note.body,
            "attachment": null,
            "author": self.user_basic(note.author_id),
            "created_at": time(Some(note.created_at)),
            "updated_at": time(Some(note.updated_at)),
            "system": note.system,
            "noteable_id": on.shared.id,
            "noteable_type": on.kind.word(),
            "project_id": on.project,
            "resolvable": resolvable,
            "confidential": note.internal,
            "internal": note.internal,
            "imported": note.imported,
            "imported_from": if note.imported { "gitlab_project" } else { "none" },
            "noteable_iid": on.shared.iid,
            "commands_changes": {},
        });
        if let Some(diff) = &note.diff
            && note.kind == NoteKind::Diff
        {
            shown["commit_id"] = json!(diff.commit_id);
            shown["position"] = diff.position.clone();
            shown["suggestions"] = json!(diff.suggestions);
        }
        if resolvable {
            shown["resolved"] = json!(note.resolved_at.is_some());
            shown["resolved_by"] = note
                .resolved_by
                .map_or(Value::Null, |user| self.user_basic(user));
            shown["resolved_at"] = time(note.resolved_at);
        }
        shown
    }

    /// `API::Entities::Discussion`.
    pub fn discussion(&self, on: On<'_>, thread: &Discussion<'_>) -> Value {
        let alone = thread
            .notes
            .iter()
            .all(|note| note.kind == NoteKind::Individual);
        json!({
            "id": thread.id,
            "individual_note": alone,
            "notes": thread.notes.iter().map(|note| self.note(on, note)).collect::<Vec<_>>(),
        })
    }

    /// `API::Entities::AwardEmoji`; what was awarded is `kind` number `id`.
    pub fn award(&self, award: &Award, kind: &str, id: u64) -> Value {
        json!({
            "id": award.id,
            "name": award.name,
            "user": self.user_basic(award.user_id),
            "created_at": time(Some(award.created_at)),
            "updated_at": time(Some(award.updated_at)),
            "awardable_id": id,
            "awardable_type": kind,
            "url": null,
        })
    }
}
