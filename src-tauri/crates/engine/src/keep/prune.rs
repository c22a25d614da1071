//! Pruning a vault by the retention of its plans. The plan first; it is refused
//! on every surprise: a snapshot that this machine knows and the vault does not
//! list, a loss at GitLab that nobody has answered for, a vault that changed
//! since the plan was shown.

use labkeep_settings::{KnownSnapshot, Retention, RunId, Settings, VaultEntry};
use labkeep_vault::{PruneFacts, SnapshotId, Vault};
use serde_json::json;

use super::check::tells_of_damage;
use super::damage::Damage;
use super::execute::{Ended, Execution, Order};
use super::hindered::facts_of;
use super::judge::{Candidate, candidate, judge, unreadable};
use super::prune_rules::{Scope, plan_of};
use super::{Labkeep, blocking};
use crate::advice::{Advice, is_damage};
use crate::clock::millis;
use crate::error::{Error, Result};
use crate::kind::Item;
use crate::outcome::RunKind;
use crate::run::{grouped, process};
use crate::view::{Mark, Phase, PruneLine, PrunePlanView, ReportLine};

/// What a prune is going to do, and what the vault says about it.
pub(super) struct Planned {
    /// The plan, to be shown and executed.
    pub view: PrunePlanView,
    /// The vault's numbers; none while damage hides what is needed.
    pub facts: Option<PruneFacts>,
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
                other.retention_open = false;
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
        let damage = self.damage(entry.id)?;
        let notes = self.0.catalogue.snapshots(&entry.vault_id)?;
        let reading = vault.clone();
        let (candidates, facts) =
            blocking(move || read(&reading, &known, scope, &damage, &notes)).await?;
        let mut rules = self.prune_rules(entry, settings, scope)?;
        rules.extend(self.rules_of_others(entry, &rules, &candidates)?);
        let lines = judge(&rules, &candidates, self.0.clock.now());
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
            bytes_unused: facts.map(|facts| facts.bytes_unused),
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
        let Some(_turn) = self.uncopied_turn(entry.id)? else {
            return Ok(Ended {
                advice: Some(Advice::new(
                    format!("The vault {} is being copied.", entry.name),
                    "Prune it when the copy has ended.",
                )),
                ..Ended::aborted()
            });
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
        let pruned = blocking(move || {
            pruning.forget(&going)?;
            if cancel.is_cancelled() {
                return Err(labkeep_vault::Error::Aborted.into());
            }
            let plan = match plan_of(&pruning, &staying, scope) {
                Err(error) if is_damage(&error) => return Ok(Err(error)),
                plan => plan?,
            };
            Ok(Ok(pruning.prune(plan, &process::host(), watch)?))
        })
        .await?;
        let measured = vault.clone();
        let usage = blocking(move || Ok(measured.usage()?)).await?;
        self.note_usage(entry.id, usage.bytes, usage.snapshots)?;
        match pruned {
            Ok(report) => Ok(Ended {
                report: said(names.len(), report.done),
                ..Ended::complete()
            }),
            Err(error) => Ok(Ended {
                report: said(names.len(), PruneFacts::default()),
                ..self.hindered(entry, vault, error).await?
            }),
        }
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

/// What decides about every snapshot, newest first, and the vault's numbers.
fn read(
    vault: &Vault,
    known: &[SnapshotId],
    scope: Scope,
    damage: &Damage,
    notes: &[KnownSnapshot],
) -> Result<(Vec<Candidate>, Option<PruneFacts>)> {
    vault.refuse_missing(known)?;
    let mut pinned = vault.pinned()?;
    // A vault that lost its notes and takes none.
    let known_here = notes.iter().filter(|note| note.pinned);
    pinned.extend(known_here.filter_map(|note| note.id.parse::<SnapshotId>().ok()));
    let (there, lost) = vault.snapshots_with_damage()?;
    let mut candidates: Vec<Candidate> = Vec::new();
    for facts in there.into_iter().rev() {
        let id = facts.id.to_string();
        let harmed = damage.folders_of(&id);
        let mut read = match candidate(vault, facts.clone(), &pinned, harmed) {
            Err(error) if tells_of_damage(&error) => unreadable(facts, &pinned),
            read => read?,
        };
        let is_given_up = |item: &Item| damage.is_given_up(&id, &item.folder());
        read.dated.harmed.retain(|(item, _)| !is_given_up(item));
        candidates.push(read);
    }
    let is_known = !lost.is_empty() || candidates.iter().any(|one| one.dated.is_damaged);
    for (id, _) in lost {
        let note = notes.iter().find(|note| note.id == id.to_string());
        candidates.extend(note.map(|note| unreadable(facts_of(id, note), &pinned)));
    }
    candidates.sort_by_key(|one| std::cmp::Reverse(one.facts.time));
    let facts = match plan_of(vault, known, scope) {
        Ok(plan) => Some(*plan.facts()),
        // What can go goes all the same; the damaged ones may be among it.
        Err(error) if is_known && is_damage(&error) => None,
        Err(error) => return Err(error.into()),
    };
    Ok((candidates, facts))
}

fn said(removed: usize, done: PruneFacts) -> Vec<ReportLine> {
    let mut lines = vec![format!("{removed} snapshots are removed.")];
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
