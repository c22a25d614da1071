//! A running practice GitLab, as tests hold it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::Date;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::change::{self, ChangeError};
use crate::faults::{Change, FaultRule};
use crate::limits::ApplicationLimits;
use crate::model::AccessLevel;
use crate::model::token::{Grant, NewToken, TokenResource};
use crate::model::user::UserState;
use crate::notifications::Notifications;
use crate::object_storage::{ObjectStorage, StorageRequest};
use crate::options::Deletion;
use crate::requests::Requests;
use crate::seed::people::Tokens;
use crate::server::Server;
use crate::start::UserFacts;

/// A running practice GitLab. It stops when this is dropped, and a temporary
/// data folder goes with it.
pub struct Running {
    /// The URL a client is given, without a slash at its end.
    pub url: String,
    /// Secrets of the tokens that every instance has.
    pub tokens: Tokens,
    /// The users that every instance has, by the part they play: `admin`,
    /// `owner`, `maintainer`, `developer`, `reporter`, `planner`, `guest`,
    /// `outsider`, `blocked`.
    pub users: BTreeMap<&'static str, UserFacts>,
    server: Arc<Server>,
    runtime: Option<Runtime>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Running")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// How long the end of requests under way is waited for.
const LONGEST_END: Duration = Duration::from_secs(10);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What a token for tests is made from.
#[derive(Debug, Clone, Default)]
pub struct TokenRequest {
    /// Username or number. For project and group tokens: the bot's name.
    pub user: String,
    /// The token's name; one is made up when empty.
    pub name: String,
    /// Scopes.
    pub scopes: Vec<String>,
    /// Grants, when the only scope is `granular`.
    pub grants: Vec<Grant>,
    /// The last day; far away when `None`.
    pub expires_at: Option<Date>,
}

impl TokenRequest {
    /// A token of `user` with `scopes`.
    pub fn new(user: &str, scopes: &[&str]) -> Self {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        Self {
            user: user.to_owned(),
            scopes,
            ..Self::default()
        }
    }
}

impl Running {
    pub(crate) fn new(
        server: Arc<Server>,
        tokens: Tokens,
        users: BTreeMap<&'static str, UserFacts>,
        runtime: Runtime,
    ) -> Self {
        Self {
            url: server.url().to_owned(),
            tokens,
            users,
            server,
            runtime: Some(runtime),
        }
    }

    /// Stops it and waits until everything of it has ended, so that a temporary
    /// data folder is gone when this returns. Dropping stops it too, but may
    /// leave the end of what is under way to the background.
    pub fn stop(mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(LONGEST_END);
        }
    }

    /// The line the command prints when it is ready.
    pub fn ready_line(&self) -> Value {
        json!({
            "url": self.url,
            "registry_url": null,
            "tokens": self.tokens,
            "users": self.users,
        })
    }

    /// Requests since the start or the last reset.
    pub fn requests(&self) -> Requests {
        self.server.ledger().counted()
    }

    /// Counts requests from nothing again.
    pub fn reset_requests(&self) {
        self.server.ledger().reset();
    }

    /// What would have woken people up.
    pub fn notifications(&self) -> Notifications {
        self.server.read().notifications.clone()
    }

    /// What reached the second host (see [`crate::Downloads`]).
    pub fn storage_requests(&self) -> Vec<StorageRequest> {
        self.server
            .object_storage
            .as_ref()
            .map(ObjectStorage::seen)
            .unwrap_or_default()
    }

    /// Failed git sign-ins of this machine in the present minute.
    pub fn failed_sign_ins(&self) -> u64 {
        self.server
            .limits()
            .failed_sign_ins_of([127, 0, 0, 1].into())
    }

    /// Sets the rules of misbehaviour; their counts start from nothing.
    pub fn set_faults(&self, rules: Vec<FaultRule>) {
        self.server.faults().set(rules);
    }

    /// Sets the limit of authenticated API requests a minute and user.
    pub fn set_rate_limit(&self, per_minute: Option<u32>) {
        self.server.limits().api = per_minute;
    }

    /// Sets which limits of single routes hold.
    pub fn set_application_limits(&self, limits: ApplicationLimits) {
        self.server.limits().application = limits;
    }

    /// Switches "GitLab export" as an import source on or off.
    pub fn set_import_sources(&self, on: bool) {
        self.server.write().instance.import_sources = on;
    }

    /// Switches the export of relations on or off.
    pub fn set_relations_export(&self, on: bool) {
        self.server.write().instance.relations_export = on;
    }

    /// Sets when deleted projects and groups go.
    pub fn set_deletion(&self, deletion: Deletion) {
        self.server.write().instance.deletion = deletion;
    }

    /// Moves the server's time.
    pub fn advance_clock(&self, step: SignedDuration) {
        self.server.clock.advance(step);
    }

    /// Makes a personal token; gives its secret.
    pub fn make_token(&self, request: &TokenRequest) -> Result<String, ChangeError> {
        let mut world = self.server.write();
        let user_id = change::user_id(&world, &request.user)?;
        let name = if request.name.is_empty() {
            "made by a test"
        } else {
            &request.name
        };
        let id = world.add_token(
            NewToken {
                name: name.to_owned(),
                description: None,
                user_id,
                scopes: request.scopes.clone(),
                grants: request.grants.clone(),
                expires_at: request.expires_at,
                resource: None,
            },
            self.server.clock.now(),
        );
        Ok(world.tokens[&id].value.clone())
    }

