//! Who asks, and with what authority: tokens, scopes, grants of fine-grained
//! tokens, `sudo` (facts of `lib/gitlab/auth/auth_finders.rb`, `lib/api/api_guard.rb`).

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, header::AUTHORIZATION};
use jiff::Timestamp;

use super::{Params, Refusal};
use crate::clock::day;
use crate::model::user::UserState;
use crate::model::{AccessLevel, Project, Token, Visibility, World};
use crate::requests::TokenPlace;

/// Somebody who signed in.
#[derive(Debug, Clone)]
pub struct Principal {
    /// Who acts; with `sudo`, the one acted for.
    pub user_id: u64,
    /// Whether that user administers the instance.
    pub admin: bool,
    /// The token used.
    pub token_id: u64,
}

/// The scopes a route accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// `api` or `read_api`.
    Read,
    /// `api`, `read_api` or `read_user`.
    ReadUser,
    /// `api`.
    Write,
    /// `api` or `self_rotate`.
    Rotate,
    /// Any scope.
    Anything,
}

impl Needs {
    /// The scopes, as the refusal names them.
    pub fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Read => &["api", "read_api"],
            Self::ReadUser => &["api", "read_api", "read_user"],
            Self::Write => &["api"],
            Self::Rotate => &["api", "self_rotate"],
            Self::Anything => &[],
        }
    }
}

/// All places of a request that carry a token, in the order GitLab looks.
pub fn sent_tokens(headers: &HeaderMap, query: &str) -> Vec<(TokenPlace, String)> {
    let mut found = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if name == "private_token" || name == "access_token" {
            found.push((TokenPlace::Query, value.into_owned()));
        }
    }
    if let Some(value) = headers
        .get("private-token")
        .and_then(|value| value.to_str().ok())
    {
        found.push((TokenPlace::PrivateToken, value.to_owned()));
    }
    if let Some(value) = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
    {
        if let Some(token) = value.strip_prefix("Bearer ") {
            found.push((TokenPlace::Bearer, token.to_owned()));
        } else if let Some((_, password)) = basic(value) {
            found.push((TokenPlace::Basic, password));
        }
    }
    found
}

/// User name and password of an `Authorization: Basic` header.
pub fn basic(value: &str) -> Option<(String, String)> {
    let encoded = value.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// The user and token behind a secret, if both may be used now.
pub fn sign_in(world: &World, secret: &str, now: Timestamp) -> Result<Principal, Refusal> {
    let token = world.token_with(secret).ok_or_else(Refusal::unauthorized)?;
    let user = world
        .users
        .get(&token.user_id)
        .ok_or_else(Refusal::unauthorized)?;
    if token.revoked {
        return Err(Refusal::revoked());
    }
    if token.is_expired(day(now)) {
        return Err(Refusal::expired());
    }
    if user.state == UserState::Blocked {
        return Err(Refusal::forbidden_because("Your account has been blocked."));
    }
    Ok(Principal {
        user_id: user.id,
        admin: user.admin,
        token_id: token.id,
    })
}

/// What a fine-grained token's grant has to cover.
#[derive(Debug, Clone, Copy)]
pub enum Boundary<'p> {
    /// Something in this project.
    Project(&'p Project),
    /// Something in this group.
    Group(u64),
    /// The user's own things, and lists that reach over projects.
    User,
    /// The instance.
    Instance,
}

impl Boundary<'_> {
    /// The word the refusal uses.
    fn word(self) -> &'static str {
        match self {
            Self::Project(_) => "project",
            Self::Group(_) => "group",
            Self::User => "user",
            Self::Instance => "instance",
        }
    }
}

/// Refuses when `token` may not use a route with these needs.
pub fn check_scopes(token: &Token, needs: Needs) -> Result<(), Refusal> {
    if token.is_granular() || needs == Needs::Anything || token.has_any(needs.scopes()) {
        Ok(())
    } else {
        Err(Refusal::insufficient_scope(needs.scopes()))
    }
}

/// Refuses when a fine-grained token was not granted `permission`.
pub fn check_grant(
    world: &World,
    token: &Token,
    permission: &str,
    boundary: Boundary<'_>,
) -> Result<(), Refusal> {
    if !token.is_granular() {
        return Ok(());
    }
    let granted =
        token.grants.iter().any(|grant| {
            grant.permissions.iter().any(|held| held == permission)
                && match (grant.access.as_str(), boundary) {
                    ("user" | "selected_memberships", Boundary::User)
                    | ("instance", Boundary::Instance)
                    | (
                        "all_memberships",
                        Boundary::Project(_) | Boundary::Group(_) | Boundary::User,
                    ) => true,
                    ("personal_projects", Boundary::Project(project)) => {
                        world.personal.get(&project.namespace_id) == Some(&token.user_id)
                    }
                    ("selected_memberships", Boundary::Project(project)) => {
                        grant.project_id == Some(project.id)
                            || grant
                                .group_id
                                .is_some_and(|group| world.lies_in(project.namespace_id, group))
                    }
                    ("selected_memberships", Boundary::Group(group)) => grant
                        .group_id
                        .is_some_and(|granted| world.lies_in(group, granted)),
                    _ => false,
                }
        });
    if granted {
        Ok(())
    } else {
        Err(Refusal::insufficient_grant(boundary.word(), permission))
    }
}

