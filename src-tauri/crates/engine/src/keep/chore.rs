//! Chores: what nobody waits for, and what is done when nothing else is. One
//! that waits for a quiet moment for days is done beside whatever else runs.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use labkeep_settings::{PlanId, RunId, RunKind, Settings, VaultCopy, VaultEntryId};

use super::trouble::COPY;
use super::{Labkeep, answered, blocking};
use crate::error::{Result, chain};
use crate::view::{AttentionView, Remedy, Severity};

/// How long it may take to begin one: a prune reads every ledger first.
const START: Duration = Duration::from_mins(10);

/// When one is tried again that could not be started.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// So long after its time one waits for no quiet moment any more.
const OVERDUE: SignedDuration = SignedDuration::from_hours(24);

/// So long after its time people are told that nothing proves the copies.
const NEGLECTED: SignedDuration = SignedDuration::from_hours(24 * 14);

/// When chores could not be started.
pub(super) type Failed = HashMap<Chore, Timestamp>;

/// Something that nobody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Chore {
    /// Of a vault.
    Prune(VaultEntryId),
    /// Of a vault.
    Check(VaultEntryId),
    /// Of a plan.
    Drill(PlanId),
}

impl Chore {
    fn key(self) -> String {
        match self {
            Self::Prune(vault) => format!("prune:{vault}"),
            Self::Check(vault) => format!("check:{vault}"),
            Self::Drill(plan) => format!("drill:{plan}"),
        }
    }
}

fn chores(settings: &Settings) -> Vec<Chore> {
    let vaults = settings.vaults.iter().map(|vault| vault.id);
    let plans = settings.plans.iter().map(|plan| plan.id);
    let prunes = vaults.clone().map(Chore::Prune);
    prunes
        .chain(vaults.map(Chore::Check))
        .chain(plans.map(Chore::Drill))
        .collect()
}

impl Labkeep {
    /// Starts the second copies that are due, else the first chore that is.
    pub(super) async fn start_what_waits(
        &self,
        settings: &Settings,
        failed: &mut Failed,
        now: Timestamp,
    ) {
        if self.start_copies().await {
            return;
        }
        if let Some(run) = self
            .start_first(chores(settings), settings, failed, now)
            .await
        {
            tracing::info!(%run, "started because it was due");
        }
    }

    /// Starts what was due long ago.
    pub(super) async fn start_overdue(
        &self,
        settings: &Settings,
        failed: &mut Failed,
        now: Timestamp,
    ) {
        let is_old = |since: Option<Timestamp>| {
            since.is_some_and(|since| now.duration_since(since) >= OVERDUE)
        };
        let copies = settings.copies.iter();
        let mut behind = copies.map(|copy| self.behind_since(copy));
        if behind.any(|since| is_old(known(since))) && self.start_copies().await {
            return;
        }
        let overdue = chores(settings)
            .into_iter()
            .filter(|chore| is_old(known(self.due_since(*chore))))
            .collect();
        if let Some(run) = self.start_first(overdue, settings, failed, now).await {
            tracing::info!(%run, "started because it was due long ago");
        }
    }

    /// Since when a chore is due, or when it will be.
    fn due_since(&self, chore: Chore) -> Result<Option<Timestamp>> {
        match chore {
            Chore::Prune(vault) => self.prune_look_at(&vault.to_string()).map(Some),
            Chore::Check(vault) => self.check_due_at(&vault.to_string()),
            Chore::Drill(plan) => self.drill_due_at(&plan.to_string()),
        }
    }

    /// Since when a vault has what its second copy lacks.
    fn behind_since(&self, copy: &VaultCopy) -> Result<Option<Timestamp>> {
        let behind = self.behind(copy)?;
        Ok(behind.into_iter().map(|snapshot| snapshot.time).min())
    }

    /// Starts second copies that are due; tells whether there were any.
    async fn start_copies(&self) -> bool {
        match self.start_due_copies().await {
            Ok(runs) => {
                self.set_trouble(COPY, None);
                if !runs.is_empty() {
                    tracing::info!(copies = runs.len(), "started because they were due");
                }
                !runs.is_empty()
            }
            Err(error) => {
                tracing::error!(error = %chain(&error), "second copies could not be started");
                self.set_trouble(COPY, Some(error.advice()));
                false
            }
        }
    }

