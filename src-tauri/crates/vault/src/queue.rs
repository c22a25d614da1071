//! One writer per vault in this process; the others wait in line.
//!
//! Two open handles on the same vault share the line, as it hangs on the
//! vault's own name.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use crate::id::VaultId;

/// How often somebody in line is asked whether he still wants to wait.
const ASKED: Duration = Duration::from_millis(250);

/// The line in front of one vault.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<Line>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Line {
    next: u64,
    serving: u64,
    /// Went away before it was their turn.
    left: BTreeSet<u64>,
}

impl Line {
    fn next(&mut self) {
        self.serving += 1;
        while self.left.remove(&self.serving) {
            self.serving += 1;
        }
    }
}

/// The right to write; the next one gets it when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(Arc<Queue>);

impl Queue {
    /// The line of a vault.
    pub(crate) fn of(vault: &VaultId) -> Arc<Self> {
        static LINES: OnceLock<Mutex<HashMap<VaultId, Weak<Queue>>>> = OnceLock::new();
        let mut lines = LINES
            .get_or_init(Mutex::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = lines.get(vault).and_then(Weak::upgrade) {
            return queue;
        }
        lines.retain(|_, queue| queue.strong_count() > 0);
        let queue = Arc::new(Self::default());
        lines.insert(vault.clone(), Arc::downgrade(&queue));
        queue
    }

    /// Waits in line, first come, first served.
    pub(crate) fn wait(self: &Arc<Self>) -> Turn {
        let mut line = self.line();
        let mine = line.next;
        line.next += 1;
        while line.serving != mine {
            line = self
                .moved
                .wait(line)
                .unwrap_or_else(PoisonError::into_inner);
        }
        Turn(Arc::clone(self))
    }

    /// Waits in line until it is one's turn or `wants_to_leave`.
    pub(crate) fn wait_unless(self: &Arc<Self>, wants_to_leave: impl Fn() -> bool) -> Option<Turn> {
        let mut line = self.line();
        let mine = line.next;
        line.next += 1;
        while line.serving != mine {
            drop(line);
            // Asked without the lock, as it may take its time.
            let leaves = wants_to_leave();
            line = self.line();
            if line.serving == mine {
                break;
            }
            if leaves {
                line.left.insert(mine);
                return None;
            }
            line = self
                .moved
                .wait_timeout(line, ASKED)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        Some(Turn(Arc::clone(self)))
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.line().next();
        self.0.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn whoever_leaves_the_line_holds_nobody_up() {
        let queue = Queue::of(&VaultId::new("01"));
        let first = queue.wait();
        assert!(queue.wait_unless(|| true).is_none());
        assert!(queue.wait_unless(|| true).is_none());
        drop(first);
        let second = queue.wait_unless(|| panic!("nobody is in front")).unwrap();
        assert!(queue.wait_unless(|| true).is_none());
        drop(second);
        drop(queue.wait());
    }

    #[test]
    fn only_one_at_a_time_and_handles_share_the_line() {
        let vault = VaultId::new("00");
        let inside = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let turn = Queue::of(&vault).wait();
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    std::thread::yield_now();
                    inside.fetch_sub(1, Ordering::SeqCst);
                    drop(turn);
                });
            }
        });
    }
}
