//! Copying: one vault into another one, as a run. Asked for, or due because
//! the one has what the other lacks.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use labkeep_settings::{Run, RunId, RunKind as StoredKind, RunOutcome, RunQuery};
use labkeep_settings::{VaultCopy, VaultEntry, VaultEntryId};
use labkeep_vault::{CopiedSnapshot, CopyReport, OnProgress, SnapshotId, Unit, Vault};
use serde_json::json;

use super::copy_choice::{Choice, choose};
use super::execute::{Counts, Ended, Execution, Order};
use super::run::{CANCELLED, CRASHED};
use super::{Labkeep, blocking};
use crate::error::{Error, Result};
use crate::outcome::{Outcome, RunKind};
use crate::restore::things;
use crate::run::{VaultTurn, grouped};
use crate::view::{ByteCounts, ItemCounts, Mark, Phase, ReportLine};

/// The shortest and the longest time after a copy that failed.
const SHORTEST: SignedDuration = SignedDuration::from_mins(15);
const LONGEST: SignedDuration = SignedDuration::from_hours(6);

/// Runs of a copy that are looked at.
const RUNS: u32 = 50;

/// What is copied where.
struct Pair {
    from: VaultEntry,
    to: VaultEntry,
    /// The second copy that was set up for it.
    copy: Option<VaultCopy>,
}

impl Labkeep {
    /// Brings a second copy up to date in the background.
    pub fn start_copy(&self, copy: &str) -> Result<RunId> {
        let copy = self.find_copy(copy)?;
        let from = self.find_vault(&copy.from.to_string())?;
        let to = self.find_vault(&copy.to.to_string())?;
        self.start_copying(Pair {
            from,
            to,
            copy: Some(copy),
        })
    }

    /// Copies a vault into another one: by the second copy that is set up for
    /// them, or everything.
    pub fn start_copy_between(&self, from: &str, to: &str) -> Result<RunId> {
        let from = self.find_vault(from)?;
        let to = self.find_vault(to)?;
        if from.vault_id == to.vault_id {
            return Err(labkeep_vault::Error::SameVault { path: to.location }.into());
        }
        let mut copies = self.settings()?.copies.into_iter();
        let copy = copies.find(|copy| copy.from == from.id && copy.to == to.id);
        self.start_copying(Pair { from, to, copy })
    }

    /// Starts every second copy that is behind, whose drives are there, and
    /// that did not fail just now: one into each vault, the next when it has
    /// ended. One that cannot be started does not hold up the others.
    pub async fn start_due_copies(&self) -> Result<Vec<RunId>> {
        let labkeep = self.clone();
        // A drive that hangs must not hold up anything else.
        let due = blocking(move || {
            let mut due = BTreeMap::new();
            for copy in labkeep.settings()?.copies {
                if !due.contains_key(&copy.to) && labkeep.is_due(&copy)? {
                    due.insert(copy.to, copy.id.to_string());
                }
            }
            Ok(due)
        })
        .await?;
        let (mut started, mut failed) = (Vec::new(), None);
        for copy in due.values() {
            match self.start_copy(copy) {
                Ok(run) => started.push(run),
                // Another process was faster.
                Err(Error::Copying { .. }) => {}
                Err(error) => {
                    failed.get_or_insert(error);
                }
            }
        }
        failed.map_or(Ok(started), Err)
    }

    fn is_due(&self, copy: &VaultCopy) -> Result<bool> {
        if self.behind(copy)?.is_empty() {
            return Ok(false);
        }
        let settings = self.settings()?;
        for vault in [copy.from, copy.to] {
            let entry = settings.vault(vault);
            if !entry.is_some_and(|entry| self.is_there(entry)) {
                return Ok(false);
            }
        }
        if self.copying(copy.to)?.is_some() {
            return Ok(false);
        }
        Ok(again_at(&self.runs_of_copy(copy)?)
            .is_none_or(|(ended, again)| is_over(ended, again, self.0.clock.now())))
    }

    /// The run that copies into a vault now, or waits to.
    pub(super) fn copying(&self, to: VaultEntryId) -> Result<Option<RunId>> {
        let runs = self.0.catalogue.unended_runs()?;
        let mut its = runs.into_iter().filter(|run| {
            run.kind == StoredKind::Copy && run.vault == Some(to) && self.is_under_way(run)
        });
        Ok(its.next().map(|run| run.id))
    }

