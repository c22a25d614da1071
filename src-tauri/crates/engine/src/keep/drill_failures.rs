//! Items that their last drill could not rebuild: red until a drill can, or
//! until no drill tries any more.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use labkeep_settings::{Account, VaultEntryId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Labkeep;
use super::execute::{Execution, item_of};
use super::snapshot::SnapshotRef;
use crate::error::Result;
use crate::kind::Item;
use crate::pattern::Selection;

/// Memo of items whose last drill failed.
const FAILURES: &str = "drill-failures";

/// An item whose last drill failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failure {
    /// Its path.
    pub path: String,
    /// The snapshot it was to be rebuilt from.
    pub snapshot: String,
    /// The time of that snapshot.
    pub at: Timestamp,
    /// The drill.
    pub run: String,
    /// What was wrong.
    pub why: String,
}

impl Labkeep {
    /// The last drill of an item failed.
    pub(super) fn note_failure(
        &self,
        account: &Account,
        snapshot: &SnapshotRef,
        item: Item,
        path: &str,
        execution: &Execution,
        why: String,
    ) -> Result<()> {
        let failure = Failure {
            path: path.to_owned(),
            snapshot: snapshot.id.clone(),
            at: self.time_of(snapshot)?,
            run: execution.id.to_string(),
            why,
        };
        let mut failures = self.drill_failures()?;
        failures.insert(failure_name(account, item), failure);
        self.set_drill_failures(&failures)
    }

    /// Items whose last drill failed, by account and item. What no drill can
    /// rebuild any more, for no plan has it or nothing is saved of it, is left
    /// out.
    pub(super) fn drill_failures(&self) -> Result<BTreeMap<String, Failure>> {
        let Some(memo) = self.0.catalogue.memo(FAILURES)? else {
            return Ok(BTreeMap::new());
        };
        let mut failures: BTreeMap<String, Failure> =
            serde_json::from_value(memo).unwrap_or_else(|error| {
                tracing::warn!(%error, "a note of failed drills is not understood");
                BTreeMap::new()
            });
        if failures.is_empty() {
            return Ok(failures);
        }
        let settings = self.settings()?;
        let snapshots = self.known_snapshots(None)?;
        let known: BTreeMap<&str, VaultEntryId> = snapshots
            .iter()
            .map(|(vault, one)| (one.id.as_str(), vault.id))
            .collect();
        let mut damage = BTreeMap::new();
        for vault in &settings.vaults {
            damage.insert(vault.id, self.damage(vault.id)?);
        }
        let mut saved = BTreeSet::new();
        for account in &settings.accounts {
            let items = self.0.catalogue.items(account.id)?.into_iter();
            saved.extend(items.filter_map(|one| {
                let is_saved = one.last_snapshot.is_some_and(|id| known.contains_key(&*id));
                let item = item_of(one.item).filter(|_| is_saved)?;
                Some(failure_name(account, item))
            }));
        }
        failures.retain(|name, failure| {
            let vault = known.get(&*failure.snapshot);
            let is_saved = vault.is_some() || saved.contains(name);
            let (_, folder) = name.split_once('/').unwrap_or_default();
            let damage = vault.and_then(|vault| damage.get(vault));
            let is_given_up =
                damage.is_some_and(|damage| damage.is_given_up(&failure.snapshot, folder));
            let is_covered = settings.plans.iter().any(|plan| {
                let is_its = name.starts_with(&format!("{}/", plan.account));
                let selection = Selection::new(&plan.include, &plan.exclude);
                is_its && selection.is_ok_and(|selection| selection.covers(&failure.path))
            });
            is_saved && is_covered && !is_given_up
        });
        Ok(failures)
    }

    pub(super) fn set_drill_failures(&self, failures: &BTreeMap<String, Failure>) -> Result<()> {
        Ok(self.0.catalogue.set_memo(FAILURES, &json!(failures))?)
    }

    /// When a snapshot was made, as this machine knows.
    pub(super) fn time_of(&self, snapshot: &SnapshotRef) -> Result<Timestamp> {
        let known = self.0.catalogue.snapshots(&snapshot.vault.vault_id)?;
        let found = known.iter().find(|known| known.id == snapshot.id);
        Ok(found.map_or(Timestamp::MIN, |known| known.time))
    }
}

/// The name of an item among those whose drill failed.
pub(super) fn failure_name(account: &Account, item: Item) -> String {
    format!("{}/{}", account.id, item.folder())
}
