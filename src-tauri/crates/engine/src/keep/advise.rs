//! The checklist in sentences: product.md's table and hints.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use labkeep_gitlab::{
    Ability, AccessLevel, Authority, Checklist, Expiry, Loss, Need, ScopeState, SignIn, TokenKind,
};
use labkeep_settings::Account;

use crate::clock::millis;
use crate::probe::{Probe, Unreadable};
use crate::view::{
    ChecklistLineView, ChecklistView, HintView, RoleCount, ScopeStateView, Severity,
};

/// From so many days before it expires, people are warned.
pub const WARN_DAYS: i64 = 14;

/// The kind of a token, in words.
pub const fn token_kind(sign_in: &SignIn) -> &'static str {
    match sign_in.kind {
        TokenKind::Personal => "Personal access token",
        TokenKind::Project => "Project access token",
        TokenKind::Group => "Group access token",
        TokenKind::OAuth => "OAuth token",
        TokenKind::Unknown => "Access token",
    }
}

/// The checklist as people see it.
pub fn checklist_view(
    account: &Account,
    sign_in: &SignIn,
    checklist: &Checklist,
    probe: &Probe,
    now: Timestamp,
) -> ChecklistView {
    let token = sign_in.token.as_ref();
    let can_back_up = checklist.can.connect != Ability::No;
    ChecklistView {
        account: account.id.to_string(),
        token_name: token
            .map(|token| token.name.clone())
            .filter(|name| !name.is_empty()),
        token_kind: token_kind(sign_in).to_owned(),
        username: sign_in.user.as_ref().map(|user| user.username.clone()),
        host: host(&account.url),
        expires_at: token
            .and_then(|token| token.expires_on)
            .and_then(|date| date.to_zoned(TimeZone::UTC).ok())
            .map(|zoned| millis(zoned.timestamp())),
        days_left: match checklist.expiry {
            Expiry::Days(days) => Some(days),
            Expiry::Expired => Some(0),
            Expiry::Never | Expiry::Unknown => None,
        },
        gitlab: sign_in.instance.version.as_ref().map(|version| {
            let edition = match sign_in.instance.enterprise {
                Some(true) => " Enterprise Edition",
                Some(false) => " Community Edition",
                None => "",
            };
            format!("GitLab {}{edition}", version.trim_end_matches("-ee"))
        }),
        direct_import: sign_in.instance.direct_import,
        roles: probe
            .roles
            .iter()
            .rev()
            .map(|(level, projects)| RoleCount {
                role: level.label().unwrap_or("No role").to_owned(),
                projects: *projects,
            })
            .collect(),
        visible_projects: probe.projects,
        lines: checklist.lines.iter().map(line).collect(),
        hints: hints(checklist, probe, can_back_up),
        can_back_up,
        can_restore: checklist.can.restore_metadata == Ability::Yes,
        checked_at: millis(now),
    }
}

fn host(url: &str) -> String {
    labkeep_gitlab::BaseUrl::parse(url).map_or_else(|_| url.to_owned(), |base| base.host())
}

fn line(line: &labkeep_gitlab::ChecklistLine) -> ChecklistLineView {
    let (state, included_by) = match &line.state {
        ScopeState::Granted => (ScopeStateView::Granted, None),
        ScopeState::Included { by } => (ScopeStateView::Included, Some(by.as_str().to_owned())),
        ScopeState::Missing => (ScopeStateView::Missing, None),
        ScopeState::ForRestore => (ScopeStateView::ForRestore, None),
        ScopeState::Unknown => (ScopeStateView::Unknown, None),
    };
    let without_it = matches!(
        line.state,
        ScopeState::Missing | ScopeState::ForRestore | ScopeState::Unknown
    )
    .then(|| loss(line.without_it).to_owned());
    ChecklistLineView {
        scope: line.scope.as_str().to_owned(),
        state,
        included_by,
        needed_for: need(line.needed_for).to_owned(),
        without_it,
    }
}

