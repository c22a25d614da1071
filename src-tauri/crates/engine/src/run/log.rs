//! A run's own log, for its page: what happened, in sentences, as it happens.

use jiff::Timestamp;
use labkeep_settings::{Catalogue, LogLevel, LogLine, RunId};

use crate::clock::SharedClock;

/// Writes the log of one run.
#[derive(Clone)]
pub struct RunLog {
    catalogue: Catalogue,
    run: RunId,
    clock: SharedClock,
}

impl RunLog {
    /// The log of a run that is in the catalogue.
    pub const fn new(catalogue: Catalogue, run: RunId, clock: SharedClock) -> Self {
        Self {
            catalogue,
            run,
            clock,
        }
    }

    /// Something that is as it should be.
    pub fn info(&self, message: impl Into<String>) {
        self.write(LogLevel::Info, [message.into()]);
    }

    /// Something that is missing or odd.
    pub fn warn(&self, message: impl Into<String>) {
        self.write(LogLevel::Warn, [message.into()]);
    }

    /// Something that ended the run.
    pub fn error(&self, message: impl Into<String>) {
        self.write(LogLevel::Error, [message.into()]);
    }

    /// Many warnings at once.
    pub fn warn_all(&self, messages: impl IntoIterator<Item = String>) {
        self.write(LogLevel::Warn, messages);
    }

    fn write(&self, level: LogLevel, messages: impl IntoIterator<Item = String>) {
        let at: Timestamp = self.clock.now();
        let lines: Vec<LogLine> = messages
            .into_iter()
            .map(|message| LogLine { at, level, message })
            .collect();
        for line in &lines {
            match line.level {
                LogLevel::Info => tracing::info!(run = %self.run, "{}", line.message),
                LogLevel::Warn => tracing::warn!(run = %self.run, "{}", line.message),
                LogLevel::Error => tracing::error!(run = %self.run, "{}", line.message),
            }
        }
        // The log of the program has them all the same.
        if let Err(error) = self.catalogue.log(self.run, &lines) {
            tracing::error!(run = %self.run, %error, "the run's log could not be written");
        }
    }
}
