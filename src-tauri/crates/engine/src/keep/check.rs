//! Checks of a vault as runs, asked for or due: each due one reads the next
//! part of the data.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use labkeep_settings::VaultEntryId;
use labkeep_settings::{Run, RunId, RunKind as StoredKind, RunOutcome, RunQuery, VaultEntry};
use labkeep_vault::{CheckOptions, CheckReport, Finding, Location, ReadShare, SnapshotId, inspect};
use serde_json::json;

use super::check_report::{is_of_a_snapshot, is_of_content, leave_out, lines};
use super::damage::Found;
use super::execute::{Ended, Execution, Order};
use super::{Labkeep, blocking};
use crate::error::{Error, Result};
use crate::outcome::{Outcome, RunKind};
use crate::proof::{Last, Rotation, Share, due_at, parts};
use crate::view::{Mark, Phase};

/// Checks that are looked through for the last one that counts.
const LOOKED_THROUGH: u32 = 200;

impl Labkeep {
    /// Checks a vault. `percent` of its data is read, 0 to 100. One that is known
    /// to be damaged is repaired first, if it can be written to.
    pub async fn start_check(&self, vault: &str, percent: u32) -> Result<RunId> {
        let entry = self.find_vault(vault)?;
        let location = Location::parse(&entry.location)?;
        let is_writable =
            blocking(move || Ok(inspect(&location).is_ok_and(|seen| seen.writable))).await?;
        let heals = is_writable && self.is_to_be_repaired(entry.id)?;
        self.start_check_of(entry, Share::Percent(percent.min(100)), heals)
            .await
    }

    /// When the next check of a vault is due; none if there are to be none.
    pub fn check_due_at(&self, vault: &str) -> Result<Option<Timestamp>> {
        self.check_of_is_due(&self.find_vault(vault)?)
    }

    pub(super) fn check_of_is_due(&self, entry: &VaultEntry) -> Result<Option<Timestamp>> {
        let proof = self.settings()?.preferences.proof;
        let runs = self.checks(entry.id)?;
        let last = runs
            .iter()
            .filter(|run| counts(share_of(run)))
            .find_map(last_of);
        let now = self.0.clock.now();
        let in_turn = due_at(proof.check_every_days, last, entry.created_at, now);
        let out_of_turn = self.check_out_of_turn(entry.id)?.map(|at| at.min(now));
        Ok(match (in_turn, out_of_turn) {
            (Some(in_turn), Some(early)) => Some(in_turn.min(early)),
            (in_turn, _) => in_turn,
        })
    }

    /// Starts the next check of a vault if it is due. It reads the next part of
    /// the data.
    pub async fn start_due_check(&self, vault: &str) -> Result<Option<RunId>> {
        let entry = self.find_vault(vault)?;
        let proof = self.settings()?.preferences.proof;
        let is_due = self
            .check_due_at(vault)?
            .is_some_and(|at| at <= self.0.clock.now());
        let Some(of) = parts(&proof).filter(|_| is_due) else {
            return Ok(None);
        };
        let is_running = self.0.catalogue.unended_runs()?.into_iter().any(|run| {
            run.kind == StoredKind::Verify && run.vault == Some(entry.id) && self.is_under_way(&run)
        });
        if is_running {
            return Ok(None);
        }
        let part = self.rotation(entry.id)?.next(of);
        let share = Share::Part { part, of };
        self.start_check_of(entry, share, true).await.map(Some)
    }

    async fn start_check_of(&self, entry: VaultEntry, share: Share, heals: bool) -> Result<RunId> {
        let open = self.vault(&entry).await?;
        let order = Order {
            kind: RunKind::Verify,
            subject: entry.name.clone(),
            plan: None,
            vault: Some(entry.id),
            account: None,
            // A repair writes.
            writes: heals,
            details: json!({ "share": share }),
        };
        self.execute(order, move |labkeep, execution| async move {
            let checked = async {
                if heals {
                    let (log, watch) = (&execution.log, execution.watch());
                    labkeep.heal(&entry, &open, log, watch).await?;
                }
                labkeep.read_again(&entry, &open).await?;
                labkeep.check(open, &entry, share, &execution).await
            };
            match checked.await {
                Ok(ended) => ended,
                Err(error) if error.is_cancelled() => Ended::aborted(),
                Err(error) => Ended::failed(error.advice()),
            }
        })
    }

    /// Reads what could not be read when the vault was last looked at: it may
    /// be whole again.
    async fn read_again(&self, entry: &VaultEntry, vault: &labkeep_vault::Vault) -> Result<()> {
        if self.unread_in(entry)?.is_some() {
            self.rebuild_from(vault).await?;
            self.recall_plans(vault).await?;
        }
        Ok(())
    }

