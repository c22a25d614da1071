//! Judge: which snapshots of a vault stay, by the retentions of the plans that
//! are kept in it and of the second copies that go to it. What nobody here
//! decides about stays.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use labkeep_settings::{Retention, Settings, VaultEntry};
use labkeep_vault::{SnapshotFacts, SnapshotId, Vault};

use super::damage::item_at;
use crate::backup::job::plan_tag;
use crate::error::Result;
use crate::head::Head;
use crate::kind::Item;
use crate::layout;
use crate::ledger::Ledger;
use crate::retention::{Dated, Kept, decide};

/// Why snapshots stay of whose plan nobody chose how long they do.
const UNDECIDED: &str = "nobody has chosen yet how long it stays";

/// A snapshot of a vault with what decides about it.
pub(super) struct Candidate {
    pub facts: SnapshotFacts,
    pub dated: Dated,
    /// How long its plan's snapshots stay in this vault, as it says itself.
    pub stated: Option<Retention>,
}

/// A plan's snapshots in one vault, and how long they stay there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// The plan's ID.
    pub plan: String,
    /// How long. None as long as nobody chose: then they stay.
    pub retention: Option<Retention>,
    /// Whether it is what another machine said.
    pub is_foreign: bool,
}

/// Reads what decides about a snapshot. `damaged` are the folders in it that
/// are known to be damaged.
pub(super) fn candidate(
    vault: &Vault,
    facts: SnapshotFacts,
    pinned: &BTreeSet<SnapshotId>,
    damaged: Option<&BTreeSet<String>>,
) -> Result<Candidate> {
    let reader = vault.read(&facts.id)?;
    let ledger = Ledger::from_ndjson(&reader.read(layout::LEDGER)?.unwrap_or_default())?;
    // None in somebody else's snapshot in the same vault.
    let head = reader.read(layout::HEAD)?;
    let head = head.map(|head| Head::parse(Some(&head))).transpose()?;
    let whole = ledger
        .lines()
        .filter(|line| line.is_copy())
        .map(|line| (line.item(), line.kind));
    let (harmed, whole) = whole.partition(|(item, _)| is_harmed(*item, damaged));
    Ok(Candidate {
        stated: head
            .as_ref()
            .and_then(|head| head.plan.retention_in(vault.id().as_str())),
        dated: Dated {
            time: real_time(facts.time, head.map(|head| head.ended)),
            pinned: pinned.contains(&facts.id),
            whole,
            harmed,
            is_damaged: damaged.is_some_and(|folders| !folders.is_empty()),
        },
        facts,
    })
}

/// What decides about a snapshot that cannot be read: it has nothing that would
/// keep it longer than a rule does.
pub(super) fn unreadable(facts: SnapshotFacts, pinned: &BTreeSet<SnapshotId>) -> Candidate {
    Candidate {
        stated: None,
        dated: Dated {
            time: facts.time,
            pinned: pinned.contains(&facts.id),
            whole: BTreeSet::new(),
            harmed: BTreeSet::new(),
            is_damaged: true,
        },
        facts,
    }
}

/// Whether an item may lie in one of these folders. What is damaged beside the
/// items may concern any of them.
fn is_harmed(item: Item, damaged: Option<&BTreeSet<String>>) -> bool {
    damaged
        .into_iter()
        .flatten()
        .any(|folder| match item_at(folder) {
            Some(harmed) => harmed == item,
            None => true,
        })
}

/// When a run really was. After a clock that was ahead was set right, runs get
/// times just after its last one to keep their order; that they ended earlier
/// than they began tells so.
fn real_time(started: Timestamp, ended: Option<Timestamp>) -> Timestamp {
    ended.map_or(started, |ended| started.min(ended))
}

