//! The checklist: what a token can do, scope by scope, as data.
//!
//! It says what the token allows at most. What the user's role and the
//! instance's features allow is found out by trying, and stands in the ledger.
use jiff::civil::Date;
use serde::Serialize;

use crate::scope::Scope;
use crate::token::{SignIn, TokenKind};

/// How the token stands to one scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeState {
    /// It has the scope.
    Granted,
    /// It has a wider scope that includes this one.
    Included {
        /// The wider one.
        by: Scope,
    },
    /// It lacks the scope, and a backup suffers.
    Missing,
    /// It lacks the scope, which only a restore needs.
    ForRestore,
    /// It cannot be told: a fine-grained token, or one that may not read itself.
    Unknown,
}

/// What a scope is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Connect the account, list groups and projects, read metadata.
    ReadMetadata,
    /// Complete metadata; restore metadata and packages.
    WriteMetadata,
    /// List and back up repositories.
    ReadRepositories,
    /// Restore repositories.
    WriteRepositories,
    /// Back up container images of private projects.
    ReadImages,
    /// Restore container images.
    WriteImages,
}

/// What is missing without a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Nothing can be listed: only repositories whose paths are known.
    Everything,
    /// Some metadata stays out of the backup, none can be restored.
    SomeMetadataAndRestore,
    /// Repositories stay out of the backup.
    Repositories,
    /// Repositories cannot be restored.
    RestoreOfRepositories,
    /// Images of private projects stay out of the backup.
    Images,
    /// Images cannot be restored.
    RestoreOfImages,
}

/// One line of the checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChecklistLine {
    /// The scope.
    pub scope: Scope,
    /// How the token stands to it.
    pub state: ScopeState,
    /// What it is needed for.
    pub needed_for: Need,
    /// What is missing without it.
    pub without_it: Loss,
    /// The wider scopes that include it, the narrowest first.
    pub wider: &'static [Scope],
}

/// Whether the scopes tell what the token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authority {
    /// They do.
    Known,
    /// They do not; it is found out by trying.
    Unknown,
}

/// Whether the token can do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ability {
    /// It can, where the user's role allows it.
    Yes,
    /// It cannot.
    No,
    /// It is found out by trying.
    Unknown,
}

/// What Labkeep can do with the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// Connect the account: list groups and projects.
    pub connect: Ability,
    /// Back up repositories, wikis and LFS objects.
    pub back_up_repositories: Ability,
    /// Back up metadata: issues, merge requests, settings, packages.
    pub back_up_metadata: Ability,
    /// Back up container images of private projects.
    pub back_up_images: Ability,
    /// Restore repositories.
    pub restore_repositories: Ability,
    /// Restore metadata and packages.
    pub restore_metadata: Ability,
    /// Restore container images.
    pub restore_images: Ability,
}

/// How long the token lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expiry {
    /// It has no last day.
    Never,
    /// It cannot be told.
    Unknown,
    /// Whole days until it ends (00:00 UTC of its date), one at least.
    Days(i64),
    /// It has ended.
    Expired,
}

/// The checklist of one token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checklist {
    /// The scopes Labkeep knows a use for.
    pub lines: Vec<ChecklistLine>,
    /// Whether the scopes say what the token may do.
    pub authority: Authority,
    /// What follows from them.
    pub can: Capabilities,
    /// How long the token lives.
    pub expiry: Expiry,
    /// Whether the token can only read: some metadata may be missing from
    /// backups, and a restore needs another token.
    pub minimal: bool,
}

const LINES: [(Scope, Need, Loss); 6] = [
    (Scope::ReadApi, Need::ReadMetadata, Loss::Everything),
    (
        Scope::Api,
        Need::WriteMetadata,
        Loss::SomeMetadataAndRestore,
    ),
    (
        Scope::ReadRepository,
        Need::ReadRepositories,
        Loss::Repositories,
    ),
    (
        Scope::WriteRepository,
        Need::WriteRepositories,
        Loss::RestoreOfRepositories,
    ),
    (Scope::ReadRegistry, Need::ReadImages, Loss::Images),
    (
        Scope::WriteRegistry,
        Need::WriteImages,
        Loss::RestoreOfImages,
    ),
];

/// The checklist for what was learned when signing in. `today` is the date in
/// UTC.
pub fn checklist(sign_in: &SignIn, today: Date) -> Checklist {
    let token = sign_in.token.as_ref();
    let scopes = token
        .map(|token| token.scopes.as_slice())
        .filter(|scopes| !scopes.contains(&Scope::Granular));
    let lines = LINES
        .iter()
        .map(|(scope, needed_for, without_it)| ChecklistLine {
            state: state(scopes, scope, *needed_for),
            scope: scope.clone(),
            needed_for: *needed_for,
            without_it: *without_it,
            wider: scope.included_by(),
        })
        .collect();
    Checklist {
        lines,
        authority: if scopes.is_some() {
            Authority::Known
        } else {
            Authority::Unknown
        },
        can: capabilities(scopes, sign_in.kind),
        expiry: match token {
            None => Expiry::Unknown,
            Some(token) => expiry(token.expires_on, today),
        },
        minimal: scopes.is_some_and(|scopes| !scopes.contains(&Scope::Api)),
    }
}

