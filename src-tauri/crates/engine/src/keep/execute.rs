//! Execute: every run, whatever it does, goes the same way. It is in the
//! catalogue before it begins and has an outcome when it ends, also when it
//! panics.

use std::future::Future;
use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use jiff::Timestamp;
use labkeep_settings::{
    AccountId, Catalogue, CatalogueError, ItemKey, ItemSort, LedgerRow, NewRun, PlanId, RunEnd,
    RunId, RunOutcome, RunState, VaultEntryId,
};
use labkeep_vault::{OnProgress, SnapshotReader};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Labkeep;
use crate::advice::Advice;
use crate::error::{Error, Result};
use crate::kind::{Item, Sort};
use crate::ledger::Ledger;
use crate::outcome::{Outcome, RunKind};
use crate::run::{Active, Progress, RunLog, VaultTurn};
use crate::view::{ByteCounts, ItemCounts, ReportLine, RequestCountsView};

/// How often is looked whether another process asked the run to stop.
const LOOK: Duration = Duration::from_secs(1);

/// Ledgers of so many runs of each plan stay in the catalogue; every snapshot
/// has its own.
const LEDGERS: u32 = 3;

/// What is to be run.
pub(super) struct Order {
    pub kind: RunKind,
    pub subject: String,
    pub plan: Option<PlanId>,
    pub vault: Option<VaultEntryId>,
    pub account: Option<AccountId>,
    /// Whether the vault is written to: one such run at a time.
    pub writes: bool,
    /// What is needed to show or repeat it.
    pub details: Value,
}

/// What a run works with.
#[derive(Clone)]
pub(super) struct Execution {
    pub id: RunId,
    pub active: Active,
    pub log: RunLog,
}

impl Execution {
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.active.progress)
    }

    /// A reader that ends when the run is cancelled.
    pub fn reading(&self, reader: &SnapshotReader) -> SnapshotReader {
        let cancel = self.active.cancel.clone();
        reader.clone().stoppable(move || cancel.is_cancelled())
    }

    /// Opens what a run works with: nothing but reading, so whoever cancels
    /// need not wait for a keychain or a drive that does not answer.
    pub async fn opening<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.active.cancel.cancelled() => Err(labkeep_vault::Error::Aborted.into()),
            opened = work => opened,
        }
    }

    /// Ends work of the vault at its next safe place when the run is cancelled.
    pub fn watch(&self) -> OnProgress {
        let cancel = self.active.cancel.clone();
        Arc::new(move |_| {
            if cancel.is_cancelled() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
    }
}

/// Numbers of a run, as the catalogue keeps them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Items.
    #[serde(default)]
    pub items: ItemCounts,
    /// Bytes.
    #[serde(default)]
    pub bytes: ByteCounts,
    /// Requests.
    #[serde(default)]
    pub requests: RequestCountsView,
    /// Ledger lines of something that is missing.
    #[serde(default)]
    pub missing: u32,
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub outcome: Outcome,
    pub advice: Option<Advice>,
    pub snapshot: Option<String>,
    pub counts: Counts,
    pub ledger: Option<Ledger>,
    pub report: Vec<ReportLine>,
    pub result_url: Option<String>,
}

impl Ended {
    /// A run that did what it should.
    pub fn complete() -> Self {
        Self {
            outcome: Outcome::Complete,
            advice: None,
            snapshot: None,
            counts: Counts::default(),
            ledger: None,
            report: Vec::new(),
            result_url: None,
        }
    }

    /// A run that did nothing that counts.
    pub fn failed(advice: Advice) -> Self {
        Self {
            outcome: Outcome::Failed,
            advice: Some(advice),
            ..Self::complete()
        }
    }

    /// A run that was stopped.
    pub fn aborted() -> Self {
        Self {
            outcome: Outcome::Aborted,
            ..Self::complete()
        }
    }
}

impl Labkeep {
    /// Begins a run in the background and returns at once.
    pub(super) fn execute<F>(
        &self,
        order: Order,
        work: impl FnOnce(Self, Execution) -> F + Send + 'static,
    ) -> Result<RunId>
    where
        F: Future<Output = Ended> + Send + 'static,
    {
        let id = RunId::random();
        let run = NewRun {
            id,
            kind: settings_kind(order.kind),
            subject: order.subject.clone(),
            plan: order.plan,
            vault: order.vault,
            account: order.account,
            queued_at: self.0.clock.now(),
            process: self.0.presence.process().clone(),
            details: order.details.clone(),
        };
        self.go(id, order, |catalogue| catalogue.add_run(&run), work)?;
        Ok(id)
    }

