//! How far a run is: counted where the work happens, read as one view. Counts
//! only what is done; a share and a time left are given only when they can be
//! honest.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

use crate::clock::{SharedClock, millis};
use crate::kind::Kind;
use crate::outcome::RunKind;
use crate::view::{ActiveItem, ByteCounts, Phase, RunProgress, RunState, Unit, WaitView};

/// Items shown as being worked on at most.
const SHOWN: usize = 8;

/// A time left is guessed only after this share of the work.
const GUESS_FROM: f64 = 0.05;

/// Counters of one run. Shared by everything that works for it.
pub struct Progress {
    run: String,
    kind: RunKind,
    subject: String,
    started: Timestamp,
    clock: SharedClock,
    received: AtomicU64,
    stored: AtomicU64,
    items_done: AtomicU64,
    inner: Mutex<Inner>,
}

struct Inner {
    state: RunState,
    phase: Phase,
    phase_since: Timestamp,
    items_total: Option<u64>,
    active: BTreeMap<u64, ActiveItem>,
    next: u64,
    waits: BTreeMap<u64, WaitView>,
}

impl Progress {
    /// A run that begins now.
    pub fn new(run: String, kind: RunKind, subject: String, clock: SharedClock) -> Self {
        let started = clock.now();
        Self {
            run,
            kind,
            subject,
            started,
            clock,
            received: AtomicU64::new(0),
            stored: AtomicU64::new(0),
            items_done: AtomicU64::new(0),
            inner: Mutex::new(Inner {
                state: RunState::Queued,
                phase: Phase::Waiting,
                phase_since: started,
                items_total: None,
                active: BTreeMap::new(),
                next: 0,
                waits: BTreeMap::new(),
            }),
        }
    }

    /// When the run began.
    pub const fn started(&self) -> Timestamp {
        self.started
    }

    /// Moves on to another phase.
    pub fn enter(&self, phase: Phase) {
        let now = self.clock.now();
        let mut inner = self.lock();
        inner.phase = phase;
        inner.phase_since = now;
        if inner.state == RunState::Queued && phase != Phase::Waiting {
            inner.state = RunState::Running;
        }
    }

    /// Says that the run was asked to stop, or has ended.
    pub fn set_state(&self, state: RunState) {
        self.lock().state = state;
    }

    /// Says how many items there are.
    pub fn set_items(&self, total: u64) {
        self.lock().items_total = Some(total);
    }

    /// Counts items that are done.
    pub fn items_done(&self, count: u64) {
        self.items_done.fetch_add(count, Ordering::Relaxed);
    }

