//! Damage that is known of a vault, until a check says that it is made up for.
//!
//! Whoever finds it notes it here: a check, a drill, a backup that could not
//! rely on what was saved. The next writer repairs the vault before it writes,
//! so that what is captured again is stored again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use labkeep_settings::{VaultEntry, VaultEntryId};
use labkeep_vault::{OnProgress, SnapshotId, Vault};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::mending::Folders;
use super::{Labkeep, blocking};
use crate::advice::Advice;
use crate::error::Result;
use crate::kind::Item;
use crate::proof::Share;
use crate::run::{RunLog, process};

/// What is known to be damaged in a vault.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Damage {
    /// Pack files to be looked into, by their paths.
    packs: BTreeSet<String>,
    /// Folders of snapshots that could not be read as they should.
    folders: BTreeSet<(String, String)>,
    /// Whether the vault has to be repaired before it is written to.
    to_repair: bool,
    /// Snapshots that are affected, each with the folders in it.
    snapshots: BTreeMap<String, BTreeSet<String>>,
    /// What the check read that found it; none if no check did.
    share: Option<Share>,
    /// When it was repaired last.
    healed_at: Option<Timestamp>,
    /// Since when a check is due out of turn.
    check_at: Option<Timestamp>,
    /// What of snapshots was given up: it is lost, and gone at GitLab.
    given_up: BTreeMap<String, BTreeSet<String>>,
    /// When something was last found that was not known to stay.
    found_at: Option<Timestamp>,
    /// What of snapshots the vault that they were copied from could not send
    /// again.
    unhealed: BTreeMap<String, BTreeSet<String>>,
    /// Snapshots that are lost as a whole, and that no copy brings again.
    gone: BTreeSet<String>,
}

/// What came of repairing a vault.
pub(super) enum Healed {
    /// Nothing is known to be damaged any more.
    Whole,
    /// There is damage that stays.
    Left,
    /// It could not be repaired now.
    Refused(Advice),
}

impl Damage {
    /// Whether it was known that this folder of a snapshot is damaged.
    pub fn knows(&self, snapshot: &str, folder: &str) -> bool {
        let known = self.snapshots.get(snapshot);
        known.is_some_and(|folders| folders.contains(folder))
    }

    /// Every snapshot that is known to be damaged, with the folders in it.
    pub const fn known(&self) -> &BTreeMap<String, BTreeSet<String>> {
        &self.snapshots
    }

    /// Whether somebody gave up this folder of a snapshot.
    pub fn is_given_up(&self, snapshot: &str, folder: &str) -> bool {
        let given_up = self.given_up.get(snapshot);
        given_up.is_some_and(|folders| folders.contains(folder))
    }

    /// Somebody gives up this folder of a snapshot.
    pub fn give_up(&mut self, snapshot: &str, folder: &str) {
        let given_up = self.given_up.entry(snapshot.to_owned()).or_default();
        given_up.insert(folder.to_owned());
    }

    /// The folders of a snapshot that are known to be damaged.
    pub fn folders_of(&self, snapshot: &str) -> Option<&BTreeSet<String>> {
        self.snapshots.get(snapshot)
    }

    /// Whether this folder of a snapshot could not be sent again from where it
    /// was copied.
    pub fn is_unhealed(&self, snapshot: &str, folder: &str) -> bool {
        let unhealed = self.unhealed.get(snapshot);
        self.gone.contains(snapshot) || unhealed.is_some_and(|folders| folders.contains(folder))
    }

    /// Whether a folder of a snapshot is known to stay lost.
    fn is_known_to_stay(&self, snapshot: &str, folder: &str) -> bool {
        self.is_unhealed(snapshot, folder) || self.is_given_up(snapshot, folder)
    }

    /// When something was last found that was not known to stay.
    pub const fn found_at(&self) -> Option<Timestamp> {
        self.found_at
    }