fn state(scopes: Option<&[Scope]>, scope: &Scope, need: Need) -> ScopeState {
    let Some(scopes) = scopes else {
        return ScopeState::Unknown;
    };
    if scopes.contains(scope) {
        return ScopeState::Granted;
    }
    if let Some(by) = scope
        .included_by()
        .iter()
        .find(|wider| scopes.contains(wider))
    {
        return ScopeState::Included { by: by.clone() };
    }
    match need {
        Need::WriteMetadata | Need::WriteRepositories | Need::WriteImages => ScopeState::ForRestore,
        Need::ReadMetadata | Need::ReadRepositories | Need::ReadImages => ScopeState::Missing,
    }
}

fn capabilities(scopes: Option<&[Scope]>, kind: TokenKind) -> Capabilities {
    let ability = |needed: &[Scope]| match scopes {
        None => Ability::Unknown,
        Some(scopes) => {
            let has = |scope: &Scope| {
                scopes.contains(scope)
                    || scope
                        .included_by()
                        .iter()
                        .any(|wider| scopes.contains(wider))
            };
            if needed.iter().all(has) {
                Ability::Yes
            } else {
                Ability::No
            }
        }
    };
    // The registry does not take OAuth tokens at all (doc/api/oauth2.md).
    let images = |needed: &[Scope]| {
        if kind == TokenKind::OAuth {
            Ability::No
        } else {
            ability(needed)
        }
    };
    Capabilities {
        connect: ability(&[Scope::ReadApi]),
        back_up_repositories: ability(&[Scope::ReadRepository]),
        back_up_metadata: ability(&[Scope::ReadApi]),
        back_up_images: images(&[Scope::ReadRegistry]),
        restore_repositories: ability(&[Scope::WriteRepository]),
        restore_metadata: ability(&[Scope::Api]),
        // A push reads as well: lib/gitlab/auth.rb gives `write_registry` alone
        // no right to pull.
        restore_images: images(&[Scope::ReadRegistry, Scope::WriteRegistry]),
    }
}

fn expiry(expires_on: Option<Date>, today: Date) -> Expiry {
    let Some(last) = expires_on else {
        return Expiry::Never;
    };
    let days = today.duration_until(last).as_hours() / 24;
    if days >= 1 {
        Expiry::Days(days)
    } else {
        Expiry::Expired
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{InstanceFacts, RoleSummary, TokenFacts};
    use jiff::civil::date;

    fn sign_in(scopes: &[&str], expires_on: Option<Date>) -> SignIn {
        SignIn {
            token: Some(TokenFacts {
                id: 1,
                name: "Labkeep".to_owned(),
                kind: TokenKind::Personal,
                scopes: scopes.iter().map(|name| Scope::parse(name)).collect(),
                active: true,
                revoked: false,
                expires_on,
                created_at: None,
                user_id: Some(1),
                granular: Vec::new(),
            }),
            kind: TokenKind::Personal,
            user: None,
            instance: InstanceFacts::default(),
            roles: RoleSummary::default(),
        }
    }

    fn of(scopes: &[&str]) -> Checklist {
        checklist(&sign_in(scopes, None), date(2026, 1, 10))
    }

    #[test]
    fn the_minimal_token() {
        insta::assert_json_snapshot!("minimal", of(&["read_api", "read_repository"]));
    }

    #[test]
    fn the_full_token() {
        insta::assert_json_snapshot!("full", of(&["api"]));
    }

    #[test]
    fn the_token_for_code_alone() {
        insta::assert_json_snapshot!("code_only", of(&["read_repository"]));
    }

    #[test]
    fn the_fine_grained_token() {
        insta::assert_json_snapshot!("granular", of(&["granular"]));
    }

    #[test]
    fn the_token_with_every_narrow_scope() {
        insta::assert_json_snapshot!(
            "narrow",
            of(&[
                "read_api",
                "write_repository",
                "read_registry",
                "write_registry",
                "self_rotate"
            ])
        );
    }

    #[test]
    fn images_are_out_of_reach_for_oauth() {
        let mut signed_in = sign_in(&[], None);
        signed_in.token = None;
        signed_in.kind = TokenKind::OAuth;
        let list = checklist(&signed_in, date(2026, 1, 10));
        assert_eq!(list.authority, Authority::Unknown);
        assert_eq!(list.can.back_up_images, Ability::No);
        assert_eq!(list.can.back_up_metadata, Ability::Unknown);
        assert!(!list.minimal);
    }

    #[test]
    fn writing_images_alone_is_not_enough_to_restore_them() {
        assert_eq!(of(&["write_registry"]).can.restore_images, Ability::No);
        assert_eq!(
            of(&["write_registry", "read_registry"]).can.restore_images,
            Ability::Yes
        );
    }

    #[test]
    fn the_last_day_itself_is_too_late() {
        let on = |last| checklist(&sign_in(&["api"], Some(last)), date(2026, 1, 10)).expiry;
        assert_eq!(on(date(2026, 1, 24)), Expiry::Days(14));
        assert_eq!(on(date(2026, 1, 11)), Expiry::Days(1));
        assert_eq!(on(date(2026, 1, 10)), Expiry::Expired);
        assert_eq!(on(date(2025, 12, 1)), Expiry::Expired);
        assert_eq!(of(&["api"]).expiry, Expiry::Never);
    }
}
