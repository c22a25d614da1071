//! The deletion guard: whether so much is gone at GitLab since the snapshot
//! before that a person should say that it was meant. Pure: it is given what
//! there was and what there is, and says what is lost.
//!
//! A loss in steps, each of them small, is one as well: what a thing had at
//! most within the last seven days, or since a person answered an earlier
//! alarm if that is later, is remembered from snapshot to snapshot wherever it
//! has less now ([`Peak`]). A loss that raised the alarm is remembered no
//! more, so that it raises it once.
//!
//! Not a loss: what could not be read, what the plan does not cover any more,
//! and what moved or was renamed, for things are followed by their ID. That a
//! token sees less than before cannot be told from a deletion, and is one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use labkeep_settings::Guard;
use serde::{Deserialize, Serialize};

use crate::kind::{Item, Kind, Sort};
use crate::view::LossOf;

#[cfg(test)]
mod tests;

/// How long it is remembered how much there was.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Names of what is gone that are kept for people to see.
const NAMES: usize = 5;

/// What can lose something: all projects or all groups of a plan, or one sort
/// of contents of one project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subject {
    /// What of it.
    pub of: LossOf,
    /// Projects or groups.
    pub sort: Sort,
    /// GitLab's ID of the one that loses contents; none for whole items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
}

impl Subject {
    /// All items of a sort.
    pub const fn items(sort: Sort) -> Self {
        Self {
            of: LossOf::Items,
            sort,
            id: None,
        }
    }

    /// One kind of an item; none for a kind that is not guarded.
    pub const fn contents(item: Item, kind: Kind) -> Option<Self> {
        let of = match kind {
            Kind::Repository => LossOf::Refs,
            Kind::Wiki => LossOf::WikiRefs,
            Kind::Issues => LossOf::Issues,
            Kind::MergeRequests => LossOf::MergeRequests,
            Kind::Labels | Kind::Milestones | Kind::Members | Kind::Settings => return None,
        };
        Some(Self {
            of,
            sort: item.sort,
            id: Some(item.id),
        })
    }
}

/// How something changed from one snapshot to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turnover {
    /// How many there were.
    pub before: u64,
    /// How many of these are gone.
    pub gone: u64,
    /// How many there are, new ones among them.
    pub now: u64,
    /// Names of some that are gone.
    pub names: Vec<String>,
}

impl Turnover {
    /// From the names, or numbers, that there were and that there are.
    pub fn of<T: Ord>(
        before: &BTreeSet<T>,
        now: &BTreeSet<T>,
        name: impl Fn(&T) -> String,
    ) -> Self {
        let gone = before.difference(now);
        Self {
            before: before.len() as u64,
            gone: gone.clone().count() as u64,
            now: now.len() as u64,
            names: gone.take(NAMES).map(name).collect(),
        }
    }

    /// From how many there were and are, where nobody can tell which.
    pub const fn by_number(before: u64, now: u64) -> Self {
        Self {
            before,
            gone: before.saturating_sub(now),
            now,
            names: Vec::new(),
        }
    }

    /// All of so many are gone.
    pub const fn all_gone(before: u64) -> Self {
        Self {
            before,
            gone: before,
            now: 0,
            names: Vec::new(),
        }
    }
}

/// So many there were once, and there are fewer now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peak {
    /// Of what.
    #[serde(flatten)]
    pub subject: Subject,
    /// In the snapshot of this time.
    pub at: Timestamp,
    /// How many.
    pub count: u64,
}

/// A loss that raises the alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Of what.
    #[serde(flatten)]
    pub subject: Subject,
    /// The path of the project that lost contents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How many there were.
    pub before: u64,
    /// How many of these are gone.
    pub gone: u64,
    /// Names of some that are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Time of the last snapshot that had them all; none from versions that did
    /// not tell: then it is the one before the alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// What was before this run.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// Time of the previous snapshot.
    pub time: Timestamp,
    /// What it remembers of the time before it.
    pub peaks: Vec<Peak>,
    /// Time of the snapshot up to which a person has answered.
    pub answered: Option<Timestamp>,
}

/// What this run saw.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// What changed, with the path of the project if it is one's contents.
    /// What could not be read is not among it.
    pub changes: BTreeMap<Subject, (Option<String>, Turnover)>,
    /// Items that the plan has left out since, by sort.
    pub left_out: BTreeMap<Sort, u64>,
    /// Items that are not there any more; nothing of theirs is compared.
    pub vanished: BTreeSet<Item>,
}

