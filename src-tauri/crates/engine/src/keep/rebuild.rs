//! Rebuild: what this machine knows of a vault, from the vault itself. A new
//! machine with nothing but the key knows every snapshot, item and account
//! again; only tokens have to be entered anew.

use std::collections::BTreeMap;

use labkeep_gitlab::BaseUrl;
use labkeep_settings::{Account, AccountId, SeenItem, TokenFacts};
use labkeep_vault::{SnapshotFacts, Vault};

use super::execute::key;
use super::snapshot::known;
use super::{Labkeep, blocking};
use crate::error::Result;
use crate::head::Head;
use crate::layout;
use crate::ledger::{Ledger, Line};

impl Labkeep {
    /// Notes every snapshot of a vault that is not known yet.
    pub(super) async fn rebuild_from(&self, vault: &Vault) -> Result<()> {
        let known_here: Vec<String> = self
            .0
            .catalogue
            .snapshots(vault.id().as_str())?
            .into_iter()
            .map(|snapshot| snapshot.id)
            .collect();
        let reading = vault.clone();
        let found: Vec<(SnapshotFacts, Head, Ledger)> = blocking(move || {
            let mut found = Vec::new();
            let mut unread = None;
            for facts in reading.snapshots()? {
                if known_here.contains(&facts.id.to_string()) {
                    continue;
                }
                match read(&reading, &facts) {
                    Ok(Some((head, ledger))) => found.push((facts, head, ledger)),
                    // Somebody else's restic snapshot in the same vault.
                    Ok(None) => {}
                    // One that is damaged or newer must not hide the others.
                    Err(error) => {
                        let why = crate::error::chain(&error);
                        tracing::warn!(snapshot = %facts.id, error = %why, "left out");
                        unread.get_or_insert(error);
                    }
                }
            }
            match unread {
                Some(error) if found.is_empty() => Err(error),
                _ => Ok(found),
            }
        })
        .await?;
        let mut accounts: BTreeMap<String, AccountId> = BTreeMap::new();
        // Oldest first, so that the latest path of an item is the last one.
        for (facts, head, ledger) in &found {
            let known = accounts.get(&head.account.url).copied();
            let account = known.map_or_else(|| self.account_at(&head.account.url), Ok)?;
            accounts.insert(head.account.url.clone(), account);
            self.note_snapshot(vault, facts, head, ledger, account)?;
        }
        self.take_over_records(vault).await?;
        if let Some(usage) = self.usage_of(vault).await? {
            let (entry, bytes, snapshots) = usage;
            self.note_usage(entry, bytes, snapshots)?;
        }
        self.0.runs.changed();
        Ok(())
    }

    fn note_snapshot(
        &self,
        vault: &Vault,
        facts: &SnapshotFacts,
        head: &Head,
        ledger: &Ledger,
        account: AccountId,
    ) -> Result<()> {
        let catalogue = &self.0.catalogue;
        catalogue.put_snapshot(&known(vault.id().as_str(), facts, head, ledger, None))?;
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
    fn account_at(&self, url: &str) -> Result<AccountId> {
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
