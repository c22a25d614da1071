//! Opening, changing, approving, merging and deleting merge requests.

use http::StatusCode;
use serde_json::{Value, json};

use super::Refusal;
use super::call::Call;
use super::issue_changes::{change_shared, checked_title, put_metadata, require_some};
use super::merge_requests::find;
use super::project_creation::broken;
use super::reply::{Answer, created, no_content, ok};
use crate::git::repository;
use crate::issuables::Deed;
use crate::merge_requests::{self, MergeOptions, Merged, closing_numbers};
use crate::model::merge_request::{Approval, MergeRequestState, Reviewer};
use crate::model::world::next;
use crate::model::{AccessLevel, Issuable, IssuableKind, MergeRequest, World};
use crate::quick_actions;

/// What is opened, and where.
struct Opening {
    source: u64,
    target: u64,
    source_branch: String,
    target_branch: String,
}

/// Checks rights and finds the projects.
fn opening(call: &Call) -> Result<Opening, Refusal> {
    call.params
        .require_all(&["title", "source_branch", "target_branch"])?;
    let world = call.server.read();
    let source = call.project(&world)?;
    let target = match call.params.text("target_project_id") {
        Some(id) => call.named_project(&world, &id)?,
        None => source,
    };
    let viewer = call.viewer();
    let opens = viewer.role(&world, source) >= AccessLevel::DEVELOPER && !target.archived;
    if !opens || !viewer.has_feature(&world, target, "merge_requests") {
        return Err(Refusal::forbidden());
    }
    if source.id != target.id
        && source.forked_from != Some(target.id)
        && target.forked_from != Some(source.id)
    {
        return Err(Refusal::message(
            StatusCode::UNPROCESSABLE_ENTITY,
            json!(["Source project is not a fork of the target project"]),
        ));
    }
    Ok(Opening {
        source: source.id,
        target: target.id,
        source_branch: call.params.required("source_branch")?,
        target_branch: call.params.required("target_branch")?,
    })
}

fn check_branches(call: &Call, opening: &Opening) -> Result<(), Refusal> {
    let conflict = |sentence: String| Refusal::conflict(json!([sentence]));
    if opening.source == opening.target && opening.source_branch == opening.target_branch {
        return Err(conflict(
            "You can't use same project/branch for source and target".into(),
        ));
    }
    {
        let world = call.server.read();
        let open = world.projects.get(&opening.target).and_then(|project| {
            project.merge_requests.values().find(|request| {
                request.state == MergeRequestState::Opened
                    && request.source_project_id == Some(opening.source)
                    && request.source_branch == opening.source_branch
                    && request.target_branch == opening.target_branch
            })
        });
        if let Some(request) = open {
            return Err(conflict(format!(
                "Another open merge request already exists for this source branch: !{}",
                request.shared.iid
            )));
        }
    }
    for (project, branch, what) in [
        (opening.source, &opening.source_branch, "Source"),
        (opening.target, &opening.target_branch, "Target"),
    ] {
        let opened = repository::open(&call.server, project).map_err(broken)?;
        if repository::branch_tip(&opened, branch)
            .map_err(broken)?
            .is_none()
        {
            return Err(Refusal::message(
                StatusCode::UNPROCESSABLE_ENTITY,
                json!([format!("{what} branch \"{branch}\" does not exist")]),
            ));
        }
    }
    Ok(())
}

pub(super) fn create(call: &Call) -> Answer {
    let params = &call.params;
    let opening = opening(call)?;
    let title = checked_title(params.required("title")?)?;
    check_branches(call, &opening)?;
    let squash = params.truth("squash")?;
    let remove = params.truth("remove_source_branch")?;
    let collaborate = params.truth("allow_collaboration")?.unwrap_or(false);
    let reviewers = params.numbers("reviewer_ids")?;
    let target = opening.target;
    let (iid, deed, commands) = {
        let mut world = call.server.write();
        let author = call.user_id()?;
        let parsed = quick_actions::parse(&params.text("description").unwrap_or_default());
        let number = next(&mut world.numbers.merge_request);
        let Some(project) = world.projects.get_mut(&target) else {
            return Err(Refusal::not_found("Project"));
        };
        let iid = project.next_merge_request_iid();
        let mut shared = Issuable::new(number, iid, title, author, call.now);
        shared.description = params.has("description").then_some(parsed.text);
        let mut request = MergeRequest::new(
            shared,
            opening.source_branch,
            Some(opening.source),
            opening.target_branch,
        );
        request.squash = squash.unwrap_or(matches!(
            project.settings.squash_option.as_str(),
            "always" | "default_on"
        ));
        request.remove_source_branch =
            remove.unwrap_or(project.settings.remove_source_branch_after_merge);
        request.allow_collaboration = collaborate;
        project.merge_requests.insert(iid, request);
        project.touch(call.now);
        let deed = Deed {
            project: target,
            kind: IssuableKind::MergeRequest,
            iid,
            by: author,
            now: call.now,
        };
        put_metadata(call, &mut world, deed)?;
        if let Some(users) = reviewers {
            set_reviewers(call, &mut world, deed, &users);
        }
        (iid, deed, parsed.commands)
    };
    merge_requests::renew(&call.server, target, iid, call.now).map_err(broken)?;
    let mut world = call.server.write();
    quick_actions::carry_out(&mut world, deed, &commands);
    deed.announce(&mut world);
    created(shown(call, &world, target, iid)?)
}

