//! Threads on issues and merge requests, and threads on diffs (facts of
//! `doc/api/discussions.md`).

use http::StatusCode;
use serde_json::{Map, Value, json};
use sha1::{Digest, Sha1};

use super::Refusal;
use super::call::Call;
use super::notes::{self, Draft, Written};
use super::page::page;
use super::reply::{Answer, created, ok};
use super::route::{Route, delete, get, post, put};
use super::target::Target;
use crate::limits::LimitKey;
use crate::model::note::DiffAnchor;
use crate::model::{AccessLevel, IssuableKind, Note, NoteKind, World};
use crate::present::discussions;

/// Routes about threads.
pub const ROUTES: &[Route] = &[
    get(
        "/projects/:id/issues/:issue_iid/discussions",
        "read_discussion",
        list,
    ),
    post(
        "/projects/:id/issues/:issue_iid/discussions",
        "create_discussion",
        create,
    ),
    get(
        "/projects/:id/issues/:issue_iid/discussions/:discussion_id",
        "read_discussion",
        one,
    ),
    post(
        "/projects/:id/issues/:issue_iid/discussions/:discussion_id/notes",
        "create_discussion",
        reply,
    ),
    put(
        "/projects/:id/issues/:issue_iid/discussions/:discussion_id/notes/:note_id",
        "update_discussion",
        update_note,
    ),
    delete(
        "/projects/:id/issues/:issue_iid/discussions/:discussion_id/notes/:note_id",
        "delete_discussion",
        notes::remove,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/discussions",
        "read_discussion",
        list,
    ),
    post(
        "/projects/:id/merge_requests/:merge_request_iid/discussions",
        "create_discussion",
        create,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/discussions/:discussion_id",
        "read_discussion",
        one,
    ),
    put(
        "/projects/:id/merge_requests/:merge_request_iid/discussions/:discussion_id",
        "resolve_discussion",
        resolve,
    ),
    post(
        "/projects/:id/merge_requests/:merge_request_iid/discussions/:discussion_id/notes",
        "create_discussion",
        reply,
    ),
    put(
        "/projects/:id/merge_requests/:merge_request_iid/discussions/:discussion_id/notes/:note_id",
        "update_discussion",
        update_note,
    ),
    delete(
        "/projects/:id/merge_requests/:merge_request_iid/discussions/:discussion_id/notes/:note_id",
        "delete_discussion",
        notes::remove,
    ),
];

/// The notes that may be read, oldest first.
fn readable<'w>(call: &Call, world: &'w World, target: Target) -> Result<Vec<&'w Note>, Refusal> {
    let internal = target.reads_internal(call, world)?;
    let notes = target.shared(world)?.notes.iter();
    let mut notes: Vec<&Note> = notes.filter(|note| internal || !note.internal).collect();
    notes.sort_by_key(|note| (note.created_at, note.id));
    Ok(notes)
}

fn list(call: &Call) -> Answer {
    let world = call.server.read();
    let target = Target::of(call, &world)?;
    let threads = discussions(readable(call, &world, target)?.into_iter());
    let (view, on) = (call.view(&world), target.on(&world)?);
    page(call, &threads, |thread| view.discussion(on, thread))
}

fn missing() -> Refusal {
    Refusal::not_found("Discussion")
}

fn shown(call: &Call, world: &World, target: Target, id: &str) -> Result<Value, Refusal> {
    let threads = discussions(readable(call, world, target)?.into_iter());
    let thread = threads
        .iter()
        .find(|thread| thread.id == id)
        .ok_or_else(missing)?;
    Ok(call.view(world).discussion(target.on(world)?, thread))
}

fn one(call: &Call) -> Answer {
    let world = call.server.read();
    let target = Target::of(call, &world)?;
    ok(shown(call, &world, target, call.part("discussion_id"))?)
}

fn create(call: &Call) -> Answer {
    call.limited(LimitKey::NotesCreate, 0)?;
    let mut world = call.server.write();
    let target = Target::of(call, &world)?;
    let diff = match call.params.object("position") {
        Some(position) if target.kind == IssuableKind::MergeRequest => {
            Some(Box::new(anchor(position)?))
        }
        _ => None,
    };
    let kind = if diff.is_some() {
        NoteKind::Diff
    } else {
        NoteKind::Discussion
    };
    match notes::write(
        call,
        &mut world,
        target,
        Draft {
            kind,
            discussion: None,
            diff,
        },
    )? {
        Written::Commands(reply) => Ok(reply),
        Written::Note(id) => {
            let notes = &target.shared(&world)?.notes;
            let note = notes
                .iter()
                .find(|note| note.id == id)
                .ok_or_else(missing)?;
            let thread = note.discussion_id.clone();
            created(shown(call, &world, target, &thread)?)
        }
    }
}

