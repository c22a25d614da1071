//! The runs of this machine: added, changed, ended once, found again.

use jiff::Timestamp;
use rusqlite::{Row, named_params, params};
use serde_json::Value;

use super::run::{NewRun, Process, Run, RunEnd, RunKind, RunOutcome, RunQuery, RunState};
use super::value::{all, id, json, millis, one, time};
use super::{Catalogue, CatalogueError, Failure, Result};
use crate::id::{PlanId, RunId};

/// The reason of a run whose process is gone.
const CRASHED: &str = "crashed";

impl Catalogue {
    /// Adds a run. It waits.
    pub fn add_run(&self, run: &NewRun) -> Result<()> {
        self.write(|database| {
            database
                .prepare_cached(
                    "INSERT INTO run (id, kind, subject, plan, vault, account, state, queued_at, \
                     details, host, process, process_started) VALUES (:id, :kind, :subject, \
                     :plan, :vault, :account, 'queued', :queued_at, :details, :host, :process, \
                     :process_started)",
                )?
                .execute(named_params! {
                    ":id": run.id.to_string(),
                    ":kind": run.kind.name(),
                    ":subject": run.subject,
                    ":plan": run.plan.map(|id| id.to_string()),
                    ":vault": run.vault.map(|id| id.to_string()),
                    ":account": run.account.map(|id| id.to_string()),
                    ":queued_at": millis(run.queued_at),
                    ":details": run.details.to_string(),
                    ":host": run.process.host,
                    ":process": run.process.id,
                    ":process_started": run.process.mark,
                })?;
            Ok(())
        })
    }

    /// Writes a run that was made elsewhere and has ended. One that is known
    /// already stays as it is; tells whether this one is new.
    pub fn put_ended_run(&self, run: &NewRun, started: Timestamp, end: &RunEnd) -> Result<bool> {
        self.write(|database| {
            let added = database
                .prepare_cached(
                    "INSERT OR IGNORE INTO run (id, kind, subject, plan, vault, account, state, \
                     outcome, reason, remedy, queued_at, started_at, ended_at, snapshot, counts, \
                     details, host, process, process_started) VALUES (:id, :kind, :subject, \
                     :plan, :vault, :account, 'ended', :outcome, :reason, :remedy, :queued_at, \
                     :started_at, :ended_at, :snapshot, :counts, :details, :host, :process, \
                     :process_started)",
                )?
                .execute(named_params! {
                    ":id": run.id.to_string(),
                    ":kind": run.kind.name(),
                    ":subject": run.subject,
                    ":plan": run.plan.map(|id| id.to_string()),
                    ":vault": run.vault.map(|id| id.to_string()),
                    ":account": run.account.map(|id| id.to_string()),
                    ":outcome": end.outcome.name(),
                    ":reason": end.reason,
                    ":remedy": end.remedy,
                    ":queued_at": millis(run.queued_at),
                    ":started_at": millis(started),
                    ":ended_at": millis(end.at),
                    ":snapshot": end.snapshot,
                    ":counts": end.counts.to_string(),
                    ":details": run.details.to_string(),
                    ":host": run.process.host,
                    ":process": run.process.id,
                    ":process_started": run.process.mark,
                })?;
            Ok(added == 1)
        })
    }

    /// A run begins. Only one that waits can.
    pub fn start_run(&self, run: RunId, at: Timestamp) -> Result<()> {
        self.change_run(
            run,
            "UPDATE run SET state = 'running', started_at = :at \
             WHERE id = :run AND state = 'queued'",
            named_params! {":run": run.to_string(), ":at": millis(at)},
        )
    }

    /// A run was asked to stop. One that ended already cannot be.
    pub fn stop_run(&self, run: RunId) -> Result<()> {
        self.change_run(
            run,
            "UPDATE run SET state = 'stopping' WHERE id = :run AND state <> 'ended'",
            named_params! {":run": run.to_string()},
        )
    }

