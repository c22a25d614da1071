//! What a drill proves: that items can be rebuilt, or that they cannot.

use jiff::Timestamp;
use labkeep_settings::{Account, AccountId, KnownItem, VaultEntryId};

use super::Labkeep;
use super::drill_failures::failure_name;
use super::execute::{item_of, key};
use super::snapshot::SnapshotRef;
use crate::error::Result;
use crate::kind::Item;

impl Labkeep {
    /// Items were rebuilt and are whole. `all` are in the snapshot.
    /// Tells of how many it was the last that is saved: that an earlier version
    /// can be rebuilt says nothing of a later one.
    pub(super) fn note_proven(
        &self,
        account: &Account,
        snapshot: &SnapshotRef,
        proven: &[Item],
        all: usize,
    ) -> Result<usize> {
        if proven.is_empty() {
            return Ok(0);
        }
        let now = self.0.clock.now();
        let at = self.time_of(snapshot)?;
        let catalogue = &self.0.catalogue;
        let known: Vec<KnownItem> = catalogue
            .items(account.id)?
            .into_iter()
            .filter(|known| item_of(known.item).is_some_and(|item| proven.contains(&item)))
            .filter(|known| is_current(known, &snapshot.id, at))
            .collect();
        let keys: Vec<_> = known.iter().map(|known| known.item).collect();
        catalogue.items_proven(account.id, &keys, now)?;
        if all == proven.len() {
            catalogue.snapshot_proven(&snapshot.vault.vault_id, &snapshot.id, now)?;
        }
        let mut failures = self.drill_failures()?;
        for item in proven {
            let name = failure_name(account, *item);
            if failures.get(&name).is_some_and(|failure| failure.at <= at) {
                failures.remove(&name);
            }
        }
        self.set_drill_failures(&failures)?;
        self.note_readable(snapshot.vault.id, &snapshot.id, proven)?;
        // What is gone at GitLab cannot be read in full any more: that it can
        // be rebuilt is all that there is to know.
        let gone: Vec<Item> = known
            .iter()
            .filter(|known| known.gone_since.is_some())
            .filter_map(|known| item_of(known.item))
            .collect();
        self.trust(account.id, &gone, now)?;
        Ok(keys.len())
    }

    /// Items could not be rebuilt: what is saved of them is damaged.
    pub(super) fn note_damaged(
        &self,
        account: AccountId,
        vault: VaultEntryId,
        snapshot: &str,
        damaged: &[Item],
    ) -> Result<()> {
        let keys: Vec<_> = damaged.iter().copied().map(key).collect();
        let now = self.0.clock.now();
        self.0.catalogue.items_distrusted(account, &keys, now)?;
        self.note_unreadable(vault, snapshot, damaged)
    }
}

/// Whether a snapshot of that time has the last that is saved of an item; a copy
/// in another vault is as good.
fn is_current(known: &KnownItem, snapshot: &str, at: Timestamp) -> bool {
    known.last_snapshot.as_deref() == Some(snapshot)
        || known.last_saved.is_none_or(|last| at >= last)
}
