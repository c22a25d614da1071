//! Ends of runs that the catalogue did not take, as on a full disk: known for
//! as long as this process lives, told to people, and tried again.

use std::sync::{MutexGuard, PoisonError};

use jiff::Timestamp;
use labkeep_settings::{Run, RunId, RunState};

use super::Labkeep;
use super::execute::{Ended, run_end};
use crate::advice::Advice;
use crate::error::chain;
use crate::view::{AttentionView, Remedy, Severity};

/// An end that is not in the catalogue.
pub(super) struct Unnoted {
    run: RunId,
    ended: Ended,
    at: Timestamp,
    why: Advice,
}

impl Labkeep {
    /// Whether a run goes on, here or in another process.
    pub(super) fn is_under_way(&self, run: &Run) -> bool {
        if run.state == RunState::Ended {
            return false;
        }
        let presence = &self.0.presence;
        if run.process == *presence.process() {
            return self.0.runs.get(run.id).is_some();
        }
        presence.is_alive(&run.process)
    }

    /// Whether nothing would be lost if this process ended: nothing runs, and
    /// everything that ran is noted.
    pub fn is_idle(&self) -> bool {
        self.running().is_empty() && self.unnoted().is_empty()
    }

    /// Whether a run has an end that the catalogue lacks.
    pub(super) fn is_unnoted(&self, run: RunId) -> bool {
        self.unnoted().iter().any(|one| one.run == run)
    }

    /// Writes the end of a run down, or keeps it until that can be done.
    pub(super) fn note_or_keep(&self, run: RunId, ended: Ended) {
        let at = self.0.clock.now();
        if let Err(error) = self.note_end(run, &ended, at) {
            tracing::error!(%run, error = %chain(&error), "the end of the run could not be noted");
            let why = error.advice();
            self.unnoted().push(Unnoted {
                run,
                ended,
                at,
                why,
            });
        }
    }

    /// Tries again what could not be written down.
    pub(super) fn note_kept_ends(&self) {
        self.unnoted()
            .retain_mut(|one| match self.note_end(one.run, &one.ended, one.at) {
                Ok(()) => {
                    tracing::info!(run = %one.run, "the end of the run is noted at last");
                    false
                }
                Err(error) => {
                    one.why = error.advice();
                    true
                }
            });
    }

    /// The run as it is, whether or not the catalogue took its end.
    pub(super) fn with_end(&self, mut run: Run) -> Run {
        let unnoted = self.unnoted();
        if run.state != RunState::Ended
            && let Some(one) = unnoted.iter().find(|one| one.run == run.id)
        {
            let end = run_end(&one.ended, one.at);
            run.state = RunState::Ended;
            run.outcome = Some(end.outcome);
            run.reason = end.reason;
            run.remedy = end.remedy;
            run.ended_at = Some(end.at);
            run.snapshot = end.snapshot.or(run.snapshot);
            run.counts = end.counts;
        }
        run
    }

    /// What this machine would not remember.
    pub(super) fn attention_of_unnoted(&self) -> Option<AttentionView> {
        let unnoted = self.unnoted();
        let last = unnoted.last()?;
        Some(AttentionView {
            key: "unnoted".to_owned(),
            severity: Severity::Danger,
            title: "What a run did cannot be written down".to_owned(),
            detail: last.why.to_string(),
            remedy: Some(Remedy::ShowRun {
                run: last.run.to_string(),
            }),
        })
    }

    fn unnoted(&self) -> MutexGuard<'_, Vec<Unnoted>> {
        self.0
            .unnoted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
