//! The plan of a restore in sentences, before anything is created: what comes
//! back, what comes back changed, and what does not.

use crate::advice::capital;
use crate::kind::Kind;
use crate::ledger::Line;
use crate::refs::Refs;
use crate::run::grouped;
use crate::view::{LedgerState, Mark, PlanLine};

/// The way back into GitLab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Road {
    /// Archive import by an administrator: authors are found by their e-mail.
    ArchiveAsAdministrator,
    /// Archive import by a member: authors become the importer.
    Archive,
}

/// Facts that the sentences need beyond the ledger.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The lines of the item.
    pub lines: &'a [Line],
    /// The kinds that were asked for.
    pub kinds: &'a [Kind],
    /// The refs of the repository.
    pub refs: Option<&'a Refs>,
    /// Links between issues.
    pub links: usize,
    /// Members of the project itself.
    pub members: usize,
    /// The road.
    pub road: Road,
}

/// The lines of the plan.
pub fn describe(facts: &Facts<'_>) -> Vec<PlanLine> {
    let mut lines = Vec::new();
    let mut say = |mark, text: String| lines.push(PlanLine { mark, text });
    let line = |kind: Kind| {
        facts
            .lines
            .iter()
            .find(|line| line.kind == kind && facts.kinds.contains(&kind))
    };
    let count = |kind: Kind| {
        line(kind)
            .filter(|line| !line.pieces.is_empty())
            .and_then(|line| line.count)
            .filter(|count| *count > 0)
    };
    if let Some(refs) = facts.refs {
        say(Mark::Good, repository(refs, count(Kind::Wiki).is_some()));
    } else if count(Kind::Wiki).is_some() {
        say(Mark::Good, "The wiki".to_owned());
    }
    let issues = count(Kind::Issues).map(|n| things(n, "issue", "issues"));
    let requests = count(Kind::MergeRequests).map(|n| things(n, "merge request", "merge requests"));
    match (issues, requests) {
        (Some(issues), Some(requests)) => say(
            Mark::Good,
            format!("{issues} and {requests} with their numbers, dates, threads and diffs"),
        ),
        (Some(issues), None) => say(
            Mark::Good,
            format!("{issues} with their numbers, dates and threads"),
        ),
        (None, Some(requests)) => say(
            Mark::Good,
            format!("{requests} with their numbers, dates, threads and diffs"),
        ),
        (None, None) => {}
    }
    let labels = count(Kind::Labels).map(|n| things(n, "label", "labels"));
    let milestones = count(Kind::Milestones).map(|n| things(n, "milestone", "milestones"));
    let both: Vec<String> = labels.into_iter().chain(milestones).collect();
    if !both.is_empty() {
        say(Mark::Good, both.join(" and "));
    }
    if facts.links > 0 && facts.kinds.contains(&Kind::Issues) {
        say(
            Mark::Good,
            format!("Links of {}", things(facts.links as u64, "issue", "issues")),
        );
    }
    for stale in facts.lines.iter().filter(|line| {
        facts.kinds.contains(&line.kind)
            && line.state == LedgerState::Failed
            && !line.pieces.is_empty()
    }) {
        let since = stale
            .stale_since
            .map(|since| format!(" of {}", since.strftime("%-d %B %Y")))
            .unwrap_or_default();
        say(
            Mark::Changed,
            format!(
                "{}: the version{since}, for the later one could not be read",
                capital(stale.kind.words())
            ),
        );
    }
    if count(Kind::Issues).is_some() || count(Kind::MergeRequests).is_some() {
        say(
            Mark::Changed,
            match facts.road {
                Road::Archive => {
                    "Authors become you, with the original name in each text. Only an administrator's token can keep them"
                }
                Road::ArchiveAsAdministrator => {
                    "Authors who were members are found by their e-mail address; the others become you, with the original name in the text"
                }
            }
            .to_owned(),
        );
    }
    if facts.members > 0 {
        say(
            Mark::Changed,
            match facts.road {
                Road::Archive => format!(
                    "{} to be invited again: GitLab imports members for administrators only",
                    things(facts.members as u64, "member of the project itself has", "members of the project itself have")
                ),
                Road::ArchiveAsAdministrator => {
                    "Members are found by their e-mail address; Owners become Maintainers, and authors from the groups above become members too"
                        .to_owned()
                }
            },
        );
    }
    for missing in facts.lines.iter().filter(|line| {
        facts.kinds.contains(&line.kind) && line.is_missing() && line.pieces.is_empty()
    }) {
        let reason = missing.reason.as_deref().unwrap_or("It was not saved.");
        say(
            Mark::Bad,
            format!(
                "{}: not in this snapshot. {reason}",
                capital(missing.kind.words())
            ),
        );
    }
    lines
}

fn repository(refs: &Refs, has_wiki: bool) -> String {
    let number = |prefix: &str| {
        refs.named()
            .filter(|(name, _)| name.starts_with(prefix))
            .count() as u64
    };
    let wiki = if has_wiki { "; wiki" } else { "" };
    format!(
        "Repository with {} and {}{wiki}",
        things(number("refs/heads/"), "branch", "branches"),
        things(number("refs/tags/"), "tag", "tags"),
    )
}

/// A number and its word.
pub fn things(number: u64, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { one } else { many }
    )
}
