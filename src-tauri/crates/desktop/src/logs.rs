//! The program's own log: a file a day in Labkeep's log folder, the last two
//! weeks. Libraries that print what they send are silenced.

use std::sync::{Arc, Mutex, PoisonError};

use labkeep_settings::Home;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;

/// What is logged unless the variable says otherwise.
const DEFAULT: &str = "warn,labkeep_shell=info,labkeep_desktop=info,labkeep_engine=info,labkeep_gitlab=info,labkeep_vault=info,labkeep_settings=info";

/// The variable that changes it.
const VARIABLE: &str = "LABKEEP_LOG";

/// Files that are kept.
const KEPT: usize = 14;

/// The log that is being written.
#[derive(Clone)]
pub struct Log(Arc<Mutex<Option<WorkerGuard>>>);

impl Log {
    /// Writes what is still to be written. Nothing is logged after it.
    pub fn finish(&self) {
        let guard = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(guard);
    }
}

/// Starts the log.
pub fn start(home: &Home) -> anyhow::Result<Log> {
    home.prepare()?;
    let files = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("labkeep")
        .filename_suffix("log")
        .max_log_files(KEPT)
        .build(home.logs())?;
    let (writer, guard) = tracing_appender::non_blocking(files);
    let filter = EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(false)
        .init();
    Ok(Log(Arc::new(Mutex::new(Some(guard)))))
}
