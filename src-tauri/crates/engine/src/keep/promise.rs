//! What plans promised and what came of it, as the rules of the schedule want
//! it: read from the catalogue, so that a restart forgets nothing.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use labkeep_settings::{Plan, PlanId, Preferences, Run, RunKind, RunOutcome};

use super::Labkeep;
use super::recovered::awaits_token;
use super::run::{CANCELLED, CRASHED};
use crate::clock::millis;
use crate::error::Result;
use crate::run::process;
use crate::schedule::{
    Conditions, Decision, End, Ending, Last, Promise, Quiet, Rules, Why, decide, jitter,
    promised_by, upcoming,
};

/// Runs of a plan that are looked at. More in a row never fail without one of
/// them being told.
const RUNS: u32 = 50;

/// When a plan is due, and what it waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outlook {
    /// When; in the past if it is held back.
    pub at: Option<Timestamp>,
    /// What holds it back.
    pub held: Option<Why>,
}

impl Labkeep {
    /// Backups of a plan that protect what it is to protect now, last first
    /// in the order in which they were written down (a wrong clock dates them
    /// wrongly): copies that lie elsewhere, or are of another account, do not.
    pub(super) fn backups_of(&self, plan: &Plan) -> Result<Vec<Run>> {
        let runs = self.0.catalogue.last_runs(RunKind::Backup, plan.id, RUNS)?;
        Ok(runs
            .into_iter()
            .filter(|run| run.vault == Some(plan.vault) && run.account == Some(plan.account))
            .map(|run| self.with_end(run))
            .collect())
    }

    /// What a plan promised, and what came of it.
    pub(super) fn promise(&self, plan: &Plan) -> Result<Promise> {
        let runs = self.backups_of(plan)?;
        let failures = runs
            .iter()
            .filter(|run| run.outcome.is_some())
            .map(ending)
            .take_while(|ending| *ending != Ending::Good)
            .filter(|ending| matches!(ending, Ending::Failed | Ending::Crashed))
            .count();
        let is_running = runs.iter().any(|run| self.is_under_way(run));
        Ok(Promise {
            schedule: plan.schedule,
            created_at: plan.created_at,
            last: runs.first().map(last),
            failures: u32::try_from(failures).unwrap_or(u32::MAX),
            is_running,
            seed: jitter::seed(&process::host(), &plan.id.to_string()),
        })
    }

    /// When a plan is due for all that this process knows.
    pub(super) fn outlook(&self, plan: &Plan, preferences: &Preferences) -> Result<Outlook> {
        // Without a token nothing is going to happen.
        if self
            .settings()?
            .account(plan.account)
            .is_some_and(awaits_token)
        {
            return Ok(Outlook::default());
        }
        let promise = self.promise(plan)?;
        let now = self.0.clock.now();
        let zone = TimeZone::system();
        let conditions = Conditions::unknown(plan.created_at);
        let held = self.held(plan.id);
        Ok(
            match decide(&promise, &rules(preferences), &conditions, now, &zone) {
                Decision::NotScheduled => Outlook::default(),
                Decision::Running => Outlook {
                    at: upcoming(&promise, now, &zone, 1).pop(),
                    held: None,
                },
                Decision::Wait {
                    due,
                    until,
                    why: why @ (Why::Paused | Why::QuietHours),
                } => Outlook {
                    at: Some(due.max(until)),
                    held: (due <= now).then_some(why),
                },
                Decision::Wait { due, .. } => Outlook {
                    at: Some(due),
                    held: None,
                },
                Decision::Start { due, .. } => Outlook {
                    at: Some(due),
                    held,
                },
            },
        )
    }

    /// The moment at which the last good backup became older than the plan
    /// promises, if that moment is past.
    pub(super) fn late_since(&self, plan: &Plan) -> Result<Option<Timestamp>> {
        let now = self.0.clock.now();
        let runs = self.backups_of(plan)?;
        let good = runs
            .iter()
            .filter(|run| run.outcome.is_some() && ending(run) == Ending::Good)
            .find_map(|run| run.started_at);
        let zone = TimeZone::system();
        let promised = promised_by(plan.schedule, good, plan.created_at, now, &zone);
        Ok(promised.filter(|moment| *moment <= now))
    }

    /// What the scheduler of this process last saw holding a plan back.
    fn held(&self, plan: PlanId) -> Option<Why> {
        self.held_plans().get(&plan).copied()
    }

    pub(super) fn held_plans(
        &self,
    ) -> std::sync::MutexGuard<'_, std::collections::HashMap<PlanId, Why>> {
        self.0
            .held
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// What the user set for all plans.
pub(super) fn rules(preferences: &Preferences) -> Rules {
    Rules {
        quiet_hours: preferences.quiet_hours.map(|hours| Quiet {
            from: hours.from,
            to: hours.to,
        }),
        wait_on_battery: preferences.wait_on_battery,
        wait_on_metered: preferences.wait_on_metered,
        paused_until: preferences.paused_until,
    }
}

fn last(run: &Run) -> Last {
    Last {
        started: run.started_at.unwrap_or(run.queued_at),
        ended: run.ended_at.map(|at| End {
            at,
            ending: ending(run),
        }),
    }
}

/// How a run ended, as far as it matters for the next start.
fn ending(run: &Run) -> Ending {
    match (run.outcome, run.reason.as_deref()) {
        (Some(RunOutcome::Complete), _) => Ending::Good,
        (Some(RunOutcome::Partial), _) if run.snapshot.is_some() => Ending::Good,
        (Some(RunOutcome::Aborted), Some(CANCELLED)) => Ending::Cancelled,
        (Some(RunOutcome::Aborted), Some(CRASHED)) | (None, _) => Ending::Crashed,
        (Some(RunOutcome::Aborted), _) => Ending::Shutdown,
        (Some(RunOutcome::Partial | RunOutcome::Failed), _) => Ending::Failed,
    }
}

/// What a plan waits for, in words.
pub(super) fn waits_for(why: Why, vault: &str) -> String {
    match why {
        Why::NotDue => "its time".to_owned(),
        Why::Paused => "the end of the pause".to_owned(),
        Why::QuietHours => "the end of the quiet hours".to_owned(),
        Why::Battery => "mains power".to_owned(),
        Why::Metered => "a connection that is not metered".to_owned(),
        Why::Offline => "a network".to_owned(),
        Why::InstanceSilent => "GitLab to answer".to_owned(),
        Why::VaultAway => format!("the drive of {vault}"),
        Why::BackOff => "the next try".to_owned(),
    }
}

/// Milliseconds of a moment, if there is one.
pub(super) fn at_millis(at: Option<Timestamp>) -> Option<i64> {
    at.map(millis)
}