    /// Runs of a second copy, newest first.
    pub(super) fn runs_of_copy(&self, copy: &VaultCopy) -> Result<Vec<Run>> {
        let id = copy.id.to_string();
        let mut runs = self.0.catalogue.runs(&RunQuery {
            kind: Some(StoredKind::Copy),
            vault: Some(copy.to),
            limit: Some(RUNS),
            ..RunQuery::default()
        })?;
        runs.retain(|run| run.details["copy"].as_str() == Some(&id));
        Ok(runs)
    }

    fn start_copying(&self, pair: Pair) -> Result<RunId> {
        if self.copying(pair.to.id)?.is_some() {
            return Err(Error::Copying {
                vault: pair.to.name,
            });
        }
        let order = Order {
            kind: RunKind::Copy,
            subject: pair.from.name.clone(),
            plan: None,
            vault: Some(pair.to.id),
            account: None,
            writes: true,
            details: json!({
                "copy": pair.copy.as_ref().map(|copy| copy.id.to_string()),
                "from": pair.from.id.to_string(),
                "to": pair.to.name,
            }),
        };
        self.execute(order, move |labkeep, execution| async move {
            match labkeep.copy(&pair, &execution).await {
                Ok(ended) => ended,
                Err(error) if error.is_cancelled() => Ended::aborted(),
                Err(error) => {
                    tracing::error!(run = %execution.id, error = %crate::error::chain(&error), "the copy failed");
                    Ended::failed(error.advice())
                }
            }
        })
    }

    async fn copy(&self, pair: &Pair, execution: &Execution) -> Result<Ended> {
        let progress = execution.progress();
        progress.enter(Phase::Discovering);
        let Some(_turn) = self.copied_turn(pair.from.id, execution).await? else {
            return Ok(Ended::aborted());
        };
        execution.log.info(format!(
            "Copying “{}” into “{}”.",
            pair.from.name, pair.to.name
        ));
        let from = execution.opening(self.vault(&pair.from)).await?;
        let to = execution.opening(self.vault(&pair.to)).await?;
        // Other machines may have written to it.
        self.rebuild_from(&from).await?;
        let there = self.twins_in(&pair.from, &pair.to)?;
        let choice = {
            let (from, to) = (from.clone(), to.clone());
            let retention = pair.copy.as_ref().map(|copy| copy.retention);
            let cancel = execution.active.cancel.clone();
            let now = self.0.clock.now().to_zoned(TimeZone::system());
            blocking(move || {
                choose(&from, &to, retention, &there, &now, &|| {
                    cancel.is_cancelled()
                })
            })
            .await?
        };
        progress.set_items(choice.wanted.len() as u64);
        progress.enter(Phase::Reading);
        let (report, error) = transfer(&from, &to, &choice, execution).await?;
        self.pin_copies(&from, &to, &report, &choice).await?;
        progress.enter(Phase::Comparing);
        self.rebuild_from(&to).await?;
        if error.is_none() {
            compare(&from, &to, &choice).await?;
        }
        if let Some(copy) = &pair.copy {
            let at = error.is_none().then(|| self.0.clock.now());
            self.note_copy(copy, at, &choice)?;
        }
        Ok(ended(&choice, &report, error.as_ref()))
    }

    /// The right to read a whole vault while nobody prunes it. None when
    /// cancelled meanwhile. Asked for after the turn of the vault that is written
    /// to, and by nobody else.
    async fn copied_turn(
        &self,
        vault: VaultEntryId,
        execution: &Execution,
    ) -> Result<Option<VaultTurn>> {
        let cancel = &execution.active.cancel;
        let turn = self.0.runs.turn(&copied(vault), cancel).await;
        turn.map_err(|source| self.lock_failed(source))
    }

    /// The right to prune a vault while nobody reads it whole. None while
    /// somebody does: a copy takes long, and backups would wait behind it.
    pub(super) fn uncopied_turn(&self, vault: VaultEntryId) -> Result<Option<VaultTurn>> {
        let turn = self.0.runs.try_turn(&copied(vault));
        turn.map_err(|source| self.lock_failed(source))
    }

    fn lock_failed(&self, source: std::io::Error) -> Error {
        Error::File {
            path: self.0.home.locks().display().to_string(),
            source,
        }
    }

