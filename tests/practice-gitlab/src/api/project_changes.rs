//! Changing, moving and removing projects.

use http::StatusCode;
use jiff::ToSpan;
use serde_json::json;

use super::Refusal;
use super::call::Call;
use super::groups::visibility_of;
use super::project_creation::{broken, check_free, taken, target_namespace};
use super::projects::remove_files;
use super::reply::{Answer, accepted, ok};
use crate::clock::day;
use crate::git::repository;
use crate::model::project::Repository;
use crate::model::settings::FEATURES;
use crate::model::{AccessLevel, Deletion, Project, World};
use crate::present::ProjectDetail;

/// Takes the settings that were sent.
pub(super) fn set(call: &Call, project: &mut Project) -> Result<(), Refusal> {
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

pub(super) fn shown(call: &Call, world: &World, id: u64) -> Answer {
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

pub(super) fn as_created(reply: super::reply::Reply) -> super::reply::Reply {
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
