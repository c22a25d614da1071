//! Chores: what is due beside backups, one thing after the other, for machines
//! where no window and no tray does it.

use std::process::ExitCode;

use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::RunEvent;
use labkeep_engine::{Error, Labkeep};
use labkeep_settings::RunId;
use serde::Serialize;
use tokio::sync::broadcast::Receiver;

use crate::Ran;
use crate::failure::Failure;
use crate::output::Output;
use crate::result::RunResult;
use crate::watch;

/// What was done, and what could not be begun.
#[derive(Default, Serialize)]
pub struct Chores {
    #[serde(rename = "chores")]
    done: Vec<RunResult>,
    failed: Vec<NotBegun>,
    #[serde(skip)]
    worst: Option<Outcome>,
}

/// Something that is due and could not be begun.
#[derive(Serialize)]
struct NotBegun {
    what: String,
    message: String,
    remedy: String,
}

pub async fn run(labkeep: &Labkeep, output: &Output) -> Ran {
    let mut chores = Chores::default();
    chores.do_what_is_due(labkeep, output).await?;
    output.document(&chores);
    Ok(chores.exit_code())
}

impl Chores {
    /// Copies first: a prune may take away what is not copied yet.
    pub async fn do_what_is_due(
        &mut self,
        labkeep: &Labkeep,
        output: &Output,
    ) -> Result<(), Failure> {
        self.copy(labkeep, output).await?;
        for vault in labkeep.vaults()? {
            if let Some(problem) = &vault.problem {
                output.say(format!("{}: {problem}", vault.name));
                continue;
            }
            let what = format!("Prune of {}", vault.name);
            let start = labkeep.start_due_prune(&vault.id);
            self.one(labkeep, &what, start, output).await?;
            let what = format!("Check of {}", vault.name);
            let start = labkeep.start_due_check(&vault.id);
            self.one(labkeep, &what, start, output).await?;
        }
        for plan in labkeep.plans()? {
            let what = format!("Drill of {}", plan.input.name);
            let start = async { labkeep.start_due_drill(&plan.id) };
            self.one(labkeep, &what, start, output).await?;
        }
        Ok(())
    }

    /// Counts how something ended.
    pub fn add(&mut self, outcome: Outcome) {
        if self.worst.is_none_or(|worst| rank(outcome) > rank(worst)) {
            self.worst = Some(outcome);
        }
    }

    /// That of the worst that happened.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.worst.unwrap_or(Outcome::Complete).exit_code())
    }

    async fn copy(&mut self, labkeep: &Labkeep, output: &Output) -> Result<(), Failure> {
        let what = "Second copies";
        // Several into one vault come one after the other.
        for round in 0..=labkeep.copies()?.len() {
            let started = labkeep.start_due_copies().await;
            match &started {
                Ok(runs) if runs.is_empty() => {
                    if round == 0 {
                        output.say(format!("{what}: none is due."));
                    }
                    return Ok(());
                }
                Ok(_) => {}
                Err(error) => self.not_begun(what, error, output),
            }
            // Also those that began beside one that could not.
            for run in labkeep.runs().progress() {
                if let Ok(run) = run.run.parse() {
                    let events = labkeep.runs().listen();
                    self.wait(labkeep, run, events, output).await?;
                }
            }
            if started.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn one(
        &mut self,
        labkeep: &Labkeep,
        what: &str,
        start: impl Future<Output = Result<Option<RunId>, Error>>,
        output: &Output,
    ) -> Result<(), Failure> {
        if self.worst == Some(Outcome::Aborted) {
            return Ok(());
        }
        let events = labkeep.runs().listen();
        match start.await {
            Ok(Some(run)) => self.wait(labkeep, run, events, output).await?,
            Ok(None) => output.say(format!("{what}: not due.")),
            Err(error) => self.not_begun(what, &error, output),
        }
        Ok(())
    }

    async fn wait(
        &mut self,
        labkeep: &Labkeep,
        run: RunId,
        events: Receiver<RunEvent>,
        output: &Output,
    ) -> Result<(), Failure> {
        match watch::to_its_result(labkeep, run, events, output).await? {
            Some((result, outcome)) => {
                self.add(outcome);
                self.done.push(result);
            }
            None => self.add(Outcome::Aborted),
        }
        Ok(())
    }

    fn not_begun(&mut self, what: &str, error: &Error, output: &Output) {
        let advice = error.advice();
        tracing::warn!(what, error = %labkeep_engine::error::chain(error), "could not be begun");
        output.say(format!("{what}: {advice}"));
        self.add(Outcome::Failed);
        self.failed.push(NotBegun {
            what: what.to_owned(),
            message: advice.message,
            remedy: advice.hint,
        });
    }
}

/// Whoever stopped one thing wants no other begun.
const fn rank(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Complete => 0,
        Outcome::Partial => 1,
        Outcome::Failed => 2,
        Outcome::Aborted => 3,
    }
}
