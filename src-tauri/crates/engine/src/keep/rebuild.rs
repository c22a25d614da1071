//! Rebuild: what this machine knows of a vault, from the vault itself. A new
//! machine with nothing but the key knows every snapshot, item and account
//! again; only tokens have to be entered anew.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use labkeep_settings::{AccountId, ItemKey, KnownSnapshot, RunId, SeenItem, VaultEntry};
use labkeep_vault::{SnapshotFacts, Vault};

use super::check::tells_of_damage;
use super::copy_state::moment;
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

/// So many snapshots are read at a time.
const BATCH: usize = 16;

/// What a snapshot says about itself; none if it is not Labkeep's.
type Said = Option<(Head, Ledger)>;

/// A snapshot that was not known.
struct Found {
    facts: SnapshotFacts,
    head: Head,
    ledger: Ledger,
}

/// What is around a rebuild.
struct Around {
    entry: Option<VaultEntry>,
    /// Copies in other vaults are the same snapshots again.
    elsewhere: BTreeSet<(Timestamp, String)>,
}

/// What was read of a vault so far, and is written down at the end: a snapshot
/// that is in the catalogue counts as done.
#[derive(Default)]
struct Reading {
    snapshots: Vec<KnownSnapshot>,
    histories: BTreeMap<(AccountId, String), History>,
    unread: u64,
    /// Why the first of them.
    why: Option<String>,
    is_damaged: bool,
}

/// What the snapshots of a plan have held.
struct History {
    newest: Head,
    /// What the newest of them has.
    present: BTreeSet<ItemKey>,
    /// What any of them has.
    ever: BTreeSet<ItemKey>,
    /// Of the last runs, oldest first.
    ledgers: Vec<(RunId, Ledger)>,
}

impl Reading {
    fn leave_out(&mut self, snapshot: &str, error: &Error) {
        let chain = crate::error::chain(error);
        tracing::warn!(snapshot, error = chain, "left out");
        self.unread += 1;
        self.is_damaged |= tells_of_damage(error);
        self.why.get_or_insert_with(|| error.advice().message);
    }
}

impl Labkeep {
    /// Notes every snapshot of a vault that is not known yet.
    pub(super) async fn rebuild_from(&self, vault: &Vault) -> Result<()> {
        let known = self.0.catalogue.snapshots(vault.id().as_str())?;
        self.read_in(vault, known).await
    }

    /// The same, and notes the items of those again whose account was made anew:
    /// items are an account's, and went with it.
    pub(super) async fn rebuild_items_from(&self, vault: &Vault) -> Result<()> {
        let mut known = self.0.catalogue.snapshots(vault.id().as_str())?;
        let places = self.places_with_items()?;
        known.retain(|snapshot| places.contains(&details(snapshot).url));
        self.read_in(vault, known).await
    }

    async fn read_in(&self, vault: &Vault, known: Vec<KnownSnapshot>) -> Result<()> {
        let id = vault.id().as_str();
        let known: BTreeSet<String> = known.into_iter().map(|snapshot| snapshot.id).collect();
        let reading = vault.clone();
        let (mut new, damaged) = blocking(move || Ok(reading.snapshots_with_damage()?)).await?;
        new.retain(|facts| !known.contains(&facts.id.to_string()));
        let around = self.around(vault)?;
        let mut reading = Reading::default();
        for (snapshot, error) in damaged {
            reading.leave_out(&snapshot.to_string(), &error.into());
        }
        // Oldest first, so that the latest path of an item is the last one.
        for batch in new.chunks(BATCH) {
            let (vault, batch) = (vault.clone(), batch.to_vec());
            for (facts, said) in blocking(move || read_all(&vault, batch)).await? {
                let found = match said {
                    Ok(Some((head, ledger))) => Found {
                        facts,
                        head,
                        ledger,
                    },
                    // Somebody else's restic snapshot in the same vault.
                    Ok(None) => continue,
                    // One that is damaged or newer must not hide the others.
                    Err(error) => {
                        reading.leave_out(&facts.id.to_string(), &error);
                        continue;
                    }
                };
                self.note_found(id, &around, found, &mut reading)?;
            }
        }
        self.note_histories(&reading.histories)?;
        for snapshot in &reading.snapshots {
            self.0.catalogue.put_snapshot(snapshot)?;
        }
        let why = reading.why.as_deref().unwrap_or_default();
        let are_more = self.note_unread(id, reading.unread, why)?;
        if let Some(entry) = around.entry.filter(|_| are_more && reading.is_damaged) {
            self.note_unread_snapshots(entry.id)?;
        }
        self.take_over_records(vault).await?;
        if let Some(usage) = self.usage_of(vault).await? {
            let (entry, bytes, snapshots) = usage;
            self.note_usage(entry, bytes, snapshots)?;
        }
        self.0.runs.changed();
        Ok(())
    }

