//! Damage that is past: to earlier snapshots alone, and made up for as far as
//! it can be.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use labkeep_settings::{KnownSnapshot, VaultEntry};

use super::Labkeep;
use super::copy_state::moment;
use super::damage::{Damage, item_at};
use super::execute::item_of;
use crate::error::Result;
use crate::kind::Item;

impl Labkeep {
    /// Whether everything that is lost was known before, is of earlier snapshots,
    /// and every item that it is of was saved whole since, or was given up. What
    /// a second copy brought counts once the copy could not send it again.
    pub(super) fn is_past(
        &self,
        entry: &VaultEntry,
        before: &Damage,
        affected: &BTreeMap<String, BTreeSet<String>>,
    ) -> Result<bool> {
        let known = self.0.catalogue.snapshots(&entry.vault_id)?;
        let time = |id: &str| known.iter().find(|s| s.id == id).map(|s| s.time);
        let brought = self.brought_by_copies(entry)?;
        let here = self.names_in(entry, &known)?;
        let mut whole: BTreeMap<Item, Vec<String>> = BTreeMap::new();
        for account in self.settings()?.accounts {
            for item in self.0.catalogue.items(account.id)? {
                if let (Some(item), Some(last)) = (item_of(item.item), item.last_snapshot) {
                    let last = here.get(&last).cloned().unwrap_or(last);
                    whole.entry(item).or_default().push(last);
                }
            }
        }
        Ok(affected.iter().all(|(snapshot, folders)| {
            folders.iter().all(|folder| {
                let is_saved_since = item_at(folder)
                    .and_then(|item| whole.get(&item))
                    .into_iter()
                    .flatten()
                    .any(|last| {
                        let is_affected = affected.get(last).is_some_and(|f| f.contains(folder));
                        !is_affected && time(last) > time(snapshot)
                    });
                let is_made_up_for =
                    !brought.contains(snapshot) || before.is_unhealed(snapshot, folder);
                before.is_given_up(snapshot, folder)
                    || (before.knows(snapshot, folder) && is_made_up_for && is_saved_since)
            })
        }))
    }

    /// What snapshots of other vaults are called in this one, where it has a copy
    /// of them.
    fn names_in(
        &self,
        entry: &VaultEntry,
        known: &[KnownSnapshot],
    ) -> Result<BTreeMap<String, String>> {
        let here: BTreeMap<(Timestamp, String), &str> = known
            .iter()
            .map(|known| (moment(known), known.id.as_str()))
            .collect();
        let mut names = BTreeMap::new();
        for (vault, other) in self.known_snapshots(None)? {
            if vault.vault_id == entry.vault_id {
                continue;
            }
            if let Some(name) = here.get(&moment(&other)) {
                names.insert(other.id, (*name).to_owned());
            }
        }
        Ok(names)
    }
}
