//! Making, changing, moving and removing projects.

use http::StatusCode;
use jiff::ToSpan;
use serde_json::{Value, json};

use super::Refusal;
use super::call::Call;
use super::groups::{valid_path, visibility_of};
use super::principal::Boundary;
use super::projects::remove_files;
use super::reply::{Answer, accepted, created, ok};
use crate::clock::day;
use crate::git::{bundle, push, repository};
use crate::model::new_project::NewProject;
use crate::model::project::Repository;
use crate::model::settings::FEATURES;
use crate::model::{AccessLevel, Deletion, Project, Visibility, World};
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

/// Takes the settings that were sent.
fn set(call: &Call, project: &mut Project) -> Result<(), Refusal> {
    let params = &call.params;
    for (feature, _) in FEATURES {
        let name = format!("{feature}_access_level");
        if let Some(word) = params.filled(&name)
            && !project.features.set_word(feature, &word)
        {
            return Err(Refusal::invalid(&format!(
                "{name} does not have a valid value"
            )));
        }
    }
    for (name, feature) in [
        ("issues_enabled", "issues"),
        ("merge_requests_enabled", "merge_requests"),
        ("wiki_enabled", "wiki"),
        ("jobs_enabled", "builds"),
        ("snippets_enabled", "snippets"),
    ] {
        if let Some(enabled) = params.truth(name)? {
            project.features.set(feature, if enabled { 20 } else { 0 });
        }
    }
    if let Some(topics) = params.list("topics").or_else(|| params.list("tag_list")) {
        project.topics = topics;
        project.topics.sort();
        project.topics.dedup();
    }
    if let Some(word) = params.filled("merge_method")
        && !project.settings.set_merge_method(&word)
    {
        return Err(Refusal::invalid("merge_method does not have a valid value"));
    }
    if let Some(word) = params.word(
        "squash_option",
        &["never", "always", "default_on", "default_off"],
    )? {
        word.clone_into(&mut project.settings.squash_option);
    }
    let settings = &mut project.settings;
    for (name, field) in [
        (
            "request_access_enabled",
            &mut settings.request_access_enabled,
        ),
        (
            "only_allow_merge_if_pipeline_succeeds",
            &mut settings.only_allow_merge_if_pipeline_succeeds,
        ),
        (
            "only_allow_merge_if_all_discussions_are_resolved",
            &mut settings.only_allow_merge_if_all_discussions_are_resolved,
        ),
        (
            "remove_source_branch_after_merge",
            &mut settings.remove_source_branch_after_merge,
        ),
        (
            "printing_merge_request_link_enabled",
            &mut settings.printing_merge_request_link_enabled,
        ),
        (
            "resolve_outdated_diff_discussions",
            &mut settings.resolve_outdated_diff_discussions,
        ),
        (
            "autoclose_referenced_issues",
            &mut settings.autoclose_referenced_issues,
        ),
        (
            "shared_runners_enabled",
            &mut settings.shared_runners_enabled,
        ),
        ("public_builds", &mut settings.public_builds),
        ("service_desk_enabled", &mut settings.service_desk_enabled),
    ] {
        if let Some(truth) = params.truth(name)? {
            *field = truth;
        }
    }
    if let Some(public) = params.truth("public_jobs")? {
        settings.public_builds = public;
    }
    for (name, field) in [
        (
            "suggestion_commit_message",
            &mut settings.suggestion_commit_message,
        ),
        ("merge_commit_template", &mut settings.merge_commit_template),
        (
            "squash_commit_template",
            &mut settings.squash_commit_template,
        ),
        ("issues_template", &mut settings.issues_template),
        (
            "merge_requests_template",
            &mut settings.merge_requests_template,
        ),
    ] {
        if params.has(name) {
            *field = params.filled(name);
        }
    }
    if let Some(depth) = params.number("ci_default_git_depth")? {
        project.ci_cd.default_git_depth = depth;
    }
    if let Some(timeout) = params.number("build_timeout")? {
        project.settings.build_timeout = timeout;
    }
    Ok(())
}

