//! The engine's scheduler, which starts what is due: once in a process, in
//! both of its lives, and stopped before one of them ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use labkeep_engine::Labkeep;
use labkeep_engine::keep::Scheduler;
use labkeep_engine::machine::{Machine, ThisMachine};

/// The schedule of this process. Clones are the same.
#[derive(Clone)]
pub struct Schedule(Option<Arc<Inner>>);

struct Inner {
    labkeep: Labkeep,
    machine: Arc<dyn Machine>,
    scheduler: Mutex<Option<Scheduler>>,
}

impl Schedule {
    /// None, where Labkeep could not be opened.
    pub fn none() -> Self {
        Self(None)
    }

    /// Starts what is due from now on.
    pub fn start(labkeep: Labkeep) -> Self {
        let schedule = Self(Some(Arc::new(Inner {
            labkeep,
            machine: Arc::new(ThisMachine::watch()),
            scheduler: Mutex::new(None),
        })));
        schedule.go_on();
        schedule
    }

    /// Starts nothing any more. Runs go on.
    pub fn stop(&self) {
        if let Some(inner) = &self.0 {
            drop(inner.lock().take());
        }
    }

    /// Starts what is due again.
    pub fn go_on(&self) {
        if let Some(inner) = &self.0 {
            let scheduler = inner.labkeep.keep_going(Arc::clone(&inner.machine));
            *inner.lock() = Some(scheduler);
        }
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Option<Scheduler>> {
        self.scheduler
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