/// Carries out `sudo`, if the request asks for it.
pub fn become_sudo(
    world: &World,
    principal: Principal,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Principal, Refusal> {
    let header = headers
        .get("sudo")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let Some(wanted) = params.filled("sudo").or(header) else {
        return Ok(principal);
    };
    if !principal.admin {
        return Err(Refusal::forbidden_because("Must be admin to use sudo"));
    }
    if world
        .tokens
        .get(&principal.token_id)
        .is_none_or(|token| !token.has_any(&["sudo"]))
    {
        return Err(Refusal::insufficient_scope(&["sudo"]));
    }
    let user = world
        .find_user(&wanted)
        .ok_or_else(|| Refusal::not_found(&format!("User with ID or username '{wanted}'")))?;
    Ok(Principal {
        user_id: user.id,
        admin: user.admin,
        ..principal
    })
}

/// Who looks, for questions of rights. Nobody signed in has no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer {
    /// The user.
    pub user: Option<u64>,
    /// Whether they administer the instance.
    pub admin: bool,
}

impl Viewer {
    /// Nobody signed in.
    pub const ANYBODY: Self = Self {
        user: None,
        admin: false,
    };

    /// The role in `project`; administrators count as Owners.
    pub fn role(self, world: &World, project: &Project) -> AccessLevel {
        match self.user {
            _ if self.admin => AccessLevel::OWNER,
            Some(user) => world.project_access(user, project),
            None => AccessLevel::NONE,
        }
    }

    /// The role in a group; administrators count as Owners.
    pub fn group_role(self, world: &World, group: u64) -> AccessLevel {
        match self.user {
            _ if self.admin => AccessLevel::OWNER,
            Some(user) => world.group_access(user, group),
            None => AccessLevel::NONE,
        }
    }

    /// Whether things of this visibility can be seen without a role.
    pub fn sees(self, visibility: Visibility) -> bool {
        match visibility {
            Visibility::Public => true,
            Visibility::Internal => self.user.is_some(),
            Visibility::Private => self.admin,
        }
    }

    /// Whether the project can be seen.
    pub fn sees_project(self, world: &World, project: &Project) -> bool {
        self.sees(project.visibility) || self.role(world, project) > AccessLevel::NONE
    }

    /// Whether the group can be seen: by its visibility, by a role, or because
    /// something below it can be.
    pub fn sees_group(self, world: &World, group: u64) -> bool {
        let Some(visibility) = world.groups.get(&group).map(|group| group.visibility) else {
            return false;
        };
        self.sees(visibility)
            || self.group_role(world, group) > AccessLevel::NONE
            || self
                .user
                .is_some_and(|user| world.belongs_below(user, group))
    }

    /// Whether a feature of a visible project can be used for reading.
    pub fn has_feature(self, world: &World, project: &Project, feature: &str) -> bool {
        match project.features.level(feature) {
            0 => false,
            10 => self.role(world, project) >= AccessLevel::GUEST,
            _ => true,
        }
    }

    /// Whether the code can be read: Reporters in private projects, everybody
    /// who sees other ones.
    pub fn reads_code(self, world: &World, project: &Project) -> bool {
        self.has_feature(world, project, "repository")
            && (self.role(world, project) >= AccessLevel::REPORTER || self.sees(project.visibility))
    }

    /// Whether merge requests can be read: Planners and Reporters in private
    /// projects, everybody who sees other ones.
    pub fn reads_merge_requests(self, world: &World, project: &Project) -> bool {
        self.has_feature(world, project, "merge_requests")
            && (self.role(world, project) >= AccessLevel::PLANNER || self.sees(project.visibility))
    }

    /// Whether the issue at hand can be read.
    pub fn reads_issue(
        self,
        world: &World,
        project: &Project,
        issue: &crate::model::Issue,
    ) -> bool {
        self.has_feature(world, project, "issues")
            && (!issue.confidential
                || self.role(world, project) >= AccessLevel::PLANNER
                || self.user.is_some_and(|user| {
                    issue.shared.author_id == user || issue.shared.assignees.contains(&user)
                }))
    }
}
