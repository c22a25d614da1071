//! Drills, exports and checks as runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use labkeep_settings::{Account, RunId, VaultEntry};
use labkeep_vault::{CheckOptions, Finding, ReadShare, Severity};
use serde_json::json;

use super::execute::{Counts, Ended, Execution, Order};
use super::home::PROOF;
use super::restore::{ExportWish, people};
use super::snapshot::{OpenSnapshot, SnapshotRef};
use super::{Labkeep, blocking};
use crate::advice::Advice;
use crate::clock::millis;
use crate::error::{Error, Result, What};
use crate::kind::{Item, Kind, Sort};
use crate::outcome::{Outcome, RunKind};
use crate::rehearse::{DrillReport, drill, export_archive, export_folder, missing};
use crate::restore::{Material, RestoreError, things};
use crate::view::{ItemCounts, LastProof, Mark, Phase, ReportLine};

impl Labkeep {
    /// Rebuilds projects of a snapshot in scratch and checks everything. No
    /// items means every project of the snapshot.
    pub async fn start_drill(&self, snapshot: &SnapshotRef, items: Vec<Item>) -> Result<RunId> {
        let open = self.open_snapshot(snapshot).await?;
        let account = self.account_of(&open)?;
        let all = items.is_empty();
        let items: Vec<Item> = if all {
            open.ledger
                .items()
                .into_iter()
                .filter(|item| item.sort == Sort::Project)
                .collect()
        } else {
            items
        };
        let subject = match items.as_slice() {
            [only] => path_of(&open, *only)?,
            many => format!("{} items", many.len()),
        };
        let order = Order {
            kind: RunKind::Drill,
            subject,
            plan: None,
            vault: Some(snapshot.vault.id),
            account: Some(account.id),
            writes: false,
            details: json!({ "snapshot": short(&snapshot.id) }),
        };
        let snapshot = snapshot.clone();
        self.execute(order, move |labkeep, execution| async move {
            match labkeep
                .drill(&snapshot, open, &account, items, &execution)
                .await
            {
                Ok(ended) => ended,
                Err(error) if error.is_cancelled() => Ended::aborted(),
                Err(error) => Ended::failed(error.advice()),
            }
        })
    }

    async fn drill(
        &self,
        snapshot: &SnapshotRef,
        open: OpenSnapshot,
        account: &Account,
        items: Vec<Item>,
        execution: &Execution,
    ) -> Result<Ended> {
        let progress = execution.progress();
        progress.set_items(items.len() as u64);
        progress.enter(Phase::Checking);
        let people = Arc::new(people(&open.reader).await?);
        let mut report = Vec::new();
        let mut proven = Vec::new();
        for item in &items {
            if execution.active.cancel.is_cancelled() {
                return Err(RestoreError::Cancelled.into());
            }
            let path = path_of(&open, *item)?;
            let work = progress.work_on(&path);
            let found = {
                let (reader, ledger) = (execution.reading(&open.reader), open.ledger.clone());
                let (people, item) = (Arc::clone(&people), *item);
                let folder = self.scratch_folder()?;
                blocking(move || {
                    let material =
                        Material::gather(&reader, &ledger, item, &Kind::OF_PROJECT, folder.path())?;
                    Ok(drill(&material, &people, folder.path())?)
                })
                .await
            };
            drop(work);
            if execution.active.cancel.is_cancelled() {
                return Err(RestoreError::Cancelled.into());
            }
            let found = match found {
                Ok(found) => found,
                Err(error) => DrillReport {
                    bad: vec![error.advice().message],
                    ..DrillReport::default()
                },
            };
            report.extend(lines(&path, &found));
            if found.is_good() {
                proven.push(*item);
            } else {
                let wrong = found.bad.iter().chain(&found.lacking);
                execution
                    .log
                    .warn_all(wrong.map(|bad| format!("{path}: {bad}")));
            }
            progress.items_done(1);
        }
        self.note_proven(account, &proven)?;
        let is_good = proven.len() == items.len();
        if is_good && !proven.is_empty() {
            let now = self.0.clock.now();
            let projects = open.ledger.items();
            let projects = projects.iter().filter(|item| item.sort == Sort::Project);
            if projects.count() == proven.len() {
                self.0
                    .catalogue
                    .snapshot_proven(&snapshot.vault.vault_id, &snapshot.id, now)?;
            }
            let proof = LastProof {
                run: execution.id.to_string(),
                at: millis(now),
                items: u32::try_from(proven.len()).unwrap_or(u32::MAX),
            };
            self.0.catalogue.set_memo(PROOF, &json!(proof))?;
        }
        let failed = items.len() - proven.len();
        Ok(Ended {
            outcome: match (proven.len(), failed) {
                (_, 0) => Outcome::Complete,
                (0, _) => Outcome::Failed,
                _ => Outcome::Partial,
            },
            advice: (!is_good).then(|| {
                Advice::new(
                    format!("{failed} of {} items could not be rebuilt from this snapshot.", items.len()),
                    "The report says what is wrong. Check the vault; a thorough backup reads everything anew.",
                )
            }),
            snapshot: Some(snapshot.id.clone()),
            counts: Counts {
                items: ItemCounts {
                    total: items.len() as u64,
                    captured: proven.len() as u64,
                    failed: failed as u64,
                    ..ItemCounts::default()
                },
                ..Counts::default()
            },
            report,
            ..Ended::complete()
        })
    }

