//! What is known of the machine that matters for starting by itself: power,
//! network, sleep, shutdown, and a clock that jumps. Told by signals of the
//! system, not asked for in a loop; what nobody tells is not known, and holds
//! nothing back.

mod clock;
#[cfg(target_os = "linux")]
mod linux;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long the first answers of the system are waited for.
const SETTLING: Duration = Duration::from_secs(3);

/// What is known of the machine. None: not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MachineConditions {
    /// Whether it runs on battery.
    pub on_battery: Option<bool>,
    /// Whether its connection is paid for by volume.
    pub metered: Option<bool>,
    /// Whether it has a network. False only if nothing speaks for one.
    pub online: Option<bool>,
    /// How often it woke up, or its clock jumped, since it is watched: what
    /// was planned before has to be looked at again.
    pub wakes: u64,
    /// Whether it is shutting down: nothing should be started any more.
    pub is_shutting_down: bool,
}

/// A machine that tells of itself.
pub trait Machine: Send + Sync {
    /// What is known at this moment. Cheap.
    fn conditions(&self) -> MachineConditions;

    /// A number that goes up whenever the schedule should be looked at again:
    /// a condition changed, the machine woke, the clock jumped, a network came.
    fn changes(&self) -> watch::Receiver<u64>;

    /// Waits until what holds a start back is known, if it is not yet, for a
    /// short while at most.
    fn settle(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// The machine that this runs on.
#[derive(Debug)]
pub struct ThisMachine {
    known: Arc<Known>,
    /// They end with it.
    _watchers: JoinSet<()>,
}

impl ThisMachine {
    /// Watches the machine, from within a Tokio runtime. It never fails: what
    /// a missing service would have told stays unknown.
    pub fn watch() -> Self {
        let known = Arc::new(Known::default());
        let mut watchers = JoinSet::new();
        watchers.spawn(clock::watch(Arc::clone(&known)));
        #[cfg(target_os = "linux")]
        linux::watch(&known, &mut watchers, None);
        Self {
            known,
            _watchers: watchers,
        }
    }

    /// Watches the services on the message bus at this address instead of
    /// those on the system's.
    #[cfg(target_os = "linux")]
    pub fn watch_bus(address: &str) -> Self {
        let known = Arc::new(Known::default());
        let mut watchers = JoinSet::new();
        watchers.spawn(clock::watch(Arc::clone(&known)));
        linux::watch(&known, &mut watchers, Some(address.to_owned()));
        Self {
            known,
            _watchers: watchers,
        }
    }

    /// Waits until every service has answered once or is known to be missing,
    /// at most three seconds. Before that, what holds a start back may not be
    /// known yet.
    pub async fn settled(&self) {
        let mut asked = self.known.asked.subscribe();
        let settled = asked.wait_for(|asked| *asked == 0);
        if tokio::time::timeout(SETTLING, settled).await.is_err() {
            tracing::info!("the system is slow to tell of the machine; it is not waited for");
        }
    }
}

impl Machine for ThisMachine {
    fn conditions(&self) -> MachineConditions {
        self.known.conditions()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.known.changes.subscribe()
    }

    fn settle(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.settled())
    }
}

/// What the watchers write and everybody reads.
#[derive(Debug, Default)]
struct Known {
    conditions: Mutex<MachineConditions>,
    changes: watch::Sender<u64>,
    /// How many first answers are outstanding.
    asked: watch::Sender<usize>,
}

impl Known {
    fn conditions(&self) -> MachineConditions {
        *self
            .conditions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is known, and tells if that made a difference.
    fn learn(&self, change: impl FnOnce(&mut MachineConditions)) {
        let differs = {
            let mut conditions = self
                .conditions
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let before = *conditions;
            change(&mut conditions);
            *conditions != before
        };
        if differs {
            self.tell();
        }
    }

    /// Has everybody look again.
    fn tell(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }
}
