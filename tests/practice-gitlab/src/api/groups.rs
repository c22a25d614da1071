//! `/groups` and `/namespaces`.

use http::StatusCode;
use jiff::ToSpan;
use serde_json::{Value, json};

use super::Refusal;
use super::call::Call;
use super::page::{page, page_limited};
use super::principal::Boundary;
use super::projects::list_projects;
use super::reply::{Answer, accepted, created, ok};
use super::route::{Route, delete, get, post, put};
use crate::clock::day;
use crate::limits::LimitKey;
use crate::model::group::NewGroup;
use crate::model::{AccessLevel, Deletion, Group, Visibility, World};

/// Routes about groups.
pub const ROUTES: &[Route] = &[
    get("/groups", "read_group", list).open(),
    post("/groups", "create_group", create),
    get("/groups/:id", "read_group", one).open(),
    put("/groups/:id", "update_group", update),
    delete("/groups/:id", "delete_group", remove),
    get("/groups/:id/subgroups", "read_group", subgroups).open(),
    get("/groups/:id/descendant_groups", "read_group", descendants).open(),
    get("/groups/:id/projects", "read_project", projects).open(),
    post("/groups/:id/transfer", "transfer_group", transfer),
    post("/groups/:id/restore", "delete_group", restore),
    get("/namespaces", "read_namespace", namespaces),
    get("/namespaces/:id", "read_namespace", namespace),
];

/// Path segments: letters, digits, `_`, `-` and `.`, not beginning with `-`.
pub fn valid_path(path: &str) -> bool {
    !path.is_empty()
        && !path.starts_with(['-', '.'])
        && !path.ends_with(['.'])
        && !path.to_lowercase().ends_with(".git")
        && !path.to_lowercase().ends_with(".atom")
        && path
            .chars()
            .all(|sign| sign.is_ascii_alphanumeric() || "_-.".contains(sign))
}

/// Lists the groups that `keep` keeps among those the user may see.
fn list_groups(call: &Call, world: &World, keep: impl Fn(&Group) -> bool) -> Answer {
    let params = &call.params;
    let viewer = call.viewer();
    let reach = world.reach(viewer.user, viewer.admin);
    let search = params.filled("search").map(|text| text.to_lowercase());
    let visibility = params.word("visibility", &["private", "internal", "public"])?;
    let owned = params.truth("owned")?.unwrap_or(false);
    let least = params.number("min_access_level")?;
    // Without this parameter, administrators see all groups and others theirs.
    let all = params.truth("all_available")?.unwrap_or(viewer.admin);
    let top = params.truth("top_level_only")?.unwrap_or(false);
    let skip = params.numbers("skip_groups")?.unwrap_or_default();
    let mut groups: Vec<&Group> = world
        .groups
        .values()
        .filter(|group| {
            let level = reach.member_level(group.id);
            reach.sees_group(group.id, group.visibility)
                && (all || viewer.user.is_none() || reach.belongs(group.id))
                && search.as_ref().is_none_or(|text| {
                    group.name.to_lowercase().contains(text.as_str())
                        || group.path.to_lowercase().contains(text.as_str())
                })
                && visibility.is_none_or(|word| group.visibility.word() == word)
                && (!owned || level >= AccessLevel::OWNER)
                && least.is_none_or(|least| u64::from(level.0) >= least)
                && (!top || group.parent_id.is_none())
                && !skip.contains(&group.id)
                && keep(group)
        })
        .collect();
    let order = params
        .word("order_by", &["name", "path", "id", "similarity"])?
        .unwrap_or("name");
    let descending = params.word("sort", &["asc", "desc"])? == Some("desc");
    groups.sort_by(|one, other| {
        let order = match order {
            "id" => one.id.cmp(&other.id),
            "path" => one.path.cmp(&other.path).then(one.id.cmp(&other.id)),
            _ => one
                .name
                .to_lowercase()
                .cmp(&other.name.to_lowercase())
                .then(one.id.cmp(&other.id)),
        };
        if descending { order.reverse() } else { order }
    });
    let view = call.view(world);
    page_limited(call, "Group", &groups, |group| view.group(group))
}

fn list(call: &Call) -> Answer {
    call.limited(LimitKey::GroupsApi, 0)?;
    let world = call.server.read();
    call.granted(&world, Boundary::User)?;
    list_groups(call, &world, |_| true)
}

fn one(call: &Call) -> Answer {
    call.limited(LimitKey::GroupApi, 0)?;
    let world = call.server.read();
    let group = call.group(&world)?;
    let view = call.view(&world);
    let mut shown = view.group_detail(group);
    if call.params.truth("with_projects")?.unwrap_or(true) {
        let viewer = call.viewer();
        let projects: Vec<Value> = world
            .projects
            .values()
            .filter(|project| {
                project.namespace_id == group.id && viewer.sees_project(&world, project)
            })
            .take(100)
            .map(|project| view.project(project, crate::present::ProjectDetail::default()))
            .collect();
        shown["projects"] = json!(projects);
        shown["shared_projects"] = json!([]);
    }
    ok(shown)
}

