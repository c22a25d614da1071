//! Notes (facts of `base/relation_factory.rb`): an author who is not known here
//! is named at the end of the text, which needs `author` and `updated_at`.

use serde_json::Value;

use super::Import;
use super::failure::Unfit;
use super::fields::{Document, filled, number, object, objects, text, time, truth};
use crate::model::note::DiffAnchor;
use crate::model::world::next;
use crate::model::{Award, IssuableKind, Note, NoteKind, World};

fn invalid() -> Unfit {
    Unfit::invalid("Notes is invalid")
}

impl Import<'_> {
    /// All notes of an issue or merge request.
    pub fn notes(
        &self,
        world: &mut World,
        document: &Document,
        kind: IssuableKind,
    ) -> Result<Vec<Note>, Unfit> {
        objects(document, "notes")
            .map(|note| self.note(world, note, kind))
            .collect()
    }

    fn note(
        &self,
        world: &mut World,
        document: &Document,
        on: IssuableKind,
    ) -> Result<Note, Unfit> {
        let now = self.server.clock.now();
        let body = self.body(document, on)?;
        let author_id = self
            .people
            .referred(document, "author_id")
            .ok_or_else(invalid)?;
        let kind = NoteKind::from_word(filled(document, "type").as_deref()).ok_or_else(invalid)?;
        if body.trim().is_empty() {
            return Err(invalid());
        }
        let diff = match kind {
            NoteKind::Diff => Some(Box::new(anchor(document)?)),
            NoteKind::LegacyDiff => Some(Box::new(loose_anchor(document)?)),
            NoteKind::Individual | NoteKind::Discussion => None,
        };
        let created_at = time(document, "created_at").unwrap_or(now);
        let mut note = world.new_note(body, author_id, kind, created_at);
        if let Some(discussion) = filled(document, "discussion_id") {
            note.discussion_id = discussion;
        }
        let metadata = object(document, "system_note_metadata");
        note.updated_at = time(document, "updated_at").unwrap_or(created_at);
        note.system = truth(document, "system").unwrap_or(false);
        note.system_action = metadata.and_then(|metadata| text(metadata, "action"));
        note.commit_count = metadata.and_then(|metadata| number(metadata, "commit_count"));
        note.internal = truth(document, "confidential")
            .or(truth(document, "internal"))
            .unwrap_or(false);
        note.resolved_at = time(document, "resolved_at");
        note.resolved_by = self.people.referred(document, "resolved_by_id");
        note.resolved_by_push = truth(document, "resolved_by_push");
        note.diff = diff;
        note.updated_by = self.people.referred(document, "updated_by_id");
        note.last_edited_at = time(document, "last_edited_at");
        note.awards = self.awards(world, document);
        note.imported = true;
        Ok(note)
    }

    /// The text, with the author named at its end when they are a stranger.
    fn body(&self, document: &Document, on: IssuableKind) -> Result<String, Unfit> {
        let mut body = text(document, "note").unwrap_or_default();
        if on == IssuableKind::MergeRequest && truth(document, "system") == Some(true) {
            body = without_compare_link(&body);
        }
        if self.people.knows(number(document, "author_id")) {
            return Ok(body);
        }
        let updated_at = document
            .get("updated_at")
            .and_then(Value::as_str)
            .ok_or(Unfit::Nil { method: "split" })?;
        let author = object(document, "author").and_then(|author| text(author, "name"));
        let author = author.ok_or(Unfit::Nil { method: "[]" })?;
        let moment = updated_at.split('.').next().unwrap_or_default();
        let body = if body.trim().is_empty() {
            "*Blank note*".to_owned()
        } else {
            body
        };
        Ok(format!("{body}\n\n *By {author} on {moment}*"))
    }

    /// Reactions. Strangers' reactions become the importer's; nobody checks for
    /// the same one twice.
    pub fn awards(&self, world: &mut World, document: &Document) -> Vec<Award> {
        let now = self.server.clock.now();
        objects(document, "award_emoji")
            .filter_map(|award| {
                Some(Award {
                    id: next(&mut world.numbers.award),
                    name: filled(award, "name")?,
                    user_id: self.people.referred(award, "user_id").unwrap_or(self.user),
                    created_at: time(award, "created_at").unwrap_or(now),
                    updated_at: time(award, "updated_at").unwrap_or(now),
                })
            })
            .collect()
    }
}

/// Merge requests' system notes link to a page of the old instance; GitLab takes
/// the link out.
fn without_compare_link(body: &str) -> String {
    match body.find("[Compare with previous version](") {
        None => body.to_owned(),
        Some(start) => {
            let end = body[start..]
                .find(')')
                .map_or(body.len(), |at| start + at + 1);
            format!("{}{}", &body[..start], &body[end..])
                .trim_end()
                .to_owned()
        }
    }
}

/// Positions are JSON objects; older exports have them as text.
fn position(document: &Document, name: &str) -> Value {
    match document.get(name) {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or(Value::Null),
        Some(value) => value.clone(),
        None => Value::Null,
    }
}

/// The place of a diff note: position and original position must be there.
fn anchor(document: &Document) -> Result<DiffAnchor, Unfit> {
    let anchor = loose_anchor(document)?;
    let complete = |position: &Value| {
        ["base_sha", "start_sha", "head_sha"]
            .iter()
            .all(|name| position[*name].is_string())
    };
    if complete(&anchor.position) && complete(&anchor.original_position) {
        Ok(anchor)
    } else {
        Err(invalid())
    }
}

fn loose_anchor(document: &Document) -> Result<DiffAnchor, Unfit> {
    let file = match object(document, "note_diff_file") {
        // The diff is taken out of the document and stripped of NULs.
        Some(file)
            if text(file, "diff_export")
                .or_else(|| text(file, "utf8_diff"))
                .is_none() =>
        {
            return Err(Unfit::Nil { method: "delete" });
        }
        file => file.map(|file| Value::Object(file.clone())),
    };
    Ok(DiffAnchor {
        position: position(document, "position"),
        original_position: position(document, "original_position"),
        change_position: position(document, "change_position"),
        line_code: text(document, "line_code"),
        commit_id: text(document, "commit_id"),
        note_diff_file: file,
        suggestions: objects(document, "suggestions")
            .map(|one| Value::Object(one.clone()))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::without_compare_link;

    #[test]
    fn the_compare_link_is_taken_out() {
        let body = "added 2 commits\n\n<ul></ul>\n\n[Compare with previous version](/a/b/-/merge_requests/1/diffs?x=1)";
        assert_eq!(without_compare_link(body), "added 2 commits\n\n<ul></ul>");
        assert_eq!(without_compare_link("added 1 commit"), "added 1 commit");
    }
}
