//! Items, followed by GitLab's ID through renames and moves, and remembered
//! when they are gone.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Row, Transaction, named_params};

use super::value::{all, count, millis, names, one, stored, time};
use super::{Catalogue, Failure, Result};
use crate::id::AccountId;

names! {
    /// What an item is.
    ItemSort {
        /// A group or subgroup.
        Group = "group",
        /// A project.
        Project = "project",
        /// A personal snippet.
        Snippet = "snippet",
    }
}

/// An item of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemKey {
    /// What it is.
    pub sort: ItemSort,
    /// GitLab's ID.
    pub id: u64,
}

/// An item that was seen at GitLab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenItem {
    /// The item.
    pub item: ItemKey,
    /// Its full path.
    pub path: String,
}

/// What is new about the items of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sighting {
    /// Never seen before.
    pub new: Vec<ItemKey>,
    /// Renamed or moved, with the path before.
    pub moved: Vec<(ItemKey, String)>,
    /// Seen before, not any more.
    pub gone: Vec<ItemKey>,
    /// Was gone, is there again.
    pub back: Vec<ItemKey>,
}

/// An item as the catalogue knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownItem {
    /// The item.
    pub item: ItemKey,
    /// Its full path when it was last seen.
    pub path: String,
    /// Its paths before, the latest first.
    pub previous_paths: Vec<String>,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// Since when it is not there any more.
    pub gone_since: Option<Timestamp>,
    /// The last snapshot that it is in.
    pub last_snapshot: Option<String>,
    /// When that was.
    pub last_saved: Option<Timestamp>,
    /// Whether every drill rebuilds it.
    pub important: bool,
    /// When it was last rebuilt from the vault and found whole.
    pub proven_at: Option<Timestamp>,
    /// Since when what is saved of it is not to be relied on, so that the next
    /// backup reads it in full.
    pub distrusted_since: Option<Timestamp>,
}

impl Catalogue {
    /// Writes which items an account has. Only with a complete list can items
    /// be missed.
    pub fn see_items(
        &self,
        account: AccountId,
        at: Timestamp,
        items: &[SeenItem],
        complete: bool,
    ) -> Result<Sighting> {
        self.write(|database| {
            let mut known = known(database, account)?;
            let mut sighting = Sighting::default();
            for seen in items {
                match known.remove(&seen.item) {
                    None => sighting.new.push(seen.item),
                    // What is known is newer: this is a path of before.
                    Some((path, _, last_seen)) if at < last_seen => {
                        if path != seen.path {
                            add_previous_path(database, account, seen.item, &seen.path, at)?;
                        }
                    }
                    Some((path, gone, _)) => {
                        if path != seen.path {
                            add_previous_path(database, account, seen.item, &path, at)?;
                            sighting.moved.push((seen.item, path));
                        }
                        if gone {
                            sighting.back.push(seen.item);
                        }
                    }
                }
                database
                    .prepare_cached(
                        "INSERT INTO item (account, sort, id, path, first_seen, last_seen) \
                         VALUES (:account, :sort, :id, :path, :at, :at) \
                         ON CONFLICT (account, sort, id) DO UPDATE SET path = excluded.path, \
                         last_seen = excluded.last_seen, gone_since = NULL \
                         WHERE excluded.last_seen >= item.last_seen",
                    )?
                    .execute(named_params! {
                        ":account": account.to_string(),
                        ":sort": seen.item.sort.name(),
                        ":id": stored(seen.item.id),
                        ":path": seen.path,
                        ":at": millis(at),
                    })?;
            }
            if complete {
                sighting.gone = miss(database, account, known, at)?;
            }
            Ok(sighting)
        })
    }

    /// Items were looked for by their ID and are not there any more. Those
    /// that are known to be gone keep their date.
    pub fn items_gone(&self, account: AccountId, items: &[ItemKey], at: Timestamp) -> Result<()> {
        self.write(|database| {
            let mut statement = database.prepare_cached(
                "UPDATE item SET gone_since = ifnull(gone_since, ?4) \
                 WHERE account = ?1 AND sort = ?2 AND id = ?3",
            )?;
            for item in items {
                let (sort, id) = (item.sort.name(), stored(item.id));
                statement.execute((account.to_string(), sort, id, millis(at)))?;
            }
            Ok(())
        })
    }

