//! Links between issues.

use http::StatusCode;

use super::Refusal;
use super::call::Call;
use super::reply::{Answer, created, ok};
use super::route::{Route, delete, get, post};
use super::target::Target;
use crate::model::issue::{IssueLink, LinkType};
use crate::model::world::next;
use crate::model::{AccessLevel, World};

/// Routes about links.
pub const ROUTES: &[Route] = &[
    get(
        "/projects/:id/issues/:issue_iid/links",
        "read_issue_link",
        list,
    ),
    post(
        "/projects/:id/issues/:issue_iid/links",
        "create_issue_link",
        create,
    ),
    get(
        "/projects/:id/issues/:issue_iid/links/:issue_link_id",
        "read_issue_link",
        one,
    ),
    delete(
        "/projects/:id/issues/:issue_iid/links/:issue_link_id",
        "delete_issue_link",
        remove,
    ),
];

fn list(call: &Call) -> Answer {
    let world = call.server.read();
    let target = Target::of(call, &world)?;
    let here = (target.project, target.iid);
    let view = call.view(&world);
    let links = world.issue_links.values();
    ok(links
        .filter(|link| link.source == here || link.target == here)
        .filter_map(|link| view.related_issue(link, here))
        .collect())
}

fn create(call: &Call) -> Answer {
    call.params
        .require_all(&["target_project_id", "target_issue_iid"])?;
    let iid = call
        .params
        .number("target_issue_iid")?
        .ok_or_else(|| Refusal::invalid("target_issue_iid is invalid"))?;
    let link_type = call
        .params
        .word("link_type", &["relates_to", "blocks", "is_blocked_by"])?
        .unwrap_or("relates_to");
    let mut world = call.server.write();
    let here = Target::of(call, &world)?;
    if here.role(call, &world)? < AccessLevel::GUEST {
        return Err(Refusal::forbidden());
    }
    let name = call.params.required("target_project_id")?;
    let project = call.named_project(&world, &name)?;
    let other = project
        .issues
        .get(&iid)
        .filter(|issue| call.viewer().reads_issue(&world, project, issue))
        .ok_or_else(Refusal::record_not_found)?;
    let (here, there) = ((here.project, here.iid), (project.id, other.shared.iid));
    if link_type != "relates_to" && !world.instance.premium() {
        return Err(Refusal::message(
            StatusCode::FORBIDDEN,
            "Blocked work items are not available for the current subscription tier",
        ));
    }
    let joins = |link: &IssueLink| {
        (link.source == here && link.target == there)
            || (link.source == there && link.target == here)
    };
    if here == there || world.issue_links.values().any(joins) {
        return Err(Refusal::conflict("Issue(s) already assigned"));
    }
    let (source, target, kind) = match link_type {
        "blocks" => (here, there, LinkType::Blocks),
        "is_blocked_by" => (there, here, LinkType::Blocks),
        _ => (here, there, LinkType::RelatesTo),
    };
    let id = next(&mut world.numbers.issue_link);
    world.issue_links.insert(
        id,
        IssueLink {
            id,
            source,
            target,
            link_type: kind,
            created_at: call.now,
        },
    );
    created(call.view(&world).issue_link(&world.issue_links[&id], here))
}

fn find<'w>(call: &Call, world: &'w World) -> Result<(&'w IssueLink, (u64, u64)), Refusal> {
    let target = Target::of(call, world)?;
    let here = (target.project, target.iid);
    let id = call.number("issue_link_id")?;
    let link = world
        .issue_links
        .get(&id)
        .filter(|link| link.source == here || link.target == here);
    Ok((link.ok_or_else(Refusal::record_not_found)?, here))
}

fn one(call: &Call) -> Answer {
    let world = call.server.read();
    let (link, here) = find(call, &world)?;
    ok(call.view(&world).issue_link(link, here))
}

fn remove(call: &Call) -> Answer {
    let mut world = call.server.write();
    let (link, here) = find(call, &world)?;
    let (id, shown) = (link.id, call.view(&world).issue_link(link, here));
    world.issue_links.remove(&id);
    ok(shown)
}