    /// A run is gone on with by another process: a restore that is resumed.
    pub fn resume_run(&self, run: RunId, process: &Process, at: Timestamp) -> Result<()> {
        self.change_run(
            run,
            "UPDATE run SET state = 'running', outcome = NULL, reason = NULL, remedy = NULL, \
             ended_at = NULL, started_at = ifnull(started_at, :at), host = :host, \
             process = :process, process_started = :started \
             WHERE id = :run AND state = 'ended' AND outcome <> 'complete'",
            named_params! {
                ":run": run.to_string(),
                ":at": millis(at),
                ":host": process.host,
                ":process": process.id,
                ":started": process.mark,
            },
        )
    }

    /// The numbers of a run that has not ended.
    pub fn set_run_counts(&self, run: RunId, counts: &Value) -> Result<()> {
        self.change_run(
            run,
            "UPDATE run SET counts = :counts WHERE id = :run AND state <> 'ended'",
            named_params! {":run": run.to_string(), ":counts": counts.to_string()},
        )
    }

    /// What else is known of a run, also after its end.
    pub fn set_run_details(&self, run: RunId, details: &Value) -> Result<()> {
        self.change_run(
            run,
            "UPDATE run SET details = :details WHERE id = :run",
            named_params! {":run": run.to_string(), ":details": details.to_string()},
        )
    }

    /// A run ends. It does so once.
    pub fn end_run(&self, run: RunId, end: &RunEnd) -> Result<()> {
        self.change_run(
            run,
            "UPDATE run SET state = 'ended', outcome = :outcome, reason = :reason, \
             remedy = :remedy, ended_at = :at, snapshot = ifnull(:snapshot, snapshot), \
             counts = :counts WHERE id = :run AND state <> 'ended'",
            named_params! {
                ":run": run.to_string(),
                ":outcome": end.outcome.name(),
                ":reason": end.reason,
                ":remedy": end.remedy,
                ":at": millis(end.at),
                ":snapshot": end.snapshot,
                ":counts": end.counts.to_string(),
            },
        )
    }

    /// A run, if there is one.
    pub fn run(&self, run: RunId) -> Result<Option<Run>> {
        self.read(|database| {
            one(
                database.prepare_cached("SELECT * FROM run WHERE id = ?1")?,
                [run.to_string()],
                read_run,
            )
        })
    }

    /// Runs, newest first, unless they are asked for as they were written.
    pub fn runs(&self, query: &RunQuery) -> Result<Vec<Run>> {
        self.read(|database| {
            all(
                database.prepare_cached(
                    "SELECT * FROM run WHERE (:kind IS NULL OR kind = :kind) \
                     AND (:plan IS NULL OR plan = :plan) \
                     AND (:vault IS NULL OR vault = :vault) \
                     AND (:outcome IS NULL OR outcome = :outcome) \
                     AND (:before IS NULL OR queued_at < :before) \
                     ORDER BY CASE WHEN :as_written THEN rowid ELSE queued_at END DESC, \
                     id DESC LIMIT :limit",
                )?,
                named_params! {
                    ":kind": query.kind.map(RunKind::name),
                    ":plan": query.plan.map(|id| id.to_string()),
                    ":vault": query.vault.map(|id| id.to_string()),
                    ":outcome": query.outcome.map(RunOutcome::name),
                    ":before": query.before.map(millis),
                    ":limit": query.limit.map_or(-1, i64::from),
                    ":as_written": query.as_written,
                },
                read_run,
            )
        })
    }

    /// The last runs of a plan in the order in which they were written down,
    /// last first. Dates say something else when the clock was wrong for a
    /// while: what it dated ahead would be the newest for ever.
    pub fn last_runs(&self, kind: RunKind, plan: PlanId, limit: u32) -> Result<Vec<Run>> {
        self.read(|database| {
            all(
                database.prepare_cached(
                    "SELECT * FROM run WHERE kind = ?1 AND plan = ?2 ORDER BY rowid DESC LIMIT ?3",
                )?,
                params![kind.name(), plan.to_string(), limit],
                read_run,
            )
        })
    }