    /// Items are in a snapshot. An earlier one than is known changes nothing.
    pub fn items_saved(
        &self,
        account: AccountId,
        items: &[ItemKey],
        snapshot: &str,
        at: Timestamp,
    ) -> Result<()> {
        self.write(|database| {
            let mut statement = database.prepare_cached(
                "UPDATE item SET last_snapshot = :snapshot, last_saved = :at \
                 WHERE account = :account AND sort = :sort AND id = :id \
                 AND (last_saved IS NULL OR last_saved <= :at)",
            )?;
            for item in items {
                statement.execute(named_params! {
                    ":account": account.to_string(),
                    ":sort": item.sort.name(),
                    ":id": stored(item.id),
                    ":snapshot": snapshot,
                    ":at": millis(at),
                })?;
            }
            Ok(())
        })
    }

    /// An item is rebuilt by every drill, or not any more.
    pub fn set_important(&self, account: AccountId, item: ItemKey, important: bool) -> Result<()> {
        self.write(|database| {
            database
                .prepare_cached(
                    "UPDATE item SET important = ?4 WHERE account = ?1 AND sort = ?2 AND id = ?3",
                )?
                .execute((
                    account.to_string(),
                    item.sort.name(),
                    stored(item.id),
                    important,
                ))?;
            Ok(())
        })
    }

    /// Items were rebuilt from the vault and found whole. What counts is what
    /// was said last: a date that lies ahead would put them off for ever.
    pub fn items_proven(&self, account: AccountId, items: &[ItemKey], at: Timestamp) -> Result<()> {
        self.mark_items(
            "UPDATE item SET proven_at = ?4 WHERE account = ?1 AND sort = ?2 AND id = ?3",
            account,
            items,
            at,
        )
    }

    /// What is saved of items is not to be relied on.
    pub fn items_distrusted(
        &self,
        account: AccountId,
        items: &[ItemKey],
        at: Timestamp,
    ) -> Result<()> {
        self.mark_items(
            "UPDATE item SET distrusted_since = ifnull(distrusted_since, ?4) \
             WHERE account = ?1 AND sort = ?2 AND id = ?3",
            account,
            items,
            at,
        )
    }

    /// Items were read in full by a backup that began at `at`: what was wrong
    /// before that is made up for.
    pub fn items_trusted(
        &self,
        account: AccountId,
        items: &[ItemKey],
        at: Timestamp,
    ) -> Result<()> {
        self.mark_items(
            "UPDATE item SET distrusted_since = NULL WHERE account = ?1 AND sort = ?2 \
             AND id = ?3 AND distrusted_since <= ?4",
            account,
            items,
            at,
        )
    }

    fn mark_items(
        &self,
        statement: &str,
        account: AccountId,
        items: &[ItemKey],
        at: Timestamp,
    ) -> Result<()> {
        self.write(|database| {
            let mut statement = database.prepare_cached(statement)?;
            for item in items {
                let (sort, id) = (item.sort.name(), stored(item.id));
                statement.execute((account.to_string(), sort, id, millis(at)))?;
            }
            Ok(())
        })
    }

    /// The items of an account, by path, those that are gone included.
    pub fn items(&self, account: AccountId) -> Result<Vec<KnownItem>> {
        self.read(|database| {
            let mut items = all(
                database.prepare_cached("SELECT * FROM item WHERE account = ?1 ORDER BY path")?,
                [account.to_string()],
                read_item,
            )?;
            let mut previous: HashMap<ItemKey, Vec<String>> = HashMap::new();
            let paths = all(
                database.prepare_cached(
                    "SELECT sort, id, path FROM item_path WHERE account = ?1 ORDER BY until DESC",
                )?,
                [account.to_string()],
                |row| Ok((read_key(row)?, row.get("path")?)),
            )?;
            for (item, path) in paths {
                previous.entry(item).or_default().push(path);
            }
            for item in &mut items {
                item.previous_paths = previous.remove(&item.item).unwrap_or_default();
            }
            Ok(items)
        })
    }

