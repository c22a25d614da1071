//! Making projects: new ones and forks, in a namespace that has room for them.

use http::StatusCode;
use serde_json::{Value, json};

use super::Refusal;
use super::call::Call;
use super::groups::{valid_path, visibility_of};
use super::principal::Boundary;
use super::project_changes::{as_created, set, shown};
use super::reply::{Answer, created};
use crate::git::{bundle, push, repository};
use crate::model::new_project::NewProject;
use crate::model::{AccessLevel, Project, Visibility, World};
use crate::present::ProjectDetail;

/// The refusal GitLab words when a path or name is taken.
pub fn taken() -> Refusal {
    let sentence = json!(["has already been taken"]);
    Refusal::validation(json!({
        "project_namespace.name": sentence, "name": sentence, "path": sentence,
    }))
}

/// `name` as a path: what GitLab makes of a name without one.
pub fn slug(name: &str) -> String {
    let mut path = String::new();
    for sign in name.chars() {
        if sign.is_ascii_alphanumeric() || "_.".contains(sign) {
            path.push(sign.to_ascii_lowercase());
        } else if !path.ends_with('-') && !path.is_empty() {
            path.push('-');
        }
    }
    path.trim_end_matches(['-', '.']).to_owned()
}

/// The namespace a project may be made in: the one asked for, or the user's own.
/// Needs the role the group asks for.
pub fn target_namespace(call: &Call, world: &World, wanted: Option<&str>) -> Result<u64, Refusal> {
    let user = call.user(world)?;
    let viewer = call.viewer();
    let Some(wanted) = wanted else {
        return Ok(user.namespace_id);
    };
    let id = wanted
        .parse()
        .ok()
        .filter(|id| world.namespace_path(*id).is_some())
        .or_else(|| world.namespace_named(wanted))
        .ok_or_else(|| Refusal::not_found("Namespace"))?;
    let Some(group) = world.groups.get(&id) else {
        let own = world.personal.get(&id) == Some(&user.id) || viewer.admin;
        return if own {
            Ok(id)
        } else {
            Err(Refusal::not_found("Namespace"))
        };
    };
    if !viewer.sees_group(world, id) {
        return Err(Refusal::not_found("Namespace"));
    }
    let needed = match group.project_creation_level.as_str() {
        "noone" => AccessLevel(u8::MAX),
        "owner" => AccessLevel::OWNER,
        "maintainer" => AccessLevel::MAINTAINER,
        _ => AccessLevel::DEVELOPER,
    };
    if viewer.group_role(world, id) < needed && !viewer.admin {
        return Err(Refusal::invalid_field("namespace", "is not valid"));
    }
    Ok(id)
}

/// Refuses when something lies at the path, or a project there has that name.
pub fn check_free(world: &World, namespace: u64, path: &str, name: &str) -> Result<(), Refusal> {
    let full = format!(
        "{}/{path}",
        world.namespace_path(namespace).unwrap_or_default()
    );
    let named = |project: &Project| {
        project.namespace_id == namespace && project.name.eq_ignore_ascii_case(name)
    };
    if world.place(&full).is_some() || world.projects.values().any(named) {
        return Err(taken());
    }
    if !valid_path(path) {
        return Err(Refusal::invalid_field(
            "path",
            "can contain only letters, digits, '_', '-' and '.'. Cannot start with '-', end in '.git' or end in '.atom'",
        ));
    }
    Ok(())
}

