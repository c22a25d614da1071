//! Users and tokens that every instance has.

use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use super::at;
use crate::clock::day;
use crate::model::token::{Grant, NewToken};
use crate::model::user::{NewUser, UserState};
use crate::model::{AccessLevel, World};

/// Numbers of the users, by the part they play.
#[derive(Debug, Clone, Copy)]
pub struct People {
    /// Administers the instance.
    pub admin: u64,
    /// Owner.
    pub owner: u64,
    /// Maintainer.
    pub maintainer: u64,
    /// Developer.
    pub developer: u64,
    /// Reporter.
    pub reporter: u64,
    /// Planner.
    pub planner: u64,
    /// Guest.
    pub guest: u64,
    /// Member of nothing.
    pub outsider: u64,
    /// May not sign in.
    pub blocked: u64,
}

impl People {
    /// The part each user plays, and their number.
    pub fn parts(&self) -> [(&'static str, u64); 9] {
        [
            ("admin", self.admin),
            ("owner", self.owner),
            ("maintainer", self.maintainer),
            ("developer", self.developer),
            ("reporter", self.reporter),
            ("planner", self.planner),
            ("guest", self.guest),
            ("outsider", self.outsider),
            ("blocked", self.blocked),
        ]
    }

    /// Makes everybody a member of a group with the role they are named for.
    pub fn join(&self, world: &mut World, group: u64) {
        for (user, level) in [
            (self.owner, AccessLevel::OWNER),
            (self.maintainer, AccessLevel::MAINTAINER),
            (self.developer, AccessLevel::DEVELOPER),
            (self.reporter, AccessLevel::REPORTER),
            (self.planner, AccessLevel::PLANNER),
            (self.guest, AccessLevel::GUEST),
        ] {
            world.set_group_member(group, user, level, Some(self.owner), at(0, 0));
        }
    }
}

/// Makes the users.
pub fn add_people(world: &mut World) -> People {
    let mut add = |username: &str, name: &str, public: bool| {
        let mut user = NewUser::person(username, name);
        user.admin = username == "root";
        user.public_email = public.then(|| user.email.clone());
        world.add_user(user, at(-30, 0))
    };
    let people = People {
        admin: add("root", "Administrator", false),
        owner: add("olivia", "Olivia Okafor", true),
        maintainer: add("max", "Max Mercer", true),
        developer: add("dana", "Dana Dvorak", true),
        reporter: add("remy", "Remy Rossi", false),
        planner: add("petra", "Petra Park", false),
        guest: add("gus", "Gus Grant", false),
        outsider: add("oscar", "Oscar Ott", false),
        blocked: add("bea", "Bea Brandt", false),
    };
    if let Some(user) = world.users.get_mut(&people.blocked) {
        user.state = UserState::Blocked;
    }
    people
}

/// The secrets of the tokens that every instance has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tokens {
    /// The administrator's: `api`, `sudo`.
    pub admin: String,
    /// The Owner's: `api`.
    pub owner: String,
    /// The Maintainer's: `api`, `write_repository`, `read_registry`, `write_registry`.
    pub maintainer: String,
    /// The Developer's: `api`.
    pub developer: String,
    /// The Developer's: `read_api`, `read_repository`, `read_registry`.
    pub developer_read: String,
    /// The Reporter's: `read_api`, `read_repository`.
    pub reporter: String,
    /// The Planner's: `api`.
    pub planner: String,
    /// The Guest's: `api`.
    pub guest: String,
    /// Of a user who is member of nothing: `api`.
    pub outsider: String,
    /// The Owner's: `read_api`, `read_repository`.
    pub minimal: String,
    /// The Owner's: `read_repository` alone.
    pub code_only: String,
    /// The Owner's: `read_user` alone.
    pub read_user: String,
    /// The Owner's, past its last day.
    pub expired: String,
    /// The Owner's, revoked.
    pub revoked: String,
    /// Of a blocked user.
    pub blocked: String,
    /// The Owner's, fine-grained: may read projects, issues, groups, labels,
    /// milestones and itself, but not `/user`.
    pub granular: String,
}

/// Makes the tokens.
pub fn add_tokens(world: &mut World, people: &People, now: Timestamp) -> Tokens {
    let today = day(now);
    let later = today.checked_add(300.days()).unwrap_or(today);
    let earlier = today.checked_sub(1.day()).unwrap_or(today);
    let mut add_with = |part: &str, user_id: u64, scopes: &[&str], grants: Vec<Grant>| {
        let id = world.add_token(
            NewToken {
                name: part.to_owned(),
                description: None,
                user_id,
                scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
                grants,
                expires_at: Some(if part == "expired" { earlier } else { later }),
                resource: None,
            },
            at(0, 0),
        );
        world.tokens.get_mut(&id).map_or_else(String::new, |token| {
            token.revoked = part == "revoked";
            token.value.clone()
        })
    };
    let permissions = [
        "read_project",
        "read_issue",
        "read_personal_access_token",
        "read_group",
        "read_label",
        "read_milestone",
    ];
    let grant = Grant {
        access: "all_memberships".into(),
        permissions: permissions.map(str::to_owned).to_vec(),
        project_id: None,
        group_id: None,
    };
    let granular = add_with("granular", people.owner, &["granular"], vec![grant]);
    let mut add = |part: &str, user: u64, scopes: &[&str]| add_with(part, user, scopes, Vec::new());
    Tokens {
        admin: add("admin", people.admin, &["api", "sudo"]),
        owner: add("owner", people.owner, &["api"]),
        maintainer: add(
            "maintainer",
            people.maintainer,
            &["api", "write_repository", "read_registry", "write_registry"],
        ),
        developer: add("developer", people.developer, &["api"]),
        developer_read: add(
            "developer_read",
            people.developer,
            &["read_api", "read_repository", "read_registry"],
        ),
        reporter: add(
            "reporter",
            people.reporter,
            &["read_api", "read_repository"],
        ),
        planner: add("planner", people.planner, &["api"]),
        guest: add("guest", people.guest, &["api"]),
        outsider: add("outsider", people.outsider, &["api"]),
        minimal: add("minimal", people.owner, &["read_api", "read_repository"]),
        code_only: add("code_only", people.owner, &["read_repository"]),
        read_user: add("read_user", people.owner, &["read_user"]),
        expired: add("expired", people.owner, &["api"]),
        revoked: add("revoked", people.owner, &["api"]),
        blocked: add("blocked", people.blocked, &["api"]),
        granular,
    }
}
