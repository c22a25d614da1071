//! Sentences about roles that are too small to read something.

use labkeep_gitlab::AccessLevel;

use super::Advice;
use crate::kind::Kind;

/// The smallest role that reads a kind in a private project
/// (doc/user/permissions.md).
pub const fn needed(kind: Kind) -> AccessLevel {
    match kind {
        Kind::Repository | Kind::MergeRequests => AccessLevel::REPORTER,
        Kind::Wiki
        | Kind::Issues
        | Kind::Labels
        | Kind::Milestones
        | Kind::Members
        | Kind::Settings => AccessLevel::GUEST,
    }
}

/// What to tell when GitLab does not hand out a kind for lack of a role.
pub fn of_role(kind: Kind, role: Option<AccessLevel>) -> Advice {
    let needs = needed(kind);
    let name = |level: AccessLevel| level.label().unwrap_or("a higher role");
    let words = kind.words();
    match role {
        Some(role) if role < needs => Advice::new(
            format!(
                "You are {} there; reading {words} needs {}.",
                name(role),
                name(needs)
            ),
            format!(
                "Ask an owner for the role {}, or use a token of somebody who has it.",
                name(needs)
            ),
        ),
        _ => Advice::new(
            format!("GitLab does not show the {words} to this token."),
            "The feature may be limited to other members. Ask an owner of the project.",
        ),
    }
}