pub(super) fn create(call: &Call) -> Answer {
    let (name, path) = (call.params.filled("name"), call.params.filled("path"));
    let (name, path) = match (name, path) {
        (Some(name), Some(path)) => (name, path),
        (Some(name), None) => (name.clone(), slug(&name)),
        (None, Some(path)) => (path.clone(), path),
        (None, None) => {
            return Err(Refusal::invalid(
                "name, path are missing, at least one parameter must be provided",
            ));
        }
    };
    let mut world = call.server.write();
    call.granted(&world, Boundary::User)?;
    let wanted = call.params.text("namespace_id");
    let namespace_id = target_namespace(call, &world, wanted.as_deref())?;
    check_free(&world, namespace_id, &path, &name)?;
    let visibility = visibility_of(call)?.unwrap_or(Visibility::Private);
    if visibility > world.namespace_visibility(namespace_id) {
        return Err(Refusal::invalid_field(
            "visibility_level",
            &format!(
                "{} is not allowed in a {} group.",
                visibility.word(),
                world.namespace_visibility(namespace_id).word()
            ),
        ));
    }
    let id = world.add_project(
        NewProject {
            namespace_id,
            name,
            path,
            description: call.params.text("description"),
            visibility,
            creator_id: call.user_id()?,
        },
        call.now,
    );
    if let Some(project) = world.projects.get_mut(&id) {
        set(call, project)?;
    }
    let readme = call
        .params
        .truth("initialize_with_readme")?
        .unwrap_or(false);
    let author = call.user(&world)?.clone();
    let branch = call
        .params
        .filled("default_branch")
        .unwrap_or_else(|| "main".into());
    let title = world.projects[&id].name.clone();
    drop(world);
    if readme {
        let first = || -> Result<(), crate::git::GitError> {
            let opened = repository::open(&call.server, id)?;
            let text = format!("# {title}\n");
            repository::commit(
                &opened,
                &repository::NewCommit {
                    reference: &format!("refs/heads/{branch}"),
                    parents: &[],
                    files: &[("README.md", Some(text.as_bytes()))],
                    message: "Initial commit",
                    author: (&author.name, &author.email),
                    time: call.now,
                },
            )?;
            opened.set_head(&format!("refs/heads/{branch}"))?;
            push::settle_default_branch(&call.server, id, &opened, call.now)
        };
        first().map_err(broken)?;
    }
    let world = call.server.read();
    let project = world
        .projects
        .get(&id)
        .ok_or_else(|| Refusal::not_found("Project"))?;
    let detail = ProjectDetail {
        statistics: false,
        permissions: true,
        single: true,
    };
    created(call.view(&world).project(project, detail))
}

/// Git did not do what it was to do; GitLab says no more than this either.
#[expect(clippy::needless_pass_by_value, reason = "it maps errors")]
pub fn broken(error: crate::git::GitError) -> Refusal {
    tracing::error!(%error, "git failed under a route");
    Refusal::message(
        StatusCode::INTERNAL_SERVER_ERROR,
        "500 Internal Server Error",
    )
}

pub(super) fn fork(call: &Call) -> Answer {
    let params = &call.params;
    let (id, from) = {
        let mut world = call.server.write();
        let upstream = call.project(&world)?;
        if !call.viewer().reads_code(&world, upstream) || !upstream.features.enabled("forking") {
            return Err(Refusal::not_found("Project"));
        }
        let (from, visibility) = (upstream.id, upstream.visibility);
        let name = params
            .filled("name")
            .unwrap_or_else(|| upstream.name.clone());
        let path = params
            .filled("path")
            .unwrap_or_else(|| upstream.path.clone());
        let description = upstream.description.clone();
        let wanted = ["namespace_id", "namespace_path", "namespace"]
            .iter()
            .find_map(|name| params.text(name));
        let namespace_id = target_namespace(call, &world, wanted.as_deref())?;
        if check_free(&world, namespace_id, &path, &name).is_err() {
            return Err(Refusal::conflict(Value::from(vec![
                "Project namespace name has already been taken",
                "Name has already been taken",
                "Path has already been taken",
            ])));
        }
        let creator_id = call.user_id()?;
        let visibility = visibility_of(call)?.unwrap_or(visibility).min(visibility);
        let new = NewProject {
            namespace_id,
            name,
            path,
            description,
            visibility,
            creator_id,
        };
        let id = world.add_project(new, call.now);
        world.relate_fork(id, from);
        (id, from)
    };
    copy_repository(call, from, id).map_err(broken)?;
    let world = call.server.read();
    let answer = shown(call, &world, id)?;
    Ok(as_created(answer))
}

fn copy_repository(call: &Call, from: u64, id: u64) -> Result<(), crate::git::GitError> {
    let server = &call.server;
    let branch = server
        .read()
        .projects
        .get(&from)
        .and_then(|project| project.default_branch.clone());
    let Some(branch) = branch else { return Ok(()) };
    repository::ensure(server, from, false, true)?;
    bundle::fork(
        server,
        &server.data.repository(from),
        &server.data.repository(id),
        &branch,
    )?;
    let opened = git2::Repository::open_bare(server.data.repository(id))?;
    push::settle_default_branch(server, id, &opened, call.now)
}
