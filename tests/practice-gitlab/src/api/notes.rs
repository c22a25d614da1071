//! Notes on issues and merge requests (facts of `lib/api/notes.rs`,
//! `lib/api/helpers/notes_helpers.rb`).

use http::StatusCode;
use serde_json::json;

use super::Refusal;
use super::call::Call;
use super::page::page_where;
use super::reply::{Answer, Reply, created, no_content, ok};
use super::route::{Route, delete, get, post, put};
use super::target::Target;
use crate::clock::parse_time;
use crate::limits::LimitKey;
use crate::model::{AccessLevel, Note, NoteKind, World};
use crate::notifications::Cause;
use crate::quick_actions;

/// Routes about notes.
pub const ROUTES: &[Route] = &[
    get("/projects/:id/issues/:issue_iid/notes", "read_note", list),
    post(
        "/projects/:id/issues/:issue_iid/notes",
        "create_note",
        create,
    ),
    get(
        "/projects/:id/issues/:issue_iid/notes/:note_id",
        "read_note",
        one,
    ),
    put(
        "/projects/:id/issues/:issue_iid/notes/:note_id",
        "update_note",
        update,
    ),
    delete(
        "/projects/:id/issues/:issue_iid/notes/:note_id",
        "delete_note",
        remove,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/notes",
        "read_note",
        list,
    ),
    post(
        "/projects/:id/merge_requests/:merge_request_iid/notes",
        "create_note",
        create,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/notes/:note_id",
        "read_note",
        one,
    ),
    put(
        "/projects/:id/merge_requests/:merge_request_iid/notes/:note_id",
        "update_note",
        update,
    ),
    delete(
        "/projects/:id/merge_requests/:merge_request_iid/notes/:note_id",
        "delete_note",
        remove,
    ),
];

fn list(call: &Call) -> Answer {
    let params = &call.params;
    let world = call.server.read();
    let target = Target::of(call, &world)?;
    let by_update = params.word("order_by", &["created_at", "updated_at"])? == Some("updated_at");
    let ascending = params.word("sort", &["asc", "desc"])? == Some("asc");
    let filter = params.word(
        "activity_filter",
        &["all_notes", "only_comments", "only_activity"],
    )?;
    let internal = target.reads_internal(call, &world)?;
    let mut notes: Vec<&Note> = target
        .shared(&world)?
        .notes
        .iter()
        .filter(|note| match filter {
            Some("only_comments") => !note.system,
            Some("only_activity") => note.system,
            _ => true,
        })
        .collect();
    notes.sort_by_key(|note| {
        (
            if by_update {
                note.updated_at
            } else {
                note.created_at
            },
            note.id,
        )
    });
    if !ascending {
        notes.reverse();
    }
    let (view, on) = (call.view(&world), target.on(&world)?);
    // Notes that may not be read are dropped after the page was cut.
    page_where(
        call,
        &notes,
        |note| internal || !note.internal,
        |note| view.note(on, note),
    )
}

/// A note that may be read.
pub fn find<'w>(call: &Call, world: &'w World, target: Target) -> Result<&'w Note, Refusal> {
    let id = call.number("note_id")?;
    let internal = target.reads_internal(call, world)?;
    let note = target
        .shared(world)?
        .notes
        .iter()
        .find(|note| note.id == id);
    note.filter(|note| internal || !note.internal)
        .ok_or_else(|| Refusal::not_found("Note"))
}

fn one(call: &Call) -> Answer {
    let world = call.server.read();
    let target = Target::of(call, &world)?;
    let note = find(call, &world, target)?;
    ok(call.view(&world).note(target.on(&world)?, note))
}

/// What came of writing a note.
pub enum Written {
    /// It is there.
    Note(u64),
    /// It held commands only, which were carried out.
    Commands(Reply),
}

/// What a note is made from.
pub struct Draft {
    /// Alone, in a thread, or on a diff.
    pub kind: NoteKind,
    /// The thread it answers.
    pub discussion: Option<String>,
    /// Where on a diff it stands.
    pub diff: Option<Box<crate::model::note::DiffAnchor>>,
}

