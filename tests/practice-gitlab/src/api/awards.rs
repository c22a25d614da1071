//! Reactions to issues, merge requests and their notes.

use super::Refusal;
use super::call::Call;
use super::notes;
use super::page::page;
use super::reply::{Answer, created, no_content, ok};
use super::route::{Route, delete, get, post};
use super::target::Target;
use crate::model::world::next;
use crate::model::{Award, World};

/// Routes about reactions.
pub const ROUTES: &[Route] = &[
    get(
        "/projects/:id/issues/:issue_iid/award_emoji",
        "read_award_emoji",
        list,
    ),
    post(
        "/projects/:id/issues/:issue_iid/award_emoji",
        "create_award_emoji",
        create,
    ),
    get(
        "/projects/:id/issues/:issue_iid/award_emoji/:award_id",
        "read_award_emoji",
        one,
    ),
    delete(
        "/projects/:id/issues/:issue_iid/award_emoji/:award_id",
        "delete_award_emoji",
        remove,
    ),
    get(
        "/projects/:id/issues/:issue_iid/notes/:note_id/award_emoji",
        "read_award_emoji",
        list,
    ),
    post(
        "/projects/:id/issues/:issue_iid/notes/:note_id/award_emoji",
        "create_award_emoji",
        create,
    ),
    get(
        "/projects/:id/issues/:issue_iid/notes/:note_id/award_emoji/:award_id",
        "read_award_emoji",
        one,
    ),
    delete(
        "/projects/:id/issues/:issue_iid/notes/:note_id/award_emoji/:award_id",
        "delete_award_emoji",
        remove,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/award_emoji",
        "read_award_emoji",
        list,
    ),
    post(
        "/projects/:id/merge_requests/:merge_request_iid/award_emoji",
        "create_award_emoji",
        create,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/award_emoji/:award_id",
        "read_award_emoji",
        one,
    ),
    delete(
        "/projects/:id/merge_requests/:merge_request_iid/award_emoji/:award_id",
        "delete_award_emoji",
        remove,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/notes/:note_id/award_emoji",
        "read_award_emoji",
        list,
    ),
    post(
        "/projects/:id/merge_requests/:merge_request_iid/notes/:note_id/award_emoji",
        "create_award_emoji",
        create,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/notes/:note_id/award_emoji/:award_id",
        "read_award_emoji",
        one,
    ),
    delete(
        "/projects/:id/merge_requests/:merge_request_iid/notes/:note_id/award_emoji/:award_id",
        "delete_award_emoji",
        remove,
    ),
];

/// What was reacted to.
struct Awardable<'w> {
    kind: &'static str,
    id: u64,
    awards: &'w [Award],
}

fn awardable<'w>(call: &Call, world: &'w World) -> Result<(Target, Awardable<'w>), Refusal> {
    let target = Target::of(call, world)?;
    if call.template.contains("/notes/") {
        let note = notes::find(call, world, target)?;
        return Ok((
            target,
            Awardable {
                kind: "Note",
                id: note.id,
                awards: &note.awards,
            },
        ));
    }
    let shared = target.shared(world)?;
    Ok((
        target,
        Awardable {
            kind: target.kind.word(),
            id: shared.id,
            awards: &shared.awards,
        },
    ))
}

fn awards_mut<'w>(
    call: &Call,
    world: &'w mut World,
    target: Target,
) -> Result<&'w mut Vec<Award>, Refusal> {
    let note = if call.template.contains("/notes/") {
        Some(call.number("note_id")?)
    } else {
        None
    };
    let shared = target.shared_mut(world)?;
    match note {
        None => Ok(&mut shared.awards),
        Some(id) => shared
            .notes
            .iter_mut()
            .find(|note| note.id == id)
            .map(|note| &mut note.awards)
            .ok_or_else(Refusal::record_not_found),
    }
}

fn list(call: &Call) -> Answer {
    let world = call.server.read();
    let (_, awardable) = awardable(call, &world)?;
    let view = call.view(&world);
    page(call, awardable.awards, |award| {
        view.award(award, awardable.kind, awardable.id)
    })
}

fn one(call: &Call) -> Answer {
    let world = call.server.read();
    let (_, awardable) = awardable(call, &world)?;
    let id = call.number("award_id")?;
    let award = awardable
        .awards
        .iter()
        .find(|award| award.id == id)
        .ok_or_else(Refusal::record_not_found)?;
    ok(call.view(&world).award(award, awardable.kind, awardable.id))
}

fn create(call: &Call) -> Answer {
    let name = call.params.required("name")?;
    let mut world = call.server.write();
    let user = call.user_id()?;
    let (target, found) = awardable(call, &world)?;
    let (kind, id) = (found.kind, found.id);
    let plain =
        |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || "_+-".contains(sign);
    if name.is_empty() || !name.chars().all(plain) {
        return Err(Refusal::not_found(
            "Award Emoji Name is not a valid emoji name",
        ));
    }
    if found
        .awards
        .iter()
        .any(|award| award.name == name && award.user_id == user)
    {
        return Err(Refusal::not_found(
            "Award Emoji Name has already been taken",
        ));
    }
    let award = Award {
        id: next(&mut world.numbers.award),
        name,
        user_id: user,
        created_at: call.now,
        updated_at: call.now,
    };
    awards_mut(call, &mut world, target)?.push(award.clone());
    created(call.view(&world).award(&award, kind, id))
}

fn remove(call: &Call) -> Answer {
    let mut world = call.server.write();
    let (target, found) = awardable(call, &world)?;
    let id = call.number("award_id")?;
    let award = found
        .awards
        .iter()
        .find(|award| award.id == id)
        .ok_or_else(Refusal::record_not_found)?;
    if award.user_id != call.user_id()? && !call.viewer().admin {
        return Err(Refusal::unauthorized());
    }
    awards_mut(call, &mut world, target)?.retain(|award| award.id != id);
    no_content()
}