pub(super) fn update(call: &Call) -> Answer {
    let params = &call.params;
    let wanted_branch = params.filled("default_branch");
    if let Some(branch) = &wanted_branch {
        let world = call.server.read();
        let project = call.project_as(&world, AccessLevel::MAINTAINER)?;
        let (id, stored) = (project.id, project.repository != Repository::Absent);
        drop(world);
        if stored {
            let opened = repository::open(&call.server, id).map_err(broken)?;
            if repository::branch_tip(&opened, branch)
                .map_err(broken)?
                .is_none()
            {
                return Err(Refusal::validation(
                    json!({ "base": ["Could not set the default branch. Do you have a branch named '".to_owned() + branch + "' in your repository?"] }),
                ));
            }
            opened
                .set_head(&format!("refs/heads/{branch}"))
                .map_err(|error| broken(error.into()))?;
        }
    }
    let mut world = call.server.write();
    let (id, namespace_id, old_path, old_name) = {
        let project = call.project_as(&world, AccessLevel::MAINTAINER)?;
        (
            project.id,
            project.namespace_id,
            project.path.clone(),
            project.name.clone(),
        )
    };
    let visibility = visibility_of(call)?;
    if visibility.is_some_and(|wanted| wanted != world.projects[&id].visibility) {
        call.require(&world, &world.projects[&id], AccessLevel::OWNER)?;
    }
    if let Some(path) = params.filled("path").filter(|path| *path != old_path) {
        check_free(&world, namespace_id, &path, "")?;
        world.relocate_project(id, namespace_id, &path);
    }
    if let Some(name) = params.filled("name").filter(|name| *name != old_name) {
        let same = |other: &&Project| {
            other.id != id
                && other.namespace_id == namespace_id
                && other.name.eq_ignore_ascii_case(&name)
        };
        if world.projects.values().find(same).is_some() {
            return Err(taken());
        }
        if let Some(project) = world.projects.get_mut(&id) {
            project.name = name;
        }
    }
    let archived = params.truth("archived")?;
    if let Some(project) = world.projects.get_mut(&id) {
        set(call, project)?;
        if params.has("description") {
            project.description = params.text("description");
        }
        if let Some(visibility) = visibility {
            project.visibility = visibility;
        }
        if let Some(archived) = archived {
            project.archived = archived;
        }
        if wanted_branch.is_some() && project.default_branch.is_some() {
            project.default_branch = wanted_branch;
        }
        project.updated_at = call.now;
    }
    shown(call, &world, id)
}

fn shown(call: &Call, world: &World, id: u64) -> Answer {
    let project = world
        .projects
        .get(&id)
        .ok_or_else(|| Refusal::not_found("Project"))?;
    let detail = ProjectDetail {
        statistics: false,
        permissions: true,
        single: true,
    };
    ok(call.view(world).project(project, detail))
}

pub(super) fn remove(call: &Call) -> Answer {
    let mut world = call.server.write();
    let project = call.project_as(&world, AccessLevel::OWNER)?;
    let (id, full_path) = (project.id, project.full_path.clone());
    call.unmodified_since(project.updated_at)?;
    let marked = project.marked_for_deletion_on.is_some();
    let now = call.params.truth("permanently_remove")?.unwrap_or(false);
    if let (Deletion::Delayed { days }, false) = (world.instance.deletion, now) {
        if marked {
            return Err(Refusal::bad_request(
                "Project has been already marked for deletion",
            ));
        }
        let on = day(call.now).checked_add(i64::from(days).days()).ok();
        if let Some(project) = world.projects.get_mut(&id) {
            project.marked_for_deletion_on = on;
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
            "`permanently_remove` option is only available for projects marked for deletion, with `full_path` given.",
        ));
    }
    world.remove_project(id);
    drop(world);
    remove_files(&call.server, id);
    accepted()
}

pub(super) fn restore(call: &Call) -> Answer {
    let mut world = call.server.write();
    let id = call.project_as(&world, AccessLevel::OWNER)?.id;
    if let Some(project) = world.projects.get_mut(&id) {
        project.marked_for_deletion_on = None;
    }
    let answer = shown(call, &world, id)?;
    Ok(as_created(answer))
}

fn as_created(reply: super::reply::Reply) -> super::reply::Reply {
    match reply {
        super::reply::Reply::Json(_, body) => super::reply::Reply::Json(StatusCode::CREATED, body),
        other => other,
    }
}

pub(super) fn archive(call: &Call) -> Answer {
    set_archived(call, true)
}

pub(super) fn unarchive(call: &Call) -> Answer {
    set_archived(call, false)
}

fn set_archived(call: &Call, archived: bool) -> Answer {
    let mut world = call.server.write();
    let id = call.project_as(&world, AccessLevel::OWNER)?.id;
    if let Some(project) = world.projects.get_mut(&id) {
        project.archived = archived;
        project.updated_at = call.now;
    }
    let answer = shown(call, &world, id)?;
    Ok(as_created(answer))
}

pub(super) fn transfer(call: &Call) -> Answer {
    let wanted = call.params.required("namespace")?;
    let mut world = call.server.write();
    let (id, path, name) = {
        let project = call.project_as(&world, AccessLevel::OWNER)?;
        (project.id, project.path.clone(), project.name.clone())
    };
    let namespace = target_namespace(call, &world, Some(&wanted))?;
    if check_free(&world, namespace, &path, &name).is_err() {
        return Err(Refusal::message(
            StatusCode::BAD_REQUEST,
            "Project with same name or path in target namespace already exists",
        ));
    }
    world.relocate_project(id, namespace, &path);
    if let Some(project) = world.projects.get_mut(&id) {
        project.updated_at = call.now;
    }
    shown(call, &world, id)
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
