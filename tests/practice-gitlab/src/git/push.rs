//! What GitLab does when a repository changed: the first branch becomes the
//! default one and is protected, activity is noted, merge requests get a new
//! version or are found to be merged.

use git2::Oid;
use jiff::Timestamp;

use super::{GitError, diff, history, repository};
use crate::merge_requests;
use crate::model::merge_request::MergeRequestState;
use crate::model::project::Repository;
use crate::server::Server;

/// Takes notice of a push by `user`.
pub fn after(server: &Server, project: u64, wiki: bool, user: u64) -> Result<(), GitError> {
    let now = server.clock.now();
    if wiki {
        if let Some(project) = server.write().projects.get_mut(&project) {
            project.touch(now);
        }
        return Ok(());
    }
    let opened = repository::open(server, project)?;
    settle_default_branch(server, project, &opened, now)?;
    if let Some(project) = server.write().projects.get_mut(&project) {
        project.touch(now);
    }
    renew_merge_requests(server, project, now)?;
    find_merged(server, project, &opened, user, now)
}

/// Sets the default branch when there is none yet (or it is gone), and what is
/// known of the repository.
pub fn settle_default_branch(
    server: &Server,
    project: u64,
    opened: &git2::Repository,
    now: Timestamp,
) -> Result<(), GitError> {
    let known = server
        .read()
        .projects
        .get(&project)
        .and_then(|project| project.default_branch.clone());
    let branch = match known {
        Some(branch) if repository::branch_tip(opened, &branch)?.is_some() => Some(branch),
        _ => repository::default_branch(opened)?,
    };
    if let Some(branch) = &branch {
        opened.set_head(&format!("refs/heads/{branch}"))?;
    }
    let facts = repository::facts(opened, branch.as_deref())?;
    let mut world = server.write();
    let first = {
        let Some(project) = world.projects.get_mut(&project) else {
            return Ok(());
        };
        let first = project.default_branch.is_none() && branch.is_some();
        project.default_branch = branch;
        project.facts = facts;
        project.repository = Repository::Stored;
        first
    };
    if first {
        world.protect_default_branch(project, now);
    }
    Ok(())
}

/// Gives open merge requests out of this project a new version where their
/// source branch moved.
fn renew_merge_requests(server: &Server, source: u64, now: Timestamp) -> Result<(), GitError> {
    let opened = repository::open(server, source)?;
    let affected: Vec<(u64, u64, String, Option<String>)> = {
        let world = server.read();
        let requests = world.projects.values().flat_map(|project| {
            project
                .merge_requests
                .values()
                .map(move |request| (project.id, request))
        });
        requests
            .filter(|(_, request)| {
                request.state == MergeRequestState::Opened
                    && request.source_project_id == Some(source)
            })
            .map(|(project, request)| {
                let head = request.head_sha().map(str::to_owned);
                (
                    project,
                    request.shared.iid,
                    request.source_branch.clone(),
                    head,
                )
            })
            .collect()
    };
    for (target, iid, branch, head) in affected {
        let tip = repository::branch_tip(&opened, &branch)?.map(|tip| tip.to_string());
        if tip.is_some() && tip != head {
            merge_requests::renew(server, target, iid, now)?;
        }
    }
    Ok(())
}

/// Marks open merge requests as merged whose commits arrived in their target
/// branch.
fn find_merged(
    server: &Server,
    project: u64,
    opened: &git2::Repository,
    user: u64,
    now: Timestamp,
) -> Result<(), GitError> {
    let open: Vec<(u64, String, Option<String>)> = {
        let world = server.read();
        let Some(project) = world.projects.get(&project) else {
            return Ok(());
        };
        let requests = project.merge_requests.values();
        requests
            .filter(|request| request.state == MergeRequestState::Opened)
            .filter(|request| {
                request
                    .latest()
                    .is_some_and(|version| !version.commits.is_empty())
            })
            .map(|request| {
                (
                    request.shared.iid,
                    request.target_branch.clone(),
                    request.head_sha().map(str::to_owned),
                )
            })
            .collect()
    };
    for (iid, target, head) in open {
        let tip = repository::branch_tip(opened, &target)?;
        let head = head.and_then(|head| Oid::from_str(&head).ok());
        if let (Some(tip), Some(head)) = (tip, head)
            && opened.find_commit(head).is_ok()
            && history::contains(opened, tip, head)?
        {
            merge_requests::mark_merged(server, project, iid, user, None, now);
        }
    }
    Ok(())
}

/// Takes a version of the diff between two branches' tips.
pub fn take_version(
    server: &Server,
    project: u64,
    start: Oid,
    head: Oid,
    now: Timestamp,
) -> Result<crate::model::merge_request::DiffVersion, GitError> {
    let opened = repository::open(server, project)?;
    let id = crate::model::world::next(&mut server.write().numbers.diff);
    diff::version(&opened, id, start, head, now)
}
