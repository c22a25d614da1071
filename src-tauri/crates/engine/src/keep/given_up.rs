//! What is damaged in a vault and gone at GitLab can never be saved again.
//! Somebody has to say that it is given up: then it alarms no more, and keeps no
//! snapshot longer than the retention says.

use std::collections::{BTreeMap, BTreeSet};

use labkeep_settings::{RunId, VaultEntry};

use super::Labkeep;
use super::execute::item_of;
use super::snapshot::details;
use crate::error::Result;

impl Labkeep {
    /// Gives up what is damaged in a vault and gone at GitLab, and checks what
    /// is left.
    pub async fn give_up_damaged(&self, vault: &str) -> Result<RunId> {
        let entry = self.find_vault(vault)?;
        let lost = self.to_give_up(&entry)?;
        let mut damage = self.damage(entry.id)?;
        for (snapshot, folder) in &lost {
            tracing::info!(vault = entry.name, snapshot, folder, "given up");
            damage.give_up(snapshot, folder);
        }
        self.set_damage(entry.id, &damage)?;
        self.0.runs.changed();
        self.start_check(vault, 0).await
    }

    /// Snapshots of a vault, each with a folder in it that is damaged, and gone
    /// at GitLab.
    pub(super) fn to_give_up(&self, vault: &VaultEntry) -> Result<Vec<(String, String)>> {
        let damage = self.damage(vault.id)?;
        if damage.known().is_empty() {
            return Ok(Vec::new());
        }
        let mut gone = BTreeSet::new();
        for account in self.settings()?.accounts {
            let items = self.0.catalogue.items(account.id)?.into_iter();
            let items = items.filter(|item| item.gone_since.is_some());
            let items = items.filter_map(|item| item_of(item.item));
            gone.extend(items.map(|item| (account.url.clone(), item.folder())));
        }
        let known = self.0.catalogue.snapshots(&vault.vault_id)?;
        let urls: BTreeMap<&str, String> = known
            .iter()
            .map(|snapshot| (snapshot.id.as_str(), details(snapshot).url))
            .collect();
        let brought = self.brought_by_copies(vault)?;
        let mut lost = Vec::new();
        for (snapshot, folders) in damage.known() {
            let Some(url) = urls.get(snapshot.as_str()) else {
                continue;
            };
            for folder in folders {
                let is_gone = gone.contains(&(url.clone(), folder.clone()));
                // The next copy may send it again.
                let is_to_come =
                    brought.contains(snapshot) && !damage.is_unhealed(snapshot, folder);
                if is_gone && !is_to_come && !damage.is_given_up(snapshot, folder) {
                    lost.push((snapshot.clone(), folder.clone()));
                }
            }
        }
        Ok(lost)
    }
}
