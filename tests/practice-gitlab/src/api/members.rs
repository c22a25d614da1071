//! Members of projects and groups.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use super::Refusal;
use super::call::Call;
use super::holder::Holder;
use super::page::page;
use super::reply::{Answer, created, no_content, ok};
use super::route::{Route, delete, get, post, put};
use crate::limits::LimitKey;
use crate::model::{AccessLevel, Member, World};
use crate::notifications::Cause;

/// Routes about members.
pub const ROUTES: &[Route] = &[
    get("/projects/:id/members", "read_member", direct),
    get("/projects/:id/members/all", "read_member", all),
    get("/projects/:id/members/:user_id", "read_member", one),
    get(
        "/projects/:id/members/all/:user_id",
        "read_member",
        one_of_all,
    ),
    post("/projects/:id/members", "create_member", add),
    put("/projects/:id/members/:user_id", "update_member", change),
    delete("/projects/:id/members/:user_id", "delete_member", remove),
    get("/groups/:id/members", "read_member", direct),
    get("/groups/:id/members/all", "read_member", all),
    get("/groups/:id/members/:user_id", "read_member", one),
    get(
        "/groups/:id/members/all/:user_id",
        "read_member",
        one_of_all,
    ),
    post("/groups/:id/members", "create_member", add),
    put("/groups/:id/members/:user_id", "update_member", change),
    delete("/groups/:id/members/:user_id", "delete_member", remove),
];

/// The holder, with the role that may change its members: Maintainer of a
/// project, Owner of a group.
fn managed(call: &Call, world: &World) -> Result<(Holder, AccessLevel), Refusal> {
    let holder = Holder::of(call, world)?;
    let needed = match holder {
        Holder::Project(_) => AccessLevel::MAINTAINER,
        Holder::Group(_) => AccessLevel::OWNER,
    };
    let role = holder.role(call, world);
    if role < needed {
        Err(Refusal::forbidden())
    } else {
        Ok((holder, role))
    }
}

fn direct_members(holder: Holder, world: &World) -> Vec<&Member> {
    match holder {
        Holder::Project(id) => world
            .projects
            .get(&id)
            .map(|project| project.members.values().collect()),
        Holder::Group(id) => world
            .groups
            .get(&id)
            .map(|group| group.members.values().collect()),
    }
    .unwrap_or_default()
}

/// Direct and inherited members, each with the highest role.
fn all_members(holder: Holder, world: &World) -> Vec<&Member> {
    let inherited = world
        .ancestry(holder.above(world))
        .flat_map(|group| group.members.values());
    let mut members: Vec<&Member> = Vec::new();
    for member in direct_members(holder, world).into_iter().chain(inherited) {
        match members
            .iter_mut()
            .find(|known| known.user_id == member.user_id)
        {
            Some(known) if known.level < member.level => *known = member,
            Some(_) => {}
            None => members.push(member),
        }
    }
    members
}

fn set(holder: Holder, world: &mut World, user: u64, level: AccessLevel, by: u64, now: Timestamp) {
    match holder {
        Holder::Project(id) => world.set_project_member(id, user, level, Some(by), now),
        Holder::Group(id) => world.set_group_member(id, user, level, Some(by), now),
    }
}

fn member_mut(holder: Holder, world: &mut World, user: u64) -> Option<&mut Member> {
    match holder {
        Holder::Project(id) => world.projects.get_mut(&id)?.members.get_mut(&user),
        Holder::Group(id) => world.groups.get_mut(&id)?.members.get_mut(&user),
    }
}

fn listed(call: &Call, world: &World, members: Vec<&Member>) -> Answer {
    let query = call.params.filled("query").map(|text| text.to_lowercase());
    let ids = call.params.numbers("user_ids")?;
    let mut members = members;
    members.retain(|member| {
        ids.as_ref().is_none_or(|ids| ids.contains(&member.user_id))
            && query.as_ref().is_none_or(|text| {
                world.users.get(&member.user_id).is_some_and(|user| {
                    user.name.to_lowercase().contains(text.as_str())
                        || user.username.contains(text.as_str())
                })
            })
    });
    members.sort_by_key(|member| member.user_id);
    let view = call.view(world);
    page(call, &members, |member| view.member(member))
}

fn direct(call: &Call) -> Answer {
    let world = call.server.read();
    let holder = Holder::of(call, &world)?;
    listed(call, &world, direct_members(holder, &world))
}

