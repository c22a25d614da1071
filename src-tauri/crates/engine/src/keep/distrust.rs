//! Distrust: items of which something saved is damaged. The next backup reads
//! them in full, and trusts them again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use labkeep_settings::{AccountId, ItemKey, VaultEntry};

use super::Labkeep;
use super::damage::item_at;
use super::execute::{item_of, key};
use super::snapshot::details;
use crate::error::Result;
use crate::kind::Item;

impl Labkeep {
    /// Items that the next backup of an account reads in full.
    pub(super) fn distrusted(&self, account: AccountId) -> Result<BTreeSet<Item>> {
        let items = self.0.catalogue.items(account)?;
        Ok(items
            .iter()
            .filter(|item| item.distrusted_since.is_some())
            .filter_map(|item| item_of(item.item))
            .collect())
    }

    /// Distrusts what lies in these folders of snapshots, and names the items.
    pub(super) fn distrust(
        &self,
        entry: &VaultEntry,
        affected: &BTreeMap<String, BTreeSet<String>>,
        everything: bool,
    ) -> Result<Vec<String>> {
        let settings = self.settings()?;
        let now = self.0.clock.now();
        let known = self.0.catalogue.snapshots(&entry.vault_id)?;
        let urls: BTreeMap<&str, String> = known
            .iter()
            .map(|snapshot| (snapshot.id.as_str(), details(snapshot).url))
            .collect();
        // To read these in full would not bring them back.
        let brought = self.brought_by_copies(entry)?;
        let mut names = BTreeSet::new();
        for account in &settings.accounts {
            let is_its = |snapshot: &str| {
                let url = urls.get(snapshot);
                url.is_none_or(|url| *url == account.url)
            };
            let mut keys: BTreeSet<ItemKey> = BTreeSet::new();
            let mut of_copies: BTreeSet<ItemKey> = BTreeSet::new();
            for (snapshot, folders) in affected.iter().filter(|(id, _)| is_its(id)) {
                let found = folders.iter().filter_map(|folder| key_of(folder));
                if brought.contains(snapshot) {
                    of_copies.extend(found);
                } else {
                    keys.extend(found);
                }
            }
            let items = self.0.catalogue.items(account.id)?;
            let is_here = settings
                .plans
                .iter()
                .any(|plan| plan.vault == entry.id && plan.account == account.id);
            let meant: Vec<_> = items
                .iter()
                .filter(|item| keys.contains(&item.item) || (everything && is_here))
                .collect();
            names.extend(
                items
                    .iter()
                    .filter(|item| keys.contains(&item.item) || of_copies.contains(&item.item))
                    .map(|item| item.path.clone()),
            );
            let meant: Vec<ItemKey> = meant.iter().map(|item| item.item).collect();
            self.0.catalogue.items_distrusted(account.id, &meant, now)?;
        }
        Ok(names.into_iter().collect())
    }

    /// Items were read in full and are whole.
    pub(super) fn trust(&self, account: AccountId, items: &[Item], at: Timestamp) -> Result<()> {
        let keys: Vec<ItemKey> = items.iter().copied().map(key).collect();
        Ok(self.0.catalogue.items_trusted(account, &keys, at)?)
    }
}

fn key_of(folder: &str) -> Option<ItemKey> {
    item_at(folder).map(key)
}