    /// What is kept for ever in the one vault is so in the other, too.
    async fn pin_copies(
        &self,
        from: &Vault,
        to: &Vault,
        report: &CopyReport,
        choice: &Choice,
    ) -> Result<()> {
        let there: Vec<CopiedSnapshot> = report
            .copied
            .iter()
            .chain(&report.already_there)
            .filter(|pair| choice.pinned.contains(&pair.from))
            .copied()
            .collect();
        if there.is_empty() {
            return Ok(());
        }
        tracing::info!(from = %from.location(), snapshots = there.len(), "kept for ever");
        let to = to.clone();
        blocking(move || {
            let pinned = to.pinned()?;
            for pair in there.iter().filter(|pair| !pinned.contains(&pair.to)) {
                to.pin(pair.to)?;
            }
            Ok(())
        })
        .await
    }
}

fn copied(vault: VaultEntryId) -> String {
    format!("copied-{vault}")
}

/// Copies what was chosen. The error is that of snapshots that could not be
/// copied while others were.
async fn transfer(
    from: &Vault,
    to: &Vault,
    choice: &Choice,
    execution: &Execution,
) -> Result<(CopyReport, Option<labkeep_vault::Error>)> {
    let wanted: Vec<SnapshotId> = choice
        .wanted
        .iter()
        .chain(&choice.pinned)
        .copied()
        .collect();
    let (from, to, watch) = (from.clone(), to.clone(), watch(execution));
    let copied = blocking(move || Ok(from.copy_to(&to, &wanted, watch))).await?;
    Ok(match copied {
        Ok(report) => (report, None),
        Err(error) => {
            let labkeep_vault::Error::NotCopied { report, .. } = &error else {
                return Err(error.into());
            };
            (report.as_ref().clone(), Some(error))
        }
    })
}

/// Ends the copy when the run is cancelled, and counts its snapshots.
fn watch(execution: &Execution) -> OnProgress {
    let (progress, goes_on) = (execution.progress(), execution.watch());
    let counted = std::sync::atomic::AtomicU64::new(0);
    std::sync::Arc::new(move |seen| {
        if seen.unit == Unit::Snapshots {
            let before = counted.swap(seen.done, std::sync::atomic::Ordering::AcqRel);
            progress.items_done(seen.done.saturating_sub(before));
        }
        goes_on(seen)
    })
}

/// What was to be copied is there now.
async fn compare(from: &Vault, to: &Vault, choice: &Choice) -> Result<()> {
    let (from, to, wanted) = (from.clone(), to.clone(), choice.wanted.clone());
    blocking(move || {
        let missing = from.missing_in(&to)?;
        match missing.iter().find(|facts| wanted.contains(&facts.id)) {
            None => Ok(()),
            Some(facts) => {
                Err(labkeep_vault::Error::SnapshotNotFound { snapshot: facts.id }.into())
            }
        }
    })
    .await
}

fn ended(choice: &Choice, report: &CopyReport, error: Option<&labkeep_vault::Error>) -> Ended {
    let failed = match error {
        Some(labkeep_vault::Error::NotCopied { failed, .. }) => failed.as_slice(),
        _ => &[],
    };
    let copied = report.copied.len() as u64;
    let wanted = choice.wanted.len() as u64;
    let line = |mark, text| ReportLine {
        mark,
        text,
        url: None,
    };
    let mut lines = vec![match copied {
        0 if failed.is_empty() => line(Mark::Good, "Everything is there already.".to_owned()),
        _ => line(
            Mark::Good,
            format!(
                "{} copied and compared, {} bytes.",
                match copied {
                    1 => "1 snapshot is".to_owned(),
                    copied => format!("{copied} snapshots are"),
                },
                grouped(report.bytes_stored)
            ),
        ),
    }];
    if choice.not_kept > 0 {
        let text = format!(
            "{} not copied: the copy's retention would not keep them.",
            things(choice.not_kept, "snapshot was", "snapshots were")
        );
        lines.push(line(Mark::Good, text));
    }
    lines.extend(failed.iter().map(|(snapshot, error)| {
        let why = crate::advice::of_vault(error).message;
        let text = format!(
            "The snapshot {} could not be copied: {why}",
            super::drill::short(&snapshot.to_string())
        );
        line(Mark::Bad, text)
    }));
    Ended {
        outcome: match (error, copied) {
            (None, _) => Outcome::Complete,
            (Some(_), 0) => Outcome::Failed,
            (Some(_), _) => Outcome::Partial,
        },
        advice: error.map(crate::advice::of_vault),
        counts: Counts {
            items: ItemCounts {
                total: wanted,
                captured: copied,
                unchanged: wanted.saturating_sub(copied + failed.len() as u64),
                stale: 0,
                failed: failed.len() as u64,
            },
            bytes: ByteCounts {
                received: report.bytes_read,
                stored: report.bytes_stored,
            },
            ..Counts::default()
        },
        report: lines,
        ..Ended::complete()
    }
}

