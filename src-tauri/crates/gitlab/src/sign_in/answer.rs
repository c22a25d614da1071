//! The answers that signing in reads, as GitLab gives them.
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use crate::access::AccessLevel;
use crate::scope::Scope;
use crate::token::{GranularGrant, Person, TokenFacts, TokenKind};

#[derive(Deserialize)]
pub(super) struct TokenAnswer {
    pub(super) id: u64,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) revoked: bool,
    #[serde(default)]
    pub(super) created_at: Option<Timestamp>,
    pub(super) scopes: Vec<Scope>,
    #[serde(default)]
    pub(super) user_id: Option<u64>,
    #[serde(default)]
    pub(super) active: Option<bool>,
    #[serde(default)]
    pub(super) expires_at: Option<Date>,
    #[serde(default)]
    pub(super) granular_scopes: Vec<GranularGrant>,
}

#[derive(Deserialize)]
pub(super) struct UserAnswer {
    pub(super) id: u64,
    pub(super) username: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) public_email: Option<String>,
    #[serde(default)]
    pub(super) is_admin: Option<bool>,
    #[serde(default)]
    pub(super) bot: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct VersionAnswer {
    pub(super) version: String,
    #[serde(default)]
    pub(super) revision: Option<String>,
    #[serde(default)]
    pub(super) enterprise: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Associations {
    #[serde(default)]
    pub(super) groups: Vec<GroupRole>,
    #[serde(default)]
    pub(super) projects: Vec<ProjectRole>,
}

#[derive(Deserialize)]
pub(super) struct GroupRole {
    #[serde(default)]
    pub(super) access_levels: Option<AccessLevel>,
}

#[derive(Deserialize)]
pub(super) struct ProjectRole {
    #[serde(default)]
    pub(super) access_levels: Levels,
}

#[derive(Deserialize, Default)]
pub(super) struct Levels {
    #[serde(default)]
    pub(super) project_access_level: Option<AccessLevel>,
    #[serde(default)]
    pub(super) group_access_level: Option<AccessLevel>,
}

/// A project in a list, which tells the user's role in another form.
#[derive(Deserialize)]
pub(super) struct ListedProject {
    #[serde(default)]
    pub(super) permissions: Permissions,
}

#[derive(Deserialize, Default)]
pub(super) struct Permissions {
    #[serde(default)]
    pub(super) project_access: Option<Access>,
    #[serde(default)]
    pub(super) group_access: Option<Access>,
}

#[derive(Deserialize)]
pub(super) struct Access {
    pub(super) access_level: AccessLevel,
}

pub(super) fn person(answer: UserAnswer) -> Person {
    Person {
        id: answer.id,
        username: answer.username,
        name: answer.name,
        public_email: answer.public_email.filter(|email| !email.is_empty()),
        is_admin: answer.is_admin.unwrap_or(false),
        bot: answer.bot.unwrap_or(false),
    }
}

pub(super) fn facts(answer: TokenAnswer, kind: TokenKind) -> TokenFacts {
    TokenFacts {
        id: answer.id,
        name: answer.name,
        kind,
        scopes: answer.scopes,
        active: answer.active.unwrap_or(!answer.revoked),
        revoked: answer.revoked,
        expires_on: answer.expires_at,
        created_at: answer.created_at,
        user_id: answer.user_id,
        granular: answer.granular_scopes,
    }
}
