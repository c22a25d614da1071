//! Pruning a vault by the retention of its plans. The plan first; it is refused
//! on every surprise: a snapshot that this machine knows and the vault does not
//! list, a source that suddenly lost most of its projects, a vault that
//! changed since the plan was shown.

use jiff::tz::TimeZone;
use labkeep_settings::{Plan, RunId, VaultEntry};
use labkeep_vault::{PruneReport, SnapshotFacts, SnapshotId, Vault};
use serde_json::json;

use super::execute::{Ended, Execution, Order};
use super::{Labkeep, blocking};
use crate::backup::job::plan_tag;
use crate::clock::millis;
use crate::error::{Error, Result};
use crate::kind::Sort;
use crate::layout;
use crate::ledger::Ledger;
use crate::outcome::RunKind;
use crate::retention::{Dated, Kept, decide};
use crate::run::{grouped, process};
use crate::view::{Mark, Phase, PruneLine, PrunePlanView, ReportLine};

/// A plan with fewer projects than this cannot suddenly lose most of them.
const FEW: usize = 4;

/// A snapshot of the vault with what decides about it.
struct Candidate {
    facts: SnapshotFacts,
    dated: Dated,
    projects: usize,
}

impl Labkeep {
    /// What a prune of a vault is going to do. Nothing is removed.
    pub async fn plan_prune(&self, vault: &str) -> Result<PrunePlanView> {
        let entry = self.find_vault(vault)?;
        let vault = self.vault(&entry).await?;
        // Other machines may have written to it.
        self.rebuild_from(&vault).await?;
        let known = self.known_ids(&entry)?;
        let reading = vault.clone();
        let (candidates, bytes_unused) = blocking(move || {
            let facts = *reading.prune_plan(&known)?.facts();
            let snapshots = reading.snapshots()?;
            let candidates: Result<Vec<Candidate>> = snapshots
                .into_iter()
                .rev()
                .map(|facts| candidate(&reading, facts))
                .collect();
            Ok((candidates?, facts.bytes_unused))
        })
        .await?;
        let lines = self.judge(&entry, &candidates)?;
        Ok(PrunePlanView {
            vault: entry.id.to_string(),
            snapshots: candidates
                .iter()
                .zip(lines)
                .map(|(candidate, (stays, why))| PruneLine {
                    id: candidate.facts.id.to_string(),
                    plan: candidate.facts.plan.clone(),
                    at: millis(candidate.facts.time),
                    stays,
                    why,
                })
                .collect(),
            bytes_unused,
        })
    }

    /// Prunes in the background, exactly as planned.
    pub fn start_prune(&self, plan: &PrunePlanView) -> Result<RunId> {
        let entry = self.find_vault(&plan.vault)?;
        let order = Order {
            kind: RunKind::Prune,
            subject: entry.name.clone(),
            plan: None,
            vault: Some(entry.id),
            account: None,
            writes: true,
            details: json!({}),
        };
        let plan = plan.clone();
        self.execute(order, move |labkeep, execution| async move {
            match labkeep.prune(&plan, &entry, &execution).await {
                Ok(ended) => ended,
                Err(Error::Vault(labkeep_vault::Error::Aborted)) => Ended::aborted(),
                Err(error) => Ended::failed(error.advice()),
            }
        })
    }

    async fn prune(
        &self,
        plan: &PrunePlanView,
        entry: &VaultEntry,
        execution: &Execution,
    ) -> Result<Ended> {
        execution.active.progress.enter(Phase::Checking);
        let now = self.plan_prune(&plan.vault).await?;
        if now.snapshots != plan.snapshots {
            return Err(labkeep_vault::Error::PlanOutdated.into());
        }
        if execution.active.cancel.is_cancelled() {
            return Ok(Ended::aborted());
        }
        let vault = self.vault(entry).await?;
        let going: Vec<SnapshotId> = plan
            .goes()
            .map(|line| id_of(&line.id))
            .collect::<Result<_>>()?;
        let names: Vec<String> = going.iter().map(ToString::to_string).collect();
        // First here: a snapshot that the vault alone knows is found again, one
        // that only the catalogue knows would stop every prune to come.
        self.0.catalogue.forget_snapshots(&entry.vault_id, &names)?;
        let staying = self.known_ids(entry)?;
        let watch = execution.watch();
        let pruning = vault.clone();
        let report = blocking(move || {
            pruning.forget(&going)?;
            let plan = pruning.prune_plan(&staying)?;
            Ok(pruning.prune(plan, &process::host(), watch)?)
        })
        .await?;
        let usage = blocking(move || Ok(vault.usage()?)).await?;
        self.note_usage(entry.id, usage.bytes, usage.snapshots)?;
        Ok(Ended {
            report: said(names.len(), &report),
            ..Ended::complete()
        })
    }

