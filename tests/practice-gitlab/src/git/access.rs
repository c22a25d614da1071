//! Who may fetch and push what (facts of `lib/gitlab/git_access.rb`).

use http::StatusCode;

use super::request::{GitRequest, Service};
use crate::api::principal::{Principal, Viewer};
use crate::model::project::Repository;
use crate::model::{AccessLevel, Project, World};

const NO_PROJECT: &str =
    "The project you were looking for could not be found or you don't have permission to view it.";

/// A request that was let through.
pub(super) struct Admitted {
    pub project: u64,
    /// The user who pushes.
    pub user: u64,
    /// What a push may not do, as the hook reads it.
    pub rules: String,
}

/// Why a request is not let through.
pub(super) enum Turned {
    /// It has to sign in.
    Away,
    /// It may not, or there is nothing.
    Down(StatusCode, &'static str),
}

fn forbidden(reason: &'static str) -> Turned {
    Turned::Down(StatusCode::FORBIDDEN, reason)
}

/// Decides whether the request is let through.
pub(super) fn admit(
    world: &World,
    asked: &GitRequest,
    principal: Option<&Principal>,
) -> Result<Admitted, Turned> {
    let viewer = principal.map_or(Viewer::ANYBODY, |principal| Viewer {
        user: Some(principal.user_id),
        admin: principal.admin,
    });
    let project = world
        .project_at(&asked.path)
        .or_else(|| world.project_formerly_at(&asked.path))
        .filter(|project| viewer.sees_project(world, project));
    let Some(project) = project else {
        return Err(match principal {
            None => Turned::Away,
            Some(_) => Turned::Down(StatusCode::NOT_FOUND, NO_PROJECT),
        });
    };
    if asked.wiki && !project.features.enabled("wiki") {
        return Err(Turned::Down(StatusCode::NOT_FOUND, NO_PROJECT));
    }
    let scopes: &[String] = principal
        .and_then(|principal| world.tokens.get(&principal.token_id))
        .map_or(&[], |token| &token.scopes);
    let has_any = |wanted: &[&str]| scopes.iter().any(|scope| wanted.contains(&scope.as_str()));
    match asked.service {
        Service::UploadPack => {
            let reads = if asked.wiki {
                viewer.has_feature(world, project, "wiki")
            } else {
                viewer.reads_code(world, project)
            };
            if principal.is_some()
                && !has_any(&["api", "read_api", "read_repository", "write_repository"])
            {
                return Err(forbidden("You are not allowed to download code."));
            }
            match (reads, principal) {
                (true, _) => {}
                (false, None) => return Err(Turned::Away),
                (false, Some(_)) => {
                    return Err(forbidden(
                        "You are not allowed to download code from this project.",
                    ));
                }
            }
        }
        Service::ReceivePack => {
            let Some(principal) = principal else {
                return Err(Turned::Away);
            };
            if !has_any(&["api", "write_repository"]) {
                return Err(forbidden("You are not allowed to upload code."));
            }
            if viewer.role(world, project) < AccessLevel::DEVELOPER || project.archived {
                return Err(forbidden(
                    "You are not allowed to push code to this project.",
                ));
            }
            let rules = if asked.wiki {
                String::new()
            } else {
                rules(world, viewer, project)
            };
            return Ok(Admitted {
                project: project.id,
                user: principal.user_id,
                rules,
            });
        }
    }
    let user = principal.map_or(0, |principal| principal.user_id);
    Ok(Admitted {
        project: project.id,
        user,
        rules: String::new(),
    })
}

/// What a push of `viewer` may not do, one rule a word: `push:PATTERN`,
/// `force:PATTERN`, `delete:PATTERN`, `default:REF`, `tag:PATTERN`.
fn rules(world: &World, viewer: Viewer, project: &Project) -> String {
    let role = viewer.role(world, project);
    let allowed = |levels: &[u8]| levels.iter().any(|level| *level > 0 && role.0 >= *level);
    let mut rules = Vec::new();
    if let Some(branch) = &project.default_branch
        && project.repository != Repository::Absent
    {
        rules.push(format!("default:refs/heads/{branch}"));
    }
    for branch in &project.protected_branches {
        let pattern = format!("refs/heads/{}", branch.name);
        if !allowed(&branch.push_levels) {
            rules.push(format!("push:{pattern}"));
        }
        if !branch.allow_force_push {
            rules.push(format!("force:{pattern}"));
        }
        rules.push(format!("delete:{pattern}"));
    }
    for tag in &project.protected_tags {
        let pattern = format!("refs/tags/{}", tag.name);
        if allowed(&tag.create_levels) {
            rules.push(format!("retag:{pattern}"));
        } else {
            rules.push(format!("tag:{pattern}"));
        }
    }
    rules.join(" ")
}