    async fn check(
        &self,
        vault: labkeep_vault::Vault,
        entry: &VaultEntry,
        share: Share,
        execution: &Execution,
    ) -> Result<Ended> {
        execution.active.progress.enter(Phase::Checking);
        let now = self.0.clock.now();
        let options = CheckOptions {
            read_data: read_share(share, now),
        };
        let watch = execution.watch();
        self.take_over_records(&vault).await?;
        let known = self.known_ids(entry)?;
        let checked = vault.clone();
        let (mut found, listed) = blocking(move || {
            let found = checked.check(options, watch)?;
            let (listed, damaged) = checked.snapshots_with_damage()?;
            let listed: BTreeSet<SnapshotId> = listed
                .iter()
                .map(|snapshot| snapshot.id)
                .chain(damaged.into_iter().map(|(id, _)| id))
                .collect();
            Ok((found, listed))
        })
        .await?;
        // What others removed on purpose meanwhile is not known any more.
        self.take_over_records(&vault).await?;
        let still_known: BTreeSet<SnapshotId> = self.known_ids(entry)?.into_iter().collect();
        let is_removed = |id: &SnapshotId| known.contains(id) && !still_known.contains(id);
        leave_out(&mut found, is_removed);
        // A check looks at what is listed; what is not listed any more is lost.
        let lost: Vec<String> = known
            .iter()
            .filter(|id| still_known.contains(id) && !listed.contains(id))
            .map(ToString::to_string)
            .collect();
        let report = lines(&found, &lost);
        let problems = report.iter().filter(|line| line.mark == Mark::Bad).count();
        let mut affected: BTreeMap<String, BTreeSet<String>> = found
            .affected
            .iter()
            .map(|(snapshot, folders)| (snapshot.to_string(), folders.clone()))
            .collect();
        affected.extend(
            lost.iter()
                .map(|id| (id.clone(), BTreeSet::from([String::new()]))),
        );
        let packs: BTreeSet<String> = found
            .findings
            .iter()
            .filter_map(Finding::pack)
            .map(ToOwned::to_owned)
            .collect();
        // What is missing is seen without reading anything.
        let mut of_content = found.findings.iter().filter(|f| is_of_content(f));
        let mut needed = Share::Percent(0);
        let mut rotation = self.rotation(entry.id)?;
        match of_content.next() {
            None => rotation.was_read(share, self.0.clock.now()),
            Some(first) => {
                needed = share;
                let is_unreadable = |f: &Finding| matches!(f, Finding::Unreadable { .. });
                if is_unreadable(first) && of_content.all(is_unreadable) {
                    rotation.was_passed_over(share);
                }
            }
        }
        self.note_rotation(entry.id, &rotation)?;
        let before = self.damage(entry.id)?;
        let is_past = problems > 0
            && lost.is_empty()
            && found.findings.iter().all(is_of_a_snapshot)
            && self.is_past(entry, &before, &affected)?;
        self.note_check(
            entry.id,
            Found {
                share,
                needed,
                is_sound: problems == 0,
                is_past,
                packs,
                snapshots: &affected,
            },
        )?;
        self.note_read(execution.id, share, needed, is_past, &found)?;
        if problems == 0 {
            self.note_checked(entry.id)?;
            return Ok(Ended {
                report,
                ..Ended::complete()
            });
        }
        if is_past {
            return Ok(Ended {
                outcome: Outcome::Partial,
                advice: Some(self.past_advice(entry, &affected)?),
                report,
                ..Ended::complete()
            });
        }
        // What holds the items together is lost: any of them may be.
        let everything = found.findings.iter().any(|finding| {
            matches!(finding, Finding::FolderLost { folder, .. } if !folder.contains('/'))
        });
        let items = self.distrust(entry, &affected, everything)?;
        execution
            .log
            .warn_all(report.iter().map(|line| line.text.clone()));
        Ok(Ended {
            report,
            ..Ended::failed(self.damage_advice(entry, &affected, &items, problems)?)
        })
    }

    /// The checks of a vault, the one that was written down last first.
    pub(super) fn checks(&self, vault: VaultEntryId) -> Result<Vec<Run>> {
        Ok(self.0.catalogue.runs(&RunQuery {
            kind: Some(StoredKind::Verify),
            vault: Some(vault),
            limit: Some(LOOKED_THROUGH),
            as_written: true,
            ..RunQuery::default()
        })?)
    }