    /// Makes a project token with its bot; gives its secret.
    pub fn make_project_token(
        &self,
        project: &str,
        level: u8,
        scopes: &[&str],
    ) -> Result<String, ChangeError> {
        let id = change::project_id(&self.server.read(), project)?;
        Ok(self.make_resource_token(TokenResource::Project(id), level, scopes))
    }

    /// Makes a group token with its bot; gives its secret.
    pub fn make_group_token(
        &self,
        group: &str,
        level: u8,
        scopes: &[&str],
    ) -> Result<String, ChangeError> {
        let id = change::group_id(&self.server.read(), group)?;
        Ok(self.make_resource_token(TokenResource::Group(id), level, scopes))
    }

    fn make_resource_token(&self, resource: TokenResource, level: u8, scopes: &[&str]) -> String {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let mut world = self.server.write();
        let now = self.server.clock.now();
        let wish = crate::api::ResourceTokenWish {
            name: "made by a test".into(),
            scopes,
            level: AccessLevel(level),
            expires_at: None,
            resource,
        };
        let id = crate::api::add_resource_token(&mut world, wish, now);
        world.tokens[&id].value.clone()
    }

    /// Revokes the tokens of that name.
    pub fn revoke_token(&self, name: &str) -> Result<(), ChangeError> {
        change::revoke_token(&self.server, name)
    }

    /// Makes a user with a confirmed, public address; gives the number.
    pub fn create_user(&self, username: &str, name: &str, email: &str) -> u64 {
        let mut new = crate::model::user::NewUser::person(username, name);
        email.clone_into(&mut new.email);
        new.public_email = Some(email.to_owned());
        self.server.write().add_user(new, self.server.clock.now())
    }

    /// Blocks a user, or lets them in again.
    pub fn set_blocked(&self, user: &str, blocked: bool) -> Result<(), ChangeError> {
        let mut world = self.server.write();
        let id = change::user_id(&world, user)?;
        if let Some(user) = world.users.get_mut(&id) {
            user.state = if blocked {
                UserState::Blocked
            } else {
                UserState::Active
            };
        }
        Ok(())
    }

    /// Makes the groups of a path that do not exist yet, owned by `owner`; gives
    /// the last one's number.
    pub fn create_groups(&self, path: &str, owner: &str) -> Result<u64, ChangeError> {
        let now = self.server.clock.now();
        let mut world = self.server.write();
        let owner = change::user_id(&world, owner)?;
        change::ensure_groups(&mut world, path, owner, now)
    }

    /// Makes an empty project; gives its number.
    pub fn create_project(&self, path: &str, creator: &str) -> Result<u64, ChangeError> {
        change::create_project(&self.server, path, creator)
    }

    /// A project's number.
    pub fn project_id(&self, path: &str) -> Result<u64, ChangeError> {
        change::project_id(&self.server.read(), path)
    }

    /// All projects' numbers and paths, by number.
    pub fn projects(&self) -> Vec<(u64, String)> {
        let world = self.server.read();
        world
            .projects
            .values()
            .map(|project| (project.id, project.full_path.clone()))
            .collect()
    }

    /// Pushes a commit that writes `files` to a branch; gives its name.
    pub fn push_commit(
        &self,
        project: &str,
        branch: &str,
        files: &[(&str, &str)],
    ) -> Result<String, ChangeError> {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect();
        change::push_commit(&self.server, project, branch, &files, "Change for a test")
    }

    /// The folder of a project's bare repository (made if it was only planned).
    pub fn repository(&self, project: &str) -> Result<std::path::PathBuf, ChangeError> {
        let id = change::project_id(&self.server.read(), project)?;
        crate::git::repository::ensure(&self.server, id, false, true)?;
        Ok(self.server.data.repository(id))
    }

    /// Sets a user's direct role in a project; level 0 ends the membership.
    pub fn set_role(&self, user: &str, project: &str, level: u8) -> Result<(), ChangeError> {
        change::set_role(&self.server, user, project, level)
    }

    /// Sets a user's direct role in a group; level 0 ends the membership.
    pub fn set_group_role(&self, user: &str, group: &str, level: u8) -> Result<(), ChangeError> {
        change::set_group_role(&self.server, user, group, level)
    }

    /// Deletes a project at once.
    pub fn delete_project(&self, project: &str) -> Result<(), ChangeError> {
        change::delete_project(&self.server, project)
    }

    /// Gives a project another path in its namespace.
    pub fn rename_project(&self, project: &str, path: &str) -> Result<(), ChangeError> {
        change::rename_project(&self.server, project, path)
    }

    /// Moves a project to another group.
    pub fn move_project(&self, project: &str, group: &str) -> Result<(), ChangeError> {
        change::move_project(&self.server, project, group)
    }

    /// Opens an issue without notifying anybody; gives its number.
    pub fn create_issue(&self, project: &str, title: &str) -> Result<u64, ChangeError> {
        change::create_issue(&self.server, project, title)
    }

    /// Comments on an issue without notifying anybody; gives the note's number.
    pub fn create_note(&self, project: &str, issue: u64, body: &str) -> Result<u64, ChangeError> {
        change::create_note(&self.server, project, issue, body)
    }

    /// Makes any other change.
    pub fn change(&self, change: &Change) -> Result<(), ChangeError> {
        change::apply(&self.server, change)
    }
}
