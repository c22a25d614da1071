//! How far a long operation is, and the way to stop it.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustic_core::{ProgressBars, ProgressType, RusticProgress};

use crate::error::{Error, Result};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Files of the vault, or snapshots.
    Files,
    /// Bytes.
    Bytes,
    /// Snapshots that are copied.
    Snapshots,
}

/// How far one step of an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is counted.
    pub unit: Unit,
    /// So many are done.
    pub done: u64,
    /// Of so many, where that is known.
    pub total: Option<u64>,
}

/// Told about progress, from any thread; `Break` ends the operation with
/// [`Error::Aborted`](crate::Error::Aborted) at the next safe place.
pub type OnProgress = Arc<dyn Fn(Progress) -> ControlFlow<()> + Send + Sync>;

/// Nobody listens.
pub fn unobserved() -> OnProgress {
    Arc::new(|_| ControlFlow::Continue(()))
}

/// Passes on the library's progress and remembers that somebody wants to stop.
#[derive(Clone)]
pub(crate) struct Reporter {
    listener: OnProgress,
    stop: Arc<AtomicBool>,
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reporter")
    }
}

impl Reporter {
    pub(crate) fn new(listener: OnProgress) -> Self {
        Self {
            listener,
            stop: Arc::new(AtomicBool::new(false)),
        }
    }

    pub(crate) fn tell(&self, unit: Unit, done: u64, total: Option<u64>) {
        if (self.listener)(Progress { unit, done, total }).is_break() {
            self.stop.store(true, Ordering::Release);
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// An error once somebody wants to stop.
    pub(crate) fn go_on(&self) -> Result<()> {
        if self.is_stopped() {
            Err(Error::Aborted)
        } else {
            Ok(())
        }
    }
}

impl ProgressBars for Reporter {
    fn progress(&self, kind: ProgressType, _prefix: &str) -> rustic_core::Progress {
        rustic_core::Progress::new(Step {
            reporter: self.clone(),
            unit: match kind {
                ProgressType::Bytes => Unit::Bytes,
                ProgressType::Counter | ProgressType::Spinner => Unit::Files,
            },
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
        })
    }
}

/// One step of the library's.
#[derive(Debug)]
struct Step {
    reporter: Reporter,
    unit: Unit,
    done: AtomicU64,
    total: AtomicU64,
}

impl Step {
    fn tell(&self) {
        let total = self.total.load(Ordering::Relaxed);
        self.reporter.tell(
            self.unit,
            self.done.load(Ordering::Relaxed),
            (total > 0).then_some(total),
        );
    }
}

impl RusticProgress for Step {
    fn is_hidden(&self) -> bool {
        false
    }

    fn set_length(&self, length: u64) {
        self.total.store(length, Ordering::Relaxed);
        self.tell();
    }

    fn set_title(&self, _title: &str) {}

    fn inc(&self, by: u64) {
        self.done.fetch_add(by, Ordering::Relaxed);
        self.tell();
    }

    fn finish(&self) {}
}