/// Writes the note that the request's parameters describe.
pub fn write(
    call: &Call,
    world: &mut World,
    target: Target,
    draft: Draft,
) -> Result<Written, Refusal> {
    target.may_comment(call, world)?;
    let body = call.params.required("body")?;
    let internal = match call.params.truth("internal")? {
        Some(internal) => internal,
        None => call.params.truth("confidential")?.unwrap_or(false),
    };
    if internal && !target.reads_internal(call, world)? {
        return Err(Refusal::forbidden());
    }
    // Silently dropped unless the user may set it.
    let created_at = if target.sets_dates(call, world)? {
        call.params
            .filled("created_at")
            .and_then(|text| parse_time(&text))
    } else {
        None
    };
    let deed = target.deed(call)?;
    let parsed = quick_actions::parse(&body);
    let outcome = quick_actions::carry_out(world, deed, &parsed.commands);
    if parsed.text.is_empty() && !parsed.commands.is_empty() {
        let answer = json!({ "commands_changes": outcome.changes, "summary": outcome.summary });
        return Ok(Written::Commands(Reply::Json(StatusCode::ACCEPTED, answer)));
    }
    if parsed.text.trim().is_empty() {
        return Err(Refusal::bad_request("Note {:note=>[\"can't be blank\"]}"));
    }
    let mut note = world.new_note(
        parsed.text.clone(),
        deed.by,
        draft.kind,
        created_at.unwrap_or(call.now),
    );
    if let Some(discussion) = draft.discussion {
        note.discussion_id = discussion;
    }
    note.internal = internal;
    note.diff = draft.diff;
    let id = note.id;
    let people = target.shared(world)?.participants();
    target.shared_mut(world)?.notes.push(note);
    deed.touch(world);
    let about = deed.about(world);
    world.notify(Cause::Note, &people, deed.by, &about);
    world.notify_mentioned(&parsed.text, deed.by, &about);
    Ok(Written::Note(id))
}

fn create(call: &Call) -> Answer {
    call.limited(LimitKey::NotesCreate, 0)?;
    let mut world = call.server.write();
    let target = Target::of(call, &world)?;
    let draft = Draft {
        kind: NoteKind::Individual,
        discussion: None,
        diff: None,
    };
    match write(call, &mut world, target, draft)? {
        Written::Commands(reply) => Ok(reply),
        Written::Note(id) => {
            let on = target.on(&world)?;
            let note = on.shared.notes.iter().find(|note| note.id == id);
            created(
                call.view(&world)
                    .note(on, note.ok_or_else(Refusal::record_not_found)?),
            )
        }
    }
}

/// Refuses unless whoever asks wrote the note or maintains the project.
pub fn may_change(call: &Call, world: &World, target: Target, note: &Note) -> Result<(), Refusal> {
    let own = note.author_id == call.user_id()?;
    if note.system || !(own || target.role(call, world)? >= AccessLevel::MAINTAINER) {
        return Err(Refusal::forbidden());
    }
    Ok(())
}

/// Changes the text of a note.
pub fn rewrite(
    call: &Call,
    world: &mut World,
    target: Target,
    id: u64,
    body: String,
) -> Result<(), Refusal> {
    let (by, now) = (call.user_id()?, call.now);
    let notes = &mut target.shared_mut(world)?.notes;
    let note = notes
        .iter_mut()
        .find(|note| note.id == id)
        .ok_or_else(Refusal::record_not_found)?;
    note.body = body;
    note.updated_at = now;
    note.updated_by = Some(by);
    note.last_edited_at = Some(now);
    Ok(())
}

fn update(call: &Call) -> Answer {
    let mut world = call.server.write();
    let target = Target::of(call, &world)?;
    let note = find(call, &world, target)?;
    may_change(call, &world, target, note)?;
    let id = note.id;
    if let Some(body) = call.params.filled("body") {
        rewrite(call, &mut world, target, id, body)?;
    }
    let note = find(call, &world, target)?;
    ok(call.view(&world).note(target.on(&world)?, note))
}

pub(super) fn remove(call: &Call) -> Answer {
    let mut world = call.server.write();
    let target = Target::of(call, &world)?;
    let note = find(call, &world, target)?;
    may_change(call, &world, target, note)?;
    call.unmodified_since(note.updated_at)?;
    let id = note.id;
    target
        .shared_mut(&mut world)?
        .notes
        .retain(|note| note.id != id);
    no_content()
}
