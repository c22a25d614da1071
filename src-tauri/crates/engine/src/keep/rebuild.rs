//! Rebuild: what this machine knows of a vault, from the vault itself. A new
//! machine with nothing but the key knows every snapshot, item and account
//! again; only tokens have to be entered anew.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use labkeep_gitlab::BaseUrl;
use labkeep_settings::{Account, AccountId, ItemKey, RunId, SeenItem, TokenFacts};
use labkeep_vault::{SnapshotFacts, SnapshotId, Vault};

use super::execute::key;
use super::snapshot::{details, known};
use super::{Labkeep, blocking};
use crate::error::{Error, Result};
use crate::head::Head;
use crate::layout;
use crate::ledger::{Ledger, Line};
use crate::pattern::Selection;

/// Ledgers of so many runs of each plan are written down.
const LEDGERS: usize = 3;

/// A snapshot that was not known.
struct Found {
    facts: SnapshotFacts,
    head: Head,
    ledger: Ledger,
}

/// What a vault holds that was not known, and what of it cannot be read.
struct Reading {
    found: Vec<Found>,
    unread: u64,
    /// Why the first of them.
    why: Option<String>,
}

impl Labkeep {
    /// Notes every snapshot of a vault that is not known yet.
    pub(super) async fn rebuild_from(&self, vault: &Vault) -> Result<()> {
        let id = vault.id().as_str();
        let known: BTreeSet<String> = self
            .0
            .catalogue
            .snapshots(id)?
            .into_iter()
            .map(|snapshot| snapshot.id)
            .collect();
        let reading = vault.clone();
        let Reading { found, unread, why } = blocking(move || read_all(&reading, &known)).await?;
        self.note_unread(id, unread, why.as_deref().unwrap_or_default())?;
        self.note_found(vault, &found)?;
        self.take_over_records(vault).await?;
        if let Some(usage) = self.usage_of(vault).await? {
            let (entry, bytes, snapshots) = usage;
            self.note_usage(entry, bytes, snapshots)?;
        }
        self.0.runs.changed();
        Ok(())
    }

    fn note_found(&self, vault: &Vault, found: &[Found]) -> Result<()> {
        let settings = self.settings()?;
        let id = vault.id().as_str();
        let entry = settings.vaults.iter().find(|entry| entry.vault_id == id);
        // Copies in other vaults are the same snapshots again.
        let mut elsewhere = BTreeSet::new();
        for other in settings.vaults.iter().filter(|other| other.vault_id != id) {
            elsewhere.extend(self.moments_in(other)?);
        }
        let mut accounts: BTreeMap<&str, AccountId> = BTreeMap::new();
        let mut runs: BTreeMap<&str, Vec<(RunId, &Ledger)>> = BTreeMap::new();
        let mut new: BTreeMap<AccountId, Vec<&Found>> = BTreeMap::new();
        // Oldest first, so that the latest path of an item is the last one.
        for one in found {
            let Found {
                facts,
                head,
                ledger,
            } = one;
            let url = head.account.url.as_str();
            let account = accounts.get(url).copied();
            let account = account.map_or_else(|| self.account_at(url), Ok)?;
            accounts.insert(url, account);
            let run = match entry {
                Some(entry) => self.recall_run(entry, account, (facts, head, ledger))?,
                None => None,
            };
            let snapshot = known(id, facts, head, ledger, run);
            let is_copy = elsewhere.contains(&super::copy_state::moment(&snapshot));
            self.0.catalogue.put_snapshot(&snapshot)?;
            if is_copy {
                continue;
            }
            if let Some(run) = run {
                runs.entry(&head.plan.id).or_default().push((run, ledger));
            }
            self.note_items(account, one)?;
            new.entry(account).or_default().push(one);
        }
        for runs in runs.values() {
            for (run, ledger) in runs.iter().rev().take(LEDGERS) {
                if self.0.catalogue.ledger(*run)?.is_empty() {
                    self.recall_ledger(*run, ledger)?;
                }
            }
        }
        for (account, found) in new {
            self.note_gone(account, &found)?;
        }
        Ok(())
    }

    fn note_items(&self, account: AccountId, found: &Found) -> Result<()> {
        let Found {
            facts,
            head,
            ledger,
        } = found;
        let catalogue = &self.0.catalogue;
        let items = ledger.items();
        let seen: Vec<SeenItem> = items
            .iter()
            .filter_map(|item| {
                Some(SeenItem {
                    item: key(*item),
                    path: ledger.of(*item).next()?.path.clone(),
                })
            })
            .collect();
        catalogue.see_items(account, head.started, &seen, false)?;
        let whole: Vec<_> = items
            .into_iter()
            .filter(|item| ledger.of(*item).all(Line::is_whole))
            .map(key)
            .collect();
        catalogue.items_saved(account, &whole, &facts.id.to_string(), head.started)?;
        Ok(())
    }

