//! The journal of a restore: what it began and what came of it, so that a
//! resumed one creates nothing twice.

use jiff::Timestamp;
use rusqlite::{Row, named_params};
use serde_json::Value;

use super::value::{all, json, millis, names, one, time};
use super::{Catalogue, Failure, Result};
use crate::id::RunId;

names! {
    /// How far a step is.
    StepState {
        /// It may have happened: whoever resumes has to look.
        Begun = "begun",
        /// It happened.
        Done = "done",
        /// It did not happen, for a reason that is in its payload.
        Failed = "failed",
    }
}

/// A step of a restore.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its name, the same whenever the same thing is restored.
    pub key: String,
    /// How far it is.
    pub state: StepState,
    /// What was to be done, and what came of it: the created thing's ID.
    pub payload: Value,
    /// When it was first begun.
    pub begun_at: Timestamp,
    /// When this was so.
    pub updated_at: Timestamp,
}

/// The answer to beginning a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Begun {
    /// Nobody began it before: do it.
    New,
    /// It was begun before; this is how far it is.
    Before(Step),
}

impl Catalogue {
    /// Begins a step, before anything is done for it.
    pub fn begin_step(
        &self,
        run: RunId,
        key: &str,
        payload: &Value,
        at: Timestamp,
    ) -> Result<Begun> {
        self.write(|database| {
            let step = one(
                database.prepare_cached("SELECT * FROM step WHERE run = ?1 AND key = ?2")?,
                (run.to_string(), key),
                read_step,
            )?;
            if let Some(step) = step {
                return Ok(Begun::Before(step));
            }
            database
                .prepare_cached(
                    "INSERT INTO step (run, key, state, payload, begun_at, updated_at) \
                     VALUES (:run, :key, 'begun', :payload, :at, :at)",
                )?
                .execute(named_params! {
                    ":run": run.to_string(),
                    ":key": key,
                    ":payload": payload.to_string(),
                    ":at": millis(at),
                })?;
            Ok(Begun::New)
        })
    }

    /// Writes what came of a step that was begun. Returns whether it was.
    pub fn finish_step(
        &self,
        run: RunId,
        key: &str,
        state: StepState,
        payload: &Value,
        at: Timestamp,
    ) -> Result<bool> {
        self.write(|database| {
            let changed = database
                .prepare_cached(
                    "UPDATE step SET state = :state, payload = :payload, updated_at = :at \
                     WHERE run = :run AND key = :key",
                )?
                .execute(named_params! {
                    ":run": run.to_string(),
                    ":key": key,
                    ":state": state.name(),
                    ":payload": payload.to_string(),
                    ":at": millis(at),
                })?;
            Ok(changed == 1)
        })
    }

    /// The steps of a run, in the order in which they were begun.
    pub fn steps(&self, run: RunId) -> Result<Vec<Step>> {
        self.read(|database| {
            all(
                database
                    .prepare_cached("SELECT * FROM step WHERE run = ?1 ORDER BY begun_at, key")?,
                [run.to_string()],
                read_step,
            )
        })
    }
}

fn read_step(row: &Row<'_>) -> Result<Step, Failure> {
    Ok(Step {
        key: row.get("key")?,
        state: StepState::stored(&row.get::<_, String>("state")?)?,
        payload: json(&row.get::<_, String>("payload")?)?,
        begun_at: time(row.get("begun_at")?)?,
        updated_at: time(row.get("updated_at")?)?,
    })
}
