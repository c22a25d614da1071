//! The program's own log: a file a day in Labkeep's log folder, beside the
//! window's. Never with a secret, and never on the terminal.

use labkeep_settings::Home;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

/// What is logged unless the variable says otherwise.
const DEFAULT: &str = "warn,labkeep_cli=info,labkeep_engine=info,labkeep_gitlab=info,labkeep_vault=info,labkeep_settings=info";

/// The variable that changes it.
const VARIABLE: &str = "LABKEEP_LOG";

/// Files that are kept.
const KEPT: usize = 14;

/// Starts the log. It is written until the guard is dropped.
pub fn start(home: &Home) -> Result<WorkerGuard, Failure> {
    home.prepare()?;
    let files = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("labkeep-cli")
        .filename_suffix("log")
        .max_log_files(KEPT)
        .build(home.logs())
        .map_err(|error| {
            Failure::machine(
                format!(
                    "The log in {} cannot be written: {error}.",
                    home.logs().display()
                ),
                "Give your user the right to write there, and room on the disk.",
            )
        })?;
    let (writer, guard) = tracing_appender::non_blocking(files);
    let filter = EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(false)
        .init();
    Ok(guard)
}
