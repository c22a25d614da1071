//! A set-up Labkeep whose clock and machine are in the test's hands.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use labkeep_engine::Labkeep;
use labkeep_engine::clock::Clock;
use labkeep_engine::keep::{BackupWish, Scheduler};
use labkeep_engine::machine::{Machine, MachineConditions};
use labkeep_engine::outcome::{Outcome, RunKind};
use labkeep_engine::view::{PlanView, RunEvent, RunView, ScheduleView};
use labkeep_settings::Home;
use labkeep_tests::keeper::{Keeper, open_with};
use labkeep_tests::world::many;
use tokio::sync::watch;

/// The longest that anything here may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// A step in time that is no sleep, even if three of them are seen at once.
const STEP: SignedDuration = SignedDuration::from_secs(5);

/// Steps of more than a minute.
const STEPS: u32 = 13;

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
    /// How often it was asked how it is, as each look does.
    asked: watch::Sender<u64>,
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
        self.asked.send_modify(|asked| *asked += 1);
        *self.conditions.lock().expect("nobody panics with it")
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

/// Opens a Labkeep; gives the lock that it holds as well.
fn open(home: &Path, clock: &Arc<MovedClock>) -> Result<(Labkeep, PathBuf)> {
    let before = locks(home)?;
    let labkeep = open_with(home, clock.clone())?;
    let mut new = locks(home)?;
    new.retain(|lock| !before.contains(lock));
    let lock = new.pop().context("it shows that it is there")?;
    Ok((labkeep, lock))
}

/// The locks of the processes that are there.
fn locks(home: &Path) -> Result<Vec<PathBuf>> {
    let mut locks = Vec::new();
    for entry in fs::read_dir(Home::at(home).locks())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("process-") && name.ends_with(".lock") {
            locks.push(path);
        }
    }
    Ok(locks)
}

/// A Labkeep with an hourly plan.
pub struct Bench {
    pub keeper: Keeper,
    pub labkeep: Labkeep,
    pub clock: Arc<MovedClock>,
    pub machine: Arc<TestMachine>,
    /// What tells others that this process is there.
    lock: PathBuf,
}

impl Bench {
    pub async fn new() -> Result<Self> {
        let keeper = Keeper::new(many(2)).await?;
        let clock = Arc::new(MovedClock::default());
        let (labkeep, lock) = open(keeper.home(), &clock)?;
        let mut plan = labkeep.plans()?.remove(0).input;
        plan.schedule = ScheduleView::Hours { hours: 1 };
        labkeep.update_plan(&keeper.plan, &plan)?;
        Ok(Self {
            keeper,
            labkeep,
            clock,
            machine: Arc::default(),
            lock,
        })
    }

    /// Ends this process as far as others can see, and starts the next.
    pub fn start_again(mut self) -> Result<Self> {
        let held = File::open(&self.lock)?;
        drop(self.labkeep);
        // Tasks that end meanwhile hold it for some moments more.
        let (free, is_free) = mpsc::channel();
        thread::spawn(move || free.send(held.lock_shared()));
        let ended = is_free.recv_timeout(PATIENCE);
        ended.context("the process does not end")??;
        (self.labkeep, self.lock) = open(self.keeper.home(), &self.clock)?;
        Ok(self)
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
    /// anything changed. A little more than a minute passes meanwhile: what was
    /// missed or held back starts after a delay of less than that.
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
        let waiting = tokio::time::timeout(PATIENCE, waiting);
        tokio::pin!(waiting);
        let found = tokio::select! {
            found = &mut waiting => found,
            () = self.let_a_minute_pass() => waiting.await,
        };
        found.context("nothing came of it")?
    }

    /// Has Labkeep look again, some times over, though the machine is the same.
    pub async fn look_often(&self) {
        let mut asked = self.machine.asked.subscribe();
        for _ in 0..6 {
            self.labkeep.runs().changed();
            asked.changed().await.expect("the machine is kept");
        }
    }

    /// Lets time pass in steps so small that nobody takes them for a sleep of
    /// the machine, each once the one before was seen.
    async fn let_a_minute_pass(&self) {
        let mut asked = self.machine.asked.subscribe();
        for _ in 0..STEPS {
            self.clock.advance(STEP);
            asked.mark_unchanged();
            self.machine.look_again();
            asked.changed().await.expect("the machine is kept");
        }
    }
}