/// What the guard found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What is lost, worst first.
    pub losses: Vec<Lost>,
    /// What the next run has to know.
    pub peaks: Vec<Peak>,
}

/// Compares. `now` is the time of the new snapshot.
pub fn look(before: &Before, seen: &Seen, guard: Guard, now: Timestamp) -> Found {
    let mut peaks = remembered(before, seen, now);
    let mut losses = Vec::new();
    // Where no project is left, losing the few groups counts as well.
    let projects = seen.changes.get(&Subject::items(Sort::Project));
    let has_projects = projects.is_some_and(|(_, change)| change.now > 0);
    for (subject, (path, change)) in &seen.changes {
        let known = peaks.entry(*subject).or_default();
        if change.before > change.now {
            known.push((before.time, change.before));
        }
        known.retain(|(_, count)| *count > change.now);
        let highest = known
            .iter()
            .max_by_key(|(at, count)| (*count, *at))
            .copied();
        let (since, highest) = highest.unwrap_or((before.time, 0));
        let in_steps = Turnover {
            before: highest,
            gone: highest.saturating_sub(change.now),
            ..change.clone()
        };
        let empties = match subject.of {
            LossOf::Refs | LossOf::WikiRefs => true,
            LossOf::Items => subject.sort == Sort::Project || !has_projects,
            LossOf::Issues | LossOf::MergeRequests => false,
        };
        let worst = [(change, before.time), (&in_steps, since)]
            .into_iter()
            .filter(|(change, _)| raises(change, subject.of, empties, guard))
            .max_by_key(|(change, _)| change.gone);
        if let Some((change, since)) = worst {
            known.clear();
            losses.push(Lost {
                subject: *subject,
                path: path.clone(),
                before: change.before,
                gone: change.gone,
                names: change.names.clone(),
                since: Some(since),
            });
        }
    }
    losses.sort_by_key(|lost| {
        let share = lost.gone * 1000 / lost.before.max(1);
        (lost.subject.of, std::cmp::Reverse((share, lost.gone)))
    });
    let peaks = peaks.into_iter().flat_map(|(subject, known)| {
        let peak = move |(at, count)| Peak { subject, at, count };
        descending(known).into_iter().map(peak)
    });
    Found {
        losses,
        peaks: peaks.collect(),
    }
}

/// Whether so much is gone that somebody should know.
fn raises(change: &Turnover, of: LossOf, empties: bool, guard: Guard) -> bool {
    let percent = match of {
        LossOf::Items => guard.items_percent,
        _ => guard.contents_percent,
    };
    let is_much = change.gone >= u64::from(guard.at_least)
        && change.gone * 100 >= u64::from(percent) * change.before;
    change.gone > 0 && (is_much || (empties && change.now == 0))
}

/// What is still worth knowing of the time before, by subject.
fn remembered(
    before: &Before,
    seen: &Seen,
    now: Timestamp,
) -> BTreeMap<Subject, Vec<(Timestamp, u64)>> {
    let mut all: BTreeMap<Subject, Vec<(Timestamp, u64)>> = BTreeMap::new();
    for peak in &before.peaks {
        let Peak { subject, at, count } = *peak;
        let is_old = now.duration_since(at) > REMEMBERED;
        // The one that was answered for is what there was after the loss.
        let is_answered = before.answered.is_some_and(|answered| at < answered);
        let is_vanished = subject.id.is_some_and(|id| {
            seen.vanished.contains(&Item {
                sort: subject.sort,
                id,
            })
        });
        if is_old || is_answered || is_vanished {
            continue;
        }
        let left_out = match subject.id {
            None => seen.left_out.get(&subject.sort).copied().unwrap_or(0),
            Some(_) => 0,
        };
        let count = count.saturating_sub(left_out);
        all.entry(subject).or_default().push((at, count));
    }
    all
}

/// Without those that a later one is not below: it is remembered longer.
fn descending(mut known: Vec<(Timestamp, u64)>) -> Vec<(Timestamp, u64)> {
    known.sort();
    let mut left: Vec<(Timestamp, u64)> = Vec::new();
    for (at, count) in known {
        left.retain(|(_, earlier)| *earlier > count);
        left.push((at, count));
    }
    left
}