fn all(call: &Call) -> Answer {
    let world = call.server.read();
    let holder = Holder::of(call, &world)?;
    listed(call, &world, all_members(holder, &world))
}

fn single(call: &Call, world: &World, members: Vec<&Member>) -> Answer {
    let user = call.number("user_id")?;
    let member = members.into_iter().find(|member| member.user_id == user);
    ok(call
        .view(world)
        .member(member.ok_or_else(Refusal::record_not_found)?))
}

fn one(call: &Call) -> Answer {
    let world = call.server.read();
    let holder = Holder::of(call, &world)?;
    single(call, &world, direct_members(holder, &world))
}

fn one_of_all(call: &Call) -> Answer {
    let world = call.server.read();
    let holder = Holder::of(call, &world)?;
    single(call, &world, all_members(holder, &world))
}

fn level(call: &Call) -> Result<AccessLevel, Refusal> {
    let number = call
        .params
        .number("access_level")?
        .ok_or_else(|| Refusal::missing(&["access_level"]))?;
    AccessLevel::from_number(number).ok_or_else(|| {
        Refusal::validation(serde_json::json!({ "access_level": ["is not included in the list"] }))
    })
}

fn add(call: &Call) -> Answer {
    let level = level(call)?;
    let expires_at: Option<Date> = call.params.day("expires_at")?.value();
    let mut world = call.server.write();
    let (holder, role) = managed(call, &world)?;
    let users: Vec<u64> = match (call.params.list("user_id"), call.params.list("username")) {
        (Some(ids), _) => ids
            .iter()
            .filter_map(|id| id.parse().ok())
            .filter(|id| world.users.contains_key(id))
            .collect(),
        (None, Some(names)) => names
            .iter()
            .filter_map(|name| world.user_named(name))
            .map(|user| user.id)
            .collect(),
        (None, None) => return Err(Refusal::missing(&["user_id"])),
    };
    if users.is_empty() {
        return Err(Refusal::not_found("User"));
    }
    if level > role {
        return Err(Refusal::forbidden());
    }
    let actor = call.user_id()?;
    for user in &users {
        if member_mut(holder, &mut world, *user).is_some() {
            return Err(Refusal::conflict("Member already exists"));
        }
        set(holder, &mut world, *user, level, actor, call.now);
        if let Some(member) = member_mut(holder, &mut world, *user) {
            member.expires_at = expires_at;
        }
    }
    let about = holder.path(&world);
    world.notify(Cause::MemberAdded, &users, actor, &about);
    let view = call.view(&world);
    let shown: Vec<Value> = direct_members(holder, &world)
        .into_iter()
        .filter(|member| users.contains(&member.user_id))
        .map(|member| view.member(member))
        .collect();
    created(match shown.as_slice() {
        [only] => only.clone(),
        _ => serde_json::json!({ "status": "success" }),
    })
}

fn change(call: &Call) -> Answer {
    let level = level(call)?;
    let expires_at = call.params.day("expires_at")?;
    let user = call.number("user_id")?;
    let mut world = call.server.write();
    let (holder, role) = managed(call, &world)?;
    let member = member_mut(holder, &mut world, user).ok_or_else(Refusal::record_not_found)?;
    if level > role || member.level > role {
        return Err(Refusal::forbidden());
    }
    member.level = level;
    expires_at.put(&mut member.expires_at);
    let member = member.clone();
    ok(call.view(&world).member(&member))
}

fn remove(call: &Call) -> Answer {
    call.limited(LimitKey::MembersDelete, 0)?;
    let user = call.number("user_id")?;
    let mut world = call.server.write();
    let leaving = call.user_id()? == user;
    let holder = if leaving {
        Holder::of(call, &world)?
    } else {
        managed(call, &world)?.0
    };
    member_mut(holder, &mut world, user).ok_or_else(Refusal::record_not_found)?;
    match holder {
        Holder::Project(id) => {
            world
                .projects
                .get_mut(&id)
                .and_then(|project| project.members.remove(&user));
        }
        Holder::Group(id) => {
            let owners = world.groups[&id]
                .members
                .values()
                .filter(|member| member.level >= AccessLevel::OWNER);
            let last = owners.count() == 1
                && world.groups[&id]
                    .members
                    .get(&user)
                    .is_some_and(|member| member.level >= AccessLevel::OWNER);
            if last && world.groups[&id].parent_id.is_none() {
                return Err(Refusal::forbidden());
            }
            world
                .groups
                .get_mut(&id)
                .and_then(|group| group.members.remove(&user));
        }
    }
    no_content()
}
