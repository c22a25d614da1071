//! Git over HTTP: who may fetch and push what (facts of
//! `lib/gitlab/git_access.rb` and Gitaly's `internal/git/reference.go`), served
//! by the real `git http-backend`.

pub mod backend;
pub mod bundle;
pub mod config;
pub mod diff;
pub mod history;
pub mod push;
pub mod repository;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use http::header::{AUTHORIZATION, LOCATION};
use http::{HeaderValue, Request, Response, StatusCode};

use crate::answer::plain;
use crate::api::principal::{Principal, Viewer, basic, sign_in};
use crate::data::Data;
use crate::model::project::Repository;
use crate::model::{AccessLevel, Project, World};
use crate::server::Server;

/// Git's programs.
#[derive(Debug)]
pub struct Git {
    /// `git-http-backend`.
    http_backend: PathBuf,
    /// The configuration all of git's programs are run with.
    config: PathBuf,
    /// Held while a repository is made.
    making: Mutex<()>,
}

impl Git {
    /// Finds git and writes its configuration and hooks into the data folder.
    pub fn prepare(data: &Data) -> Result<Self, GitError> {
        let asked = std::process::Command::new("git")
            .arg("--exec-path")
            .output()
            .map_err(GitError::NoGit)?;
        let exec_path = PathBuf::from(String::from_utf8_lossy(&asked.stdout).trim());
        let http_backend =
            exec_path.join(format!("git-http-backend{}", std::env::consts::EXE_SUFFIX));
        if !http_backend.is_file() {
            return Err(GitError::NoHttpBackend {
                looked_at: http_backend,
            });
        }
        let config = config::write(data).map_err(GitError::Files)?;
        Ok(Self {
            http_backend,
            config,
            making: Mutex::new(()),
        })
    }

    /// Lets one repository be made at a time.
    pub fn making(&self) -> MutexGuard<'_, ()> {
        self.making.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A git command that sees this server's configuration and nothing else of
    /// the machine's.
    pub fn command(&self) -> std::process::Command {
        let mut command = std::process::Command::new("git");
        for name in INHERITED {
            command.env_remove(name);
        }
        command.envs(self.environment());
        command
    }

    /// The variables git's programs are run with.
    fn environment(&self) -> [(&'static str, std::ffi::OsString); 4] {
        [
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
            ("GIT_CONFIG_GLOBAL", self.config.clone().into()),
            ("GIT_TERMINAL_PROMPT", "0".into()),
            ("GIT_HTTP_EXPORT_ALL", "1".into()),
        ]
    }
}

/// Variables of whoever runs this server (a git hook, say) that would lead git to
/// another repository.
const INHERITED: [&str; 6] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
];

/// Git cannot be used, or did not do what it was to do.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no `git` on the path.
    #[error("git cannot be run; it must be on the path")]
    NoGit(#[source] std::io::Error),
    /// Git is there without the program that serves HTTP.
    #[error("git has no http-backend at {}", looked_at.display())]
    NoHttpBackend {
        /// Where it should be.
        looked_at: PathBuf,
    },
    /// Files could not be written or read.
    #[error("a repository's files cannot be used")]
    Files(#[source] std::io::Error),
    /// libgit2 refused.
    #[error("a repository cannot be used")]
    Library(#[from] git2::Error),
    /// A git command failed.
    #[error("git {command} failed: {message}")]
    Command {
        /// What was run.
        command: &'static str,
        /// What it said.
        message: String,
    },
    /// There is no such project.
    #[error("there is no such project")]
    NoProject,
}

/// Which of git's two conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Fetching.
    UploadPack,
    /// Pushing.
    ReceivePack,
}

impl Service {
    /// The name on the wire, and the one requests are counted by.
    pub fn name(self) -> &'static str {
        match self {
            Self::UploadPack => "git-upload-pack",
            Self::ReceivePack => "git-receive-pack",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::UploadPack, Self::ReceivePack]
            .into_iter()
            .find(|service| service.name() == name)
    }
}

/// A request to a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitRequest {
    /// The project's path.
    pub path: String,
    /// The wiki's repository, not the code's.
    pub wiki: bool,
    /// Which conversation.
    pub service: Service,
    /// The advertisement that begins it (`info/refs`).
    pub advertisement: bool,
    /// The URL had `.git`, as it should.
    pub dot_git: bool,
}

impl GitRequest {
    /// Reads a path below the root; `None` when it is not git's.
    pub fn parse(path: &str, query: &str) -> Option<Self> {
        let (repository, service, advertisement) =
            if let Some(repository) = path.strip_suffix("/info/refs") {
                let asked = url::form_urlencoded::parse(query.as_bytes())
                    .find(|(name, _)| name == "service")?
                    .1;
                (repository, Service::from_name(&asked)?, true)
            } else {
                let (repository, service) = path.rsplit_once('/')?;
                (repository, Service::from_name(service)?, false)
            };
        let repository = percent_encoding::percent_decode_str(repository)
            .decode_utf8()
            .ok()?;
        let repository = repository.trim_matches('/');
        let (path, dot_git) = match repository.strip_suffix(".git") {
            Some(path) => (path, true),
            None => (repository, false),
        };
        let (path, wiki) = match path.strip_suffix(".wiki") {
            Some(path) => (path, true),
            None => (path, false),
        };
        Some(Self {
            path: path.to_owned(),
            wiki,
            service,
            advertisement,
            dot_git,
        })
    }
}