fn shown(call: &Call, world: &World, project: u64, iid: u64) -> Result<Value, Refusal> {
    let project = world
        .projects
        .get(&project)
        .ok_or_else(|| Refusal::not_found("Project"))?;
    let request = project
        .merge_requests
        .get(&iid)
        .ok_or_else(Refusal::record_not_found)?;
    Ok(call.view(world).merge_request_detail(project, request))
}

fn set_reviewers(call: &Call, world: &mut World, deed: Deed, users: &[u64]) {
    let premium = world.instance.premium();
    let members: Vec<u64> = world
        .projects
        .get(&deed.project)
        .map_or_else(Vec::new, |project| {
            let member = |id: &u64| world.project_access(*id, project) > AccessLevel::NONE;
            let allowed = if premium { users.len() } else { 1 };
            users.iter().copied().filter(member).take(allowed).collect()
        });
    let Some(request) = request_mut(world, deed) else {
        return;
    };
    request
        .reviewers
        .retain(|reviewer| members.contains(&reviewer.user_id));
    for user_id in members {
        if request
            .reviewers
            .iter()
            .all(|reviewer| reviewer.user_id != user_id)
        {
            let state = "unreviewed".to_owned();
            request.reviewers.push(Reviewer {
                user_id,
                state,
                created_at: call.now,
            });
        }
    }
}

fn request_mut(world: &mut World, deed: Deed) -> Option<&mut MergeRequest> {
    world
        .projects
        .get_mut(&deed.project)?
        .merge_requests
        .get_mut(&deed.iid)
}

/// The merge request, with the right to change it: its author, its assignees, and
/// Developers.
fn changed(call: &Call, world: &World) -> Result<Deed, Refusal> {
    let (project, request) = find(call, world)?;
    let by = call.user_id()?;
    let own = request.shared.author_id == by || request.shared.assignees.contains(&by);
    if !own && call.viewer().role(world, project) < AccessLevel::DEVELOPER {
        return Err(Refusal::forbidden());
    }
    Ok(Deed {
        project: project.id,
        kind: IssuableKind::MergeRequest,
        iid: request.shared.iid,
        by,
        now: call.now,
    })
}

const CHANGEABLE: [&str; 18] = [
    "assignee_id",
    "assignee_ids",
    "reviewer_ids",
    "description",
    "labels",
    "add_labels",
    "remove_labels",
    "milestone_id",
    "milestone",
    "remove_source_branch",
    "allow_collaboration",
    "allow_maintainer_to_push",
    "squash",
    "target_branch",
    "title",
    "state_event",
    "discussion_locked",
    "merge_after",
];

pub(super) fn update(call: &Call) -> Answer {
    let params = &call.params;
    require_some(call, &CHANGEABLE)?;
    let event = params.word("state_event", &["close", "reopen", "merge"])?;
    let squash = params.truth("squash")?;
    let remove = params.truth("remove_source_branch")?;
    let reviewers = params.numbers("reviewer_ids")?;
    let (deed, retargeted) = {
        let mut world = call.server.write();
        let deed = changed(call, &world)?;
        change_shared(call, &mut world, deed)?;
        if let Some(users) = reviewers {
            set_reviewers(call, &mut world, deed, &users);
        }
        let mut retargeted = false;
        if let Some(request) = request_mut(&mut world, deed) {
            request.squash = squash.unwrap_or(request.squash);
            request.remove_source_branch = remove.unwrap_or(request.remove_source_branch);
            request.closes =
                closing_numbers(request.shared.description.as_deref().unwrap_or_default());
            if let Some(branch) = params.filled("target_branch") {
                retargeted = branch != request.target_branch;
                request.target_branch = branch;
            }
        }
        deed.touch(&mut world);
        if let Some(event @ ("close" | "reopen")) = event {
            world.set_merge_request_state(
                deed.project,
                deed.iid,
                event == "close",
                deed.by,
                call.now,
            );
        }
        (deed, retargeted)
    };
    if retargeted || event == Some("reopen") {
        merge_requests::renew(&call.server, deed.project, deed.iid, call.now).map_err(broken)?;
    }
    let world = call.server.read();
    ok(shown(call, &world, deed.project, deed.iid)?)
}

