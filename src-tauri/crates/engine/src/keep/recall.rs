//! Recall: plans, and the history of their backups, from what the snapshots of
//! a vault say about themselves. For a machine that has nothing but the vault
//! and its key.

use std::collections::BTreeMap;

use labkeep_settings::{
    AccountId, CopyId, Kinds, LedgerRow, NewRun, Plan, PlanId, Process, RunEnd, RunId,
    RunKind as StoredKind, RunQuery, VaultCopy, VaultEntry,
};
use labkeep_vault::{SnapshotFacts, SnapshotId, Vault};
use serde_json::json;

use super::execute::{Counts, row, settings_outcome};
use super::snapshot::details;
use super::vault::free_name;
use super::{Labkeep, blocking};
use crate::error::Result;
use crate::head::{Head, HeadPlan};
use crate::layout;
use crate::ledger::Ledger;
use crate::outcome::Outcome;
use crate::pattern::Selection;
use crate::view::{ByteCounts, RequestCountsView};

impl Labkeep {
    /// Makes the plans again whose snapshots are in a vault, as their newest
    /// snapshots describe them, and the second copies of it that they name.
    /// Plans that are known stay as they are.
    pub(super) async fn recall_plans(&self, vault: &Vault) -> Result<()> {
        let id = vault.id().as_str();
        let Some(entry) = self
            .settings()?
            .vaults
            .into_iter()
            .find(|entry| entry.vault_id == id)
        else {
            return Ok(());
        };
        let mut plans: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for known in self.0.catalogue.snapshots(id)?.iter().rev() {
            let its = plans.entry(details(known).plan).or_default();
            its.push(known.id.clone());
        }
        let reading = vault.clone();
        let heads = blocking(move || {
            Ok(plans
                .into_values()
                .filter_map(|newest_first| newest_first.iter().find_map(|id| head(&reading, id)))
                .collect::<Vec<Head>>())
        })
        .await?;
        for head in heads {
            self.recall_plan(&entry, &head)?;
            self.recall_copies(&head.plan)?;
        }
        Ok(())
    }

    fn recall_plan(&self, entry: &VaultEntry, head: &Head) -> Result<()> {
        let settings = self.settings()?;
        let Ok(id) = head.plan.id.parse::<PlanId>() else {
            return Ok(());
        };
        if settings.plan(id).is_some() {
            return Ok(());
        }
        // What cannot be understood would fail at every backup.
        if let Err(error) = Selection::new(&head.plan.include, &head.plan.exclude) {
            tracing::warn!(plan = head.plan.name, %error, "the plan is not made again");
            return Ok(());
        }
        let stated = head.plan.retention_in(&entry.vault_id);
        let taken: Vec<String> = settings.plans.into_iter().map(|plan| plan.name).collect();
        let plan = Plan {
            id,
            name: free_name(&head.plan.name, &taken),
            account: self.account_for(head)?,
            vault: entry.id,
            include: head.plan.include.clone(),
            exclude: head.plan.exclude.clone(),
            kinds: match &head.plan.kinds {
                None => Kinds::All,
                Some(kinds) => {
                    Kinds::Only(kinds.iter().map(|kind| kind.name().to_owned()).collect())
                }
            },
            schedule: head
                .plan
                .schedule
                .filter(|schedule| schedule.is_possible())
                .unwrap_or_default(),
            retention: stated.unwrap_or_default(),
            retention_open: stated.is_none(),
            created_at: self.0.clock.now(),
            rest: serde_json::Map::new(),
        };
        tracing::info!(plan = plan.name, "the plan is known from the vault");
        self.0.store.update(|settings| settings.plans.push(plan))?;
        Ok(())
    }