/// When the last run ended that did not go well, and when the next may be.
fn again_at(runs: &[Run]) -> Option<(Timestamp, Timestamp)> {
    let ended: Vec<&Run> = runs.iter().filter(|run| run.ended_at.is_some()).collect();
    let last = ended.first()?;
    let at = last.ended_at?;
    let is_cancelled = |run: &Run| run.reason.as_deref() == Some(CANCELLED);
    let counts = |run: &Run| match run.outcome {
        Some(RunOutcome::Failed | RunOutcome::Partial) => true,
        Some(RunOutcome::Aborted) => is_cancelled(run) || run.reason.as_deref() == Some(CRASHED),
        Some(RunOutcome::Complete) | None => false,
    };
    if !counts(last) {
        return None;
    }
    if is_cancelled(last) {
        return Some((at, at + LONGEST));
    }
    let failures = ended.iter().take_while(|run| counts(run)).count();
    let doubled = u32::try_from(failures - 1).unwrap_or(u32::MAX).min(10);
    Some((at, at + (SHORTEST * 2_i32.pow(doubled)).min(LONGEST)))
}

/// Whether the time to wait is over. An end that is still to come is none: the
/// clock was set back.
fn is_over(ended: Timestamp, again: Timestamp, now: Timestamp) -> bool {
    ended > now || again <= now
}

#[cfg(test)]
mod tests {
    use super::*;
    use labkeep_settings::{Process, RunState};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn run(minute: i64, outcome: RunOutcome, reason: Option<&str>) -> Run {
        Run {
            id: RunId::random(),
            kind: StoredKind::Copy,
            subject: String::new(),
            plan: None,
            vault: None,
            account: None,
            state: RunState::Ended,
            outcome: Some(outcome),
            reason: reason.map(ToOwned::to_owned),
            remedy: None,
            queued_at: at(minute),
            started_at: None,
            ended_at: Some(at(minute)),
            snapshot: None,
            counts: json!({}),
            details: json!({}),
            process: Process {
                host: String::new(),
                id: 0,
                mark: 0,
            },
        }
    }

    fn again(runs: &[Run]) -> Option<i64> {
        again_at(runs).map(|(_, again)| again.as_second() / 60)
    }

    #[test]
    fn a_copy_that_fails_again_and_again_is_tried_less_and_less_often() {
        let failed = |minute| run(minute, RunOutcome::Failed, None);
        let mut runs = Vec::new();
        let mut pauses = Vec::new();
        for _ in 0..7 {
            runs.insert(0, failed(100));
            pauses.push(again(&runs).unwrap() - 100);
        }
        assert_eq!(pauses, [15, 30, 60, 120, 240, 360, 360]);
        runs.insert(0, run(100, RunOutcome::Complete, None));
        assert_eq!(again(&runs), None);
        runs.insert(0, failed(100));
        assert_eq!(again(&runs), Some(115));
    }

    #[test]
    fn what_a_person_stopped_is_not_begun_again_at_once() {
        let stopped = |reason| [run(0, RunOutcome::Aborted, Some(reason))];
        assert_eq!(again(&stopped(CANCELLED)), Some(360));
        assert_eq!(again(&stopped(CRASHED)), Some(15));
        assert_eq!(again(&stopped("Labkeep was closed.")), None);
    }

    #[test]
    fn a_clock_that_was_set_back_holds_up_no_copy() {
        assert!(!is_over(at(0), at(15), at(14)));
        assert!(is_over(at(0), at(15), at(15)));
        assert!(is_over(at(100), at(115), at(50)));
    }
}