    /// The snapshots of a vault that this machine knows.
    pub(super) fn known_ids(&self, entry: &VaultEntry) -> Result<Vec<SnapshotId>> {
        let known = self.0.catalogue.snapshots(&entry.vault_id)?;
        known.iter().map(|snapshot| id_of(&snapshot.id)).collect()
    }

    /// For every snapshot, newest first, whether it stays, and why.
    fn judge(&self, entry: &VaultEntry, candidates: &[Candidate]) -> Result<Vec<(bool, String)>> {
        let plans = self.settings()?.plans;
        let mut judged: Vec<Option<(bool, String)>> = vec![None; candidates.len()];
        for plan in plans.iter().filter(|plan| plan.vault == entry.id) {
            let tag = plan_tag(&plan.id.to_string());
            let places: Vec<usize> = (0..candidates.len())
                .filter(|place| candidates[*place].facts.tags.contains(&tag))
                .collect();
            let its: Vec<&Candidate> = places.iter().map(|place| &candidates[*place]).collect();
            refuse_loss(plan, &its)?;
            let dated: Vec<Dated> = its.iter().map(|one| one.dated.clone()).collect();
            let kept = decide(&dated, plan.retention, &TimeZone::system());
            for (place, kept) in places.into_iter().zip(kept) {
                judged[place] = Some(why(kept.as_ref()));
            }
        }
        Ok(judged
            .into_iter()
            .map(|line| line.unwrap_or_else(|| (true, "no plan here decides about it".to_owned())))
            .collect())
    }
}

/// A source that lost most of its projects since the last time but one may have
/// been wiped: what is in the vault may be all that is left.
fn refuse_loss(plan: &Plan, newest_first: &[&Candidate]) -> Result<()> {
    if let [newest, before, ..] = newest_first
        && before.projects >= FEW
        && newest.projects * 2 < before.projects
    {
        return Err(Error::SourceShrank {
            plan: plan.name.clone(),
            before: before.projects,
            now: newest.projects,
        });
    }
    Ok(())
}

fn candidate(vault: &Vault, facts: SnapshotFacts) -> Result<Candidate> {
    let text = vault.read(&facts.id)?.read(layout::LEDGER)?;
    let ledger = Ledger::from_ndjson(&text.unwrap_or_default())?;
    let items = ledger.items();
    let projects = items.iter().filter(|item| item.sort == Sort::Project);
    let whole = ledger.lines().filter(|line| line.is_whole());
    Ok(Candidate {
        projects: projects.count(),
        dated: Dated {
            time: facts.time,
            whole: whole.map(|line| (line.item(), line.kind)).collect(),
        },
        facts,
    })
}

fn why(kept: Option<&Kept>) -> (bool, String) {
    match kept {
        Some(Kept::Newest) => (true, "the newest".to_owned()),
        Some(Kept::Rule(name)) => (true, (*name).to_owned()),
        Some(Kept::LastWhole(1)) => (true, "the last whole copy of 1 item".to_owned()),
        Some(Kept::LastWhole(items)) => (true, format!("the last whole copy of {items} items")),
        None => (false, "kept by no rule".to_owned()),
    }
}

fn id_of(name: &str) -> Result<SnapshotId> {
    name.parse().map_err(|_| Error::Unknown {
        what: crate::error::What::Snapshot,
        name: name.to_owned(),
    })
}

fn said(removed: usize, report: &PruneReport) -> Vec<ReportLine> {
    let mut lines = vec![format!("{removed} snapshots are removed.")];
    let done = report.done;
    if done.bytes_to_mark > 0 {
        lines.push(format!(
            "{} bytes are needed no more; a prune a day from now removes them.",
            grouped(done.bytes_to_mark)
        ));
    }
    if done.bytes_to_remove > 0 {
        lines.push(format!(
            "{} bytes are removed.",
            grouped(done.bytes_to_remove)
        ));
    }
    lines
        .into_iter()
        .map(|text| ReportLine {
            mark: Mark::Good,
            text,
            url: None,
        })
        .collect()
}
