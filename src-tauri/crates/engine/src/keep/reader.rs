//! The offline reader: what a snapshot holds, item by item and file by file,
//! without asking GitLab anything.

use std::io::Write;

use labkeep_settings::Account;
use labkeep_vault::{Entry, SnapshotReader};

use super::snapshot::OpenSnapshot;
use super::{Labkeep, SnapshotRef, blocking};
use crate::clock::millis;
use crate::error::{Error, Result, What};
use crate::kind::{Item, Sort};
use crate::layout;
use crate::ledger::{Ledger, Line};
use crate::restore::RestoreError;
use crate::view::{LedgerLineView, RestoreRequest};

/// The name by which people ask for the newest snapshot.
const LATEST: &str = "latest";

/// A group or project in a snapshot.
#[derive(Clone, Debug)]
pub struct SavedItem {
    /// The snapshot.
    pub snapshot: SnapshotRef,
    /// Address of the GitLab it was read from.
    pub url: String,
    /// The item.
    pub item: Item,
    /// Its full path at that time.
    pub path: String,
    /// Bytes of it, without deduplication.
    pub bytes: u64,
    reader: SnapshotReader,
}

/// A file or folder of an item in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedFile {
    /// Its name, without the folders around it.
    pub name: String,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Bytes; 0 for a folder.
    pub size: u64,
    /// When it was captured, in milliseconds since the epoch.
    pub captured_at: Option<i64>,
}

impl Labkeep {
    /// The groups and projects of a snapshot, by path.
    pub async fn saved_items(&self, snapshot: &SnapshotRef) -> Result<Vec<SavedItem>> {
        let open = self.open_snapshot(snapshot).await?;
        let mut items: Vec<SavedItem> = open
            .ledger
            .items()
            .into_iter()
            .filter_map(|item| saved(snapshot, &open, item))
            .collect();
        items.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(items)
    }

    /// The ledger that lies in a snapshot.
    pub async fn saved_ledger(&self, snapshot: &SnapshotRef) -> Result<Vec<LedgerLineView>> {
        let open = self.open_snapshot(snapshot).await?;
        Ok(open.ledger.lines().map(Line::view).collect())
    }

    /// An item by its path or number in a snapshot. `latest` is the latest
    /// snapshot in which the item is whole. An account helps where several
    /// know an item of that name.
    pub async fn find_saved(
        &self,
        account: Option<&str>,
        snapshot: &str,
        name: &str,
    ) -> Result<SavedItem> {
        let known = match self.find_item(account, name) {
            Err(Error::Unknown {
                what: What::Item, ..
            }) if account.is_some() => self.find_item(None, name),
            found => found,
        };
        let snapshot = match (&known, snapshot) {
            (Ok((account, item)), LATEST) => self.latest_with(account, *item)?,
            _ => self.find_snapshot(snapshot)?,
        };
        let open = self.open_snapshot(&snapshot).await?;
        let item = item_in(&open.ledger, name).or_else(|| {
            // Under the name that it has now.
            let (_, item) = known.ok()?;
            open.ledger.of(item).next().map(Line::item)
        });
        item.and_then(|item| saved(&snapshot, &open, item))
            .ok_or_else(|| {
                RestoreError::NotInSnapshot {
                    item: name.to_owned(),
                }
                .into()
            })
    }

    /// The entries of a folder of an item, by name; `""` is the item's own
    /// folder. A folder that is not there has none.
    pub async fn saved_files(&self, item: &SavedItem, folder: &str) -> Result<Vec<SavedFile>> {
        let reader = item.reader.clone();
        let folder = layout::in_item(item.item, folder);
        blocking(move || Ok(reader.list(&folder)?.into_iter().map(file).collect())).await
    }

    /// The file or folder at a path of an item; none if there is none.
    pub async fn saved_file(&self, item: &SavedItem, path: &str) -> Result<Option<SavedFile>> {
        let reader = item.reader.clone();
        let path = layout::in_item(item.item, path);
        blocking(move || Ok(reader.entry(&path)?.map(file))).await
    }

    /// Writes a file of an item somewhere; gives its bytes.
    pub async fn copy_saved_file(
        &self,
        item: &SavedItem,
        path: &str,
        mut into: impl Write + Send + 'static,
    ) -> Result<u64> {
        let reader = item.reader.clone();
        let path = layout::in_item(item.item, path);
        blocking(move || Ok(reader.copy_to(&path, &mut into)?)).await
    }

    /// Whether there is a group of that path at GitLab that a token sees; none
    /// if there is no token to ask with.
    pub async fn group_exists(
        &self,
        account: &Account,
        token: Option<secrecy::SecretString>,
        path: &str,
    ) -> Result<Option<bool>> {
        let client = match self.client(account, token).await {
            Ok(client) => client,
            Err(Error::TokenMissing { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        match client.group(path).await {
            Ok(group) => Ok(Some(group.is_some())),
            Err(error) if error.is_dead_token() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn latest_with(&self, account: &Account, item: Item) -> Result<SnapshotRef> {
        self.snapshot_for(&RestoreRequest {
            account: account.id.to_string(),
            item,
            snapshot: None,
            destination: None,
            kinds: None,
        })
    }
}

fn saved(snapshot: &SnapshotRef, open: &OpenSnapshot, item: Item) -> Option<SavedItem> {
    Some(SavedItem {
        snapshot: snapshot.clone(),
        url: open.head.account.url.clone(),
        item,
        path: open.ledger.of(item).next()?.path.clone(),
        bytes: open.ledger.of(item).map(Line::bytes).sum(),
        reader: open.reader.clone(),
    })
}

/// The item of a ledger with this path or number. GitLab's paths forgive case.
fn item_in(ledger: &Ledger, name: &str) -> Option<Item> {
    let path = name.trim_matches('/');
    let by_path = ledger
        .lines()
        .find(|line| line.path.eq_ignore_ascii_case(path));
    if let Some(line) = by_path {
        return Some(line.item());
    }
    let id = name.parse().ok()?;
    [Sort::Project, Sort::Group]
        .into_iter()
        .map(|sort| Item { sort, id })
        .find(|item| ledger.of(*item).next().is_some())
}

fn file(entry: Entry) -> SavedFile {
    SavedFile {
        name: entry.name,
        is_folder: entry.is_dir,
        size: entry.size,
        captured_at: entry.modified.map(millis),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;
    use crate::view::LedgerState;

    #[test]
    fn items_are_found_by_path_and_by_number() {
        let mut ledger = Ledger::default();
        for (item, path) in [
            (Item::project(7), "acme/web"),
            (Item::group(7), "acme"),
            (Item::group(8), "acme/tools"),
        ] {
            ledger.put(Line::new(item, path, Kind::Settings, LedgerState::Saved));
        }
        for (name, found) in [
            ("acme/web", Some(Item::project(7))),
            ("/Acme/Web/", Some(Item::project(7))),
            ("acme", Some(Item::group(7))),
            ("7", Some(Item::project(7))),
            ("8", Some(Item::group(8))),
            ("9", None),
            ("web", None),
        ] {
            assert_eq!(item_in(&ledger, name), found, "{name}");
        }
    }
}
