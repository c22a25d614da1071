//! What the deletion guard is shown of a backup: only what was really seen at
//! GitLab. A kind that failed, was refused or is switched off is not among it.

use std::collections::{BTreeMap, BTreeSet};

use super::vanished::{Vanished, Why};
use crate::guard::{Seen, Subject, Turnover};
use crate::kind::{Item, Kind, Sort};
use crate::ledger::Ledger;

/// What changed in the contents of one item.
pub(super) type Contents = (Item, Kind, String, Turnover);

/// Gathers it. There is nothing to compare with in a first backup.
pub(super) fn seen(
    previous: &Ledger,
    now: &Ledger,
    vanished: &BTreeMap<Item, Vanished>,
    contents: Vec<Contents>,
) -> Seen {
    let mut seen = Seen {
        vanished: vanished
            .values()
            .filter(|one| one.why != Why::Unknown)
            .map(|one| one.item)
            .collect(),
        ..Seen::default()
    };
    let (before, now) = (previous.items(), now.items());
    for sort in [Sort::Group, Sort::Project] {
        let why = |item: &Item| vanished.get(item).map(|one| one.why);
        let left_out = before
            .iter()
            .filter(|item| item.sort == sort && why(item) == Some(Why::LeftOut));
        seen.left_out.insert(sort, left_out.count() as u64);
        let there: BTreeSet<Item> = before
            .iter()
            .filter(|item| item.sort == sort && why(item) != Some(Why::LeftOut))
            .copied()
            .collect();
        // One that was there while the lists were made still counts.
        let now: BTreeSet<Item> = now.iter().copied().filter(|i| i.sort == sort).collect();
        if there.is_empty() {
            continue;
        }
        let change = Turnover::of(&there, &now, |item| path(item, vanished));
        seen.changes.insert(Subject::items(sort), (None, change));
    }
    for (item, kind, path, change) in contents {
        if let Some(subject) = Subject::contents(item, kind) {
            seen.changes.insert(subject, (Some(path), change));
        }
    }
    seen
}

fn path(item: &Item, vanished: &BTreeMap<Item, Vanished>) -> String {
    vanished
        .get(item)
        .map_or_else(|| item.folder(), |one| one.path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Line;
    use crate::view::LedgerState;

    fn ledger(projects: impl IntoIterator<Item = u64>) -> Ledger {
        let mut ledger = Ledger::default();
        for id in projects {
            let item = Item::project(id);
            ledger.put(Line::new(item, "a/b", Kind::Settings, LedgerState::Saved));
        }
        ledger
    }

    fn vanished(all: &[(u64, Why)]) -> BTreeMap<Item, Vanished> {
        let one = |(id, why): &(u64, Why)| {
            let item = Item::project(*id);
            let path = format!("a/{id}");
            let why = *why;
            (item, Vanished { item, path, why })
        };
        all.iter().map(one).collect()
    }

    #[test]
    fn what_the_plan_leaves_out_is_not_gone() {
        let vanished = vanished(&[(1, Why::LeftOut), (2, Why::Gone)]);
        let seen = seen(&ledger(1..=5), &ledger(3..=6), &vanished, Vec::new());
        let (_, change) = &seen.changes[&Subject::items(Sort::Project)];
        assert_eq!((change.before, change.gone, change.now), (4, 1, 4));
        assert_eq!(change.names, ["a/2"]);
        assert_eq!(seen.left_out[&Sort::Project], 1);
    }

    #[test]
    fn one_that_is_kept_because_nobody_knows_is_not_gone() {
        let vanished = vanished(&[(1, Why::Unknown)]);
        let seen = seen(&ledger(1..=2), &ledger(1..=2), &vanished, Vec::new());
        let (_, change) = &seen.changes[&Subject::items(Sort::Project)];
        assert_eq!(change.gone, 0);
        assert!(seen.vanished.is_empty());
    }

    #[test]
    fn a_first_backup_has_nothing_to_compare_with() {
        let seen = seen(&ledger([]), &ledger(1..=5), &BTreeMap::new(), Vec::new());
        assert!(seen.changes.is_empty());
    }
}