    /// Addresses of the accounts that have items.
    fn places_with_items(&self) -> Result<BTreeSet<String>> {
        let mut places = BTreeSet::new();
        for account in self.settings()?.accounts {
            if !self.0.catalogue.items(account.id)?.is_empty() {
                places.insert(account.url);
            }
        }
        Ok(places)
    }

    fn around(&self, vault: &Vault) -> Result<Around> {
        let id = vault.id().as_str();
        let (here, others): (Vec<_>, Vec<_>) = self
            .settings()?
            .vaults
            .into_iter()
            .partition(|entry| entry.vault_id == id);
        let places = self.places_with_items()?;
        let mut elsewhere = BTreeSet::new();
        for other in others {
            let known = self.0.catalogue.snapshots(&other.vault_id)?;
            let noted = known
                .iter()
                .filter(|one| places.contains(&details(one).url));
            elsewhere.extend(noted.map(moment));
        }
        Ok(Around {
            entry: here.into_iter().next(),
            elsewhere,
        })
    }

    fn note_found(
        &self,
        vault: &str,
        around: &Around,
        found: Found,
        reading: &mut Reading,
    ) -> Result<()> {
        let account = self.account_for(&found.head)?;
        let Found {
            facts,
            head,
            ledger,
        } = &found;
        let run = match &around.entry {
            Some(entry) => self.recall_run(entry, account, (facts, head, ledger))?,
            None => None,
        };
        let snapshot = known(vault, facts, head, ledger, run);
        let is_copy = around.elsewhere.contains(&moment(&snapshot));
        reading.snapshots.push(snapshot);
        if is_copy {
            return Ok(());
        }
        self.note_items(account, &found)?;
        let present: BTreeSet<ItemKey> = ledger.items().into_iter().map(key).collect();
        let of = (account, head.plan.id.clone());
        let history = reading.histories.entry(of).or_insert_with(|| History {
            newest: head.clone(),
            present: BTreeSet::new(),
            ever: BTreeSet::new(),
            ledgers: Vec::new(),
        });
        history.newest = found.head;
        history.ever.extend(&present);
        history.present = present;
        history.ledgers.extend(run.map(|run| (run, found.ledger)));
        let outdated = history.ledgers.len().saturating_sub(LEDGERS);
        history.ledgers.drain(..outdated);
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

    fn note_histories(&self, histories: &BTreeMap<(AccountId, String), History>) -> Result<()> {
        for history in histories.values() {
            for (run, ledger) in history.ledgers.iter().rev() {
                if self.0.catalogue.ledger(*run)?.is_empty() {
                    self.recall_ledger(*run, ledger)?;
                }
            }
        }
        let accounts: BTreeSet<AccountId> = histories.keys().map(|(account, _)| *account).collect();
        for account in accounts {
            let of_account = histories.iter().filter(|((of, _), _)| *of == account);
            self.note_gone(account, &of_account.map(|(_, one)| one).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// Items that the newest snapshot of their plan has no more, though the
    /// plan covers them, are gone since then.
    fn note_gone(&self, account: AccountId, histories: &[&History]) -> Result<()> {
        let present: BTreeSet<&ItemKey> = histories.iter().flat_map(|one| &one.present).collect();
        let mut last_seen: BTreeMap<ItemKey, (Timestamp, String)> = BTreeMap::new();
        for known in self.0.catalogue.items(account)? {
            last_seen.insert(known.item, (known.last_seen, known.path));
        }
        for history in histories {
            let (plan, at) = (&history.newest.plan, history.newest.started);
            if self.is_newer_known(&plan.id, at)? {
                continue;
            }
            let covered = Selection::new(&plan.include, &plan.exclude)?;
            let is_gone = |item: &&ItemKey| {
                !present.contains(item)
                    && last_seen
                        .get(item)
                        .is_some_and(|(seen, path)| *seen < at && covered.covers(path))
            };
            let gone: Vec<ItemKey> = history.ever.iter().filter(is_gone).copied().collect();
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
}

/// Reads what snapshots say about themselves.
fn read_all(
    vault: &Vault,
    snapshots: Vec<SnapshotFacts>,
) -> Result<Vec<(SnapshotFacts, Result<Said>)>> {
    let mut all = Vec::with_capacity(snapshots.len());
    for facts in snapshots {
        match read(vault, &facts) {
            // A drive that is not there any more.
            Err(error @ Error::Vault(labkeep_vault::Error::Gone { .. })) => return Err(error),
            said => all.push((facts, said)),
        }
    }
    Ok(all)
}

fn read(vault: &Vault, facts: &SnapshotFacts) -> Result<Said> {
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
