//! Drilling: the items of a drill, one after the other, and what is found.

use std::collections::BTreeSet;
use std::sync::Arc;

use labkeep_gitlab::git::pack::stoppable;
use labkeep_settings::{Account, VaultEntryId};
use serde_json::json;

use super::affected::listed;
use super::check::tells_of_damage;
use super::drill::{Part, path_of};
use super::execute::{Counts, Ended, Execution};
use super::home::PROOF;
use super::restore::people;
use super::snapshot::{OpenSnapshot, SnapshotRef};
use super::{Labkeep, blocking};
use crate::advice::Advice;
use crate::capture::People;
use crate::clock::millis;
use crate::error::{Error, Result};
use crate::kind::{Item, Kind, Sort};
use crate::outcome::Outcome;
use crate::rehearse::{DrillReport, drill, drill_group};
use crate::restore::{Material, RestoreError};
use crate::view::{ItemCounts, LastProof, Mark, Phase, ReportLine};

/// What a drill found so far.
#[derive(Default)]
struct Tally {
    report: Vec<ReportLine>,
    good: usize,
    /// Those of the good ones that are the last that is saved of their item.
    current: usize,
    failed: Vec<String>,
}

impl Labkeep {
    pub(super) async fn drill(
        &self,
        parts: Vec<Part>,
        account: &Account,
        execution: &Execution,
    ) -> Result<Ended> {
        let progress = execution.progress();
        let total: usize = parts.iter().map(|part| part.items.len()).sum();
        progress.set_items(total as u64);
        progress.enter(Phase::Checking);
        let mut tally = Tally::default();
        let mut snapshots = BTreeSet::new();
        for part in parts {
            snapshots.insert(part.snapshot.id.clone());
            self.drill_part(part, account, execution, &mut tally)
                .await?;
        }
        let now = self.0.clock.now();
        let is_good = tally.failed.is_empty();
        if is_good && tally.current > 0 {
            let proof = LastProof {
                run: execution.id.to_string(),
                at: millis(now),
                items: u32::try_from(tally.current).unwrap_or(u32::MAX),
            };
            self.0.catalogue.set_memo(PROOF, &json!(proof))?;
        }
        let failed = tally.failed.len();
        Ok(Ended {
            outcome: match (tally.good, failed) {
                (_, 0) => Outcome::Complete,
                (0, _) => Outcome::Failed,
                _ => Outcome::Partial,
            },
            advice: (!is_good).then(|| {
                Advice::new(
                    format!(
                        "{failed} of {total} items could not be rebuilt: {}.",
                        listed(&tally.failed)
                    ),
                    "The report says what is wrong. Check the vault; the next backup reads what is damaged anew.",
                )
            }),
            snapshot: (snapshots.len() == 1).then(|| snapshots.pop_first()).flatten(),
            counts: Counts {
                items: ItemCounts {
                    total: total as u64,
                    captured: tally.good as u64,
                    failed: failed as u64,
                    ..ItemCounts::default()
                },
                ..Counts::default()
            },
            report: tally.report,
            ..Ended::complete()
        })
    }

