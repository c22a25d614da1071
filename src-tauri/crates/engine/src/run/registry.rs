//! The runs of this process: live progress, cancellation, and who may write to
//! which vault. The catalogue is the truth about what was; this is the truth
//! about what is.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use labkeep_settings::RunId;
use tokio::sync::{OwnedMutexGuard, broadcast};
use tokio_util::sync::CancellationToken;

use super::progress::Progress;
use crate::outcome::{Outcome, RunKind};
use crate::view::{RunEvent, RunProgress, RunState};

/// Events that wait for a slow listener before it misses some.
const EVENTS: usize = 256;

/// Between two looks at the progress of runs, so that listeners hear of it at
/// most four times a second.
const BEAT: Duration = Duration::from_millis(250);

/// Between two tries to lock a vault that another process writes to.
const PAUSE: Duration = Duration::from_millis(500);

/// The runs of this process.
#[derive(Clone)]
pub struct Runs(Arc<Inner>);

struct Inner {
    active: Mutex<BTreeMap<RunId, Active>>,
    events: broadcast::Sender<RunEvent>,
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    locks: PathBuf,
    beating: AtomicBool,
}

/// A run under way.
#[derive(Clone)]
pub struct Active {
    /// How far it is.
    pub progress: Arc<Progress>,
    /// Ends it.
    pub cancel: CancellationToken,
    why: Arc<Mutex<Option<String>>>,
}

impl Active {
    /// A run with this progress.
    pub fn new(progress: Arc<Progress>) -> Self {
        Self {
            progress,
            cancel: CancellationToken::new(),
            why: Arc::default(),
        }
    }

    /// Asks it to stop, for a reason that people will read. The first reason
    /// stays.
    pub fn stop(&self, why: &str) {
        let mut reason = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        reason.get_or_insert_with(|| why.to_owned());
        drop(reason);
        self.progress.set_state(RunState::Stopping);
        self.cancel.cancel();
    }

    /// Why it was asked to stop.
    pub fn why(&self) -> Option<String> {
        self.why
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The right to write to a vault, until it is dropped.
pub struct VaultTurn {
    _process: OwnedMutexGuard<()>,
    _file: File,
}

impl Runs {
    /// No run yet. `locks`: a folder for files by which processes exclude each
    /// other.
    pub fn new(locks: PathBuf) -> Self {
        Self(Arc::new(Inner {
            active: Mutex::default(),
            events: broadcast::channel(EVENTS).0,
            turns: Mutex::default(),
            locks,
            beating: AtomicBool::new(false),
        }))
    }

    /// Hears of every event from now on.
    pub fn listen(&self) -> broadcast::Receiver<RunEvent> {
        self.0.events.subscribe()
    }

    /// Tells that something changed that is no run.
    pub fn changed(&self) {
        self.tell(RunEvent::Changed);
    }

    /// A run is going to begin. Nobody hears of it yet.
    pub fn enter(&self, run: RunId, active: Active) {
        self.lock().insert(run, active);
    }

    /// A run that was to begin does not.
    pub fn withdraw(&self, run: RunId) {
        self.lock().remove(&run);
    }

    /// A run begins. While any is under way, listeners hear of its progress.
    pub fn begin(&self, run: RunId, active: Active) {
        self.enter(run, active);
        self.tell(RunEvent::Started {
            run: run.to_string(),
        });
        if !self.0.beating.swap(true, Ordering::AcqRel) {
            tokio::spawn(self.clone().beat());
        }
    }

    /// A run has ended.
    pub fn end(&self, run: RunId, outcome: Outcome) {
        self.lock().remove(&run);
        self.tell(RunEvent::Ended {
            run: run.to_string(),
            outcome,
        });
    }

    /// The run, if it is under way in this process.
    pub fn get(&self, run: RunId) -> Option<Active> {
        self.lock().get(&run).cloned()
    }

    /// How far every run is, the oldest first.
    pub fn progress(&self) -> Vec<RunProgress> {
        let mut all: Vec<_> = self
            .lock()
            .values()
            .map(|active| active.progress.view())
            .collect();
        all.sort_by_key(|progress| progress.started_at);
        all
    }

    /// The run that is shown where there is room for one: a backup if there is
    /// one, else the oldest.
    pub fn foremost(&self) -> Option<RunProgress> {
        let mut all = self.progress();
        let backup = all.iter().position(|run| run.kind == RunKind::Backup);
        (!all.is_empty()).then(|| all.swap_remove(backup.unwrap_or(0)))
    }

    /// Waits for the right to write to a vault: after other runs of this
    /// process, and of other processes on this machine. None when cancelled
    /// meanwhile.
    pub async fn turn(
        &self,
        vault: &str,
        cancel: &CancellationToken,
    ) -> std::io::Result<Option<VaultTurn>> {
        let process = tokio::select! {
            biased;
            () = cancel.cancelled() => return Ok(None),
            guard = self.mutex(vault).lock_owned() => guard,
        };
        let file = self.lock_file(vault)?;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(std::fs::TryLockError::Error(error)) => return Err(error),
                Err(std::fs::TryLockError::WouldBlock) => {}
            }
            tokio::select! {
                () = cancel.cancelled() => return Ok(None),
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
        Ok(Some(VaultTurn {
            _process: process,
            _file: file,
        }))
    }

    /// The same without waiting: none if another run has it.
    pub fn try_turn(&self, vault: &str) -> std::io::Result<Option<VaultTurn>> {
        let Ok(process) = self.mutex(vault).try_lock_owned() else {
            return Ok(None);
        };
        let file = self.lock_file(vault)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(VaultTurn {
                _process: process,
                _file: file,
            })),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        }
    }