/// The rules for a vault. `is_in` says whether snapshots of a plan are in
/// another vault, for plans that this machine does not have.
pub(super) fn rules(
    settings: &Settings,
    entry: &VaultEntry,
    plans_here: &BTreeSet<String>,
    is_in: impl Fn(&VaultEntry, &str) -> Result<bool>,
) -> Result<Vec<Rule>> {
    let mut rules: Vec<Rule> = settings
        .plans
        .iter()
        .filter(|plan| plan.vault == entry.id)
        .map(|plan| Rule {
            plan: plan.id.to_string(),
            retention: (!plan.retention_open).then_some(plan.retention),
            is_foreign: false,
        })
        .collect();
    for copy in settings.copies.iter().filter(|copy| copy.to == entry.id) {
        for plan in plans_here {
            let known = settings.plans.iter().find(|p| p.id.to_string() == *plan);
            let is_copied = match (known, settings.vault(copy.from)) {
                (Some(plan), _) if plan.vault == copy.from => true,
                // One that goes here by itself may have been copied here before.
                (_, Some(from)) => is_in(from, plan)?,
                (_, None) => false,
            };
            if is_copied {
                rules.push(Rule {
                    plan: plan.clone(),
                    retention: Some(copy.retention),
                    is_foreign: false,
                });
            }
        }
    }
    Ok(rules)
}

/// For every snapshot, newest first, whether it stays, and why. Where several
/// rules are about a snapshot, it stays if one of them keeps it.
pub(super) fn judge(
    rules: &[Rule],
    candidates: &[Candidate],
    now: Timestamp,
) -> Vec<(bool, String)> {
    let now = now.to_zoned(TimeZone::system());
    let mut judged: Vec<Option<(bool, String)>> = vec![None; candidates.len()];
    for rule in rules {
        let tag = plan_tag(&rule.plan);
        let places: Vec<usize> = (0..candidates.len())
            .filter(|place| candidates[*place].facts.tags.contains(&tag))
            .collect();
        let dated: Vec<Dated> = places
            .iter()
            .map(|place| candidates[*place].dated.clone())
            .collect();
        let Some(retention) = rule.retention else {
            for place in places {
                judged[place] = Some((true, UNDECIDED.to_owned()));
            }
            continue;
        };
        let kept = decide(&dated, retention, &now);
        for (place, kept) in places.into_iter().zip(kept) {
            if judged[place].as_ref().is_none_or(|(stays, _)| !stays) {
                let (stays, mut why) = why(kept.as_ref());
                if stays && rule.is_foreign {
                    why.push_str(", as another machine wants it");
                }
                judged[place] = Some((stays, why));
            }
        }
    }
    let undecided = |pinned: bool| {
        if pinned {
            why(Some(&Kept::Pinned))
        } else {
            (true, "no plan here decides about it".to_owned())
        }
    };
    judged
        .into_iter()
        .zip(candidates)
        .map(|(line, candidate)| line.unwrap_or_else(|| undecided(candidate.dated.pinned)))
        .collect()
}

fn why(kept: Option<&Kept>) -> (bool, String) {
    match kept {
        Some(Kept::Newest) => (true, "the newest".to_owned()),
        Some(Kept::Pinned) => (true, "pinned".to_owned()),
        Some(Kept::Rule(name)) => (true, (*name).to_owned()),
        Some(Kept::LastWhole(1)) => (true, "the last whole copy of 1 item".to_owned()),
        Some(Kept::LastWhole(items)) => (true, format!("the last whole copy of {items} items")),
        Some(Kept::LastHarmed(1)) => (true, "the last copy of 1 item, damaged".to_owned()),
        Some(Kept::LastHarmed(items)) => (true, format!("the last copy of {items} items, damaged")),
        None => (false, "kept by no rule".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_after_a_clock_was_ahead_counts_when_it_was() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(real_time(at(5_000), Some(at(5_100))), at(5_000));
        // Its start was put after the last run of the clock that was ahead.
        assert_eq!(real_time(at(9_000), Some(at(5_100))), at(5_100));
        assert_eq!(real_time(at(9_000), None), at(9_000));
    }
}