    /// Second copies of the plan's vault to vaults that are known here.
    fn recall_copies(&self, plan: &HeadPlan) -> Result<()> {
        let settings = self.settings()?;
        let entry = |id: &str| settings.vaults.iter().find(|vault| vault.vault_id == id);
        let Some(from) = plan.vault.as_deref().and_then(entry) else {
            return Ok(());
        };
        for copy in &plan.copies {
            let Some(to) = entry(&copy.vault) else {
                continue;
            };
            let mut copies = settings.copies.iter();
            let is_known = copies.any(|one| one.from == from.id && one.to == to.id);
            if is_known || from.id == to.id || copy.retention.keeps_nothing() {
                continue;
            }
            let copy = VaultCopy {
                id: CopyId::random(),
                from: from.id,
                to: to.id,
                retention: copy.retention,
                created_at: self.0.clock.now(),
                rest: serde_json::Map::new(),
            };
            self.0.store.update(|settings| settings.copies.push(copy))?;
        }
        Ok(())
    }

    /// Notes the backup that made a snapshot elsewhere, so that it is in the
    /// history once, in however many vaults its snapshot is. Those from before
    /// what the history knows of the plan are left out: what was written down
    /// last counts as the last.
    pub(super) fn recall_run(
        &self,
        entry: &VaultEntry,
        account: AccountId,
        (facts, head, ledger): (&SnapshotFacts, &Head, &Ledger),
    ) -> Result<Option<RunId>> {
        let (Ok(id), Ok(plan)) = (head.run.parse::<RunId>(), head.plan.id.parse::<PlanId>()) else {
            return Ok(None);
        };
        let catalogue = &self.0.catalogue;
        if catalogue.run(id)?.is_some() {
            return Ok(Some(id));
        }
        let newest = catalogue.runs(&RunQuery {
            kind: Some(StoredKind::Backup),
            plan: Some(plan),
            limit: Some(1),
            ..RunQuery::default()
        })?;
        if newest
            .first()
            .is_some_and(|run| run.queued_at >= head.started)
        {
            return Ok(None);
        }
        let missing = ledger.lines().filter(|line| line.is_missing()).count();
        let advice = (head.outcome == Outcome::Partial)
            .then(|| super::backup::partial(ledger, head.items.failed + head.items.stale));
        let run = NewRun {
            id,
            kind: StoredKind::Backup,
            subject: head.plan.name.clone(),
            plan: Some(plan),
            vault: Some(entry.id),
            account: Some(account),
            queued_at: head.started,
            process: Process {
                host: facts.host.clone(),
                id: 0,
                mark: 0,
            },
            details: json!({ "elsewhere": facts.host }),
        };
        let end = RunEnd {
            outcome: settings_outcome(head.outcome),
            reason: advice.as_ref().map(|advice| advice.message.clone()),
            remedy: advice.map(|advice| advice.hint),
            at: head.ended.max(head.started),
            snapshot: Some(facts.id.to_string()),
            counts: json!(Counts {
                items: head.items,
                bytes: ByteCounts {
                    received: 0,
                    stored: facts.bytes_stored,
                },
                requests: RequestCountsView::default(),
                missing: u32::try_from(missing).unwrap_or(u32::MAX),
            }),
        };
        catalogue.put_ended_run(&run, head.started, &end)?;
        Ok(Some(id))
    }

    /// Writes the ledger of a run that was made elsewhere.
    pub(super) fn recall_ledger(&self, run: RunId, ledger: &Ledger) -> Result<()> {
        let rows: Vec<LedgerRow> = ledger.lines().map(row).collect();
        Ok(self.0.catalogue.put_ledger(run, &rows)?)
    }
}

/// What a snapshot says about itself, if it can be read.
fn head(vault: &Vault, id: &str) -> Option<Head> {
    let read = || -> Result<Option<Head>> {
        let Ok(id) = id.parse::<SnapshotId>() else {
            return Ok(None);
        };
        let head = vault.read(&id)?.read(layout::HEAD)?;
        Ok(Some(Head::parse(head.as_deref())?))
    };
    read().unwrap_or_else(|error| {
        let error = crate::error::chain(&error);
        tracing::warn!(snapshot = id, error, "its plan cannot be read");
        None
    })
}
