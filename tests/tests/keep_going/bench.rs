//! A set-up Labkeep whose clock and machine are in the test's hands.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use labkeep_engine::Labkeep;
use labkeep_engine::clock::Clock;
use labkeep_engine::keep::{BackupWish, Scheduler};
use labkeep_engine::machine::{Machine, MachineConditions};
use labkeep_engine::outcome::{Outcome, RunKind};
use labkeep_engine::view::{PlanView, RunEvent, RunView, ScheduleView};
use labkeep_tests::keeper::{Keeper, open_with};
use labkeep_tests::world::many;
use tokio::sync::watch;

/// The longest that anything here may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// The system's clock, moved.
#[derive(Default)]
pub struct MovedClock(AtomicI64);

impl MovedClock {
    pub fn advance(&self, by: SignedDuration) {
        self.0.fetch_add(by.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// A machine that is what the test says.
#[derive(Default)]
pub struct TestMachine {
    conditions: Mutex<MachineConditions>,
    changes: watch::Sender<u64>,
}

impl TestMachine {
    pub fn set(&self, change: impl FnOnce(&mut MachineConditions)) {
        change(&mut self.conditions.lock().expect("nobody panics with it"));
        self.look_again();
    }

    pub fn look_again(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }
}

impl Machine for TestMachine {
    fn conditions(&self) -> MachineConditions {
        *self.conditions.lock().expect("nobody panics with it")
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

/// A Labkeep with an hourly plan.
pub struct Bench {
    pub keeper: Keeper,
    pub labkeep: Labkeep,
    pub clock: Arc<MovedClock>,
    pub machine: Arc<TestMachine>,
}

impl Bench {
    pub async fn new() -> Result<Self> {
        let keeper = Keeper::new(many(2)).await?;
        let clock = Arc::new(MovedClock::default());
        let labkeep = open_with(keeper.home(), clock.clone())?;
        let mut plan = labkeep.plans()?.remove(0).input;
        plan.schedule = ScheduleView::Hours { hours: 1 };
        labkeep.update_plan(&keeper.plan, &plan)?;
        Ok(Self {
            keeper,
            labkeep,
            clock,
            machine: Arc::default(),
        })
    }

    /// Lets Labkeep go on by itself.
    pub fn keep_going(&self) -> Scheduler {
        self.labkeep.keep_going(self.machine.clone())
    }

    /// Lets time pass in which the machine is awake.
    pub fn pass(&self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
        self.machine.look_again();
    }

    /// Backs up at once, and well.
    pub async fn back_up(&self) -> Result<()> {
        let wish = BackupWish::default();
        let run = self.labkeep.start_backup(&self.keeper.plan, wish)?;
        let ended = self.labkeep.wait_for(run).await?;
        assert_eq!(ended.outcome, Some(Outcome::Complete));
        Ok(())
    }

    pub fn plan(&self) -> Result<PlanView> {
        Ok(self.labkeep.plans()?.remove(0))
    }

    pub fn backups(&self) -> Result<Vec<RunView>> {
        let mut runs = self.labkeep.list_runs()?;
        runs.retain(|run| run.kind == RunKind::Backup);
        Ok(runs)
    }

    /// Does something, and waits until so many backups have ended.
    pub async fn until_backups(&self, number: usize, act: impl FnOnce()) -> Result<Vec<RunView>> {
        self.until(act, || {
            let mut runs = self.backups()?;
            runs.retain(|run| run.outcome.is_some());
            Ok((runs.len() >= number).then_some(runs))
        })
        .await
    }

    /// Does something, and waits until something is so; looks whenever
    /// anything changed.
    pub async fn until<T>(
        &self,
        act: impl FnOnce(),
        is: impl Fn() -> Result<Option<T>>,
    ) -> Result<T> {
        let mut events = self.labkeep.runs().listen();
        act();
        let waiting = async {
            loop {
                if let Some(found) = is()? {
                    return Ok(found);
                }
                // A slow listener has missed something and looks again.
                while let Ok(RunEvent::Progress { .. }) = events.recv().await {}
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .context("nothing came of it")?
    }
}