    /// Takes up a run that ended before its end.
    pub(super) fn execute_again<F>(
        &self,
        id: RunId,
        order: Order,
        work: impl FnOnce(Self, Execution) -> F + Send + 'static,
    ) -> Result<()>
    where
        F: Future<Output = Ended> + Send + 'static,
    {
        let now = self.0.clock.now();
        let process = self.0.presence.process();
        let note = |catalogue: &Catalogue| catalogue.resume_run(id, process, now);
        self.go(id, order, note, work)
    }

    /// `note` writes into the catalogue that the run is there. By then it is
    /// among those under way: one that is in the catalogue alone has crashed.
    fn go<F>(
        &self,
        id: RunId,
        order: Order,
        note: impl FnOnce(&Catalogue) -> Result<(), CatalogueError>,
        work: impl FnOnce(Self, Execution) -> F + Send + 'static,
    ) -> Result<()>
    where
        F: Future<Output = Ended> + Send + 'static,
    {
        let progress = Progress::new(
            id.to_string(),
            order.kind,
            order.subject.clone(),
            Arc::clone(&self.0.clock),
        );
        let active = Active::new(Arc::new(progress));
        let execution = Execution {
            id,
            active: active.clone(),
            log: RunLog::new(self.0.catalogue.clone(), id, Arc::clone(&self.0.clock)),
        };
        self.0.runs.enter(id, active.clone());
        if let Err(error) = note(&self.0.catalogue) {
            self.0.runs.withdraw(id);
            return Err(error.into());
        }
        self.0.runs.begin(id, active);
        let labkeep = self.clone();
        tokio::spawn(async move {
            let watch = tokio::spawn(labkeep.clone().watch(execution.clone()));
            let (ended, turn) = labkeep.in_turn(order, execution.clone(), work).await;
            watch.abort();
            labkeep.end(&execution, ended);
            // The next run begins when this one has its end in the history.
            drop(turn);
        });
        Ok(())
    }

    async fn in_turn<F>(
        &self,
        order: Order,
        execution: Execution,
        work: impl FnOnce(Self, Execution) -> F + Send + 'static,
    ) -> (Ended, Option<VaultTurn>)
    where
        F: Future<Output = Ended> + Send + 'static,
    {
        let turn = match order.vault {
            Some(vault) if order.writes => {
                let cancel = &execution.active.cancel;
                match self.0.runs.turn(&vault.to_string(), cancel).await {
                    Ok(Some(turn)) => Some(turn),
                    Ok(None) => return (Ended::aborted(), None),
                    Err(source) => {
                        let error = Error::File {
                            path: self.0.home.locks().display().to_string(),
                            source,
                        };
                        return (Ended::failed(error.advice()), None);
                    }
                }
            }
            _ => None,
        };
        if let Err(error) = self.0.catalogue.start_run(execution.id, self.0.clock.now()) {
            // A run that was resumed is running already.
            tracing::debug!(run = %execution.id, %error, "the run was not queued");
        }
        let work = AssertUnwindSafe(work(self.clone(), execution)).catch_unwind();
        let ended = Box::pin(work).await.unwrap_or_else(|panic| {
            let message = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("a panic");
            let bug = Error::Bug {
                message: message.to_owned(),
            };
            Ended::failed(bug.advice())
        });
        (ended, turn)
    }

    /// Stops the run when another process asked for it.
    async fn watch(self, execution: Execution) {
        loop {
            tokio::time::sleep(LOOK).await;
            match self.0.catalogue.run(execution.id) {
                Ok(Some(run)) if run.state == RunState::Stopping => {
                    execution.active.stop(super::run::CANCELLED);
                    return;
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "the catalogue could not be read"),
            }
        }
    }

    fn end(&self, execution: &Execution, mut ended: Ended) {
        if ended.outcome == Outcome::Aborted {
            let why = execution.active.why();
            ended.advice.get_or_insert_with(|| {
                Advice::new(
                    why.unwrap_or_else(|| super::run::CANCELLED.to_owned()),
                    "Start it again when you like; what is in the vault is not stored again.",
                )
            });
        }
        if let Some(advice) = &ended.advice {
            execution.log.error(advice.to_string());
        }
        execution
            .log
            .info(format!("The run ended: {}.", ended.outcome.name()));
        let outcome = ended.outcome;
        self.note_or_keep(execution.id, ended);
        self.0.runs.end(execution.id, outcome);
    }

