//! Room where the vaults are: told before a backup meets a full disk.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use labkeep_settings::{Run, RunKind, RunOutcome, RunQuery, VaultEntry};

use super::Labkeep;
use super::run::run_view;
use crate::error::Result;
use crate::view::{AttentionView, Remedy, Severity};
use crate::words;

/// How far back is looked for the largest backup.
const WINDOW: SignedDuration = SignedDuration::from_hours(30 * 24);
/// So many more of the largest must fit.
const ENOUGH_FOR: u64 = 3;
/// Runs that are looked at, at most.
const RUNS: u32 = 200;

impl Labkeep {
    /// A vault whose room ends soon, by what its backups took of late. `free`
    /// are bytes.
    pub(super) fn attention_of_room(
        &self,
        vault: &VaultEntry,
        free: Option<u64>,
    ) -> Result<Option<AttentionView>> {
        let Some(free) = free else { return Ok(None) };
        let runs = |kind| {
            self.0.catalogue.runs(&RunQuery {
                kind: Some(kind),
                vault: Some(vault.id),
                limit: Some(RUNS),
                ..RunQuery::default()
            })
        };
        let since = self.0.clock.now() - WINDOW;
        let backups = largest(&runs(RunKind::Backup)?, since);
        let largest = backups.max(largest(&runs(RunKind::Copy)?, since));
        if free >= largest.saturating_mul(ENOUGH_FOR) {
            return Ok(None);
        }
        Ok(Some(AttentionView {
            key: format!("room:{}", vault.id),
            severity: Severity::Warning,
            title: format!("There is little room left for {}", vault.name),
            detail: format!(
                "{} are free in {}, and the largest backup of the last 30 days took {}. Free some space there, or keep fewer snapshots.",
                words::bytes(free),
                vault.location,
                words::bytes(largest)
            ),
            remedy: Some(Remedy::ShowSettings),
        }))
    }
}

/// The most bytes that one of these runs added since then. Not counted is the
/// first good one of each plan, which stores everything and says nothing about
/// the next one. `runs` are newest first.
fn largest(runs: &[Run], since: Timestamp) -> u64 {
    let mut begun = BTreeSet::new();
    runs.iter()
        .rev()
        .filter(|run| {
            matches!(
                run.outcome,
                Some(RunOutcome::Complete | RunOutcome::Partial)
            )
        })
        .filter(|run| !begun.insert(run.plan))
        .filter(|run| run.ended_at.is_some_and(|at| at >= since))
        .map(|run| run_view(run).bytes.stored)
        .max()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use labkeep_settings::{PlanId, Process, RunId, RunState};
    use serde_json::{Value, json};

    use super::*;

    /// A good backup of a plan that ended on a day.
    fn backup(plan: PlanId, day: i64, stored: u64) -> Run {
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day);
        Run {
            id: RunId::random(),
            kind: RunKind::Backup,
            subject: String::new(),
            plan: Some(plan),
            vault: None,
            account: None,
            state: RunState::Ended,
            outcome: Some(RunOutcome::Complete),
            reason: None,
            remedy: None,
            queued_at: at,
            started_at: Some(at),
            ended_at: Some(at),
            snapshot: None,
            counts: json!({"bytes": {"received": 0, "stored": stored}}),
            details: Value::Null,
            process: Process {
                host: String::new(),
                id: 0,
                mark: 0,
            },
        }
    }

    #[test]
    fn the_first_backup_says_nothing_about_the_next() {
        let (one, other) = (PlanId::random(), PlanId::random());
        let mut runs = vec![
            backup(other, 9, 800),
            backup(one, 8, 40),
            backup(one, 7, 70),
            backup(one, 3, 90),
            backup(one, 1, 900),
        ];
        let since = |day: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day);
        assert_eq!(largest(&runs, since(0)), 90);
        assert_eq!(largest(&runs, since(5)), 70);
        assert_eq!(largest(&runs[4..], since(0)), 0);
        runs[1].counts = json!({"bytes": {"received": 1, "stored": 4000}});
        runs[1].outcome = Some(RunOutcome::Failed);
        assert_eq!(largest(&runs, since(0)), 90, "a failed run is not counted");
    }
}