    /// The item that has a path, or had it last.
    pub fn item_by_path(&self, account: AccountId, path: &str) -> Result<Option<ItemKey>> {
        self.read(|database| {
            let account = account.to_string();
            let current = one(
                database.prepare_cached(
                    "SELECT sort, id FROM item WHERE account = ?1 AND path = ?2 \
                     ORDER BY gone_since IS NOT NULL, last_seen DESC LIMIT 1",
                )?,
                (&account, path),
                read_key,
            )?;
            if current.is_some() {
                return Ok(current);
            }
            one(
                database.prepare_cached(
                    "SELECT sort, id FROM item_path WHERE account = ?1 AND path = ?2 \
                     ORDER BY until DESC LIMIT 1",
                )?,
                (&account, path),
                read_key,
            )
        })
    }

    /// Removes what is known of an account's items.
    pub fn remove_items(&self, account: AccountId) -> Result<()> {
        self.write(|database| {
            database
                .prepare_cached("DELETE FROM item WHERE account = ?1")?
                .execute([account.to_string()])?;
            Ok(())
        })
    }
}

/// The path of an item, whether it is gone, and when it was last seen.
type Known = (String, bool, Timestamp);

/// Every known item.
fn known(
    database: &Transaction<'_>,
    account: AccountId,
) -> Result<HashMap<ItemKey, Known>, Failure> {
    let rows = all(
        database.prepare_cached(
            "SELECT sort, id, path, gone_since IS NOT NULL AS gone, last_seen FROM item \
             WHERE account = ?1",
        )?,
        [account.to_string()],
        |row| {
            let last_seen = time(row.get("last_seen")?)?;
            Ok((
                read_key(row)?,
                (row.get("path")?, row.get("gone")?, last_seen),
            ))
        },
    )?;
    Ok(rows.into_iter().collect())
}

fn add_previous_path(
    database: &Transaction<'_>,
    account: AccountId,
    item: ItemKey,
    path: &str,
    until: Timestamp,
) -> Result<(), Failure> {
    database
        .prepare_cached(
            "INSERT INTO item_path (account, sort, id, path, until) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT (account, sort, id, path) DO UPDATE SET until = excluded.until",
        )?
        .execute((
            account.to_string(),
            item.sort.name(),
            stored(item.id),
            path,
            millis(until),
        ))?;
    Ok(())
}

/// Items that were not seen are gone, unless they were already.
fn miss(
    database: &Transaction<'_>,
    account: AccountId,
    unseen: HashMap<ItemKey, Known>,
    at: Timestamp,
) -> Result<Vec<ItemKey>, Failure> {
    let mut statement = database.prepare_cached(
        "UPDATE item SET gone_since = ?4 WHERE account = ?1 AND sort = ?2 AND id = ?3",
    )?;
    let mut gone: Vec<_> = unseen
        .into_iter()
        .filter(|(_, (_, gone, _))| !gone)
        .map(|(item, _)| item)
        .collect();
    gone.sort_unstable();
    for item in &gone {
        statement.execute((
            account.to_string(),
            item.sort.name(),
            stored(item.id),
            millis(at),
        ))?;
    }
    Ok(gone)
}

fn read_key(row: &Row<'_>) -> Result<ItemKey, Failure> {
    Ok(ItemKey {
        sort: ItemSort::stored(&row.get::<_, String>("sort")?)?,
        id: count(row.get("id")?)?,
    })
}

fn read_item(row: &Row<'_>) -> Result<KnownItem, Failure> {
    let maybe = |column: &str| -> Result<Option<Timestamp>, Failure> {
        Ok(row.get::<_, Option<i64>>(column)?.map(time).transpose()?)
    };
    Ok(KnownItem {
        item: read_key(row)?,
        path: row.get("path")?,
        previous_paths: Vec::new(),
        first_seen: time(row.get("first_seen")?)?,
        last_seen: time(row.get("last_seen")?)?,
        gone_since: maybe("gone_since")?,
        last_snapshot: row.get("last_snapshot")?,
        last_saved: maybe("last_saved")?,
        important: row.get("important")?,
        proven_at: maybe("proven_at")?,
        distrusted_since: maybe("distrusted_since")?,
    })
}
