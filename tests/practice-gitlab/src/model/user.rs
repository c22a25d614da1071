//! A user of the instance: a person, or the bot behind a project or group token.

use jiff::Timestamp;

use super::World;
use super::world::{Place, next};

/// What stands behind a user account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserKind {
    /// A person.
    Person,
    /// The bot of a project access token.
    ProjectBot,
    /// The bot of a group access token.
    GroupBot,
    /// GitLab's stand-in for authors that no longer exist.
    Ghost,
}

/// Whether a user may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserState {
    /// May.
    Active,
    /// May not.
    Blocked,
}

/// A user account.
#[derive(Debug, Clone)]
pub struct User {
    /// Number, unique in the instance.
    pub id: u64,
    /// The personal namespace's number.
    pub namespace_id: u64,
    /// The name used in paths and mentions.
    pub username: String,
    /// The name shown.
    pub name: String,
    /// The primary e-mail address.
    pub email: String,
    /// Whether that address was confirmed; only confirmed ones map authors.
    pub confirmed: bool,
    /// The address shown to others; exports carry this one.
    pub public_email: Option<String>,
    /// Whether the user administers the instance.
    pub admin: bool,
    /// Person or bot.
    pub kind: UserKind,
    /// Active or blocked.
    pub state: UserState,
    /// When the account was made.
    pub created_at: Timestamp,
}

impl User {
    /// Whether this is a bot account.
    pub fn is_bot(&self) -> bool {
        matches!(self.kind, UserKind::ProjectBot | UserKind::GroupBot)
    }

    /// The word REST uses for the state.
    pub fn state_word(&self) -> &'static str {
        match self.state {
            UserState::Active => "active",
            UserState::Blocked => "blocked",
        }
    }
}

/// What a new account is made from.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The name used in paths and mentions.
    pub username: String,
    /// The name shown.
    pub name: String,
    /// The primary e-mail address, confirmed.
    pub email: String,
    /// The address shown to others.
    pub public_email: Option<String>,
    /// Whether the user administers the instance.
    pub admin: bool,
    /// Person or bot.
    pub kind: UserKind,
}

impl NewUser {
    /// A person named `name` with the address `<username>@example.com`.
    pub fn person(username: &str, name: &str) -> Self {
        Self {
            username: username.to_owned(),
            name: name.to_owned(),
            email: format!("{username}@example.com"),
            public_email: None,
            admin: false,
            kind: UserKind::Person,
        }
    }
}

impl World {
    /// Makes an account with its personal namespace and gives its number.
    pub fn add_user(&mut self, new: NewUser, now: Timestamp) -> u64 {
        let id = next(&mut self.numbers.user);
        let namespace_id = next(&mut self.numbers.namespace);
        self.paths
            .insert(new.username.to_lowercase(), Place::User(id));
        self.personal.insert(namespace_id, id);
        self.users.insert(
            id,
            User {
                id,
                namespace_id,
                username: new.username,
                name: new.name,
                email: new.email,
                confirmed: true,
                public_email: new.public_email,
                admin: new.admin,
                kind: new.kind,
                state: UserState::Active,
                created_at: now,
            },
        );
        id
    }

    /// GitLab's ghost user, made when first needed.
    pub fn ghost(&mut self, now: Timestamp) -> u64 {
        if let Some(ghost) = self
            .users
            .values()
            .find(|user| user.kind == UserKind::Ghost)
        {
            return ghost.id;
        }
        self.add_user(
            NewUser {
                kind: UserKind::Ghost,
                ..NewUser::person("ghost", "Ghost User")
            },
            now,
        )
    }

    /// A user by number or name, as most routes accept both.
    pub fn find_user(&self, id_or_name: &str) -> Option<&User> {
        match id_or_name.parse() {
            Ok(id) => self.users.get(&id),
            Err(_) => self.user_named(id_or_name),
        }
    }
}