const fn need(need: Need) -> &'static str {
    match need {
        Need::ReadMetadata => "Connect the account, list groups and projects, read metadata",
        Need::WriteMetadata => {
            "Full read and write access, all groups and projects: faster backups of metadata, restore of projects"
        }
        Need::ReadRepositories => "List repositories and back them up",
        Need::WriteRepositories => "Restore a repository",
        Need::ReadImages => "Back up container images of private projects",
        Need::WriteImages => "Restore container images",
    }
}

const fn loss(loss: Loss) -> &'static str {
    match loss {
        Loss::Everything => "No backup at all",
        Loss::SomeMetadataAndRestore => {
            "Slower backups of issues and merge requests; no restore with this token. A restore asks for its own"
        }
        Loss::Repositories => "No repositories and no wikis in the backup",
        Loss::RestoreOfRepositories | Loss::RestoreOfImages => {
            "Not needed now. A restore asks for its own token"
        }
        Loss::Images => "No container images of private projects in the backup",
    }
}

fn hints(checklist: &Checklist, probe: &Probe, can_back_up: bool) -> Vec<HintView> {
    let mut hints = Vec::new();
    let mut hint = |severity, title: &str, detail: String| {
        hints.push(HintView {
            severity,
            title: title.to_owned(),
            detail,
        });
    };
    if !can_back_up {
        hint(
            Severity::Danger,
            "This token cannot back up anything.",
            "Listing projects needs the scope read_api or api. Create a token with at least read_api and read_repository.".to_owned(),
        );
        return hints;
    }
    if probe.projects == Some(0) {
        hint(
            Severity::Danger,
            "This token sees no projects.",
            "Its user must be a member of at least one. A project or group token sees only its own."
                .to_owned(),
        );
    }
    if checklist.can.back_up_repositories == Ability::No {
        hint(
            Severity::Danger,
            "Repositories will be missing.",
            "Reading them needs the scope read_repository, or the wider read_api or api."
                .to_owned(),
        );
    }
    if checklist.authority == Authority::Unknown {
        hint(
            Severity::Warning,
            "What this token may do shows only by trying.",
            format!(
                "GitLab does not tell the rights of a fine-grained token. {} The ledger of each backup says what it did get.",
                tried(probe)
            ),
        );
    } else if checklist.minimal {
        hint(
            Severity::Danger,
            "With minimal privileges, some metadata may not be included.",
            format!(
                "{} Backups work, but restoring will need a new token with write permissions.",
                tried(probe)
            ),
        );
    } else if !probe.unreadable.is_empty() {
        hint(
            Severity::Warning,
            "Your role does not allow to read everything.",
            tried(probe),
        );
    }
    match checklist.expiry {
        Expiry::Days(days) if days <= WARN_DAYS => hint(
            Severity::Warning,
            &format!("The token expires in {}.", days_in_words(days)),
            "Backups stop on that day unless it is renewed.".to_owned(),
        ),
        Expiry::Expired => hint(
            Severity::Danger,
            "The token expires today.",
            "Create a new one and enter it here.".to_owned(),
        ),
        _ => {}
    }
    hints
}

/// "1 day", "9 days".
pub fn days_in_words(days: i64) -> String {
    if days == 1 {
        "1 day".to_owned()
    } else {
        format!("{days} days")
    }
}

fn tried(probe: &Probe) -> String {
    if !probe.was_tried {
        return "Nothing could be tried, for no private project is visible.".to_owned();
    }
    if probe.unreadable.is_empty() {
        return "Tried just now: everything that Labkeep saves could be read.".to_owned();
    }
    let parts: Vec<String> = probe.unreadable.iter().map(unreadable).collect();
    format!("Tried just now: {} cannot be read.", parts.join("; "))
}

fn unreadable(one: &Unreadable) -> String {
    let words: Vec<&str> = one.kinds.iter().map(|kind| kind.words()).collect();
    let kinds = match words.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    };
    let projects = if one.projects == 1 {
        "1 project".to_owned()
    } else {
        format!("{} projects", one.projects)
    };
    let role = match one.role {
        AccessLevel::NOBODY => "without a role".to_owned(),
        role => format!("as {}", role.label().unwrap_or("member")),
    };
    format!("{kinds} of {projects} ({role})")
}