    /// Writes down how a run ended, as much of it as can be.
    pub(super) fn note_end(&self, id: RunId, ended: &Ended, at: Timestamp) -> Result<()> {
        let ledger = self.note_ledger(id, ended);
        let details = self.note_details(id, ended);
        match self.0.catalogue.end_run(id, &run_end(ended, at)) {
            // An earlier try got so far.
            Ok(())
            | Err(CatalogueError::WrongState {
                state: RunState::Ended,
                ..
            }) => ledger.and(details),
            Err(error) => Err(error.into()),
        }
    }

    fn note_ledger(&self, id: RunId, ended: &Ended) -> Result<()> {
        if let Some(ledger) = &ended.ledger {
            let rows: Vec<LedgerRow> = ledger.lines().map(row).collect();
            self.0.catalogue.put_ledger(id, &rows)?;
            self.0.catalogue.trim_ledgers(LEDGERS)?;
        }
        Ok(())
    }

    fn note_details(&self, id: RunId, ended: &Ended) -> Result<()> {
        if !ended.report.is_empty() || ended.result_url.is_some() {
            let run = self.0.catalogue.run(id)?;
            let mut details = run.map_or_else(|| json!({}), |run| run.details);
            details["report"] = json!(ended.report);
            details["url"] = json!(ended.result_url);
            self.0.catalogue.set_run_details(id, &details)?;
        }
        Ok(())
    }
}

/// The end of a run, as the catalogue keeps it.
pub(super) fn run_end(ended: &Ended, at: Timestamp) -> RunEnd {
    RunEnd {
        outcome: settings_outcome(ended.outcome),
        reason: ended.advice.as_ref().map(|advice| advice.message.clone()),
        remedy: ended.advice.as_ref().map(|advice| advice.hint.clone()),
        at,
        snapshot: ended.snapshot.clone(),
        counts: json!(ended.counts),
    }
}

pub(super) fn row(line: &crate::ledger::Line) -> LedgerRow {
    LedgerRow {
        item: key(line.item()),
        kind: line.kind.name().to_owned(),
        path: line.path.clone(),
        state: state_name(line.state).to_owned(),
        reason: line.reason.clone(),
        remedy: line.remedy.clone(),
        count: line.count,
        bytes: (!line.pieces.is_empty()).then(|| line.bytes()),
        stale_since: line.stale_since,
    }
}

/// The name of a ledger state, in the catalogue and in result documents.
pub fn state_name(state: crate::view::LedgerState) -> &'static str {
    use crate::view::LedgerState;
    match state {
        LedgerState::Saved => "saved",
        LedgerState::Unchanged => "unchanged",
        LedgerState::Empty => "empty",
        LedgerState::FeatureOff => "feature_off",
        LedgerState::NoRight => "no_right",
        LedgerState::NotOffered => "not_offered",
        LedgerState::Failed => "failed",
    }
}

/// The item as the catalogue knows it.
pub(super) const fn key(item: Item) -> ItemKey {
    ItemKey {
        sort: match item.sort {
            Sort::Group => ItemSort::Group,
            Sort::Project => ItemSort::Project,
        },
        id: item.id,
    }
}

/// The item that the catalogue knows; none for what this version has no word
/// for.
pub(super) const fn item_of(key: ItemKey) -> Option<Item> {
    match key.sort {
        ItemSort::Group => Some(Item::group(key.id)),
        ItemSort::Project => Some(Item::project(key.id)),
        ItemSort::Snippet => None,
    }
}

pub(super) fn settings_kind(kind: RunKind) -> labkeep_settings::RunKind {
    labkeep_settings::RunKind::from_name(kind.name()).expect("both have the same names")
}

pub(super) fn settings_outcome(outcome: Outcome) -> RunOutcome {
    RunOutcome::from_name(outcome.name()).expect("both have the same names")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_catalogue() {
        for kind in [
            RunKind::Backup,
            RunKind::Restore,
            RunKind::Export,
            RunKind::Drill,
            RunKind::Verify,
            RunKind::Prune,
            RunKind::Copy,
        ] {
            assert_eq!(settings_kind(kind).name(), kind.name());
        }
        for outcome in [
            Outcome::Complete,
            Outcome::Partial,
            Outcome::Aborted,
            Outcome::Failed,
        ] {
            assert_eq!(settings_outcome(outcome).name(), outcome.name());
        }
    }
}