fn subgroups(call: &Call) -> Answer {
    let world = call.server.read();
    let id = call.group(&world)?.id;
    list_groups(call, &world, |group| group.parent_id == Some(id))
}

fn descendants(call: &Call) -> Answer {
    let world = call.server.read();
    let id = call.group(&world)?.id;
    list_groups(call, &world, |group| {
        group.id != id && world.lies_in(group.id, id)
    })
}

fn projects(call: &Call) -> Answer {
    call.limited(LimitKey::GroupProjectsApi, 0)?;
    let world = call.server.read();
    let id = call.group(&world)?.id;
    let below = call.params.truth("include_subgroups")?.unwrap_or(false);
    list_projects(call, &world, |project| {
        project.namespace_id == id || (below && world.lies_in(project.namespace_id, id))
    })
}

fn failed(sentence: &str) -> Refusal {
    Refusal::message(
        StatusCode::BAD_REQUEST,
        format!("Failed to save group {sentence}"),
    )
}

fn create(call: &Call) -> Answer {
    call.params.require_all(&["name", "path"])?;
    let (name, path) = (call.params.required("name")?, call.params.required("path")?);
    let mut world = call.server.write();
    call.granted(&world, Boundary::User)?;
    let user = call.user(&world)?.clone();
    let parent_id = call.params.number("parent_id")?;
    let mut limit = Visibility::Public;
    match parent_id {
        Some(parent) => {
            let viewer = call.viewer();
            let group = world
                .groups
                .get(&parent)
                .filter(|group| viewer.sees_group(&world, group.id))
                .ok_or_else(|| Refusal::not_found("Group"))?;
            let needed = if group.subgroup_creation_level == "maintainer" {
                AccessLevel::MAINTAINER
            } else {
                AccessLevel::OWNER
            };
            if viewer.group_role(&world, parent) < needed {
                return Err(Refusal::forbidden());
            }
            limit = group.visibility;
        }
        None if user.is_bot() => return Err(Refusal::forbidden()),
        None => {}
    }
    let visibility = visibility_of(call)?.unwrap_or(if parent_id.is_some() {
        limit
    } else {
        Visibility::Private
    });
    if visibility > limit {
        return Err(failed(&format!(
            "{{:visibility_level=>[\"{} is not allowed since the parent group has a {} visibility.\"]}}",
            visibility.word(),
            limit.word()
        )));
    }
    if !valid_path(&path) {
        return Err(failed(
            "{:path=>[\"can only include non-accented letters, digits, '_', '-' and '.'. It must not start with '-', '_', or '.', nor end with '-', '_', '.', '.git', or '.atom'.\"]}",
        ));
    }
    let full = match parent_id.and_then(|parent| world.groups.get(&parent)) {
        Some(parent) => format!("{}/{path}", parent.full_path),
        None => path.clone(),
    };
    if world.place(&full).is_some() {
        return Err(failed("{:path=>[\"has already been taken\"]}"));
    }
    let id = world.add_group(
        NewGroup {
            parent_id,
            name,
            path,
            description: call.params.text("description").unwrap_or_default(),
            visibility,
            owner: Some(user.id),
        },
        call.now,
    );
    created(call.view(&world).group_detail(&world.groups[&id]))
}

/// The parameter `visibility`.
pub fn visibility_of(call: &Call) -> Result<Option<Visibility>, Refusal> {
    let word = call
        .params
        .word("visibility", &["private", "internal", "public"])?;
    Ok(word.and_then(Visibility::from_word))
}

fn update(call: &Call) -> Answer {
    let mut world = call.server.write();
    let (id, parent_id, old_path) = {
        let group = call.group_as(&world, AccessLevel::OWNER)?;
        (group.id, group.parent_id, group.path.clone())
    };
    if let Some(path) = call.params.filled("path").filter(|path| *path != old_path) {
        let full = match parent_id.and_then(|parent| world.groups.get(&parent)) {
            Some(parent) => format!("{}/{path}", parent.full_path),
            None => path.clone(),
        };
        if !valid_path(&path) || world.place(&full).is_some() {
            return Err(failed("{:path=>[\"has already been taken\"]}"));
        }
        world.relocate_group(id, parent_id, &path);
    }
    let visibility = visibility_of(call)?;
    let request_access = call.params.truth("request_access_enabled")?;
    let project_creation = call.params.word(
        "project_creation_level",
        &["noone", "owner", "maintainer", "developer", "administrator"],
    )?;
    let subgroup_creation = call
        .params
        .word("subgroup_creation_level", &["owner", "maintainer"])?;
    if let Some(group) = world.groups.get_mut(&id) {
        if let Some(name) = call.params.filled("name") {
            group.name = name;
        }
        if let Some(description) = call.params.text("description") {
            group.description = description;
        }
        if let Some(visibility) = visibility {
            group.visibility = visibility;
        }
        if let Some(enabled) = request_access {
            group.request_access_enabled = enabled;
        }
        if let Some(level) = project_creation {
            level.clone_into(&mut group.project_creation_level);
        }
        if let Some(level) = subgroup_creation {
            level.clone_into(&mut group.subgroup_creation_level);
        }
    }
    ok(call.view(&world).group_detail(&world.groups[&id]))
}