pub(super) fn remove(call: &Call) -> Answer {
    let mut world = call.server.write();
    let (project, request) = find(call, &world)?;
    let (id, iid) = (project.id, request.shared.iid);
    call.require(&world, project, AccessLevel::OWNER)?;
    call.unmodified_since(request.shared.updated_at)?;
    if let Some(project) = world.projects.get_mut(&id) {
        project.merge_requests.remove(&iid);
        project.touch(call.now);
    }
    no_content()
}

pub(super) fn merge(call: &Call) -> Answer {
    let params = &call.params;
    let squash = params.truth("squash")?;
    let remove = params.truth("should_remove_source_branch")?;
    let (deed, options) = {
        let world = call.server.read();
        let (project, request) = find(call, &world)?;
        let view = call.view(&world).merge_request_detail(project, request);
        if view["user"]["can_merge"] != true {
            return Err(Refusal::unauthorized());
        }
        if request.state != MergeRequestState::Opened || request.draft() {
            return Err(Refusal::message(
                StatusCode::METHOD_NOT_ALLOWED,
                "405 Method Not Allowed",
            ));
        }
        if request.merge_status == "cannot_be_merged" {
            return Err(Refusal::message(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Branch cannot be merged",
            ));
        }
        if params
            .filled("sha")
            .is_some_and(|sha| Some(sha.as_str()) != request.head_sha())
        {
            return Err(Refusal::conflict(format!(
                "SHA does not match HEAD of source branch: {}",
                request.head_sha().unwrap_or_default()
            )));
        }
        let options = MergeOptions {
            message: params.filled("merge_commit_message"),
            squash: squash.unwrap_or(request.squash),
            remove_source_branch: remove.unwrap_or(request.remove_source_branch),
        };
        let (project, iid, by) = (project.id, request.shared.iid, call.user_id()?);
        (
            Deed {
                project,
                kind: IssuableKind::MergeRequest,
                iid,
                by,
                now: call.now,
            },
            options,
        )
    };
    let merged = merge_requests::merge(
        &call.server,
        deed.project,
        deed.iid,
        deed.by,
        &options,
        call.now,
    )
    .map_err(broken)?;
    if merged == Merged::NotPossible {
        return Err(Refusal::message(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Branch cannot be merged",
        ));
    }
    let world = call.server.read();
    ok(shown(call, &world, deed.project, deed.iid)?)
}

pub(super) fn approve(call: &Call) -> Answer {
    set_approved(call, true)
}

pub(super) fn unapprove(call: &Call) -> Answer {
    set_approved(call, false)
}

fn set_approved(call: &Call, approved: bool) -> Answer {
    let mut world = call.server.write();
    let (project, request) = find(call, &world)?;
    let view = call.view(&world).approvals(project, request);
    let (id, iid, user) = (project.id, request.shared.iid, call.user_id()?);
    let may = if approved {
        &view["user_can_approve"]
    } else {
        &view["user_has_approved"]
    };
    if *may != true {
        return Err(if approved {
            Refusal::unauthorized()
        } else {
            Refusal::not_found("")
        });
    }
    if params_sha_differs(call, request) {
        return Err(Refusal::conflict(
            "SHA does not match HEAD of source branch",
        ));
    }
    let deed = Deed {
        project: id,
        kind: IssuableKind::MergeRequest,
        iid,
        by: user,
        now: call.now,
    };
    if let Some(request) = request_mut(&mut world, deed) {
        request
            .approvals
            .retain(|approval| approval.user_id != user);
        if approved {
            request.approvals.push(Approval {
                user_id: user,
                created_at: call.now,
            });
        }
        for reviewer in &mut request.reviewers {
            if reviewer.user_id == user {
                reviewer.state = if approved { "approved" } else { "unapproved" }.into();
            }
        }
    }
    let (action, body) = if approved {
        ("approved", "approved this merge request")
    } else {
        ("unapproved", "unapproved this merge request")
    };
    deed.system_note(&mut world, action, body.into());
    deed.touch(&mut world);
    let project = world
        .projects
        .get(&id)
        .ok_or_else(|| Refusal::not_found("Project"))?;
    let request = project
        .merge_requests
        .get(&iid)
        .ok_or_else(Refusal::record_not_found)?;
    created(call.view(&world).approvals(project, request))
}

fn params_sha_differs(call: &Call, request: &MergeRequest) -> bool {
    call.params
        .filled("sha")
        .is_some_and(|sha| Some(sha.as_str()) != request.head_sha())
}
