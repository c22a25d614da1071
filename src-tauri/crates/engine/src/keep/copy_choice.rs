//! Choice: which snapshots of a vault go into its second copy. Those that the
//! retention of the copy would keep there, and none that was removed there on
//! purpose.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, Zoned};
use labkeep_settings::Retention;
use labkeep_vault::{SnapshotFacts, SnapshotId, Vault};

use super::judge::candidate;
use crate::error::Result;
use crate::retention::{Dated, decide};

/// What is to be copied.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// These.
    pub wanted: BTreeSet<SnapshotId>,
    /// What is kept for ever in the vault that is copied, and is or will be in
    /// the other one.
    pub pinned: BTreeSet<SnapshotId>,
    /// Every other snapshot of the vault that is copied: there already, or not
    /// to be there.
    pub settled: BTreeSet<SnapshotId>,
    /// How many the other vault's retention would not keep.
    pub not_kept: u64,
}

/// Decides. `there` are snapshots whose copies are known to be in the other
/// vault, also when they cannot be read here any more.
pub(super) fn choose(
    from: &Vault,
    to: &Vault,
    retention: Option<Retention>,
    there: &BTreeSet<SnapshotId>,
    now: &Zoned,
    is_cancelled: &dyn Fn() -> bool,
) -> Result<Choice> {
    let missing: BTreeSet<SnapshotId> = from
        .missing_in(to)?
        .into_iter()
        .map(|facts| facts.id)
        .collect();
    let (all, damaged) = from.snapshots_with_damage()?;
    let pinned = from.pinned()?;
    let mut wanted = match retention {
        Some(retention) if !missing.is_empty() => {
            let others = to.snapshots_with_damage()?.0;
            let mut lines = Lines::of(&all, others, &missing, from, to);
            lines.kept(retention, now, &pinned, is_cancelled)?
        }
        _ => missing.clone(),
    };
    let not_kept = (missing.len() - wanted.len()) as u64;
    // So that the copy says which ones it lacks.
    wanted.extend(
        damaged
            .into_iter()
            .map(|(id, _)| id)
            .filter(|id| !there.contains(id)),
    );
    let ids: BTreeSet<SnapshotId> = all.iter().map(|facts| facts.id).collect();
    Ok(Choice {
        pinned: pinned
            .into_iter()
            .filter(|id| ids.contains(id))
            .filter(|id| wanted.contains(id) || !missing.contains(id) && there.contains(id))
            .collect(),
        settled: ids.difference(&wanted).copied().collect(),
        wanted,
        not_kept,
    })
}

/// The snapshots of each plan in both vaults.
struct Lines<'a> {
    plans: BTreeMap<String, Vec<(SnapshotFacts, &'a Vault)>>,
    missing: &'a BTreeSet<SnapshotId>,
    from: &'a Vault,
    /// Snapshots of no plan, which nobody removes.
    kept: BTreeSet<SnapshotId>,
}

impl<'a> Lines<'a> {
    fn of(
        all: &[SnapshotFacts],
        others: Vec<SnapshotFacts>,
        missing: &'a BTreeSet<SnapshotId>,
        from: &'a Vault,
        to: &'a Vault,
    ) -> Self {
        let mut lines = Self {
            plans: BTreeMap::new(),
            missing,
            from,
            kept: BTreeSet::new(),
        };
        let mut seen: BTreeSet<(Timestamp, String)> = BTreeSet::new();
        let both = all.iter().cloned().map(|facts| (facts, from));
        for (facts, vault) in both.chain(others.into_iter().map(|facts| (facts, to))) {
            let Some(plan) = plan_of(&facts) else {
                if missing.contains(&facts.id) {
                    lines.kept.insert(facts.id);
                }
                continue;
            };
            if seen.insert((facts.time, plan.clone())) {
                lines.plans.entry(plan).or_default().push((facts, vault));
            }
        }
        lines
    }

    /// Those of the missing that a retention keeps.
    fn kept(
        &mut self,
        retention: Retention,
        now: &Zoned,
        pinned: &BTreeSet<SnapshotId>,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<BTreeSet<SnapshotId>> {
        let mut kept = std::mem::take(&mut self.kept);
        for snapshots in self.plans.values_mut() {
            snapshots.sort_by_key(|(facts, _)| std::cmp::Reverse(facts.time));
            let is_missing = |facts: &SnapshotFacts| self.missing.contains(&facts.id);
            // The newest always stays; usually it is all that is missing.
            let (newest, older) = snapshots.split_first().expect("a plan has snapshots");
            if is_missing(&newest.0) {
                kept.insert(newest.0.id);
            }
            if !older.iter().any(|(facts, _)| is_missing(facts)) {
                continue;
            }
            let mut dated: Vec<(SnapshotId, Dated)> = Vec::new();
            for (facts, vault) in snapshots.iter() {
                if is_cancelled() {
                    return Err(labkeep_vault::Error::Aborted.into());
                }
                let pins = if vault.id() == self.from.id() {
                    pinned.clone()
                } else {
                    BTreeSet::new()
                };
                match candidate(vault, facts.clone(), &pins, None) {
                    Ok(candidate) => dated.push((facts.id, candidate.dated)),
                    Err(error) => {
                        tracing::warn!(snapshot = %facts.id, %error, "its ledger cannot be read");
                        // The copy says so.
                        if is_missing(facts) {
                            kept.insert(facts.id);
                        }
                    }
                }
            }
            let (ids, dated): (Vec<_>, Vec<_>) = dated.into_iter().unzip();
            let stays = decide(&dated, retention, now);
            kept.extend(
                ids.into_iter()
                    .zip(stays)
                    .filter(|(id, stays)| stays.is_some() && self.missing.contains(id))
                    .map(|(id, _)| id),
            );
        }
        Ok(kept)
    }
}

fn plan_of(facts: &SnapshotFacts) -> Option<String> {
    let mut plans = facts.tags.iter().filter(|tag| tag.starts_with("plan:"));
    plans.next().cloned()
}