    /// Runs that have not ended, oldest first, of all processes.
    pub fn unended_runs(&self) -> Result<Vec<Run>> {
        self.read(|database| {
            all(
                database.prepare_cached(
                    "SELECT * FROM run WHERE state <> 'ended' ORDER BY queued_at, id",
                )?,
                [],
                read_run,
            )
        })
    }

    /// Ends every run whose process is gone: aborted, because it crashed.
    /// Returns them as they are then.
    pub fn end_crashed_runs(
        &self,
        at: Timestamp,
        is_alive: impl Fn(&Run) -> bool,
    ) -> Result<Vec<Run>> {
        let mut crashed = Vec::new();
        for run in self.unended_runs()? {
            if is_alive(&run) {
                continue;
            }
            let end = RunEnd {
                outcome: RunOutcome::Aborted,
                reason: Some(CRASHED.to_owned()),
                remedy: None,
                at,
                snapshot: None,
                counts: run.counts,
            };
            match self.end_run(run.id, &end) {
                Ok(()) => crashed.extend(self.run(run.id)?),
                // Another process did it meanwhile.
                Err(CatalogueError::WrongState { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(crashed)
    }

    /// Removes runs that ended before a time, with all that belongs to them,
    /// but never the last `keep` runs of a plan. Returns how many.
    pub fn remove_runs_before(&self, before: Timestamp, keep: u32) -> Result<usize> {
        self.write(|database| {
            Ok(database
                .prepare_cached(
                    "DELETE FROM run WHERE state = 'ended' AND ended_at < :before AND id NOT IN \
                     (SELECT id FROM (SELECT id, row_number() OVER \
                     (PARTITION BY kind, plan ORDER BY queued_at DESC) AS place FROM run) \
                     WHERE place <= :keep)",
                )?
                .execute(named_params! {":before": millis(before), ":keep": keep})?)
        })
    }

    /// Changes one run, or says why not.
    fn change_run(
        &self,
        run: RunId,
        statement: &str,
        parameters: &[(&str, &dyn rusqlite::ToSql)],
    ) -> Result<()> {
        self.write(|database| {
            if database.prepare_cached(statement)?.execute(parameters)? == 1 {
                return Ok(());
            }
            let state = one(
                database.prepare_cached("SELECT state FROM run WHERE id = ?1")?,
                [run.to_string()],
                |row| Ok(RunState::stored(&row.get::<_, String>(0)?)?),
            )?;
            Err(match state {
                Some(state) => CatalogueError::WrongState { run, state },
                None => CatalogueError::UnknownRun { run },
            }
            .into())
        })
    }
}

fn read_run(row: &Row<'_>) -> Result<Run, Failure> {
    let text = |column: &str| row.get::<_, String>(column);
    let maybe = |column: &str| row.get::<_, Option<String>>(column);
    let maybe_time = |column: &str| -> Result<Option<Timestamp>, Failure> {
        Ok(row.get::<_, Option<i64>>(column)?.map(time).transpose()?)
    };
    Ok(Run {
        id: id(&text("id")?)?,
        kind: RunKind::stored(&text("kind")?)?,
        subject: text("subject")?,
        plan: maybe("plan")?.as_deref().map(id).transpose()?,
        vault: maybe("vault")?.as_deref().map(id).transpose()?,
        account: maybe("account")?.as_deref().map(id).transpose()?,
        state: RunState::stored(&text("state")?)?,
        outcome: maybe("outcome")?
            .as_deref()
            .map(RunOutcome::stored)
            .transpose()?,
        reason: maybe("reason")?,
        remedy: maybe("remedy")?,
        queued_at: time(row.get("queued_at")?)?,
        started_at: maybe_time("started_at")?,
        ended_at: maybe_time("ended_at")?,
        snapshot: maybe("snapshot")?,
        counts: json(&text("counts")?)?,
        details: json(&text("details")?)?,
        process: Process {
            host: text("host")?,
            id: row.get("process")?,
            mark: row.get("process_started")?,
        },
    })
}
