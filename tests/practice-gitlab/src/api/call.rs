//! One request on its way through a route: who asks, with which parameters, and
//! the checks that all routes share.

use std::sync::Arc;

use http::{HeaderMap, Method};
use jiff::Timestamp;

use super::principal::{Boundary, Principal, Viewer, check_grant};
use super::{Params, Refusal};
use crate::limits::LimitKey;
use crate::model::{AccessLevel, Group, Project, User, World};
use crate::present::View;
use crate::server::Server;

/// A request.
pub struct Call {
    /// The server.
    pub server: Arc<Server>,
    /// When it came.
    pub now: Timestamp,
    /// Who asks.
    pub principal: Option<Principal>,
    /// The permission a fine-grained token must be granted.
    pub permission: &'static str,
    /// The route's template.
    pub template: &'static str,
    /// Method.
    pub method: Method,
    /// Path below the host, as sent.
    pub raw_path: String,
    /// Query, as sent.
    pub query: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Parts of the path.
    pub path: Vec<(String, String)>,
    /// Parameters.
    pub params: Params,
    /// The request's number, as `x-request-id` shows it.
    pub request_id: String,
}

impl Call {
    /// Who looks.
    pub fn viewer(&self) -> Viewer {
        self.principal
            .as_ref()
            .map_or(Viewer::ANYBODY, |principal| Viewer {
                user: Some(principal.user_id),
                admin: principal.admin,
            })
    }

    /// What JSON is made from for this user.
    pub fn view<'c>(&'c self, world: &'c World) -> View<'c> {
        View {
            world,
            viewer: self.viewer(),
            url: self.server.url(),
            now: self.now,
        }
    }

    /// The number of the user who asks.
    pub fn user_id(&self) -> Result<u64, Refusal> {
        self.principal
            .as_ref()
            .map(|principal| principal.user_id)
            .ok_or_else(Refusal::unauthorized)
    }

    /// The user who asks.
    pub fn user<'w>(&self, world: &'w World) -> Result<&'w User, Refusal> {
        world
            .users
            .get(&self.user_id()?)
            .ok_or_else(Refusal::unauthorized)
    }

    /// A part of the path.
    pub fn part(&self, name: &str) -> &str {
        self.path
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    /// A part of the path that must be a number.
    pub fn number(&self, name: &str) -> Result<u64, Refusal> {
        self.part(name)
            .parse()
            .map_err(|_| Refusal::invalid(&format!("{name} is invalid")))
    }

    /// Refuses when a fine-grained token does not reach `boundary`.
    pub fn granted(&self, world: &World, boundary: Boundary<'_>) -> Result<(), Refusal> {
        let token = self
            .principal
            .as_ref()
            .and_then(|principal| world.tokens.get(&principal.token_id));
        token.map_or(Ok(()), |token| {
            check_grant(world, token, self.permission, boundary)
        })
    }

    /// The project named by `:id`, if it may be seen.
    pub fn project<'w>(&self, world: &'w World) -> Result<&'w Project, Refusal> {
        let project = self.named_project(world, self.part("id"))?;
        self.granted(world, Boundary::Project(project))?;
        Ok(project)
    }

    /// A project by number or path, if it may be seen. A former path answers
    /// with a redirect when reading.
    pub fn named_project<'w>(&self, world: &'w World, name: &str) -> Result<&'w Project, Refusal> {
        let refusal = || Refusal::not_found("Project");
        let viewer = self.viewer();
        let found = match name.parse::<u64>() {
            Ok(id) => world.projects.get(&id),
            Err(_) => world.project_at(name),
        };
        if let Some(project) = found {
            return if viewer.sees_project(world, project) {
                Ok(project)
            } else {
                Err(refusal())
            };
        }
        let moved = world
            .project_formerly_at(name)
            .filter(|project| viewer.sees_project(world, project));
        match moved {
            Some(project) if self.method == Method::GET || self.method == Method::HEAD => {
                Err(Refusal::moved(&self.moved_to(name, project.id)))
            }
            _ => Err(refusal()),
        }
    }

    /// This request's URL with the project's number in place of its path.
    fn moved_to(&self, name: &str, id: u64) -> String {
        let encoded =
            percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC)
                .to_string();
        let mut parts: Vec<String> = self.raw_path.split('/').map(str::to_owned).collect();
        for part in &mut parts {
            let decoded = percent_encoding::percent_decode_str(part).decode_utf8_lossy();
            if decoded == name || *part == encoded {
                *part = id.to_string();
            }
        }
        let query = if self.query.is_empty() {
            String::new()
        } else {
            format!("?{}", self.query)
        };
        format!("{}{}{query}", self.server.origin(), parts.join("/"))
    }

    /// The project named by `:id`, if the role in it is at least `level`.
    pub fn project_as<'w>(
        &self,
        world: &'w World,
        level: AccessLevel,
    ) -> Result<&'w Project, Refusal> {
        let project = self.project(world)?;
        self.require(world, project, level)?;
        Ok(project)
    }

    /// Refuses when the role in `project` is below `level`.
    pub fn require(
        &self,
        world: &World,
        project: &Project,
        level: AccessLevel,
    ) -> Result<(), Refusal> {
        if self.viewer().role(world, project) >= level {
            Ok(())
        } else {
            Err(Refusal::forbidden())
        }
    }

    /// The group named by `:id`, if it may be seen.
    pub fn group<'w>(&self, world: &'w World) -> Result<&'w Group, Refusal> {
        let name = self.part("id");
        let found = match name.parse::<u64>() {
            Ok(id) => world.groups.get(&id),
            Err(_) => world.group_at(name),
        };
        let group = found
            .filter(|group| self.viewer().sees_group(world, group.id))
            .ok_or_else(|| Refusal::not_found("Group"))?;
        self.granted(world, Boundary::Group(group.id))?;
        Ok(group)
    }

    /// The group named by `:id`, if the role in it is at least `level`.
    pub fn group_as<'w>(&self, world: &'w World, level: AccessLevel) -> Result<&'w Group, Refusal> {
        let group = self.group(world)?;
        if self.viewer().group_role(world, group.id) >= level {
            Ok(group)
        } else {
            Err(Refusal::forbidden())
        }
    }

    /// A file that came with the request; nobody else gets it.
    pub fn take_file(&self, name: &str) -> Result<tempfile::TempPath, Refusal> {
        self.params
            .take_file(name)
            .ok_or_else(|| Refusal::invalid(&format!("{name} is invalid")))
    }

    /// Counts the request against a limit per user, or per user and `subject`.
    pub fn limited(&self, key: LimitKey, subject: u64) -> Result<(), Refusal> {
        let user = self
            .principal
            .as_ref()
            .map_or(0, |principal| principal.user_id);
        self.server
            .limits()
            .application_request(key, user, subject, self.now)
            .map_err(Refusal::too_many)
    }

    /// Honours `If-Unmodified-Since` before something is removed.
    pub fn unmodified_since(&self, updated_at: Timestamp) -> Result<(), Refusal> {
        let Some(sent) = self
            .headers
            .get("if-unmodified-since")
            .and_then(|value| value.to_str().ok())
        else {
            return Ok(());
        };
        let limit = jiff::fmt::rfc2822::parse(sent)
            .map_err(|_| Refusal::bad_request("invalid date"))?
            .timestamp();
        if updated_at.as_second() > limit.as_second() {
            return Err(Refusal::message(
                http::StatusCode::PRECONDITION_FAILED,
                "412 Precondition Failed",
            ));
        }
        Ok(())
    }
}
