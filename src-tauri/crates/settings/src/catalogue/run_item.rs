//! The items of a run, each as far as it is.

use jiff::Timestamp;
use rusqlite::named_params;
use serde_json::Value;

use super::item::{ItemKey, ItemSort};
use super::value::{all, count, json, millis, stored, time};
use super::{Catalogue, Result};
use crate::id::RunId;

/// An item of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunItem {
    /// The item.
    pub item: ItemKey,
    /// Its full path.
    pub path: String,
    /// Where it stands; the engine's word.
    pub state: String,
    /// What else is known of it.
    pub details: Value,
    /// When this was so.
    pub updated_at: Timestamp,
}

impl Catalogue {
    /// Writes how far items of a run are.
    pub fn put_run_items(&self, run: RunId, items: &[RunItem]) -> Result<()> {
        self.write(|database| {
            let mut statement = database.prepare_cached(
                "INSERT INTO run_item (run, sort, item, path, state, details, updated_at) \
                 VALUES (:run, :sort, :item, :path, :state, :details, :at) \
                 ON CONFLICT (run, sort, item) DO UPDATE SET path = excluded.path, \
                 state = excluded.state, details = excluded.details, \
                 updated_at = excluded.updated_at",
            )?;
            for item in items {
                statement.execute(named_params! {
                    ":run": run.to_string(),
                    ":sort": item.item.sort.name(),
                    ":item": stored(item.item.id),
                    ":path": item.path,
                    ":state": item.state,
                    ":details": item.details.to_string(),
                    ":at": millis(item.updated_at),
                })?;
            }
            Ok(())
        })
    }

    /// The items of a run, by path.
    pub fn run_items(&self, run: RunId) -> Result<Vec<RunItem>> {
        self.read(|database| {
            all(
                database.prepare_cached("SELECT * FROM run_item WHERE run = ?1 ORDER BY path")?,
                [run.to_string()],
                |row| {
                    Ok(RunItem {
                        item: ItemKey {
                            sort: ItemSort::stored(&row.get::<_, String>("sort")?)?,
                            id: count(row.get("item")?)?,
                        },
                        path: row.get("path")?,
                        state: row.get("state")?,
                        details: json(&row.get::<_, String>("details")?)?,
                        updated_at: time(row.get("updated_at")?)?,
                    })
                },
            )
        })
    }
}
