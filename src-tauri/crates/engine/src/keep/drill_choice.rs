//! What the next drill of a plan rebuilds: everything important, what failed
//! its last one, and some others in turn, each from the newest snapshot that
//! has it whole.

use std::collections::BTreeMap;

use labkeep_settings::{KnownItem, Plan};

use super::Labkeep;
use super::drill::Part;
use super::drill_failures::Failure;
use super::execute::item_of;
use super::snapshot::{SnapshotRef, details};
use crate::error::Result;
use crate::kind::{Item, Sort};
use crate::proof::{Candidate, choose};
use crate::schedule::promise::believed;

impl Labkeep {
    /// What the next drill of a plan rebuilds.
    pub(super) fn next_drill(&self, plan: &Plan) -> Result<Vec<Part>> {
        let others = self.settings()?.preferences.proof.drill_items;
        let known = self.known_snapshots(Some(&plan.vault.to_string()))?;
        let mut of_plan: Vec<_> = known
            .into_iter()
            .filter(|(_, snapshot)| details(snapshot).plan == plan.id.to_string())
            .collect();
        of_plan.sort_by_key(|(_, snapshot)| snapshot.time);
        let failures = self.drill_failures()?;
        let damage = self.damage(plan.vault)?;
        let now = self.0.clock.now();
        let items = self.0.catalogue.items(plan.account)?;
        let mut places: BTreeMap<Item, (String, String)> = BTreeMap::new();
        let (mut projects, mut groups) = (Vec::new(), Vec::new());
        for known_item in &items {
            let Some(item) = item_of(known_item.item) else {
                continue;
            };
            // Where it is whole; what was never whole is not there to be rebuilt.
            let is_last = |id: &str| known_item.last_snapshot.as_deref() == Some(id);
            let Some((_, snapshot)) = of_plan.iter().rev().find(|(_, s)| is_last(&s.id)) else {
                continue;
            };
            if damage.is_given_up(&snapshot.id, &item.folder()) {
                continue;
            }
            places.insert(item, (snapshot.id.clone(), known_item.path.clone()));
            let candidate = candidate(item, known_item, &failures, plan);
            let candidate = Candidate {
                proven_at: candidate.proven_at.and_then(|at| believed(at, now)),
                ..candidate
            };
            match item.sort {
                Sort::Project => projects.push(candidate),
                Sort::Group => groups.push(candidate),
            }
        }
        let mut parts: BTreeMap<String, Vec<(Item, Option<String>)>> = BTreeMap::new();
        // Groups are quickly read: they keep no project waiting.
        for item in choose(projects, others)
            .into_iter()
            .chain(choose(groups, others))
        {
            let (snapshot, path) = places[&item].clone();
            parts.entry(snapshot).or_default().push((item, Some(path)));
        }
        Ok(of_plan
            .into_iter()
            .rev()
            .filter_map(|(vault, snapshot)| {
                let items = parts.remove(&snapshot.id)?;
                let id = snapshot.id;
                Some(Part {
                    snapshot: SnapshotRef { vault, id },
                    open: None,
                    items,
                })
            })
            .collect())
    }
}

fn candidate(
    item: Item,
    known: &KnownItem,
    failures: &BTreeMap<String, Failure>,
    plan: &Plan,
) -> Candidate<Item> {
    Candidate {
        item,
        important: known.important,
        failed: failures.contains_key(&format!("{}/{}", plan.account, item.folder())),
        proven_at: known.proven_at,
    }
}