    /// Whether the vault has to be repaired first.
    pub const fn is_to_be_repaired(&self) -> bool {
        self.to_repair
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What a check found.
pub(super) struct Found<'a> {
    /// What it read.
    pub share: Share,
    /// What another one has to read to make up for what this one found.
    pub needed: Share,
    /// Whether everything is well.
    pub is_sound: bool,
    /// Whether all of it was known, and was made up for as far as it can be.
    pub is_past: bool,
    /// Damaged pack files.
    pub packs: BTreeSet<String>,
    /// Snapshots that are affected, each with the folders in it.
    pub snapshots: &'a BTreeMap<String, BTreeSet<String>>,
}

impl Labkeep {
    pub(super) fn damage(&self, vault: VaultEntryId) -> Result<Damage> {
        let memo = self.0.catalogue.memo(&memo(vault))?;
        Ok(memo.map_or_else(Damage::default, |memo| {
            serde_json::from_value(memo).unwrap_or_else(|error| {
                tracing::warn!(%vault, %error, "a note of damage is not understood");
                // Known to be damaged, somehow: the next check tells.
                Damage {
                    to_repair: true,
                    check_at: Some(self.0.clock.now()),
                    ..Damage::default()
                }
            })
        }))
    }

    pub(super) fn set_damage(&self, vault: VaultEntryId, damage: &Damage) -> Result<()> {
        let catalogue = &self.0.catalogue;
        Ok(catalogue.set_memo(&memo(vault), &json!(damage))?)
    }

    /// A check came to its end.
    pub(super) fn note_check(&self, vault: VaultEntryId, found: Found<'_>) -> Result<()> {
        let mut damage = self.damage(vault)?;
        damage.check_at = None;
        let makes_up = match damage.share {
            Some(before) => found.share.makes_up_for(before),
            // A drill knows in which pack files it is, and the repair looked
            // into each of them.
            None => !damage.to_repair,
        };
        if makes_up && (found.is_sound || found.is_past) {
            damage.snapshots.clear();
            damage.share = None;
            if found.is_sound {
                damage.given_up.clear();
                damage.unhealed.clear();
                damage.gone.clear();
                damage.found_at = None;
            }
        }
        if !found.is_sound {
            if !found.is_past {
                damage.to_repair = true;
                let mut of_snapshots = found.snapshots.iter();
                let is_known = of_snapshots.all(|(snapshot, folders)| {
                    let mut folders = folders.iter();
                    folders.all(|folder| damage.is_known_to_stay(snapshot, folder))
                });
                if !is_known || !found.packs.is_empty() {
                    damage.found_at = Some(self.0.clock.now());
                }
            }
            damage.packs.extend(found.packs);
            for (snapshot, folders) in found.snapshots {
                let known = damage.snapshots.entry(snapshot.clone()).or_default();
                known.extend(folders.iter().cloned());
            }
            damage.share = Some(match damage.share {
                Some(before) if !found.needed.makes_up_for(before) => before,
                _ => found.needed,
            });
        }
        self.set_damage(vault, &damage)
    }

    /// What is saved of an item could not be read as it should.
    pub(super) fn note_unreadable(
        &self,
        vault: VaultEntryId,
        snapshot: &str,
        items: &[Item],
    ) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let mut damage = self.damage(vault)?;
        let now = self.0.clock.now();
        damage.to_repair = true;
        damage.check_at = Some(now);
        damage.found_at = Some(now);
        for item in items {
            let folder = item.folder();
            let known = damage.snapshots.entry(snapshot.to_owned()).or_default();
            known.insert(folder.clone());
            damage.folders.insert((snapshot.to_owned(), folder));
        }
        self.set_damage(vault, &damage)
    }

