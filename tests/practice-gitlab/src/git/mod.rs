//! Git over HTTP, with the refs that Gitaly hides and protects
//! (`internal/git/reference.go`), served by the real `git http-backend`.

mod access;
pub mod backend;
pub mod bundle;
pub mod config;
pub mod diff;
pub mod history;
pub mod push;
pub mod repository;
mod request;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use http::header::{AUTHORIZATION, LOCATION};
use http::{HeaderValue, Request, Response, StatusCode};

use self::access::{Turned, admit};
pub use self::request::{GitRequest, Service};
use crate::answer::plain;
use crate::api::principal::{basic, sign_in};
use crate::data::Data;
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

const ACCESS_DENIED: &str = "HTTP Basic: Access denied. If a password was provided for Git authentication, the password was incorrect or you're required to use a token instead of a password. If a token was provided, it was either incorrect, expired, or improperly scoped.";

fn challenge() -> Response<Body> {
    let mut response = plain(StatusCode::UNAUTHORIZED, ACCESS_DENIED);
    let realm = HeaderValue::from_static("Basic realm=\"GitLab\"");
    response
        .headers_mut()
        .insert(http::header::WWW_AUTHENTICATE, realm);
    response
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
