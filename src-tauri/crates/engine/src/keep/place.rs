//! Places of vaults: what is there, asked with a patience that ends. A network
//! share whose server is switched off may never answer, and whoever asks the
//! system waits with it; here that is one thread for each place, however often
//! it is asked.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use labkeep_settings::VaultEntry;
use labkeep_vault::{Inspection, Location, State, inspect};

use super::Labkeep;

/// How long a place has to answer. A drive that slept needs some seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is known of a place.
#[derive(Clone, Debug)]
pub(super) enum Seen {
    /// What is there.
    There(Inspection),
    /// Why it cannot be looked at.
    Bad(Arc<labkeep_vault::Error>),
    /// It does not answer.
    Silent,
}

type Look = dyn Fn(&Location) -> labkeep_vault::Result<Inspection> + Send + Sync;

/// Asks places, each by one thread at a time.
pub(super) struct Places {
    asked: Arc<Mutex<HashMap<String, Arc<Question>>>>,
    look: Arc<Look>,
    patience: Duration,
}

/// A question that has no answer yet, and whoever waits for it.
struct Question {
    since: Instant,
    answer: Mutex<Option<Seen>>,
    came: Condvar,
}

impl Default for Places {
    fn default() -> Self {
        Self::new(Arc::new(inspect), PATIENCE)
    }
}

impl Places {
    fn new(look: Arc<Look>, patience: Duration) -> Self {
        Self {
            asked: Arc::default(),
            look,
            patience,
        }
    }

    /// What is at a place. Blocking, but not for ever; and not at all while an
    /// earlier question waits for longer than that.
    pub(super) fn look(&self, location: &Location) -> Seen {
        let question = match self.ask(location) {
            Ok(question) => question,
            Err(error) => {
                tracing::warn!(%error, "a place cannot be asked");
                return Seen::Silent;
            }
        };
        let mut answer = lock(&question.answer);
        loop {
            if let Some(seen) = &*answer {
                return seen.clone();
            }
            let left = self.patience.saturating_sub(question.since.elapsed());
            if left.is_zero() {
                return Seen::Silent;
            }
            let waited = question.came.wait_timeout(answer, left);
            (answer, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn ask(&self, location: &Location) -> std::io::Result<Arc<Question>> {
        let name = location.to_string();
        let mut asked = lock(&self.asked);
        if let Some(question) = asked.get(&name) {
            return Ok(Arc::clone(question));
        }
        let question = Arc::new(Question {
            since: Instant::now(),
            answer: Mutex::default(),
            came: Condvar::new(),
        });
        let (look, all) = (Arc::clone(&self.look), Arc::clone(&self.asked));
        let (location, its, waiting) = (location.clone(), name.clone(), Arc::clone(&question));
        std::thread::Builder::new()
            .name("labkeep-place".to_owned())
            .spawn(move || {
                let seen = match look(&location) {
                    Ok(inspection) => Seen::There(inspection),
                    Err(error) => Seen::Bad(Arc::new(error)),
                };
                lock(&all).remove(&its);
                *lock(&waiting.answer) = Some(seen);
                waiting.came.notify_all();
            })?;
        asked.insert(name, Arc::clone(&question));
        Ok(question)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Labkeep {
    /// What is at the place of a vault.
    pub(super) fn seen(&self, entry: &VaultEntry) -> Seen {
        match Location::parse(&entry.location) {
            Ok(location) => self.0.places.look(&location),
            Err(error) => Seen::Bad(Arc::new(error)),
        }
    }

    /// Whether the place of a vault is there at all: a drive that is not
    /// plugged in is waited for, everything else is for the run to tell.
    pub(super) fn is_there(&self, entry: &VaultEntry) -> bool {
        match self.seen(entry) {
            Seen::There(seen) => !matches!(
                seen.state,
                State::NoSuchFolder | State::Unreachable | State::Empty
            ),
            Seen::Bad(_) => true,
            Seen::Silent => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_place_that_hangs_is_asked_once_and_answers_when_it_is_back() {
        let (come_back, hangs) = mpsc::channel::<()>();
        let hangs = Mutex::new(hangs);
        let asked = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&asked);
        let look = move |location: &Location| {
            counted.fetch_add(1, Ordering::SeqCst);
            assert!(hangs.lock().unwrap().recv().is_err(), "it is let go of");
            inspect(location)
        };
        let places = Places::new(Arc::new(look), Duration::from_millis(50));
        let folder = tempfile::tempdir().unwrap();
        let here = Location::folder(folder.path()).unwrap();
        for _ in 0..5 {
            assert!(matches!(places.look(&here), Seen::Silent));
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        drop(come_back);
        let seen = loop {
            if let Seen::There(seen) = places.look(&here) {
                break seen;
            }
        };
        assert_eq!(seen.state, State::Empty);
    }

    #[test]
    fn one_place_that_hangs_holds_up_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let (_keep, hangs) = mpsc::channel::<()>();
        let hangs = Mutex::new(hangs);
        let bad = Location::folder(&folder.path().join("bad")).unwrap();
        let name = bad.to_string();
        let look = move |location: &Location| {
            if location.to_string() == name {
                assert!(hangs.lock().unwrap().recv().is_err(), "it is let go of");
            }
            inspect(location)
        };
        let places = Places::new(Arc::new(look), Duration::from_secs(5));
        places.ask(&bad).unwrap();
        let good = Location::folder(folder.path()).unwrap();
        assert!(matches!(places.look(&good), Seen::There(_)));
    }
}