    /// Rebuilds the items of one snapshot.
    async fn drill_part(
        &self,
        part: Part,
        account: &Account,
        execution: &Execution,
        tally: &mut Tally,
    ) -> Result<()> {
        let open = match part.open {
            Some(open) => Ok(open),
            None => execution.opening(self.open_snapshot(&part.snapshot)).await,
        };
        let opened = match open {
            Ok(open) => match people(&open.reader).await {
                Ok(people) => Ok((open, Arc::new(people))),
                Err(error) => Err(Error::from(error)),
            },
            Err(error) => Err(error),
        };
        let (opened, why) = match opened {
            Ok(opened) => (Some(opened), String::new()),
            // The snapshot itself is damaged, and so is every item of it.
            Err(error) if tells_of_damage(&error) => (None, error.advice().message),
            Err(error) => return Err(error),
        };
        let progress = execution.progress();
        let SnapshotRef { vault, id } = &part.snapshot;
        let mut proven = Vec::new();
        for (item, path) in &part.items {
            let path = match (path, &opened) {
                (Some(path), _) => path.clone(),
                (None, Some((open, _))) => path_of(open, *item)?,
                (None, None) => item.folder(),
            };
            let work = progress.work_on(&path);
            let found = match &opened {
                Some((open, people)) => {
                    let rebuilt = self.rebuild(open, people, *item, execution).await;
                    rebuilt.or_else(|error| self.not_rebuilt(vault.id, error))?
                }
                None => DrillReport {
                    bad: vec![why.clone()],
                    ..DrillReport::default()
                },
            };
            drop(work);
            tally.report.extend(lines(&path, &found));
            if found.is_good() {
                proven.push(*item);
                tally.good += 1;
            } else {
                let wrong: Vec<String> = found.bad.iter().chain(&found.lacking).cloned().collect();
                let told = wrong.iter().map(|bad| format!("{path}: {bad}"));
                execution.log.warn_all(told);
                let why = wrong.into_iter().next().unwrap_or_default();
                self.note_failure(account, &part.snapshot, *item, &path, execution, why)?;
                tally.failed.push(path);
                // At once: the drill may not come to its end.
                if !found.bad.is_empty() {
                    self.note_damaged(account.id, vault.id, id, &[*item])?;
                }
            }
            progress.items_done(1);
        }
        let all = opened.map_or(0, |(open, _)| open.ledger.items().len());
        tally.current += self.note_proven(account, &part.snapshot, &proven, all)?;
        Ok(())
    }

    /// An item could not be looked at. A file of the vault that cannot be read is
    /// for a check to look into.
    fn not_rebuilt(&self, vault: VaultEntryId, error: Error) -> Result<DrillReport> {
        if matches!(
            error,
            Error::Restore(RestoreError::Vault(labkeep_vault::Error::Storage { .. }))
        ) {
            self.suspect(vault)?;
        }
        Err(error)
    }

    /// Rebuilds one item. That it cannot be is what the report says.
    async fn rebuild(
        &self,
        open: &OpenSnapshot,
        people: &Arc<People>,
        item: Item,
        execution: &Execution,
    ) -> Result<DrillReport> {
        if execution.active.cancel.is_cancelled() {
            return Err(RestoreError::Cancelled.into());
        }
        let (reader, ledger) = (execution.reading(&open.reader), open.ledger.clone());
        let people = Arc::clone(people);
        let folder = self.scratch_folder()?;
        let cancel = execution.active.cancel.clone();
        let stop = move || cancel.is_cancelled();
        let work = move || -> Result<DrillReport> {
            if item.sort == Sort::Group {
                return Ok(drill_group(&reader, &ledger, item)?);
            }
            let material =
                Material::gather(&reader, &ledger, item, &Kind::OF_PROJECT, folder.path())?;
            Ok(drill(&material, &people, folder.path())?)
        };
        let found = blocking(move || stoppable(stop, work)).await;
        if execution.active.cancel.is_cancelled() {
            return Err(RestoreError::Cancelled.into());
        }
        match found {
            Err(Error::Restore(error)) if error.is_of_what_is_saved() => Ok(DrillReport {
                bad: vec![error.advice().message],
                ..DrillReport::default()
            }),
            found => found,
        }
    }
}

fn lines(path: &str, found: &DrillReport) -> Vec<ReportLine> {
    let line = |mark, text: &String| ReportLine {
        mark,
        text: format!("{path}: {text}"),
        url: None,
    };
    let bad = found.bad.iter().chain(&found.lacking);
    let bad = bad.map(|text| line(Mark::Bad, text));
    let closed = found.closed.iter().map(|text| line(Mark::Changed, text));
    let good = found.good.iter().map(|text| line(Mark::Good, text));
    bad.chain(closed).chain(good).collect()
}
