//! Damage that is known of a vault, until a check says that it is made up for.
//!
//! Whoever finds it notes it here: a check, a drill, a backup that could not
//! rely on what was saved. The next writer repairs the vault before it writes,
//! so that what is captured again is stored again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use labkeep_settings::{AccountId, ItemKey, ItemSort, VaultEntry, VaultEntryId};
use labkeep_vault::{OnProgress, Vault};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::execute::{item_of, key};
use super::snapshot::details;
use super::{Labkeep, blocking};
use crate::error::Result;
use crate::kind::{Item, Sort};
use crate::proof::Share;
use crate::run::{RunLog, process};

/// Names that a sentence lists; the others are counted.
const NAMED: usize = 3;

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
            }
        }
        if !found.is_sound {
            damage.to_repair |= !found.is_past;
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
        damage.to_repair = true;
        damage.check_at = Some(self.0.clock.now());
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

    /// Repairs a vault that is known to be damaged. False if there is damage that
    /// stays, so that nothing written now may count as making up for it.
    pub(super) async fn heal(
        &self,
        entry: &VaultEntry,
        vault: &Vault,
        log: &RunLog,
        watch: OnProgress,
    ) -> Result<bool> {
        let known = self.damage(entry.id)?;
        if !known.to_repair {
            return Ok(true);
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
                log.warn(format!(
                    "The vault could not be repaired. {}",
                    error.advice()
                ));
                return Ok(false);
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
        Ok(is_healed)
    }

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
        let mut names = BTreeSet::new();
        for account in &settings.accounts {
            let of_account = affected
                .iter()
                .filter(|(snapshot, _)| {
                    let url = urls.get(snapshot.as_str());
                    url.is_none_or(|url| *url == account.url)
                })
                .flat_map(|(_, folders)| folders);
            let keys: BTreeSet<ItemKey> = of_account.filter_map(|f| key_of(f)).collect();
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
                meant
                    .iter()
                    .filter(|item| keys.contains(&item.item))
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

fn key_of(folder: &str) -> Option<ItemKey> {
    item_at(folder).map(|item| ItemKey {
        sort: match item.sort {
            Sort::Group => ItemSort::Group,
            Sort::Project => ItemSort::Project,
        },
        id: item.id,
    })
}

/// "2 snapshots (12 Nov, 13 Nov) and 1 item (acme/web) are affected."
pub(super) fn sentence(snapshots: &[Timestamp], items: &[String]) -> String {
    let days: Vec<String> = snapshots
        .iter()
        .map(|at| {
            let at = at.to_zoned(TimeZone::system());
            at.strftime("%-d %b").to_string()
        })
        .collect();
    let snapshots = counted(&days, "snapshot");
    let items = counted(items, "item");
    match (snapshots, items) {
        (Some(snapshots), Some(items)) => format!("{snapshots} and {items} are affected."),
        (Some(one), None) | (None, Some(one)) if one.starts_with("1 ") => {
            format!("{one} is affected.")
        }
        (Some(many), None) | (None, Some(many)) => format!("{many} are affected."),
        (None, None) => String::new(),
    }
}

fn counted(names: &[String], what: &str) -> Option<String> {
    let number = names.len();
    if number == 0 {
        return None;
    }
    let plural = if number == 1 { "" } else { "s" };
    Some(format!("{number} {what}{plural} ({})", listed(names)))
}

/// The first names, and how many more there are.
pub(super) fn listed(names: &[String]) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for name in names {
        if !seen.contains(&name.as_str()) {
            seen.push(name);
        }
    }
    let more = seen.len().saturating_sub(NAMED);
    seen.truncate(NAMED);
    let told = seen.join(", ");
    if more == 0 {
        told
    } else {
        format!("{told} and {more} more")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_told_with_days_and_names() {
        let day = |day: i64| Timestamp::from_second((316 + day) * 86_400 + 43_200).unwrap();
        let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            sentence(&[day(0), day(1)], &names(&["acme/web"])),
            "2 snapshots (13 Nov, 14 Nov) and 1 item (acme/web) are affected."
        );
        assert_eq!(sentence(&[day(0)], &[]), "1 snapshot (13 Nov) is affected.");
        assert_eq!(
            sentence(&[], &names(&["a/1", "a/2", "a/3", "a/4", "a/5"])),
            "5 items (a/1, a/2, a/3 and 2 more) are affected."
        );
        assert_eq!(
            sentence(&[day(0), day(0)], &[]),
            "2 snapshots (13 Nov) are affected."
        );
    }

    #[test]
    fn folders_are_items() {
        assert_eq!(item_at("projects/12"), Some(Item::project(12)));
        assert_eq!(item_at("groups/3"), Some(Item::group(3)));
        assert_eq!(item_at("projects"), None);
        assert_eq!(item_at("labkeep.json"), None);
    }
}