const ACCESS_DENIED: &str = "HTTP Basic: Access denied. If a password was provided for Git authentication, the password was incorrect or you're required to use a token instead of a password. If a token was provided, it was either incorrect, expired, or improperly scoped.";
const NO_PROJECT: &str =
    "The project you were looking for could not be found or you don't have permission to view it.";

fn challenge() -> Response<Body> {
    let mut response = plain(StatusCode::UNAUTHORIZED, ACCESS_DENIED);
    let realm = HeaderValue::from_static("Basic realm=\"GitLab\"");
    response
        .headers_mut()
        .insert(http::header::WWW_AUTHENTICATE, realm);
    response
}

/// A request that was let through.
struct Admitted {
    project: u64,
    /// The user who pushes.
    user: u64,
    /// What a push may not do, as the hook reads it.
    rules: String,
}

/// Answers a request to a repository.
pub async fn answer(
    server: &Arc<Server>,
    asked: GitRequest,
    request: Request<Body>,
    address: IpAddr,
) -> Response<Body> {
    let now = server.clock.now();
    if server.limits().banned(address, now) {
        return plain(StatusCode::FORBIDDEN, "Forbidden\n");
    }
    if !asked.dot_git && asked.advertisement {
        return with_dot_git(&asked, &request);
    }
    let admitted = {
        let world = server.read();
        let credentials = request
            .headers()
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(basic);
        let principal = match credentials {
            None => None,
            Some((name, _)) if name.is_empty() => {
                server.limits().sign_in_failed(address, now);
                return challenge();
            }
            Some((_, secret)) => match sign_in(&world, &secret, now) {
                Ok(principal) => {
                    server.limits().signed_in(address);
                    Some(principal)
                }
                Err(refusal) if refusal.status == StatusCode::FORBIDDEN => {
                    return plain(StatusCode::FORBIDDEN, "Your account has been blocked.");
                }
                Err(_) => {
                    server.limits().sign_in_failed(address, now);
                    return challenge();
                }
            },
        };
        match admit(&world, &asked, principal.as_ref()) {
            Ok(admitted) => admitted,
            Err(Turned::Away) => {
                server.limits().sign_in_failed(address, now);
                return challenge();
            }
            Err(Turned::Down(status, reason)) => return plain(status, reason),
        }
    };
    let (repositories, wiki) = (Arc::clone(server), asked.wiki);
    let create = asked.service == Service::ReceivePack || !wiki;
    let ready = tokio::task::spawn_blocking(move || {
        repository::ensure(&repositories, admitted.project, wiki, create)
    });
    match ready.await {
        Ok(Ok(true)) => {}
        Ok(Ok(false)) => {
            return plain(
                StatusCode::NOT_FOUND,
                "A repository for this project does not exist yet.",
            );
        }
        Ok(Err(error)) => {
            tracing::error!(%error, project = admitted.project, "a repository is not ready");
            return plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal error");
        }
        Err(error) => {
            tracing::error!(%error, project = admitted.project, "a repository could not be made ready");
            return plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal error");
        }
    }
    let session = backend::Session {
        project: admitted.project,
        wiki: asked.wiki,
        service: asked.service,
        advertisement: asked.advertisement,
        user: admitted.user,
        rules: admitted.rules,
    };
    backend::run(server, session, request).await
}

/// GitLab sends clients that leave out `.git` to the address with it.
fn with_dot_git(asked: &GitRequest, request: &Request<Body>) -> Response<Body> {
    let uri = request.uri();
    let path = uri.path().trim_end_matches("/info/refs");
    let location = format!("{path}.git/info/refs?service={}", asked.service.name());
    let mut response = plain(StatusCode::MOVED_PERMANENTLY, "");
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// Why a request is not let through.
enum Turned {
    /// It has to sign in.
    Away,
    /// It may not, or there is nothing.
    Down(StatusCode, &'static str),
}

fn forbidden(reason: &'static str) -> Turned {
    Turned::Down(StatusCode::FORBIDDEN, reason)
}

/// Decides whether the request is let through.
fn admit(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_urls_are_told_apart() {
        let parse = |path, query| GitRequest::parse(path, query);
        assert_eq!(
            parse("/a/b/c.git/info/refs", "service=git-upload-pack"),
            Some(GitRequest {
                path: "a/b/c".into(),
                wiki: false,
                service: Service::UploadPack,
                advertisement: true,
                dot_git: true,
            })
        );
        assert_eq!(
            parse("/a/b.wiki.git/git-receive-pack", ""),
            Some(GitRequest {
                path: "a/b".into(),
                wiki: true,
                service: Service::ReceivePack,
                advertisement: false,
                dot_git: true,
            })
        );
        assert_eq!(
            parse("/a/b.git/info/refs", ""),
            None,
            "dumb HTTP is not served"
        );
        assert_eq!(parse("/a/b", ""), None);
    }
}
