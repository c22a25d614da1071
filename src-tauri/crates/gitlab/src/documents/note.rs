//! Notes with their threads, awards and places in diffs.
use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::line_code;
use super::system_note;
use super::value::{maybe_time, object, time, user_id};
use crate::rest::{AwardEmoji, DiffFile, Discussion, Issuable, Note, NoteType};

/// The name GitLab shows for users who are gone.
const GHOST: &str = "Ghost User";

/// Awards of notes by the note's number; those without any may be left out.
pub type NoteAwards = HashMap<u64, Vec<AwardEmoji>>;

/// The discussions of one issue or merge request.
#[derive(Debug, Clone, Copy)]
pub struct Notes<'a> {
    /// The discussions.
    pub discussions: &'a [Discussion],
    /// The awards of their notes.
    pub awards: &'a NoteAwards,
}

impl Notes<'_> {
    /// The notes as documents. `files`: the changed files of the latest diff.
    pub(super) fn documents(&self, of: Issuable, files: &[DiffFile]) -> Value {
        self.discussions
            .iter()
            .flat_map(|discussion| {
                discussion
                    .notes
                    .iter()
                    .map(move |note| self.document(of, discussion, note, files))
            })
            .collect()
    }

    fn document(
        &self,
        of: Issuable,
        discussion: &Discussion,
        note: &Note,
        files: &[DiffFile],
    ) -> Value {
        let author = note.author.as_ref();
        let name = author.map_or(GHOST, |author| author.name.as_str());
        let is_internal = note.internal.or(note.confidential).unwrap_or(false);
        let mut document = object([
            ("note", note.body.clone().into()),
            ("noteable_type", of.kind.as_str().into()),
            ("type", note.note_type.and_then(NoteType::as_str).into()),
            ("project_id", of.project.into()),
            ("author_id", user_id(author)),
            // Without the name and the time as text the importer drops the note.
            ("author", json!({ "name": name })),
            ("created_at", time(note.created_at).into()),
            ("updated_at", time(note.updated_at).into()),
            ("system", note.system.into()),
            ("discussion_id", discussion.id.clone().into()),
            ("confidential", is_internal.into()),
            ("commit_id", note.commit_id.clone().into()),
            ("resolved_at", maybe_time(note.resolved_at)),
            ("resolved_by_id", user_id(note.resolved_by.as_ref())),
            (
                "award_emoji",
                awards(self.awards.get(&note.id).map_or(&[], Vec::as_slice), "Note"),
            ),
        ]);
        if note.system
            && let Some((action, commit_count)) = system_note::read(&note.body)
        {
            document.insert(
                "system_note_metadata".into(),
                json!({
                    "action": action,
                    "commit_count": commit_count,
                    "created_at": time(note.created_at),
                    "updated_at": time(note.created_at),
                }),
            );
        }
        place(&mut document, note, files);
        suggest(&mut document, note);
        Value::Object(document)
    }
}

/// Where in the diff the note stands. REST tells the place in the latest diff
/// only; the first one is taken to be the same.
fn place(document: &mut Map<String, Value>, note: &Note, files: &[DiffFile]) {
    let Some(position) = note
        .position
        .as_ref()
        .filter(|position| position.is_object())
    else {
        return;
    };
    document.insert(
        "line_code".into(),
        line_code::of_position(position, files).into(),
    );
    document.insert("original_position".into(), position.clone());
    document.insert("position".into(), position.clone());
}

fn suggest(document: &mut Map<String, Value>, note: &Note) {
    if note.suggestions.is_empty() {
        return;
    }
    let suggestions: Vec<Value> = note
        .suggestions
        .iter()
        .enumerate()
        .map(|(order, suggestion)| {
            json!({
                "relative_order": order,
                "applied": suggestion.applied,
                "from_content": suggestion.from_content,
                "to_content": suggestion.to_content,
            })
        })
        .collect();
    document.insert("suggestions".into(), suggestions.into());
}

/// Awards as documents.
pub(super) fn awards(awards: &[AwardEmoji], of: &str) -> Value {
    awards
        .iter()
        .map(|award| {
            json!({
                "name": award.name,
                "user_id": user_id(award.user.as_ref()),
                "awardable_type": of,
                "created_at": time(award.created_at),
                "updated_at": time(award.updated_at),
            })
        })
        .collect()
}