    fn mutex(&self, vault: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(vault.to_owned()).or_default())
    }

    fn lock_file(&self, vault: &str) -> std::io::Result<File> {
        std::fs::create_dir_all(&self.0.locks)?;
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.0.locks.join(format!("vault-{vault}.lock")))
    }

    async fn beat(self) {
        let mut last: BTreeMap<String, RunProgress> = BTreeMap::new();
        loop {
            tokio::time::sleep(BEAT).await;
            let now = self.progress();
            if now.is_empty() {
                self.0.beating.store(false, Ordering::Release);
                // One may have begun since the look.
                if self.lock().is_empty() || self.0.beating.swap(true, Ordering::AcqRel) {
                    return;
                }
            }
            for progress in now {
                if last.get(&progress.run) != Some(&progress) {
                    last.insert(progress.run.clone(), progress.clone());
                    self.tell(RunEvent::Progress { progress });
                }
            }
        }
    }

    fn tell(&self, event: RunEvent) {
        // Nobody may be listening: events are hints.
        drop(self.0.events.send(event));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RunId, Active>> {
        self.0.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    fn active() -> Active {
        active_of(RunKind::Backup)
    }

    fn active_of(kind: RunKind) -> Active {
        Active::new(Arc::new(Progress::new(
            "r".to_owned(),
            kind,
            "Everything".to_owned(),
            Arc::new(SystemClock),
        )))
    }

    #[tokio::test]
    async fn one_run_writes_to_a_vault_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let runs = Runs::new(folder.path().to_path_buf());
        let go = CancellationToken::new();
        let first = runs.turn("v", &go).await.unwrap().unwrap();
        assert!(runs.turn("other", &go).await.unwrap().is_some());
        let stop = CancellationToken::new();
        let second = tokio::spawn({
            let (runs, stop) = (runs.clone(), stop.clone());
            async move { runs.turn("v", &stop).await.unwrap().is_some() }
        });
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        drop(first);
        assert!(second.await.unwrap());
    }

    #[tokio::test]
    async fn no_drill_hides_a_backup() {
        let folder = tempfile::tempdir().unwrap();
        let runs = Runs::new(folder.path().to_path_buf());
        assert_eq!(runs.foremost(), None);
        let (drill, backup) = (RunId::random(), RunId::random());
        runs.begin(drill, active_of(RunKind::Drill));
        assert_eq!(runs.foremost().unwrap().kind, RunKind::Drill);
        runs.begin(backup, active_of(RunKind::Backup));
        runs.begin(RunId::random(), active_of(RunKind::Verify));
        assert_eq!(runs.foremost().unwrap().kind, RunKind::Backup);
        runs.end(backup, Outcome::Complete);
        assert_ne!(runs.foremost().unwrap().kind, RunKind::Backup);
    }

    #[tokio::test]
    async fn waiting_for_a_turn_can_be_cancelled() {
        let folder = tempfile::tempdir().unwrap();
        let runs = Runs::new(folder.path().to_path_buf());
        let _first = runs.turn("v", &CancellationToken::new()).await.unwrap();
        let stop = CancellationToken::new();
        stop.cancel();
        assert!(runs.turn("v", &stop).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn the_first_reason_to_stop_stays() {
        let folder = tempfile::tempdir().unwrap();
        let runs = Runs::new(folder.path().to_path_buf());
        let mut events = runs.listen();
        let id = RunId::random();
        runs.begin(id, active());
        let run = runs.get(id).unwrap();
        run.stop("you cancelled it");
        run.stop("Labkeep was closed");
        assert_eq!(run.why().as_deref(), Some("you cancelled it"));
        runs.end(id, Outcome::Aborted);
        assert!(runs.get(id).is_none());
        assert!(matches!(events.recv().await, Ok(RunEvent::Started { .. })));
    }
}
