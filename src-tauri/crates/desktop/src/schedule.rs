//! The engine's scheduler, which starts what is due: once in a process, in
//! both of its lives, and stopped before one of them ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use labkeep_engine::Labkeep;
use labkeep_engine::keep::Scheduler;
use labkeep_engine::machine::{Machine, ThisMachine};

/// The schedule of this process. Clones are the same.
#[derive(Clone)]
pub struct Schedule {
    inner: Option<Arc<Inner>>,
    is_ending: Arc<AtomicBool>,
}

struct Inner {
    labkeep: Labkeep,
    machine: Arc<dyn Machine>,
    scheduler: Mutex<Option<Scheduler>>,
}

impl Schedule {
    /// None, where Labkeep could not be opened.
    pub fn none() -> Self {
        Self {
            inner: None,
            is_ending: Arc::default(),
        }
    }

    /// Starts nothing before it is to go on.
    pub fn new(labkeep: Labkeep, machine: Arc<dyn Machine>) -> Self {
        Self {
            inner: Some(Arc::new(Inner {
                labkeep,
                machine,
                scheduler: Mutex::new(None),
            })),
            is_ending: Arc::default(),
        }
    }

    /// The same, for this machine.
    pub fn of_this_machine(labkeep: Labkeep) -> Self {
        Self::new(labkeep, Arc::new(ThisMachine::watch()))
    }

    /// Starts nothing any more, once what is being told is told. Runs go on.
    pub async fn stop(&self) {
        let scheduler = self.take();
        if let Some(scheduler) = scheduler {
            scheduler.stop().await;
        }
    }

    /// The same, when Labkeep ends: what is not told by then is told by the
    /// next start. From now on nothing goes on any more.
    pub async fn end(&self, patience: Duration) {
        self.is_ending.store(true, Ordering::SeqCst);
        let scheduler = self.take();
        if let Some(scheduler) = scheduler {
            scheduler.stop_within(patience).await;
        }
    }

    /// Whether Labkeep ends: then no other life may begin.
    pub fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::SeqCst)
    }

    /// Starts what is due, from now on or again, unless Labkeep ends.
    pub fn go_on(&self) {
        if let Some(inner) = &self.inner {
            let mut scheduler = inner.lock();
            if !self.is_ending() {
                *scheduler = Some(inner.labkeep.keep_going(Arc::clone(&inner.machine)));
            }
        }
    }

    fn take(&self) -> Option<Scheduler> {
        self.inner.as_ref().and_then(|inner| inner.lock().take())
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Option<Scheduler>> {
        self.scheduler
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
