//! Access tokens and the grants of fine-grained ones.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::World;
use super::world::next;

/// One grant of a fine-grained token (`doc/auth/tokens/fine_grained_access_tokens.md`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// `user`, `instance`, `all_memberships`, `personal_projects` or `selected_memberships`.
    pub access: String,
    /// Named permissions such as `read_issue`.
    pub permissions: Vec<String>,
    /// The project a selected membership means.
    #[serde(default)]
    pub project_id: Option<u64>,
    /// The group a selected membership means.
    #[serde(default)]
    pub group_id: Option<u64>,
}

/// A personal, project or group access token.
#[derive(Debug, Clone)]
pub struct Token {
    /// Number, unique in the instance.
    pub id: u64,
    /// The name its owner gave it.
    pub name: String,
    /// A longer text, if given.
    pub description: Option<String>,
    /// The secret itself. This server knows no real secrets.
    pub value: String,
    /// Scopes, in the order they were asked for.
    pub scopes: Vec<String>,
    /// Grants, when the only scope is `granular`.
    pub grants: Vec<Grant>,
    /// Whose rights it carries.
    pub user_id: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// The day on which it stops working, at 00:00 UTC.
    pub expires_at: Option<Date>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// The last use.
    pub last_used_at: Option<Timestamp>,
    /// The addresses of the last uses, at most five.
    pub last_used_ips: Vec<String>,
    /// Tokens that came out of one another by rotation share this number.
    pub family: u64,
    /// The project or group whose bot carries it.
    pub resource: Option<TokenResource>,
}

/// What a bot's token belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenResource {
    /// A project access token.
    Project(u64),
    /// A group access token.
    Group(u64),
}

impl Token {
    /// Whether the token has one of `scopes`.
    pub fn has_any(&self, scopes: &[&str]) -> bool {
        self.scopes
            .iter()
            .any(|held| scopes.contains(&held.as_str()))
    }

    /// Whether its authority is a list of grants instead of scopes.
    pub fn is_granular(&self) -> bool {
        self.scopes == ["granular"]
    }

    /// Whether its last day is over on `today`.
    pub fn is_expired(&self, today: Date) -> bool {
        self.expires_at.is_some_and(|day| day <= today)
    }

    /// Whether it works on `today`.
    pub fn is_active(&self, today: Date) -> bool {
        !self.revoked && !self.is_expired(today)
    }

    /// Notes a use from `address`.
    pub fn used(&mut self, now: Timestamp, address: &str) {
        self.last_used_at = Some(now);
        self.last_used_ips.retain(|known| known != address);
        self.last_used_ips.insert(0, address.to_owned());
        self.last_used_ips.truncate(5);
    }
}

/// What a new token is made from.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The name its owner gives it.
    pub name: String,
    /// A longer text.
    pub description: Option<String>,
    /// Whose rights it carries.
    pub user_id: u64,
    /// Scopes.
    pub scopes: Vec<String>,
    /// Grants of a fine-grained token.
    pub grants: Vec<Grant>,
    /// The day it stops working.
    pub expires_at: Option<Date>,
    /// The project or group whose bot carries it.
    pub resource: Option<TokenResource>,
}

impl World {
    /// Makes a token and gives its number; its secret is the same in every run.
    pub fn add_token(&mut self, new: NewToken, now: Timestamp) -> u64 {
        let id = next(&mut self.numbers.token);
        let digest = Sha256::digest(format!("token {id} {}", new.name));
        let value = format!("glpat-{}", &URL_SAFE_NO_PAD.encode(digest)[..20]);
        self.token_values.insert(value.clone(), id);
        self.tokens.insert(
            id,
            Token {
                id,
                name: new.name,
                description: new.description,
                value,
                scopes: new.scopes,
                grants: new.grants,
                user_id: new.user_id,
                created_at: now,
                expires_at: new.expires_at,
                revoked: false,
                last_used_at: None,
                last_used_ips: Vec::new(),
                family: id,
                resource: new.resource,
            },
        );
        id
    }

    /// The token with this secret.
    pub fn token_with(&self, value: &str) -> Option<&Token> {
        self.token_values
            .get(value)
            .and_then(|id| self.tokens.get(id))
    }
}
