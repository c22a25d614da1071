//! Runs as people see them: history, details, cancel, resume.

use std::str::FromStr;

use labkeep_settings::{LedgerRow, Run, RunId, RunQuery, RunState as StoredState};
use secrecy::SecretString;

use super::check::{percent_of, share_of};
use super::execute::{Counts, item_of};
use super::{BackupWish, Labkeep};
use crate::clock::millis;
use crate::error::{Error, Result, What};
use crate::kind::Kind;
use crate::outcome::{Outcome, RunKind};
use crate::view::{
    LedgerLineView, LedgerState, LogLineView, ReportLine, RunDetail, RunProgress, RunState, RunView,
};

/// Why a run ended that a person cancelled.
pub(super) const CANCELLED: &str = "It was cancelled.";

/// Why a run ended whose process is gone, as the catalogue notes it.
pub(super) const CRASHED: &str = "crashed";

/// Runs in the history at most.
const SHOWN: u32 = 200;

impl Labkeep {
    /// The history, newest first, runs under way included.
    pub fn list_runs(&self) -> Result<Vec<RunView>> {
        let query = RunQuery {
            limit: Some(SHOWN),
            ..RunQuery::default()
        };
        let runs = self.0.catalogue.runs(&query)?;
        let runs = runs.into_iter().map(|run| self.with_end(run));
        Ok(runs.map(|run| run_view(&run)).collect())
    }

    /// How far every run of this process is.
    pub fn running(&self) -> Vec<RunProgress> {
        self.0.runs.progress()
    }

    /// A run with its ledger, log and report.
    pub fn run_detail(&self, id: RunId) -> Result<RunDetail> {
        let run = self.run(id)?;
        let catalogue = &self.0.catalogue;
        let ledger = catalogue.ledger(id)?;
        let log = catalogue.log_lines(id)?;
        Ok(RunDetail {
            command_line: command_line(&run),
            report: report(&run),
            run: run_view(&run),
            ledger: ledger.iter().filter_map(ledger_view).collect(),
            log: log
                .into_iter()
                .map(|line| LogLineView {
                    at: millis(line.at),
                    level: line.level.name().to_owned(),
                    message: line.message,
                })
                .collect(),
        })
    }

    /// A run as it is in the history.
    pub fn run_view(&self, id: RunId) -> Result<RunView> {
        Ok(run_view(&self.run(id)?))
    }

    /// Asks a run to stop, in whichever process it is.
    pub fn cancel_run(&self, id: RunId) -> Result<()> {
        let run = self.run(id)?;
        if run.state == StoredState::Ended {
            return Err(Error::HasEnded);
        }
        self.0.catalogue.stop_run(id)?;
        if let Some(active) = self.0.runs.get(id) {
            active.stop(CANCELLED);
        } else if !self.is_under_way(&run) {
            self.note_crashes()?;
        }
        Ok(())
    }

    /// Goes on where a run stopped. A backup begins anew, for what it stored
    /// is in the vault already; a restore takes up its journal and may need its
    /// write token again.
    pub async fn resume_run(&self, id: RunId, token: Option<SecretString>) -> Result<RunId> {
        let run = self.run(id)?;
        if !is_resumable(&run) {
            return Err(Error::NotResumable);
        }
        match (kind_of(&run), run.plan) {
            (RunKind::Backup, Some(plan)) => {
                let plan = self.plan_by_id(plan)?;
                let thorough = run.details["thorough"].as_bool().unwrap_or(false);
                self.start_backup(&plan.id.to_string(), BackupWish { thorough })
            }
            (RunKind::Restore, _) => {
                self.resume_restore(&run, token).await?;
                Ok(id)
            }
            _ => Err(Error::NotResumable),
        }
    }

    /// Waits until a run of this process has ended.
    pub async fn wait_for(&self, id: RunId) -> Result<RunView> {
        let mut events = self.0.runs.listen();
        loop {
            if self.0.runs.get(id).is_none() {
                return self.run_view(id);
            }
            // Whatever woke us up, the registry tells whether it has ended.
            drop(tokio::time::timeout(std::time::Duration::from_secs(1), events.recv()).await);
        }
    }

    /// Asks every run of this process to stop and waits until they did.
    pub async fn stop_all(&self, why: &str) {
        let runs: Vec<RunId> = self
            .0
            .runs
            .progress()
            .iter()
            .filter_map(|progress| RunId::from_str(&progress.run).ok())
            .collect();
        for id in &runs {
            if let Some(active) = self.0.runs.get(*id) {
                active.stop(why);
            }
        }
        for id in runs {
            if let Err(error) = self.wait_for(id).await {
                tracing::error!(run = %id, %error, "the run could not be waited for");
            }
        }
    }