    /// How far the reading of a vault's data is.
    pub(super) fn rotation(&self, vault: VaultEntryId) -> Result<Rotation> {
        let memo = self.0.catalogue.memo(&rotation_memo(vault))?;
        Ok(memo.map_or_else(Rotation::default, |memo| {
            serde_json::from_value(memo).unwrap_or_else(|error| {
                tracing::warn!(%vault, %error, "the reading of the vault begins anew");
                Rotation::default()
            })
        }))
    }

    fn note_rotation(&self, vault: VaultEntryId, rotation: &Rotation) -> Result<()> {
        let memo = json!(rotation);
        Ok(self.0.catalogue.set_memo(&rotation_memo(vault), &memo)?)
    }

    fn note_read(
        &self,
        run: RunId,
        share: Share,
        needed: Share,
        is_past: bool,
        found: &CheckReport,
    ) -> Result<()> {
        let details = json!({
            "share": share,
            "needed": needed,
            "past": is_past,
            "packs": found.packs,
            "packs_read": found.packs_read,
            "bytes_read": found.bytes_read,
        });
        Ok(self.0.catalogue.set_run_details(run, &details)?)
    }
}

fn rotation_memo(vault: VaultEntryId) -> String {
    format!("check-rotation:{vault}")
}

/// What a check read.
pub(super) fn share_of(run: &Run) -> Share {
    serde_json::from_value(run.details["share"].clone()).unwrap_or_else(|_| {
        // Runs of earlier versions.
        let percent = run.details["read_data"].as_u64().unwrap_or(0);
        Share::Percent(u32::try_from(percent).unwrap_or(100))
    })
}

/// About so many percent of the data.
pub(super) const fn percent_of(share: Share) -> u32 {
    match share {
        Share::Percent(percent) => percent,
        Share::Part { of: 0, .. } => 0,
        Share::Part { of, .. } => 100_u32.div_ceil(of),
    }
}

/// What a later check has to read to make up for what this one found.
pub(super) fn needed_after(run: &Run) -> Share {
    serde_json::from_value(run.details["needed"].clone()).unwrap_or_else(|_| {
        // Runs of earlier versions do not say. One that came to no result found
        // nothing that anything has to make up for.
        if run.details["read_data"].is_null() {
            Share::Percent(0)
        } else {
            share_of(run)
        }
    })
}

/// Whether a check found nothing, or nothing but what cannot be made up for
/// and was made up for as far as it can be.
pub(super) fn is_settled(run: &Run) -> bool {
    run.outcome == Some(RunOutcome::Complete)
        || (run.outcome == Some(RunOutcome::Partial) && is_about_the_past(run))
}

pub(super) fn is_about_the_past(run: &Run) -> bool {
    run.details["past"].as_bool().unwrap_or(false)
}

/// Whether a check takes the place of one that is due. One that somebody asked
/// for and that reads little must not put off the others.
const fn counts(share: Share) -> bool {
    matches!(share, Share::Part { .. } | Share::Percent(100..))
}

fn last_of(run: &Run) -> Option<Last> {
    Some(Last {
        at: run.ended_at?,
        outcome: match run.outcome? {
            _ if is_settled(run) => Outcome::Complete,
            RunOutcome::Complete => Outcome::Complete,
            RunOutcome::Partial => Outcome::Partial,
            RunOutcome::Aborted => Outcome::Aborted,
            RunOutcome::Failed => Outcome::Failed,
        },
    })
}

pub(super) fn last_ended(runs: &[Run]) -> Option<Last> {
    runs.iter().find_map(last_of)
}

/// The share as the vault knows it. A share of some percent is another one from
/// day to day.
fn read_share(share: Share, now: Timestamp) -> ReadShare {
    match share {
        Share::Part { part, of } => ReadShare::part(part, of),
        Share::Percent(0) => ReadShare::None,
        Share::Percent(100..) => ReadShare::All,
        Share::Percent(percent) => {
            let of = 100_u32.div_ceil(percent).max(2);
            let day = now.as_second() / (24 * 3600);
            let n = day.rem_euclid(i64::from(of));
            ReadShare::Share {
                n: u32::try_from(n).unwrap_or(0),
                of,
            }
        }
    }
}

/// Whether an error tells of damage to the vault.
pub(super) fn tells_of_damage(error: &Error) -> bool {
    use crate::backup::job::BackupError;
    use crate::restore::RestoreError;
    match error {
        Error::Vault(error)
        | Error::Backup(BackupError::Vault(error))
        | Error::Restore(RestoreError::Vault(error)) => crate::advice::is_damage(error),
        _ => false,
    }
}