    /// Starts the first of these that is due. One that cannot be started is
    /// left alone for a while, told to people, and does not hold up the others.
    async fn start_first(
        &self,
        chores: Vec<Chore>,
        settings: &Settings,
        failed: &mut Failed,
        now: Timestamp,
    ) -> Option<RunId> {
        for chore in chores {
            let at = failed.get(&chore).copied();
            if at.is_some_and(|at| at <= now && now.duration_since(at) < AGAIN) {
                continue;
            }
            match self.start_chore(chore, settings).await {
                Ok(run) => {
                    failed.remove(&chore);
                    self.set_trouble(&chore.key(), None);
                    if run.is_some() {
                        return run;
                    }
                }
                Err(error) => {
                    tracing::error!(?chore, error = %chain(&error), "it is due and could not be started");
                    failed.insert(chore, now);
                    self.set_trouble(&chore.key(), Some(error.advice()));
                }
            }
        }
        None
    }

    /// Starts a chore if it is due and its drive is there.
    async fn start_chore(&self, chore: Chore, settings: &Settings) -> Result<Option<RunId>> {
        let (vault, name) = match chore {
            Chore::Prune(vault) | Chore::Check(vault) => (Some(vault), vault.to_string()),
            Chore::Drill(plan) => (settings.plan(plan).map(|plan| plan.vault), plan.to_string()),
        };
        let Some(vault) = vault.and_then(|vault| settings.vault(vault)).cloned() else {
            return Ok(None);
        };
        let called = vault.name.clone();
        let labkeep = self.clone();
        if !blocking(move || Ok(labkeep.is_there(&vault))).await? {
            return Ok(None);
        }
        // A share may fall silent while it is read.
        answered(&called, START, async {
            match chore {
                Chore::Prune(_) => self.start_due_prune(&name).await,
                Chore::Check(_) => self.start_due_check(&name).await,
                Chore::Drill(_) => self.start_due_drill(&name),
            }
        })
        .await
    }

    /// Proofs that were due so long ago that nobody should rely on them.
    pub(super) fn attention_of_neglect(&self, settings: &Settings) -> Result<Vec<AttentionView>> {
        let now = self.0.clock.now();
        let under_way = self.0.catalogue.unended_runs()?;
        let goes_on = |kind: RunKind, chore: Chore| {
            under_way.iter().any(|run| {
                let is_its = match chore {
                    Chore::Drill(plan) => run.plan == Some(plan),
                    Chore::Check(vault) | Chore::Prune(vault) => run.vault == Some(vault),
                };
                run.kind == kind && is_its && self.is_under_way(run)
            })
        };
        let vaults = settings.vaults.iter().map(|vault| {
            let title = format!("The vault {} was not checked for long", vault.name);
            (Chore::Check(vault.id), RunKind::Verify, title)
        });
        let plans = settings.plans.iter().map(|plan| {
            let title = format!("No restore of “{}” was rehearsed for long", plan.name);
            (Chore::Drill(plan.id), RunKind::Drill, title)
        });
        let mut all = Vec::new();
        for (chore, kind, title) in vaults.chain(plans) {
            let since = self.due_since(chore)?;
            let is_neglected = since.is_some_and(|at| now.duration_since(at) >= NEGLECTED);
            if is_neglected && !goes_on(kind, chore) {
                all.push(AttentionView {
                    key: format!("neglected-{}", chore.key()),
                    severity: Severity::Warning,
                    title,
                    detail: "It was due weeks ago and found no moment: the drive was away, or \
                             Labkeep was paused, on battery or not running. Start it by hand."
                        .to_owned(),
                    remedy: Some(Remedy::ShowSettings),
                });
            }
        }
        Ok(all)
    }
}

/// What is known of when something is due. A failure to know shows when it is
/// started.
fn known(since: Result<Option<Timestamp>>) -> Option<Timestamp> {
    since.unwrap_or_else(|error| {
        tracing::warn!(error = %chain(&error), "it is not known whether something is due");
        None
    })
}