    /// An item was rebuilt from a snapshot and is whole.
    pub(super) fn note_readable(
        &self,
        vault: VaultEntryId,
        snapshot: &str,
        items: &[Item],
    ) -> Result<()> {
        let mut damage = self.damage(vault)?;
        if damage.is_nothing() {
            return Ok(());
        }
        for item in items {
            let folder = item.folder();
            if let Some(known) = damage.snapshots.get_mut(snapshot) {
                known.remove(&folder);
            }
            damage.folders.remove(&(snapshot.to_owned(), folder));
        }
        damage.snapshots.retain(|_, folders| !folders.is_empty());
        self.set_damage(vault, &damage)
    }

    /// Something about a vault is not as it should be; a check has to tell what.
    pub(super) fn suspect(&self, vault: VaultEntryId) -> Result<()> {
        let mut damage = self.damage(vault)?;
        damage.check_at = Some(self.0.clock.now());
        self.set_damage(vault, &damage)
    }

    /// Pack files, by their paths, or index files that must not be relied on:
    /// the vault is repaired before it is written to.
    pub(super) fn note_suspects(&self, vault: VaultEntryId, packs: BTreeSet<String>) -> Result<()> {
        let mut damage = self.damage(vault)?;
        damage.packs.extend(packs);
        damage.to_repair = true;
        damage.check_at = Some(self.0.clock.now());
        self.set_damage(vault, &damage)
    }

    /// A second copy got parts again, as far as there are any: a check has to
    /// say whether it is whole. `its` are the snapshots that the copy answers
    /// for. Tells whether something stays lost that was not known to.
    pub(super) fn note_unhealed(
        &self,
        vault: VaultEntryId,
        its: &BTreeSet<SnapshotId>,
        unhealed: Folders,
        got_parts: bool,
    ) -> Result<bool> {
        let mut damage = self.damage(vault)?;
        let is_known = |snapshot: &str, folder: &str| damage.is_known_to_stay(snapshot, folder);
        let is_news = unhealed
            .iter()
            .any(|(snapshot, folders)| folders.iter().any(|folder| !is_known(snapshot, folder)));
        // What other copies could not send stays noted.
        damage
            .unhealed
            .retain(|snapshot, _| !is_one_of(its, snapshot));
        damage.unhealed.extend(unhealed);
        if got_parts || is_news {
            damage.check_at = Some(self.0.clock.now());
        }
        self.set_damage(vault, &damage)?;
        Ok(is_news)
    }

    /// A second copy was brought up to date, and these of its snapshots are not
    /// there. `its` are those that the copy answers for.
    pub(super) fn note_lost(
        &self,
        vault: VaultEntryId,
        its: &BTreeSet<SnapshotId>,
        gone: BTreeSet<String>,
    ) -> Result<()> {
        let mut damage = self.damage(vault)?;
        let before = damage.gone.clone();
        damage.gone.retain(|snapshot| !is_one_of(its, snapshot));
        damage.gone.extend(gone);
        if damage.gone == before {
            return Ok(());
        }
        self.set_damage(vault, &damage)
    }

    /// Whether a vault is to be repaired before it is relied on.
    pub(super) fn is_to_be_repaired(&self, vault: VaultEntryId) -> Result<bool> {
        Ok(self.damage(vault)?.to_repair)
    }

    /// Snapshots of a vault cannot be read: it is repaired before it is checked.
    pub(super) fn note_unread_snapshots(&self, vault: VaultEntryId) -> Result<()> {
        let mut damage = self.damage(vault)?;
        damage.to_repair = true;
        damage.check_at = Some(self.0.clock.now());
        self.set_damage(vault, &damage)
    }

    /// When a check is due out of turn.
    pub(super) fn check_out_of_turn(&self, vault: VaultEntryId) -> Result<Option<Timestamp>> {
        Ok(self.damage(vault)?.check_at)
    }

    /// When a vault was repaired last.
    pub(super) fn healed_at(&self, vault: VaultEntryId) -> Result<Option<Timestamp>> {
        Ok(self.damage(vault)?.healed_at)
    }