    pub(super) fn run(&self, id: RunId) -> Result<Run> {
        let run = self.0.catalogue.run(id)?.ok_or_else(|| Error::Unknown {
            what: What::Run,
            name: id.to_string(),
        })?;
        Ok(self.with_end(run))
    }
}

/// The same as a command line.
fn command_line(run: &Run) -> String {
    let quote = |text: &str| {
        if text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
        {
            text.to_owned()
        } else {
            format!("'{}'", text.replace('\'', "'\\''"))
        }
    };
    let subject = quote(&run.subject);
    let text = |name: &str| run.details[name].as_str().map(quote);
    let snapshot = text("snapshot").unwrap_or_else(|| "latest".to_owned());
    match kind_of(run) {
        RunKind::Backup => {
            let thorough = run.details["thorough"].as_bool() == Some(true);
            let flag = if thorough { " --thorough" } else { "" };
            format!("labkeep-cli backup {subject}{flag}")
        }
        RunKind::Restore => {
            let to = text("destination").map_or(String::new(), |to| format!(" --to {to}"));
            format!("labkeep-cli restore {snapshot} {subject}{to}")
        }
        RunKind::Export => {
            let folder = text("folder").unwrap_or_else(|| "FOLDER".to_owned());
            let archive = run.details["archive"].as_bool() == Some(true);
            let flag = if archive { " --archive" } else { "" };
            format!("labkeep-cli export {snapshot} {subject} {folder}{flag}")
        }
        RunKind::Drill => format!("labkeep-cli drill {snapshot} {subject}"),
        RunKind::Verify => {
            let percent = percent_of(share_of(run));
            format!("labkeep-cli vault check {subject} --read-data {percent}%")
        }
        RunKind::Prune => format!("labkeep-cli vault prune {subject}"),
        RunKind::Copy => {
            let to = text("to").unwrap_or_else(|| "TO".to_owned());
            format!("labkeep-cli vault copy {subject} {to}")
        }
    }
}

fn kind_of(run: &Run) -> RunKind {
    RunKind::from_name(run.kind.name()).expect("both have the same names")
}

fn is_resumable(run: &Run) -> bool {
    let stopped = matches!(
        run.outcome,
        Some(labkeep_settings::RunOutcome::Aborted | labkeep_settings::RunOutcome::Failed)
    );
    let can = match run.kind {
        labkeep_settings::RunKind::Backup => run.plan.is_some(),
        labkeep_settings::RunKind::Restore => run.details["request"].is_object(),
        _ => false,
    };
    stopped && can
}

/// A run of the catalogue as people see it.
pub(super) fn run_view(run: &Run) -> RunView {
    let counts: Counts = serde_json::from_value(run.counts.clone()).unwrap_or_default();
    let is_crash = run.reason.as_deref() == Some(CRASHED);
    RunView {
        id: run.id.to_string(),
        kind: kind_of(run),
        subject: run.subject.clone(),
        plan: run.plan.map(|plan| plan.to_string()),
        state: match run.state {
            StoredState::Queued => RunState::Queued,
            StoredState::Running => RunState::Running,
            StoredState::Stopping => RunState::Stopping,
            StoredState::Ended => RunState::Ended,
        },
        outcome: run
            .outcome
            .and_then(|outcome| Outcome::from_name(outcome.name())),
        reason: if is_crash {
            Some("Labkeep or the computer stopped during the run.".to_owned())
        } else {
            run.reason.clone()
        },
        remedy: if is_crash {
            Some("Start it again; what is in the vault is not stored again.".to_owned())
        } else {
            run.remedy.clone()
        },
        started_at: millis(run.started_at.unwrap_or(run.queued_at)),
        ended_at: run.ended_at.map(millis),
        snapshot: run.snapshot.clone(),
        items: counts.items,
        bytes: counts.bytes,
        requests: counts.requests,
        missing: counts.missing,
        resumable: is_resumable(run),
        result_url: run.details["url"].as_str().map(ToOwned::to_owned),
        elsewhere: run.details["elsewhere"].as_str().map(ToOwned::to_owned),
    }
}

fn report(run: &Run) -> Vec<ReportLine> {
    serde_json::from_value(run.details["report"].clone()).unwrap_or_default()
}

/// A line of the catalogue as people see it; none for a kind that this version
/// has no word for.
pub(super) fn ledger_view(row: &LedgerRow) -> Option<LedgerLineView> {
    Some(LedgerLineView {
        item: item_of(row.item)?,
        path: row.path.clone(),
        kind: Kind::from_name(&row.kind)?,
        state: state_of(&row.state),
        stale_since: row.stale_since.map(millis),
        count: row.count,
        bytes: row.bytes,
        reason: row.reason.clone(),
        remedy: row.remedy.clone(),
    })
}

/// An unknown state is no good one.
fn state_of(name: &str) -> LedgerState {
    serde_json::from_value(serde_json::Value::from(name)).unwrap_or(LedgerState::Failed)
}
