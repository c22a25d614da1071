//! What happens to merge requests in git: versions of the diff, the refs GitLab
//! keeps for them, and merging.

use git2::{Oid, Signature, Time};
use jiff::Timestamp;

use crate::git::{GitError, bundle, push, repository};
use crate::model::issuable::StateEvent;
use crate::model::merge_request::MergeRequestState;
use crate::model::world::next;
use crate::model::{MergeRequest, World};
use crate::server::Server;

/// Where the branches of a merge request are.
struct Branches {
    source_project: Option<u64>,
    source: String,
    target: String,
}

fn branches(world: &World, project: u64, iid: u64) -> Option<Branches> {
    let request = request(world, project, iid)?;
    Some(Branches {
        source_project: request.source_project_id,
        source: request.source_branch.clone(),
        target: request.target_branch.clone(),
    })
}

fn request(world: &World, project: u64, iid: u64) -> Option<&MergeRequest> {
    world.projects.get(&project)?.merge_requests.get(&iid)
}

fn request_mut(world: &mut World, project: u64, iid: u64) -> Option<&mut MergeRequest> {
    world
        .projects
        .get_mut(&project)?
        .merge_requests
        .get_mut(&iid)
}

/// Takes a new version of the diff from the branches as they are, and moves
/// `refs/merge-requests/<iid>/head` and `/merge`. Nothing happens when a branch
/// is gone.
pub fn renew(server: &Server, project: u64, iid: u64, now: Timestamp) -> Result<(), GitError> {
    let Some(branches) = branches(&server.read(), project, iid) else {
        return Ok(());
    };
    let opened = repository::open(server, project)?;
    let head_ref = format!("refs/merge-requests/{iid}/head");
    match branches.source_project {
        Some(fork) if fork != project => {
            repository::ensure(server, fork, false, true)?;
            let from = server.data.repository(fork);
            let source = format!("refs/heads/{}", branches.source);
            bundle::fetch(server, opened.path(), &from, &source, &head_ref)?;
        }
        _ => {
            let Some(tip) = repository::branch_tip(&opened, &branches.source)? else {
                return Ok(());
            };
            opened.reference(&head_ref, tip, true, "")?;
        }
    }
    let (Some(start), Some(head)) = (
        repository::branch_tip(&opened, &branches.target)?,
        repository::tip(&opened, &head_ref)?,
    ) else {
        return Ok(());
    };
    let version = push::take_version(server, project, start, head, now)?;
    for sha in [&version.base_sha, &version.start_sha, &version.head_sha] {
        keep_around(&opened, sha)?;
    }
    let merged = test_merge(&opened, start, head, now)?;
    if let Some(merged) = merged {
        opened.reference(
            &format!("refs/merge-requests/{iid}/merge"),
            merged,
            true,
            "",
        )?;
    }
    if let Some(request) = request_mut(&mut server.write(), project, iid) {
        if !request.versions.is_empty() {
            request.shared.updated_at = now;
        }
        request.merge_status = if merged.is_some() {
            "can_be_merged"
        } else {
            "cannot_be_merged"
        }
        .into();
        request.versions.push(version);
    }
    Ok(())
}

/// Keeps a commit from being collected as garbage, as GitLab does for commits
/// that records refer to.
pub fn keep_around(opened: &git2::Repository, sha: &str) -> Result<(), GitError> {
    let id = Oid::from_str(sha)?;
    opened.reference(&format!("refs/keep-around/{sha}"), id, true, "")?;
    Ok(())
}

/// The commit that a merge would make, unless there are conflicts.
fn test_merge(
    opened: &git2::Repository,
    target: Oid,
    source: Oid,
    now: Timestamp,
) -> Result<Option<Oid>, GitError> {
    let (ours, theirs) = (opened.find_commit(target)?, opened.find_commit(source)?);
    let mut index = opened.merge_commits(&ours, &theirs, None)?;
    if index.has_conflicts() {
        return Ok(None);
    }
    let tree = opened.find_tree(index.write_tree_to(opened)?)?;
    let signature = Signature::new(
        "GitLab",
        "gitlab@example.com",
        &Time::new(now.as_second(), 0),
    )?;
    let message = format!("Merge {source} into {target}");
    Ok(Some(opened.commit(
        None,
        &signature,
        &signature,
        &message,
        &tree,
        &[&ours, &theirs],
    )?))
}

/// How a merge is to be done.
#[derive(Debug, Default)]
pub struct MergeOptions {
    /// The message of the merge commit.
    pub message: Option<String>,
    /// Make one commit of all.
    pub squash: bool,
    /// Remove the source branch afterwards.
    pub remove_source_branch: bool,
}

/// What came of a merge.
#[derive(Debug, PartialEq, Eq)]
pub enum Merged {
    /// It is done; the commit is named.
    Done(String),
    /// There are conflicts, or a branch is gone.
    NotPossible,
}