fn remove(call: &Call) -> Answer {
    let mut world = call.server.write();
    let group = call.group_as(&world, AccessLevel::OWNER)?;
    let (id, full_path) = (group.id, group.full_path.clone());
    let marked = group.marked_for_deletion_on.is_some();
    let now = call.params.truth("permanently_remove")?.unwrap_or(false);
    if let (Deletion::Delayed { days }, false) = (world.instance.deletion, now) {
        let on = day(call.now).checked_add(i64::from(days).days()).ok();
        if let Some(group) = world.groups.get_mut(&id) {
            group.marked_for_deletion_on = on;
        }
        return accepted();
    }
    if now
        && (!marked
            || call
                .params
                .filled("full_path")
                .is_none_or(|path| path != full_path))
    {
        return Err(Refusal::bad_request(
            "`permanently_remove` option is only available for groups marked for deletion, with `full_path` given.",
        ));
    }
    let gone = world.remove_group(id);
    drop(world);
    for project in gone {
        super::projects::remove_files(&call.server, project);
    }
    accepted()
}

fn restore(call: &Call) -> Answer {
    let mut world = call.server.write();
    let id = call.group_as(&world, AccessLevel::OWNER)?.id;
    if let Some(group) = world.groups.get_mut(&id) {
        group.marked_for_deletion_on = None;
    }
    created(call.view(&world).group(&world.groups[&id]))
}

fn transfer(call: &Call) -> Answer {
    let mut world = call.server.write();
    let (id, path) = {
        let group = call.group_as(&world, AccessLevel::OWNER)?;
        (group.id, group.path.clone())
    };
    let parent = call.params.number("group_id")?;
    let full = match parent {
        Some(parent) => {
            let group = world
                .groups
                .get(&parent)
                .ok_or_else(|| Refusal::not_found("Group"))?;
            if call.viewer().group_role(&world, parent) < AccessLevel::MAINTAINER
                || world.lies_in(parent, id)
            {
                return Err(Refusal::bad_request(
                    "Transfer failed: You don't have enough permissions.",
                ));
            }
            format!("{}/{path}", group.full_path)
        }
        None => path.clone(),
    };
    if world.place(&full).is_some() {
        return Err(Refusal::bad_request(
            "Transfer failed: The parent group already has a subgroup or a project with the same path.",
        ));
    }
    world.relocate_group(id, parent, &path);
    created(call.view(&world).group(&world.groups[&id]))
}

fn namespaces(call: &Call) -> Answer {
    let world = call.server.read();
    call.granted(&world, Boundary::User)?;
    let viewer = call.viewer();
    let reach = world.reach(viewer.user, viewer.admin);
    let search = call.params.filled("search").map(|text| text.to_lowercase());
    let own = call.user(&world)?.namespace_id;
    let groups = world
        .groups
        .keys()
        .copied()
        .filter(|id| reach.group_level(*id) > AccessLevel::NONE);
    let mut ids: Vec<u64> = std::iter::once(own)
        .chain(groups)
        .filter(|id| {
            search.as_ref().is_none_or(|text| {
                world
                    .namespace_path(*id)
                    .is_some_and(|path| path.to_lowercase().contains(text.as_str()))
            })
        })
        .collect();
    ids.sort_unstable();
    let view = call.view(&world);
    page(call, &ids, |id| view.namespace(*id))
}

fn namespace(call: &Call) -> Answer {
    let world = call.server.read();
    call.granted(&world, Boundary::User)?;
    let viewer = call.viewer();
    let name = call.part("id");
    let id = name.parse().ok().or_else(|| world.namespace_named(name));
    let id = id
        .filter(|id| {
            viewer.admin
                || world.personal.get(id).copied() == viewer.user
                || viewer.sees_group(&world, *id)
        })
        .ok_or_else(|| Refusal::not_found("Namespace"))?;
    ok(call.view(&world).namespace(id))
}
