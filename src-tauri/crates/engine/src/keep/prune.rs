//! Pruning a vault by the retention of its plans. The plan first; it is refused
//! on every surprise: a snapshot that this machine knows and the vault does not
//! list, a loss at GitLab that nobody has answered for, a vault that changed
//! since the plan was shown.

use labkeep_settings::{Retention, RunId, Settings, VaultEntry};
use labkeep_vault::{PruneFacts, PruneReport, SnapshotId};
use serde_json::json;

use super::execute::{Ended, Execution, Order};
use super::judge::{Candidate, candidate, judge};
use super::prune_rules::Scope;
use super::{Labkeep, blocking};
use crate::clock::millis;
use crate::error::{Error, Result};
use crate::outcome::RunKind;
use crate::run::{grouped, process};
use crate::view::{Mark, Phase, PruneLine, PrunePlanView, ReportLine};

/// What a prune is going to do, and what the vault says about it.
pub(super) struct Planned {
    /// The plan, to be shown and executed.
    pub view: PrunePlanView,
    /// The vault's numbers.
    pub facts: PruneFacts,
}

impl Labkeep {
    /// What a prune of a vault is going to do. Nothing is removed.
    pub async fn plan_prune(&self, vault: &str) -> Result<PrunePlanView> {
        let entry = self.find_vault(vault)?;
        Ok(self.planned_prune(&entry, Scope::Asked).await?.view)
    }

    /// The same with the vault's numbers.
    pub(super) async fn planned_prune(&self, entry: &VaultEntry, scope: Scope) -> Result<Planned> {
        let settings = self.settings()?;
        let planned = self.plan_prune_with(entry, &settings, scope).await?;
        // After looking: other machines may have seen a loss.
        self.refuse_unanswered(entry)?;
        Ok(planned)
    }

    /// What a prune would do if a plan had another retention.
    pub async fn preview_retention(
        &self,
        plan: &str,
        retention: Retention,
    ) -> Result<PrunePlanView> {
        let plan = self.find_plan(plan)?;
        let mut settings = self.settings()?;
        for other in &mut settings.plans {
            if other.id == plan.id {
                other.retention = retention;
            }
        }
        let entry = self.find_vault(&plan.vault.to_string())?;
        let planned = self.plan_prune_with(&entry, &settings, Scope::Asked);
        Ok(planned.await?.view)
    }

    async fn plan_prune_with(
        &self,
        entry: &VaultEntry,
        settings: &Settings,
        scope: Scope,
    ) -> Result<Planned> {
        let vault = self.vault(entry).await?;
        // Other machines may have written to it.
        self.rebuild_from(&vault).await?;
        let known = self.known_ids(entry)?;
        let reading = vault.clone();
        let (candidates, facts) = blocking(move || {
            let facts = *reading.prune_plan(&known)?.facts();
            let pinned = reading.pinned()?;
            let candidates: Result<Vec<Candidate>> = reading
                .snapshots()?
                .into_iter()
                .rev()
                .map(|facts| candidate(&reading, facts, &pinned))
                .collect();
            Ok((candidates?, facts))
        })
        .await?;
        let mut rules = self.prune_rules(entry, settings, scope)?;
        rules.extend(self.rules_of_others(entry, &rules, &candidates)?);
        let lines = judge(&rules, &candidates);
        let view = PrunePlanView {
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
            bytes_unused: facts.bytes_unused,
        };
        Ok(Planned { view, facts })
    }

    /// Prunes in the background, exactly as planned.
    pub fn start_prune(&self, plan: &PrunePlanView) -> Result<RunId> {
        self.start_prune_of(plan, Scope::Asked)
    }

    pub(super) fn start_prune_of(&self, plan: &PrunePlanView, scope: Scope) -> Result<RunId> {
        let entry = self.find_vault(&plan.vault)?;
        self.refuse_unanswered(&entry)?;
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
            match labkeep.prune(&plan, &entry, scope, &execution).await {
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
        scope: Scope,
        execution: &Execution,
    ) -> Result<Ended> {
        execution.active.progress.enter(Phase::Checking);
        let Some(_turn) = self.copied_turn(entry.id, execution).await? else {
            return Ok(Ended::aborted());
        };
        // Nothing but reading: whoever cancels need not wait for it.
        let cancel = execution.active.cancel.clone();
        let now = tokio::select! {
            biased;
            () = cancel.cancelled() => return Ok(Ended::aborted()),
            now = self.planned_prune(entry, scope) => now?.view,
        };
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
            if cancel.is_cancelled() {
                return Err(labkeep_vault::Error::Aborted.into());
            }
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