/// Merges an open merge request as `user`.
pub fn merge(
    server: &Server,
    project: u64,
    iid: u64,
    user: u64,
    options: &MergeOptions,
    now: Timestamp,
) -> Result<Merged, GitError> {
    let Some(branches) = branches(&server.read(), project, iid) else {
        return Ok(Merged::NotPossible);
    };
    let opened = repository::open(server, project)?;
    let target_ref = format!("refs/heads/{}", branches.target);
    let head = repository::tip(&opened, &format!("refs/merge-requests/{iid}/head"))?;
    let (Some(target), Some(head)) = (repository::tip(&opened, &target_ref)?, head) else {
        return Ok(Merged::NotPossible);
    };
    let (ours, theirs) = (opened.find_commit(target)?, opened.find_commit(head)?);
    let mut index = opened.merge_commits(&ours, &theirs, None)?;
    if index.has_conflicts() {
        return Ok(Merged::NotPossible);
    }
    let tree = opened.find_tree(index.write_tree_to(&opened)?)?;
    let (name, email, title) = {
        let world = server.read();
        let actor = world.users.get(&user).ok_or(GitError::NoProject)?;
        let title = request(&world, project, iid).map(|request| request.shared.title.clone());
        (
            actor.name.clone(),
            actor.email.clone(),
            title.unwrap_or_default(),
        )
    };
    let signature = Signature::new(&name, &email, &Time::new(now.as_second(), 0))?;
    let mut squashed = None;
    let second = if options.squash {
        let id = opened.commit(None, &signature, &signature, &title, &tree, &[&ours])?;
        squashed = Some(id.to_string());
        opened.find_commit(id)?
    } else {
        theirs
    };
    let message = options.message.clone().unwrap_or_else(|| {
        format!(
            "Merge branch '{}' into '{}'\n\n{title}\n\nSee merge request !{iid}",
            branches.source, branches.target
        )
    });
    let commit = opened.commit(
        None,
        &signature,
        &signature,
        &message,
        &tree,
        &[&ours, &second],
    )?;
    opened.reference(&target_ref, commit, true, "")?;
    keep_around(&opened, &commit.to_string())?;
    if options.remove_source_branch
        && branches.source_project == Some(project)
        && let Ok(mut branch) = opened.find_reference(&format!("refs/heads/{}", branches.source))
    {
        branch.delete()?;
    }
    if let Some(request) = request_mut(&mut server.write(), project, iid) {
        request.squash_commit_sha = squashed;
    }
    mark_merged(server, project, iid, user, Some(commit.to_string()), now);
    push::settle_default_branch(server, project, &opened, now)?;
    Ok(Merged::Done(commit.to_string()))
}

/// Notes that a merge request was merged, and closes the issues it closes.
pub fn mark_merged(
    server: &Server,
    project: u64,
    iid: u64,
    user: u64,
    commit: Option<String>,
    now: Timestamp,
) {
    let mut world = server.write();
    let event = next(&mut world.numbers.event);
    let Some(request) = request_mut(&mut world, project, iid) else {
        return;
    };
    request.state = MergeRequestState::Merged;
    request.merged_at = Some(now);
    request.merged_by = Some(user);
    request.merge_commit_sha = commit;
    request.shared.updated_at = now;
    request.shared.state_events.push(StateEvent {
        id: event,
        user_id: user,
        created_at: now,
        state: "merged".into(),
    });
    let closes = request.closes.clone();
    let target = request.target_branch.clone();
    let default = world
        .projects
        .get(&project)
        .and_then(|project| project.default_branch.clone());
    if default.as_deref() == Some(&target) {
        for issue in closes {
            world.close_issue(project, issue, user, now);
        }
    }
}

/// Numbers after `Closes #`, `Fixes #` and the like (`Gitlab::ClosingIssueExtractor`).
pub fn closing_numbers(text: &str) -> Vec<u64> {
    const WORDS: [&str; 12] = [
        "close",
        "closes",
        "closed",
        "closing",
        "fix",
        "fixes",
        "fixed",
        "fixing",
        "resolve",
        "resolves",
        "resolved",
        "resolving",
    ];
    let mut numbers = Vec::new();
    let mut closing = false;
    for word in text.split_whitespace() {
        let bare = word.trim_matches([':', ',', '.', ';']);
        if let Some(number) = bare
            .strip_prefix('#')
            .and_then(|number| number.parse().ok())
        {
            if closing {
                numbers.push(number);
            }
        } else if bare != "and" {
            closing = WORDS.contains(&bare.to_lowercase().as_str());
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::closing_numbers;

    #[test]
    fn closing_words_are_understood() {
        assert_eq!(
            closing_numbers("Closes #4, #6 and #7. Related to #8. fixes: #9"),
            [4, 6, 7, 9]
        );
    }
}