    /// Writes a project of a snapshot into a folder.
    pub async fn start_export(
        &self,
        snapshot: &SnapshotRef,
        item: Item,
        wish: ExportWish,
    ) -> Result<RunId> {
        let open = self.open_snapshot(snapshot).await?;
        let account = self.account_of(&open)?;
        let order = Order {
            kind: RunKind::Export,
            subject: path_of(&open, item)?,
            plan: None,
            vault: Some(snapshot.vault.id),
            account: Some(account.id),
            writes: false,
            details: json!({
                "snapshot": short(&snapshot.id),
                "folder": wish.folder,
                "archive": wish.archive,
            }),
        };
        let id = snapshot.id.clone();
        self.execute(order, move |labkeep, execution| async move {
            match labkeep.export(open, item, wish, &execution).await {
                Ok(ended) => Ended {
                    snapshot: Some(id),
                    ..ended
                },
                Err(error) if error.is_cancelled() => Ended::aborted(),
                Err(error) => Ended::failed(error.advice()),
            }
        })
    }

    async fn export(
        &self,
        open: OpenSnapshot,
        item: Item,
        wish: ExportWish,
        execution: &Execution,
    ) -> Result<Ended> {
        let progress = execution.progress();
        progress.set_items(1);
        progress.enter(Phase::Reading);
        let people = people(&open.reader).await?;
        let version = open.head.account.version.clone();
        let folder = self.scratch_folder()?;
        let reader = execution.reading(&open.reader);
        let cancel = execution.active.cancel.clone();
        let (into, report) = blocking(move || {
            let scratch = folder.path().to_path_buf();
            let material =
                Material::gather(&reader, &open.ledger, item, &Kind::OF_PROJECT, &scratch)?;
            if cancel.is_cancelled() {
                return Err(RestoreError::Cancelled.into());
            }
            if wish.archive {
                let into = export_archive(&material, &people, version, &scratch, &wish.folder)?;
                let mut report = missing(&material.lines);
                if !material.links.is_empty() {
                    report.push(ReportLine {
                        mark: Mark::Changed,
                        text: "Links between issues have no place in an archive. An export to a folder has them.".to_owned(),
                        url: None,
                    });
                }
                return Ok((into, report));
            }
            let report = export_folder(&material, &people, &wish.folder)?;
            Ok((wish.folder, report))
        })
        .await?;
        progress.items_done(1);
        let first = ReportLine {
            mark: Mark::Good,
            text: into.display().to_string(),
            url: None,
        };
        let bad = report.iter().filter(|line| line.mark == Mark::Bad).count();
        let advice = (bad > 0).then(|| {
            Advice::new(
                "The export is there, but not everything of the project is in this snapshot.",
                "The report says what is missing. Another snapshot may hold it.",
            )
        });
        Ok(Ended {
            outcome: if bad == 0 {
                Outcome::Complete
            } else {
                Outcome::Partial
            },
            advice,
            report: [vec![first], report].concat(),
            counts: Counts {
                items: ItemCounts {
                    total: 1,
                    captured: 1,
                    ..ItemCounts::default()
                },
                missing: u32::try_from(bad).unwrap_or(u32::MAX),
                ..Counts::default()
            },
            ..Ended::complete()
        })
    }

