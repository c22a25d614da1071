//! Copying: one vault into another one, as a run. Asked for, or due because
//! the one has what the other lacks.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use labkeep_settings::{Run, RunId, RunKind as StoredKind, RunQuery};
use labkeep_settings::{VaultCopy, VaultEntry, VaultEntryId};
use labkeep_vault::{CopiedSnapshot, CopyReport, OnProgress, SnapshotId, Unit, Vault};
use serde_json::json;

use super::check::tells_of_damage;
use super::copy_backoff::{again_at, is_over};
use super::copy_choice::{Choice, choose};
use super::copy_report::ended;
use super::copy_state::moment;
use super::execute::{Ended, Execution, Order};
use super::{Labkeep, blocking};
use crate::advice::is_damage;
use crate::error::{Error, Result};
use crate::outcome::RunKind;
use crate::run::VaultTurn;
use crate::view::Phase;

/// Runs of a copy that are looked at.
const RUNS: u32 = 50;

/// What is copied where.
pub(super) struct Pair {
    pub from: VaultEntry,
    pub to: VaultEntry,
    /// The second copy that was set up for it.
    copy: Option<VaultCopy>,
    /// Whether somebody asked for it.
    pub is_asked: bool,
}

impl Labkeep {
    /// Brings a second copy up to date in the background.
    pub fn start_copy(&self, copy: &str) -> Result<RunId> {
        self.start_copy_of(copy, true)
    }

    fn start_copy_of(&self, copy: &str, is_asked: bool) -> Result<RunId> {
        let copy = self.find_copy(copy)?;
        let from = self.find_vault(&copy.from.to_string())?;
        let to = self.find_vault(&copy.to.to_string())?;
        self.start_copying(Pair {
            from,
            to,
            copy: Some(copy),
            is_asked,
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
        self.start_copying(Pair {
            from,
            to,
            copy,
            is_asked: true,
        })
    }

    /// Starts every second copy that is behind or was found damaged, whose drives are there, and
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
            match self.start_copy_of(copy, false) {
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
        if self.behind(copy)?.is_empty() && !self.is_to_be_mended(copy)? {
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
                    if tells_of_damage(&error) {
                        labkeep.suspect_both(&pair, &execution);
                    }
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
        let mended = self.mend(pair, &from, &to, execution).await?;
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
        let lost = self.forget_replaced(&pair.to, &to).await?;
        if error.as_ref().is_some_and(has_damage) {
            self.suspect(pair.from.id)?;
        }
        if error.is_none() {
            compare(&from, &to, &choice).await?;
            let its = self.of_plans_in(&pair.from, &pair.to)?;
            let is_its = |id: &String| id.parse().is_ok_and(|id| its.contains(&id));
            let gone = lost.into_iter().filter(is_its).collect();
            self.note_lost(pair.to.id, &its, gone)?;
        }
        if let Some(copy) = &pair.copy {
            let at = error.is_none().then(|| self.0.clock.now());
            self.note_copy(copy, at, &choice)?;
        }
        Ok(ended(pair, &choice, &report, error.as_ref(), mended))
    }

    /// A copy failed at damage: a check of each vault has to tell where it is.
    fn suspect_both(&self, pair: &Pair, execution: &Execution) {
        for vault in [&pair.from, &pair.to] {
            if let Err(error) = self.suspect(vault.id) {
                execution.log.error(error.advice().to_string());
            }
        }
    }

    /// Snapshots that were lost in the other vault and are there again under
    /// other names: nobody need miss them any more, as a check will say. Gives
    /// those that are still missed.
    async fn forget_replaced(&self, entry: &VaultEntry, vault: &Vault) -> Result<Vec<String>> {
        let reading = vault.clone();
        let (sound, damaged) = blocking(move || Ok(reading.snapshots_with_damage()?)).await?;
        let sound = sound.into_iter().map(|facts| facts.id);
        let listed: BTreeSet<String> = sound
            .chain(damaged.into_iter().map(|(id, _)| id))
            .map(|id| id.to_string())
            .collect();
        let known = self.0.catalogue.snapshots(&entry.vault_id)?;
        let (there, lost): (Vec<_>, Vec<_>) = known
            .into_iter()
            .partition(|known| listed.contains(&known.id));
        let there: BTreeMap<_, _> = there.iter().map(|known| (moment(known), known)).collect();
        let (replaced, missed): (Vec<_>, Vec<_>) = lost
            .into_iter()
            .partition(|known| there.contains_key(&moment(known)));
        let missed = missed.into_iter().map(|known| known.id).collect();
        if replaced.is_empty() {
            return Ok(missed);
        }
        // What was kept for ever here alone stays so.
        for known in replaced.iter().filter(|known| known.pinned) {
            if let Some(Ok(twin)) = there.get(&moment(known)).map(|twin| twin.id.parse()) {
                let vault = vault.clone();
                blocking(move || Ok(vault.pin(twin)?)).await?;
            }
        }
        let names: Vec<String> = replaced.into_iter().map(|known| known.id).collect();
        self.0.catalogue.forget_snapshots(&entry.vault_id, &names)?;
        self.suspect(entry.id)?;
        Ok(missed)
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

/// Whether snapshots could not be copied for damage to what is copied.
fn has_damage(error: &labkeep_vault::Error) -> bool {
    let labkeep_vault::Error::NotCopied { failed, .. } = error else {
        return false;
    };
    failed.iter().any(|(_, error)| is_damage(error))
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
