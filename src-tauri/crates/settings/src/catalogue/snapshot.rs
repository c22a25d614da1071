//! The snapshots that are known to be in each vault. A prune refuses when one
//! of them is not listed by the vault any more.

use jiff::Timestamp;
use rusqlite::{Row, named_params};
use serde_json::Value;

use super::run::RunOutcome;
use super::value::{all, count, id, json, millis, stored, time};
use super::{Catalogue, Failure, Result};
use crate::id::RunId;

/// A snapshot that is known to be in a vault.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownSnapshot {
    /// The vault's own name, not that of its entry on this machine.
    pub vault: String,
    /// The snapshot's name.
    pub id: String,
    /// When the run began that made it.
    pub time: Timestamp,
    /// The plan's name.
    pub plan: String,
    /// The run that made it, if it was made on this machine.
    pub run: Option<RunId>,
    /// How that run ended, if that is known.
    pub outcome: Option<RunOutcome>,
    /// Bytes of all its files.
    pub bytes: u64,
    /// Bytes that were new to the vault.
    pub new_bytes: u64,
    /// When something of it was last rebuilt and checked.
    pub proven_at: Option<Timestamp>,
    /// Whether it is kept for ever.
    pub pinned: bool,
    /// What else is known of it.
    pub details: Value,
}

impl Catalogue {
    /// Writes a snapshot that is in a vault.
    pub fn put_snapshot(&self, snapshot: &KnownSnapshot) -> Result<()> {
        self.write(|database| {
            database
                .prepare_cached(
                    "INSERT INTO snapshot (vault, id, time, plan, run, outcome, bytes, new_bytes, \
                     proven_at, pinned, details) VALUES (:vault, :id, :time, :plan, :run, \
                     :outcome, :bytes, :new_bytes, :proven_at, :pinned, :details) ON CONFLICT (vault, id) DO UPDATE \
                     SET time = excluded.time, plan = excluded.plan, \
                     run = ifnull(excluded.run, run), \
                     outcome = ifnull(excluded.outcome, outcome), bytes = excluded.bytes, \
                     new_bytes = excluded.new_bytes, \
                     proven_at = max(ifnull(excluded.proven_at, proven_at), \
                     ifnull(proven_at, excluded.proven_at)), \
                     pinned = max(pinned, excluded.pinned), details = excluded.details",
                )?
                .execute(named_params! {
                    ":vault": snapshot.vault,
                    ":id": snapshot.id,
                    ":time": millis(snapshot.time),
                    ":plan": snapshot.plan,
                    ":run": snapshot.run.map(|run| run.to_string()),
                    ":outcome": snapshot.outcome.map(RunOutcome::name),
                    ":bytes": stored(snapshot.bytes),
                    ":new_bytes": stored(snapshot.new_bytes),
                    ":proven_at": snapshot.proven_at.map(millis),
                    ":pinned": snapshot.pinned,
                    ":details": snapshot.details.to_string(),
                })?;
            Ok(())
        })
    }

    /// The snapshots that are known to be in a vault, oldest first.
    pub fn snapshots(&self, vault: &str) -> Result<Vec<KnownSnapshot>> {
        self.read(|database| {
            all(
                database
                    .prepare_cached("SELECT * FROM snapshot WHERE vault = ?1 ORDER BY time, id")?,
                [vault],
                read_snapshot,
            )
        })
    }

    /// Something of a snapshot was rebuilt and checked.
    pub fn snapshot_proven(&self, vault: &str, snapshot: &str, at: Timestamp) -> Result<()> {
        self.write(|database| {
            database
                .prepare_cached(
                    "UPDATE snapshot SET proven_at = max(ifnull(proven_at, ?3), ?3) \
                     WHERE vault = ?1 AND id = ?2",
                )?
                .execute((vault, snapshot, millis(at)))?;
            Ok(())
        })
    }

    /// A snapshot is kept for ever, or not any more.
    pub fn pin_snapshot(&self, vault: &str, snapshot: &str, pinned: bool) -> Result<()> {
        self.write(|database| {
            database
                .prepare_cached("UPDATE snapshot SET pinned = ?3 WHERE vault = ?1 AND id = ?2")?
                .execute((vault, snapshot, pinned))?;
            Ok(())
        })
    }

    /// Snapshots were removed from a vault on purpose.
    pub fn forget_snapshots(&self, vault: &str, snapshots: &[String]) -> Result<()> {
        self.write(|database| {
            let mut statement =
                database.prepare_cached("DELETE FROM snapshot WHERE vault = ?1 AND id = ?2")?;
            for snapshot in snapshots {
                statement.execute((vault, snapshot))?;
            }
            Ok(())
        })
    }
}

fn read_snapshot(row: &Row<'_>) -> Result<KnownSnapshot, Failure> {
    Ok(KnownSnapshot {
        vault: row.get("vault")?,
        id: row.get("id")?,
        time: time(row.get("time")?)?,
        plan: row.get("plan")?,
        run: row
            .get::<_, Option<String>>("run")?
            .as_deref()
            .map(id)
            .transpose()?,
        outcome: row
            .get::<_, Option<String>>("outcome")?
            .as_deref()
            .map(RunOutcome::stored)
            .transpose()?,
        bytes: count(row.get("bytes")?)?,
        new_bytes: count(row.get("new_bytes")?)?,
        proven_at: row
            .get::<_, Option<i64>>("proven_at")?
            .map(time)
            .transpose()?,
        pinned: row.get("pinned")?,
        details: json(&row.get::<_, String>("details")?)?,
    })
}