    /// Checks a vault. `percent` of its data is read, 0 to 100.
    pub async fn start_check(&self, vault: &str, percent: u32) -> Result<RunId> {
        let entry = self.find_vault(vault)?;
        let open = self.vault(&entry).await?;
        let order = Order {
            kind: RunKind::Verify,
            subject: entry.name.clone(),
            plan: None,
            vault: Some(entry.id),
            account: None,
            writes: false,
            details: json!({ "read_data": percent }),
        };
        self.execute(order, move |labkeep, execution| async move {
            match labkeep.check(open, &entry, percent, &execution).await {
                Ok(ended) => ended,
                Err(Error::Vault(labkeep_vault::Error::Aborted)) => Ended::aborted(),
                Err(error) => Ended::failed(error.advice()),
            }
        })
    }

    async fn check(
        &self,
        vault: labkeep_vault::Vault,
        entry: &VaultEntry,
        percent: u32,
        execution: &Execution,
    ) -> Result<Ended> {
        execution.active.progress.enter(Phase::Checking);
        let options = CheckOptions {
            read_data: share(percent, self.0.clock.now()),
        };
        let watch = execution.watch();
        let known = self.known_ids(entry)?;
        let (found, listed) = blocking(move || {
            let found = vault.check(options, watch)?;
            let listed: BTreeSet<String> = vault
                .snapshots()?
                .iter()
                .map(|snapshot| snapshot.id.to_string())
                .collect();
            Ok((found, listed))
        })
        .await?;
        let findings = found.findings.iter().map(|finding| ReportLine {
            mark: match finding.severity() {
                Severity::Warning => Mark::Changed,
                Severity::Error => Mark::Bad,
            },
            text: sentence(finding),
            url: None,
        });
        // A check looks at what is listed; what is not listed any more is lost.
        let lost = known
            .iter()
            .map(ToString::to_string)
            .filter(|id| !listed.contains(id))
            .map(|id| ReportLine {
                mark: Mark::Bad,
                text: format!(
                    "The snapshot {} is known here and not in the vault any more.",
                    short(&id)
                ),
                url: None,
            });
        let report: Vec<ReportLine> = findings.chain(lost).collect();
        let problems = report.iter().filter(|line| line.mark == Mark::Bad).count();
        if problems == 0 {
            self.note_checked(entry.id)?;
            let good = ReportLine {
                mark: Mark::Good,
                text: "The vault is sound.".to_owned(),
                url: None,
            };
            return Ok(Ended {
                report: [vec![good], report].concat(),
                ..Ended::complete()
            });
        }
        execution
            .log
            .warn_all(report.iter().map(|line| line.text.clone()));
        Ok(Ended {
            report,
            ..Ended::failed(Advice::new(
                format!(
                    "The vault has {}.",
                    things(problems as u64, "problem", "problems")
                ),
                "Do not rely on it alone: back up thoroughly into another vault, and look after the disk.",
            ))
        })
    }

    fn account_of(&self, open: &OpenSnapshot) -> Result<Account> {
        let settings = self.settings()?;
        settings
            .accounts
            .into_iter()
            .find(|account| account.url == open.head.account.url)
            .ok_or_else(|| Error::Unknown {
                what: What::Account,
                name: open.head.account.url.clone(),
            })
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

fn path_of(open: &OpenSnapshot, item: Item) -> Result<String> {
    open.ledger
        .of(item)
        .next()
        .map(|line| line.path.clone())
        .ok_or_else(|| {
            RestoreError::NotInSnapshot {
                item: item.folder(),
            }
            .into()
        })
}

fn short(snapshot: &str) -> &str {
    &snapshot[..8.min(snapshot.len())]
}

fn sentence(finding: &Finding) -> String {
    finding.to_string()
}

/// A share of about so many percent; which one changes from day to day, so
/// that checks in turn read everything.
fn share(percent: u32, now: Timestamp) -> ReadShare {
    match percent {
        0 => ReadShare::None,
        100.. => ReadShare::All,
        percent => {
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