    /// Counts bytes that came from GitLab.
    pub fn received(&self, bytes: u64) {
        self.received.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Sets the bytes that are new in the vault.
    pub fn set_stored(&self, bytes: u64) {
        self.stored.store(bytes, Ordering::Relaxed);
    }

    /// Bytes so far.
    pub fn bytes(&self) -> ByteCounts {
        ByteCounts {
            received: self.received.load(Ordering::Relaxed),
            stored: self.stored.load(Ordering::Relaxed),
        }
    }

    /// An item is being worked on until the returned handle is dropped.
    pub fn work_on<'a>(&'a self, path: &str) -> Work<'a> {
        let mut inner = self.lock();
        let number = inner.next;
        inner.next += 1;
        inner.active.insert(
            number,
            ActiveItem {
                path: path.to_owned(),
                kind: None,
                done: 0,
                total: None,
                unit: Unit::Things,
            },
        );
        Work {
            progress: self,
            number,
        }
    }

    /// Notes a pause that somebody else asked for; the number takes it back.
    pub fn waiting(&self, wait: WaitView) -> u64 {
        let mut inner = self.lock();
        let number = inner.next;
        inner.next += 1;
        inner.waits.insert(number, wait);
        number
    }

    /// The pause with this number is over.
    pub fn resumed(&self, number: u64) {
        self.lock().waits.remove(&number);
    }

    /// How far the run is.
    pub fn view(&self) -> RunProgress {
        let now = self.clock.now();
        let done = self.items_done.load(Ordering::Relaxed);
        let inner = self.lock();
        let share = share(inner.phase, done, inner.items_total);
        RunProgress {
            run: self.run.clone(),
            kind: self.kind,
            subject: self.subject.clone(),
            state: inner.state,
            phase: inner.phase,
            started_at: millis(self.started),
            items_done: done,
            items_total: inner.items_total,
            bytes: self.bytes(),
            share,
            left_ms: share.and_then(|share| left(inner.phase_since, now, share)),
            wait: inner
                .waits
                .values()
                .max_by_key(|wait| wait.until)
                .filter(|wait| wait.until > millis(now))
                .cloned(),
            active: inner.active.values().take(SHOWN).cloned().collect(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // Nothing panics while it is held; and stale numbers beat none.
        self.inner
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// An item that is being worked on.
pub struct Work<'a> {
    progress: &'a Progress,
    number: u64,
}

impl Work<'_> {
    /// Says which kind is being read, and of what the numbers are.
    pub fn begin(&self, kind: Option<Kind>, unit: Unit) {
        self.change(|item| {
            item.kind = kind;
            item.unit = unit;
            item.done = 0;
            item.total = None;
        });
    }

    /// Says how much there is.
    pub fn total(&self, total: u64) {
        self.change(|item| item.total = Some(total));
    }

    /// Says how much is done.
    pub fn done(&self, done: u64) {
        self.change(|item| item.done = done);
    }

    /// Counts what was done.
    pub fn add(&self, more: u64) {
        self.change(|item| item.done += more);
    }

    fn change(&self, change: impl FnOnce(&mut ActiveItem)) {
        if let Some(item) = self.progress.lock().active.get_mut(&self.number) {
            change(item);
        }
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        self.progress.lock().active.remove(&self.number);
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share needs no more than three digits"
)]
fn share(phase: Phase, done: u64, total: Option<u64>) -> Option<f64> {
    match (phase, total) {
        (Phase::Waiting | Phase::Discovering, _) | (_, None | Some(0)) => None,
        (_, Some(total)) => Some((done as f64 / total as f64).min(1.0)),
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a guess in milliseconds"
)]
fn left(since: Timestamp, now: Timestamp, share: f64) -> Option<i64> {
    if share < GUESS_FROM {
        return None;
    }
    let spent = now.duration_since(since).as_millis() as f64;
    Some((spent / share * (1.0 - share)) as i64)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicI64;

    use super::*;
    use crate::clock::{Clock, from_millis};

    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            from_millis(self.0.load(Ordering::Relaxed))
        }
    }

    fn progress() -> (Arc<Hand>, Progress) {
        let hand = Arc::new(Hand(AtomicI64::new(1_000)));
        let clock: SharedClock = hand.clone();
        let progress = Progress::new(
            "r".to_owned(),
            RunKind::Backup,
            "Everything".to_owned(),
            clock,
        );
        (hand, progress)
    }

    #[test]
    fn share_is_silent_until_the_items_are_known() {
        let (_, progress) = progress();
        assert_eq!(progress.view().share, None);
        progress.enter(Phase::Discovering);
        progress.set_items(10);
        assert_eq!(progress.view().share, None);
        assert_eq!(progress.view().state, RunState::Running);
        progress.enter(Phase::Capturing);
        assert_eq!(progress.view().share, Some(0.0));
        progress.items_done(5);
        assert_eq!(progress.view().share, Some(0.5));
    }

    #[test]
    fn time_left_follows_the_pace_of_the_phase() {
        let (hand, progress) = progress();
        progress.set_items(4);
        progress.enter(Phase::Capturing);
        hand.0.store(4_000, Ordering::Relaxed);
        assert_eq!(progress.view().left_ms, None);
        progress.items_done(1);
        assert_eq!(progress.view().left_ms, Some(9_000));
    }

    #[test]
    fn work_shows_while_it_is_held() {
        let (_, progress) = progress();
        let work = progress.work_on("acme/web");
        work.begin(Some(Kind::Issues), Unit::Things);
        work.total(3);
        work.add(2);
        let view = progress.view();
        assert_eq!(view.active[0].path, "acme/web");
        assert_eq!((view.active[0].done, view.active[0].total), (2, Some(3)));
        drop(work);
        assert!(progress.view().active.is_empty());
    }

    #[test]
    fn a_wait_shows_until_it_is_over() {
        let (hand, progress) = progress();
        let number = progress.waiting(WaitView {
            until: 5_000,
            reason: "GitLab asks for a pause".to_owned(),
        });
        assert!(progress.view().wait.is_some());
        hand.0.store(5_001, Ordering::Relaxed);
        assert!(progress.view().wait.is_none());
        hand.0.store(2_000, Ordering::Relaxed);
        progress.resumed(number);
        assert!(progress.view().wait.is_none());
    }
}