/// The place on a diff that the parameter `position` names.
fn anchor(position: &Map<String, Value>) -> Result<DiffAnchor, Refusal> {
    let text = |name: &str| {
        position
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let line = |name: &str| match position.get(name) {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    let missing: Vec<&str> = ["base_sha", "start_sha", "head_sha", "position_type"]
        .into_iter()
        .filter(|name| text(name).is_none())
        .collect();
    if let Some(name) = missing.first() {
        return Err(Refusal::invalid(&format!("position[{name}] is missing")));
    }
    let kind = text("position_type").unwrap_or_default();
    if !["text", "image", "file"].contains(&kind.as_str()) {
        return Err(Refusal::invalid(
            "position[position_type] does not have a valid value",
        ));
    }
    let new_path = text("new_path").or_else(|| text("old_path"));
    let old_path = text("old_path").or_else(|| new_path.clone());
    let (old_line, new_line) = (line("old_line"), line("new_line"));
    if kind == "text" && (new_path.is_none() || (old_line.is_none() && new_line.is_none())) {
        return Err(Refusal::bad_request(
            "Note {:line_code=>[\"can't be blank\", \"must be a valid line code\"]}",
        ));
    }
    let mut shown = json!({
        "base_sha": text("base_sha"),
        "start_sha": text("start_sha"),
        "head_sha": text("head_sha"),
        "old_path": old_path,
        "new_path": new_path,
        "position_type": kind,
    });
    let mut line_code = None;
    if kind == "text" {
        shown["old_line"] = json!(old_line);
        shown["new_line"] = json!(new_line);
        shown["line_range"] = position.get("line_range").cloned().unwrap_or(Value::Null);
        let digest = hex::encode(Sha1::digest(new_path.unwrap_or_default()));
        line_code = Some(format!(
            "{digest}_{}_{}",
            old_line.unwrap_or(0),
            new_line.unwrap_or(0)
        ));
    } else {
        for name in ["width", "height", "x", "y"] {
            shown[name] = position.get(name).cloned().unwrap_or(Value::Null);
        }
    }
    Ok(DiffAnchor {
        position: shown.clone(),
        original_position: shown,
        line_code,
        ..DiffAnchor::default()
    })
}

fn reply(call: &Call) -> Answer {
    call.limited(LimitKey::NotesCreate, 0)?;
    let mut world = call.server.write();
    let target = Target::of(call, &world)?;
    let thread = call.part("discussion_id").to_owned();
    let first = readable(call, &world, target)?
        .into_iter()
        .find(|note| note.discussion_id == thread)
        .ok_or_else(missing)?;
    if first.system {
        return Err(Refusal::bad_request("Discussion can not be replied to"));
    }
    let (kind, diff) = match first.kind {
        NoteKind::Individual => (NoteKind::Discussion, None),
        kind => (kind, first.diff.clone()),
    };
    let draft = Draft {
        kind,
        discussion: Some(thread.clone()),
        diff,
    };
    match notes::write(call, &mut world, target, draft)? {
        Written::Commands(reply) => Ok(reply),
        Written::Note(id) => {
            // An answered comment becomes a thread.
            for note in &mut target.shared_mut(&mut world)?.notes {
                if note.discussion_id == thread && note.kind == NoteKind::Individual {
                    note.kind = NoteKind::Discussion;
                }
            }
            let on = target.on(&world)?;
            let note = on
                .shared
                .notes
                .iter()
                .find(|note| note.id == id)
                .ok_or_else(missing)?;
            created(call.view(&world).note(on, note))
        }
    }
}

/// Refuses unless whoever asks may resolve: the merge request's author, and
/// Developers.
fn may_resolve(call: &Call, world: &World, target: Target) -> Result<(), Refusal> {
    let author = target.shared(world)?.author_id == call.user_id()?;
    if author || target.role(call, world)? >= AccessLevel::DEVELOPER {
        Ok(())
    } else {
        Err(Refusal::forbidden())
    }
}

/// Resolves or reopens the notes that `which` names.
fn set_resolved(
    call: &Call,
    world: &mut World,
    target: Target,
    resolved: bool,
    which: impl Fn(&Note) -> bool,
) -> Result<(), Refusal> {
    let (by, now) = (call.user_id()?, call.now);
    for note in &mut target.shared_mut(world)?.notes {
        if which(note) && note.resolvable(true) && note.resolved_at.is_some() != resolved {
            note.resolved_at = resolved.then_some(now);
            note.resolved_by = resolved.then_some(by);
            note.resolved_by_push = None;
        }
    }
    target.deed(call)?.touch(world);
    Ok(())
}

fn resolve(call: &Call) -> Answer {
    let resolved = call
        .params
        .truth("resolved")?
        .ok_or_else(|| Refusal::missing(&["resolved"]))?;
    let mut world = call.server.write();
    let target = Target::of(call, &world)?;
    let thread = call.part("discussion_id").to_owned();
    let notes = readable(call, &world, target)?;
    let first = notes
        .iter()
        .find(|note| note.discussion_id == thread)
        .ok_or_else(missing)?;
    may_resolve(call, &world, target)?;
    if !first.resolvable(true) {
        return Err(Refusal::message(StatusCode::FORBIDDEN, "403 Forbidden"));
    }
    set_resolved(call, &mut world, target, resolved, |note| {
        note.discussion_id == thread
    })?;
    ok(shown(call, &world, target, &thread)?)
}

fn update_note(call: &Call) -> Answer {
    let mut world = call.server.write();
    let target = Target::of(call, &world)?;
    let note = notes::find(call, &world, target)?;
    let (id, resolvable) = (
        note.id,
        note.resolvable(target.kind == IssuableKind::MergeRequest),
    );
    match (call.params.filled("body"), call.params.truth("resolved")?) {
        (Some(body), None) => {
            notes::may_change(call, &world, target, note)?;
            notes::rewrite(call, &mut world, target, id, body)?;
        }
        (None, Some(resolved)) => {
            if !resolvable {
                return Err(Refusal::bad_request("Note is not resolvable"));
            }
            may_resolve(call, &world, target)?;
            set_resolved(call, &mut world, target, resolved, |note| note.id == id)?;
        }
        (Some(_), Some(_)) => {
            return Err(Refusal::invalid("body, resolved are mutually exclusive"));
        }
        (None, None) => {
            return Err(Refusal::invalid(
                "body, resolved are missing, exactly one parameter must be provided",
            ));
        }
    }
    let note = notes::find(call, &world, target)?;
    ok(call.view(&world).note(target.on(&world)?, note))
}