    /// The snapshots of a vault that are known to be damaged.
    pub(super) fn damaged_snapshots(&self, vault: VaultEntryId) -> Result<BTreeSet<String>> {
        Ok(self.damage(vault)?.snapshots.into_keys().collect())
    }

    /// Repairs a vault that is known to be damaged. Unless it is whole then,
    /// nothing written now may count as making up for what stays.
    pub(super) async fn heal(
        &self,
        entry: &VaultEntry,
        vault: &Vault,
        log: &RunLog,
        watch: OnProgress,
    ) -> Result<Healed> {
        let known = self.damage(entry.id)?;
        if !known.to_repair {
            return Ok(Healed::Whole);
        }
        log.info("The vault is known to be damaged: it is repaired first.");
        let (vault, mut packs) = (vault.clone(), known.packs.clone());
        let folders = known.folders.clone();
        let repaired = blocking(move || {
            for (snapshot, folder) in folders {
                let Ok(id) = snapshot.parse() else { continue };
                match vault
                    .read(&id)
                    .and_then(|reader| reader.pack_files(&folder))
                {
                    Ok(found) => packs.extend(found),
                    // The index may be what is damaged; the repair sees to it.
                    Err(error) => tracing::warn!(snapshot, folder, %error, "not looked into"),
                }
            }
            Ok(vault.repair(&packs, &process::host(), watch)?)
        })
        .await;
        let report = match repaired {
            Ok(report) => report,
            Err(error) if error.is_cancelled() => return Err(error),
            Err(error) => {
                let advice = error.advice();
                log.warn(format!("The vault could not be repaired. {advice}"));
                return Ok(Healed::Refused(advice));
            }
        };
        log.info(format!(
            "The vault is repaired: {} damaged pack files are out of use, {} parts of them are saved and {} are lost until they are read again; {} pack files are in use again.",
            report.packs_dropped, report.parts_saved, report.parts_lost, report.packs_adopted
        ));
        log.warn_all(
            report
                .unreadable
                .iter()
                .map(|path| format!("{path} cannot be read. Look after the disk.")),
        );
        let left_alone = report.left_alone.iter();
        log.warn_all(left_alone.map(|path| format!("{path} cannot be read now; it stays in use.")));
        let mut damage = self.damage(entry.id)?;
        let is_healed = report.left_alone.is_empty();
        if is_healed && damage.packs == known.packs && damage.folders == known.folders {
            damage.packs.clear();
            damage.folders.clear();
            damage.to_repair = false;
            // What was suspected was read, and is out of use if it is damaged:
            // any check tells from now on whether something is missing.
            damage.share = damage.share.map(|_| Share::Percent(0));
            damage.healed_at = Some(self.0.clock.now());
        }
        if report.packs_dropped + report.packs_adopted + report.indexes_removed > 0 {
            damage.check_at = Some(self.0.clock.now());
        }
        self.set_damage(entry.id, &damage)?;
        Ok(if is_healed {
            Healed::Whole
        } else {
            Healed::Left
        })
    }
}

fn is_one_of(its: &BTreeSet<SnapshotId>, snapshot: &str) -> bool {
    snapshot
        .parse()
        .is_ok_and(|snapshot| its.contains(&snapshot))
}

fn memo(vault: VaultEntryId) -> String {
    format!("damage:{vault}")
}

/// The item whose folder it is.
pub(super) fn item_at(folder: &str) -> Option<Item> {
    let (sort, id) = folder.split_once('/')?;
    let id = id.parse().ok()?;
    [Item::group(id), Item::project(id)]
        .into_iter()
        .find(|item| item.sort.folder() == sort)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_items() {
        assert_eq!(item_at("projects/12"), Some(Item::project(12)));
        assert_eq!(item_at("groups/3"), Some(Item::group(3)));
        assert_eq!(item_at("projects"), None);
        assert_eq!(item_at("labkeep.json"), None);
    }
}
