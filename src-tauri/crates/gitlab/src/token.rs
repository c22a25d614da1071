//! What a GitLab says about the token, its user and itself.
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::access::AccessLevel;
use crate::scope::Scope;

/// Whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenKind {
    /// A person's, or a service account's.
    Personal,
    /// A project's: its user is a bot with a role in that project.
    Project,
    /// A group's: its user is a bot with a role in that group.
    Group,
    /// Made by signing in with OAuth.
    OAuth,
    /// Its user could not be read, so it cannot be told.
    Unknown,
}

/// One permission of a fine-grained token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GranularGrant {
    /// Where it holds: `selected_memberships`, `all_memberships`, `instance`, ….
    #[serde(default)]
    pub access: String,
    /// The named permissions, for example `read_job`.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// The project it is bound to.
    #[serde(default)]
    pub project_id: Option<u64>,
    /// The group it is bound to.
    #[serde(default)]
    pub group_id: Option<u64>,
}

/// What GitLab knows about the token itself; never the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFacts {
    /// GitLab's number of it.
    pub id: u64,
    /// The name its maker gave it.
    pub name: String,
    /// Whose it is.
    pub kind: TokenKind,
    /// Its scopes.
    pub scopes: Vec<Scope>,
    /// Whether it works.
    pub active: bool,
    /// Whether it was revoked.
    pub revoked: bool,
    /// Its last day: it ends at 00:00 UTC of this date.
    pub expires_on: Option<Date>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// Its user.
    pub user_id: Option<u64>,
    /// The permissions of a fine-grained token.
    pub granular: Vec<GranularGrant>,
}

/// The user behind the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// GitLab's number.
    pub id: u64,
    /// The name in `@name`.
    pub username: String,
    /// The full name.
    pub name: String,
    /// The e-mail address the user shows to others.
    pub public_email: Option<String>,
    /// Whether the user administers the instance. Told to administrators only.
    pub is_admin: bool,
    /// Whether it is a bot, such as the one of a project token.
    pub bot: bool,
}

/// GitLab's editions, as far as a user can know them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// The Community Edition, or the Enterprise Edition without a licence.
    Free,
    /// Premium.
    Premium,
    /// Ultimate.
    Ultimate,
}

/// The instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstanceFacts {
    /// For example `18.6.2-ee`.
    pub version: Option<String>,
    /// The commit it was built from.
    pub revision: Option<String>,
    /// Whether it is the Enterprise Edition (which may run without a licence).
    pub enterprise: Option<bool>,
    /// The tier, only where it is certain.
    pub tier: Option<Tier>,
    /// Whether relations can be exported in bulk (the setting for direct
    /// transfer); it is the fastest way to read.
    pub direct_import: Option<bool>,
}

/// Projects and groups the user is a member of, by role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleSummary {
    /// Projects per role.
    pub projects: BTreeMap<AccessLevel, u64>,
    /// Groups per role.
    pub groups: BTreeMap<AccessLevel, u64>,
    /// Whether everything was counted; the numbers are lower bounds otherwise.
    pub is_complete: bool,
    /// Whether GitLab told anything about roles at all.
    pub is_known: bool,
}

impl RoleSummary {
    /// Projects counted, whatever the role.
    pub fn project_count(&self) -> u64 {
        self.projects.values().sum()
    }

    /// Projects in which the user has at least that role.
    pub fn projects_from(&self, level: AccessLevel) -> u64 {
        self.projects.range(level..).map(|(_, count)| count).sum()
    }
}

/// Everything learned when signing in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The token; `None` for OAuth tokens and where it may not read itself.
    pub token: Option<TokenFacts>,
    /// The kind of token, also where nothing else is known about it.
    pub kind: TokenKind,
    /// The user; `None` where the token may not read it.
    pub user: Option<Person>,
    /// The instance.
    pub instance: InstanceFacts,
    /// The user's roles.
    pub roles: RoleSummary,
}

/// The kind of a token, from its user's name (lib/gitlab/…/bot users:
/// `project_{id}_bot…`, `group_{id}_bot…`).
pub(crate) fn kind_of(user: Option<&Person>) -> TokenKind {
    let Some(user) = user else {
        return TokenKind::Unknown;
    };
    let is_bot_of = |prefix: &str| {
        user.username
            .strip_prefix(prefix)
            .and_then(|rest| rest.split_once('_'))
            .is_some_and(|(id, rest)| {
                !id.is_empty()
                    && id.bytes().all(|byte| byte.is_ascii_digit())
                    && (rest == "bot" || rest.starts_with("bot_") || is_numbered_bot(rest))
            })
    };
    if is_bot_of("project_") {
        TokenKind::Project
    } else if is_bot_of("group_") {
        TokenKind::Group
    } else {
        TokenKind::Personal
    }
}

/// Old names end in `bot1`, `bot2`, ….
fn is_numbered_bot(rest: &str) -> bool {
    rest.strip_prefix("bot")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(username: &str) -> TokenKind {
        kind_of(Some(&Person {
            id: 1,
            username: username.to_owned(),
            name: String::new(),
            public_email: None,
            is_admin: false,
            bot: false,
        }))
    }

    #[test]
    fn bots_are_known_by_their_names() {
        assert_eq!(kind("project_12_bot_0a1b2c"), TokenKind::Project);
        assert_eq!(kind("project_12_bot"), TokenKind::Project);
        assert_eq!(kind("project_12_bot2"), TokenKind::Project);
        assert_eq!(kind("group_7_bot_ffff"), TokenKind::Group);
        assert_eq!(kind("project_x_bot"), TokenKind::Personal);
        assert_eq!(kind("group_7_botanist"), TokenKind::Personal);
        assert_eq!(kind("ada"), TokenKind::Personal);
        assert_eq!(kind_of(None), TokenKind::Unknown);
    }
}
