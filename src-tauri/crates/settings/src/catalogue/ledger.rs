//! The ledgers of the last runs; every snapshot has its own inside.

use jiff::Timestamp;
use rusqlite::{Row, named_params};

use super::item::{ItemKey, ItemSort};
use super::value::{all, count, millis, stored, time};
use super::{Catalogue, Failure, Result};
use crate::id::RunId;

/// A line of a ledger: what became of one kind of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// The item.
    pub item: ItemKey,
    /// The kind, by its name.
    pub kind: String,
    /// The item's full path.
    pub path: String,
    /// What became of it, by its name.
    pub state: String,
    /// Why it is not saved, or what to know about it.
    pub reason: Option<String>,
    /// What helps.
    pub remedy: Option<String>,
    /// Refs, issues, labels, …
    pub count: Option<u64>,
    /// Bytes of it.
    pub bytes: Option<u64>,
    /// The time of the version that was kept instead.
    pub stale_since: Option<Timestamp>,
}

impl Catalogue {
    /// Writes lines of a run's ledger, in place of those that are there.
    pub fn put_ledger(&self, run: RunId, lines: &[LedgerRow]) -> Result<()> {
        self.write(|database| {
            let mut statement = database.prepare_cached(
                "INSERT OR REPLACE INTO ledger_line (run, sort, item, kind, path, state, reason, \
                 remedy, count, bytes, stale_since) VALUES (:run, :sort, :item, :kind, :path, \
                 :state, :reason, :remedy, :count, :bytes, :stale_since)",
            )?;
            for line in lines {
                statement.execute(named_params! {
                    ":run": run.to_string(),
                    ":sort": line.item.sort.name(),
                    ":item": stored(line.item.id),
                    ":kind": line.kind,
                    ":path": line.path,
                    ":state": line.state,
                    ":reason": line.reason,
                    ":remedy": line.remedy,
                    ":count": line.count.map(stored),
                    ":bytes": line.bytes.map(stored),
                    ":stale_since": line.stale_since.map(millis),
                })?;
            }
            Ok(())
        })
    }

    /// A run's ledger, by path and kind.
    pub fn ledger(&self, run: RunId) -> Result<Vec<LedgerRow>> {
        self.read(|database| {
            all(
                database.prepare_cached(
                    "SELECT * FROM ledger_line WHERE run = ?1 ORDER BY path, sort, item, kind",
                )?,
                [run.to_string()],
                read_line,
            )
        })
    }

    /// How many lines of a run's ledger have each state.
    pub fn ledger_states(&self, run: RunId) -> Result<Vec<(String, u64)>> {
        self.read(|database| {
            all(
                database.prepare_cached(
                    "SELECT state, count(*) FROM ledger_line WHERE run = ?1 \
                     GROUP BY state ORDER BY state",
                )?,
                [run.to_string()],
                |row| Ok((row.get(0)?, count(row.get(1)?)?)),
            )
        })
    }

    /// Removes the ledgers of all but the last runs of each plan, and the last
    /// of them that made a snapshot. The runs stay.
    pub fn trim_ledgers(&self, keep: u32) -> Result<usize> {
        self.write(|database| {
            Ok(database
                .prepare_cached(
                    "DELETE FROM ledger_line WHERE run NOT IN (SELECT id FROM \
                     (SELECT id, row_number() OVER (PARTITION BY kind, plan \
                     ORDER BY queued_at DESC) AS place FROM run) WHERE place <= ?1) \
                     AND run NOT IN (SELECT id FROM \
                     (SELECT id, row_number() OVER (PARTITION BY kind, plan \
                     ORDER BY queued_at DESC) AS place FROM run \
                     WHERE snapshot IS NOT NULL) WHERE place <= ?1)",
                )?
                .execute([keep])?)
        })
    }
}

fn read_line(row: &Row<'_>) -> Result<LedgerRow, Failure> {
    let maybe = |column: &str| -> Result<Option<u64>, Failure> {
        Ok(row.get::<_, Option<i64>>(column)?.map(count).transpose()?)
    };
    Ok(LedgerRow {
        item: ItemKey {
            sort: ItemSort::stored(&row.get::<_, String>("sort")?)?,
            id: count(row.get("item")?)?,
        },
        kind: row.get("kind")?,
        path: row.get("path")?,
        state: row.get("state")?,
        reason: row.get("reason")?,
        remedy: row.get("remedy")?,
        count: maybe("count")?,
        bytes: maybe("bytes")?,
        stale_since: row
            .get::<_, Option<i64>>("stale_since")?
            .map(time)
            .transpose()?,
    })
}
