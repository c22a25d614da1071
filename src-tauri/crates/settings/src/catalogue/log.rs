//! A run's log, for its page; the program's own logs are files.

use jiff::Timestamp;
use rusqlite::named_params;

use super::value::{all, millis, names, time};
use super::{Catalogue, Result};
use crate::id::RunId;

names! {
    /// How important a line is.
    LogLevel {
        /// Worth knowing.
        Info = "info",
        /// Not as it should be.
        Warn = "warn",
        /// Something did not work.
        Error = "error",
    }
}

/// A line of a run's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When.
    pub at: Timestamp,
    /// How important.
    pub level: LogLevel,
    /// What; never with a secret.
    pub message: String,
}

/// Lines that are kept of a run: its first ones, which say how it began, and
/// its last ones.
const FIRST: i64 = 200;
const LAST: i64 = 4_800;

impl Catalogue {
    /// Adds lines to a run's log.
    pub fn log(&self, run: RunId, lines: &[LogLine]) -> Result<()> {
        self.write(|database| {
            let run = run.to_string();
            let mut number: i64 = database
                .prepare_cached("SELECT ifnull(max(number), 0) FROM log_line WHERE run = ?1")?
                .query_row([&run], |row| row.get(0))?;
            let mut statement = database.prepare_cached(
                "INSERT INTO log_line (run, number, at, level, message) \
                 VALUES (:run, :number, :at, :level, :message)",
            )?;
            for line in lines {
                number += 1;
                statement.execute(named_params! {
                    ":run": run,
                    ":number": number,
                    ":at": millis(line.at),
                    ":level": line.level.name(),
                    ":message": line.message,
                })?;
            }
            database
                .prepare_cached(
                    "DELETE FROM log_line WHERE run = ?1 AND number > ?2 AND number <= ?3",
                )?
                .execute((&run, FIRST, number - LAST))?;
            Ok(())
        })
    }

    /// A run's log, oldest line first. When it was too long, lines after the
    /// first ones are left out.
    pub fn log_lines(&self, run: RunId) -> Result<Vec<LogLine>> {
        self.read(|database| {
            all(
                database.prepare_cached(
                    "SELECT at, level, message FROM log_line WHERE run = ?1 ORDER BY number",
                )?,
                [run.to_string()],
                |row| {
                    Ok(LogLine {
                        at: time(row.get("at")?)?,
                        level: LogLevel::stored(&row.get::<_, String>("level")?)?,
                        message: row.get("message")?,
                    })
                },
            )
        })
    }
}