    /// Items that the newest snapshot of their plan has no more, though the
    /// plan covers them, are gone since then.
    fn note_gone(&self, account: AccountId, found: &[&Found]) -> Result<()> {
        let mut newest: BTreeMap<&str, &Found> = BTreeMap::new();
        for one in found {
            newest.insert(&one.head.plan.id, one);
        }
        let present: BTreeSet<ItemKey> = newest
            .values()
            .flat_map(|one| one.ledger.items())
            .map(key)
            .collect();
        let mut last_seen: BTreeMap<ItemKey, (Timestamp, String)> = BTreeMap::new();
        for known in self.0.catalogue.items(account)? {
            last_seen.insert(known.item, (known.last_seen, known.path));
        }
        for (plan, last) in newest {
            let at = last.head.started;
            if self.is_newer_known(plan, at)? {
                continue;
            }
            let covered = Selection::new(&last.head.plan.include, &last.head.plan.exclude)?;
            let is_gone = |item: &ItemKey| {
                !present.contains(item)
                    && last_seen
                        .get(item)
                        .is_some_and(|(seen, path)| *seen < at && covered.covers(path))
            };
            let gone: BTreeSet<ItemKey> = found
                .iter()
                .filter(|one| one.head.plan.id == plan)
                .flat_map(|one| one.ledger.items())
                .map(key)
                .filter(is_gone)
                .collect();
            let gone: Vec<ItemKey> = gone.into_iter().collect();
            self.0.catalogue.items_gone(account, &gone, at)?;
        }
        Ok(())
    }

    fn is_newer_known(&self, plan: &str, at: Timestamp) -> Result<bool> {
        let known = self.known_snapshots(None)?;
        Ok(known
            .iter()
            .any(|(_, snapshot)| snapshot.time > at && details(snapshot).plan == plan))
    }

    async fn usage_of(
        &self,
        vault: &Vault,
    ) -> Result<Option<(labkeep_settings::VaultEntryId, u64, u64)>> {
        let settings = self.settings()?;
        let entry = settings
            .vaults
            .iter()
            .find(|entry| entry.vault_id == vault.id().as_str());
        let Some(entry) = entry.map(|entry| entry.id) else {
            return Ok(None);
        };
        let vault = vault.clone();
        let usage = blocking(move || Ok(vault.usage()?)).await?;
        Ok(Some((entry, usage.bytes, usage.snapshots)))
    }

    /// The account of an instance; one without a token is made if there is
    /// none, for its projects to have a place in the list.
    pub(super) fn account_at(&self, url: &str) -> Result<AccountId> {
        let settings = self.settings()?;
        if let Some(account) = settings.accounts.iter().find(|account| account.url == url) {
            return Ok(account.id);
        }
        let account = Account {
            id: AccountId::random(),
            name: BaseUrl::parse(url).map_or_else(|_| url.to_owned(), |base| base.host()),
            url: url.to_owned(),
            user: None,
            token: TokenFacts::default(),
            ca_file: None,
            added_at: self.0.clock.now(),
            rest: serde_json::Map::new(),
        };
        let id = account.id;
        self.0
            .store
            .update(|settings| settings.accounts.push(account))?;
        Ok(id)
    }
}

/// Reads every snapshot that is not known, oldest first.
fn read_all(vault: &Vault, known: &BTreeSet<String>) -> Result<Reading> {
    let (snapshots, damaged) = vault.snapshots_with_damage()?;
    let mut reading = Reading {
        found: Vec::new(),
        unread: 0,
        why: None,
    };
    let mut leave_out = |id: &SnapshotId, error: &Error| {
        let chain = crate::error::chain(error);
        tracing::warn!(snapshot = %id, error = chain, "left out");
        reading.unread += 1;
        reading.why.get_or_insert_with(|| error.advice().message);
    };
    for (id, error) in damaged {
        leave_out(&id, &error.into());
    }
    for facts in snapshots {
        if known.contains(&facts.id.to_string()) {
            continue;
        }
        match read(vault, &facts) {
            Ok(Some((head, ledger))) => reading.found.push(Found {
                facts,
                head,
                ledger,
            }),
            // Somebody else's restic snapshot in the same vault.
            Ok(None) => {}
            // A drive that is not there any more.
            Err(error @ Error::Vault(labkeep_vault::Error::Gone { .. })) => return Err(error),
            // One that is damaged or newer must not hide the others.
            Err(error) => leave_out(&facts.id, &error),
        }
    }
    Ok(reading)
}

/// What a snapshot says about itself; none if it is not Labkeep's.
fn read(vault: &Vault, facts: &SnapshotFacts) -> Result<Option<(Head, Ledger)>> {
    let reader = vault.read(&facts.id)?;
    let Some(head) = reader.read(layout::HEAD)? else {
        return Ok(None);
    };
    let ledger = reader.read(layout::LEDGER)?.unwrap_or_default();
    Ok(Some((
        Head::parse(Some(&head))?,
        Ledger::from_ndjson(&ledger)?,
    )))
}
