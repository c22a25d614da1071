//! Backups: start one, and note what came of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use labkeep_settings::{KnownSnapshot, Plan, RunId, SeenItem};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::check::tells_of_damage;
use super::damage::Healed;
use super::execute::{Counts, Ended, Execution, Order, key};
use super::{Labkeep, blocking};
use crate::advice::Advice;
use crate::backup::job::{BackupError, BackupJob, BackupResult};
use crate::backup::vanished::{Vanished, Why};
use crate::error::{Error, Result};
use crate::kind::Item;
use crate::ledger::{Ledger, Line};
use crate::outcome::{Outcome, RunKind};
use crate::pattern::Selection;
use crate::run::{Progress, WireObserver, process};
use crate::view::{BackupPlanView, ByteCounts, RequestCountsView};

/// How a backup is to be run.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackupWish {
    /// Ask for everything, whatever GitLab's marks say.
    pub thorough: bool,
}

/// What is around a backup: the run that it is of, if it is of one.
struct Around {
    run: String,
    progress: Arc<Progress>,
    cancel: CancellationToken,
}

impl Around {
    fn of(execution: &Execution) -> Self {
        Self {
            run: execution.id.to_string(),
            progress: execution.progress(),
            cancel: execution.active.cancel.clone(),
        }
    }
}

impl Labkeep {
    /// Backs a plan up in the background.
    pub fn start_backup(&self, plan: &str, wish: BackupWish) -> Result<RunId> {
        let plan = self.find_plan(plan)?;
        self.refuse_second(&plan)?;
        let order = Order {
            kind: RunKind::Backup,
            subject: plan.name.clone(),
            plan: Some(plan.id),
            vault: Some(plan.vault),
            account: Some(plan.account),
            writes: true,
            details: json!({ "thorough": wish.thorough }),
        };
        self.execute(order, move |labkeep, execution| async move {
            labkeep.back_up(plan, wish, execution).await
        })
    }

    /// What a backup of a plan would do. Nothing is written.
    pub async fn plan_backup(&self, plan: &str, wish: BackupWish) -> Result<BackupPlanView> {
        let plan = self.find_plan(plan)?;
        let progress = Arc::new(Progress::new(
            String::new(),
            RunKind::Backup,
            plan.name.clone(),
            Arc::clone(&self.0.clock),
        ));
        let around = Around {
            run: String::new(),
            progress,
            cancel: CancellationToken::new(),
        };
        Ok(self.job(&plan, wish, around).await?.plan().await?)
    }

    /// Refuses what must not happen while a plan is being backed up.
    pub(super) fn refuse_second(&self, plan: &Plan) -> Result<()> {
        let running = self.0.catalogue.unended_runs()?.into_iter().any(|run| {
            run.plan == Some(plan.id)
                && run.kind == labkeep_settings::RunKind::Backup
                && self.is_under_way(&run)
        });
        if running {
            return Err(Error::AlreadyRunning {
                plan: plan.name.clone(),
            });
        }
        Ok(())
    }

    async fn back_up(&self, plan: Plan, wish: BackupWish, execution: Execution) -> Ended {
        let log = execution.log.clone();
        log.info(format!("Backing up “{}”.", plan.name));
        let opening = self.job(&plan, wish, Around::of(&execution));
        let job = match execution.opening(opening).await {
            Ok(job) => job,
            Err(error) if error.is_cancelled() => return Ended::aborted(),
            Err(error) => return Ended::failed(error.advice()),
        };
        let began = self.0.clock.now();
        let healed = match self.heal_before(&plan, &job, &execution).await {
            Ok(healed) => healed,
            Err(error) if error.is_cancelled() => return Ended::aborted(),
            Err(error) => return Ended::failed(error.advice()),
        };
        let distrusted = job.distrusted.clone();
        match job.run().await {
            Ok(result) => {
                if let Err(error) = self.note_trust(&plan, &result, &distrusted, healed, began) {
                    // They are read in full once more: not a green light.
                    log.warn(error.advice().to_string());
                }
                self.backed_up(&plan, result, &execution).await
            }
            Err(BackupError::Cancelled | BackupError::Gitlab(labkeep_gitlab::Error::Cancelled)) => {
                Ended::aborted()
            }
            Err(error) => {
                let ledger = match &error {
                    BackupError::NothingRead { ledger, .. } => Some(ledger.as_ref().clone()),
                    _ => None,
                };
                tracing::error!(run = %execution.id, error = %crate::error::chain(&error), "the backup failed");
                let error = Error::from(error);
                if tells_of_damage(&error)
                    && let Err(error) = self.suspect(plan.vault)
                {
                    log.error(error.advice().to_string());
                }
                let advice = error.advice();
                Ended {
                    ledger,
                    counts: Counts {
                        bytes: execution.active.progress.bytes(),
                        ..Counts::default()
                    },
                    ..Ended::failed(advice)
                }
            }
        }
    }

    async fn job(&self, plan: &Plan, wish: BackupWish, around: Around) -> Result<BackupJob> {
        let settings = self.settings()?;
        let account = self.find_account(&plan.account.to_string())?;
        let vault = self.find_vault(&plan.vault.to_string())?;
        let client = self
            .client(&account, None)
            .await?
            .with_observer(Arc::new(WireObserver::new(Arc::clone(&around.progress))));
        let scratch = self.0.home.scratch();
        let swept = crate::scratch::sweep(&scratch, std::time::Duration::from_hours(24));
        match swept {
            Ok(swept) if !swept.is_empty() => {
                tracing::info!(
                    folders = swept.len(),
                    "removed scratch of runs that crashed"
                );
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "old scratch could not be removed"),
        }
        Ok(BackupJob {
            client,
            vault: self.vault(&vault).await?,
            plan: self.head_of(plan)?,
            selection: Selection::new(&plan.include, &plan.exclude)?,
            run: around.run,
            host: process::host(),
            thorough: wish.thorough,
            scratch,
            scratch_budget: settings.preferences.scratch_bytes,
            progress: around.progress,
            clock: Arc::clone(&self.0.clock),
            guard: settings.preferences.guard,
            distrusted: self.distrusted(plan.account)?,
            answered: self.answered(&plan.id.to_string())?,
            cancel: around.cancel,
        })
    }

    /// A vault that is known to be damaged is repaired before it is written to.
    async fn heal_before(
        &self,
        plan: &Plan,
        job: &BackupJob,
        execution: &Execution,
    ) -> Result<bool> {
        let entry = self.find_vault(&plan.vault.to_string())?;
        let (log, watch) = (&execution.log, execution.watch());
        let healed = self.heal(&entry, &job.vault, log, watch).await?;
        Ok(matches!(healed, Healed::Whole))
    }

    /// Distrusts what could not be read of the previous snapshot, and trusts
    /// again what was distrusted before the run and was read in full.
    fn note_trust(
        &self,
        plan: &Plan,
        result: &BackupResult,
        distrusted: &BTreeSet<Item>,
        healed: bool,
        began: Timestamp,
    ) -> Result<()> {
        if let Some(previous) = &result.previous {
            self.note_damaged(
                plan.account,
                plan.vault,
                &previous.to_string(),
                &result.damaged,
            )?;
        }
        let is_whole = |item: &Item| {
            let mut lines = result.ledger.of(*item).peekable();
            lines.peek().is_some() && lines.all(Line::is_whole)
        };
        let whole: Vec<Item> = distrusted.iter().copied().filter(is_whole).collect();
        if healed && !whole.is_empty() {
            self.trust(plan.account, &whole, began)?;
        }
        Ok(())
    }

    async fn backed_up(&self, plan: &Plan, result: BackupResult, execution: &Execution) -> Ended {
        let log = &execution.log;
        log.warn_all(
            result
                .ledger
                .lines()
                .filter(|line| !line.is_whole())
                .map(sentence),
        );
        log.warn_all(result.vanished.iter().filter_map(gone));
        log.info(format!(
            "Snapshot {} is saved and read back: {} groups and {} projects.",
            &result.snapshot.id.to_string()[..8],
            result.head.groups,
            result.head.projects
        ));
        log.warn_all(result.head.losses.iter().map(super::loss::sentence));
        let mut ended = ended(&result, execution);
        if !result.head.losses.is_empty() {
            let loss = super::loss::advice(&plan.name, &result.head.losses);
            ended.advice = Some(match ended.advice {
                Some(advice) => Advice::new(
                    format!("{} {}", advice.message, loss.message),
                    format!("{} {}", advice.hint, loss.hint),
                ),
                None => loss,
            });
        }
        if let Err(error) = self.note_backup(plan, &result, execution.id).await {
            // The copy is safe in the vault, but this machine does not know it.
            tracing::error!(run = %execution.id, %error, "the snapshot could not be noted");
            let advice = error.advice();
            return Ended {
                outcome: Outcome::Partial,
                advice: Some(Advice::new(
                    format!(
                        "The snapshot is safe in the vault, but it could not be noted on this machine. {}",
                        advice.message
                    ),
                    advice.hint,
                )),
                ..ended
            };
        }
        ended
    }

    async fn note_backup(&self, plan: &Plan, result: &BackupResult, run: RunId) -> Result<()> {
        let entry = self.find_vault(&plan.vault.to_string())?;
        let now = self.0.clock.now();
        let seen: Vec<SeenItem> = result
            .ledger
            .items()
            .into_iter()
            .filter_map(|item| {
                Some(SeenItem {
                    item: key(item),
                    path: result.ledger.of(item).next()?.path.clone(),
                })
            })
            .collect();
        let saved: Vec<_> = result
            .ledger
            .items()
            .into_iter()
            .filter(|item| result.ledger.of(*item).all(Line::is_whole))
            .map(key)
            .collect();
        let gone: Vec<_> = result
            .vanished
            .iter()
            .filter(|one| one.why == Why::Gone)
            .map(|one| key(one.item))
            .collect();
        let snapshot = result.snapshot.id.to_string();
        let catalogue = &self.0.catalogue;
        catalogue.put_snapshot(&known(&entry.vault_id, result, Some(run)))?;
        catalogue.see_items(plan.account, now, &seen, false)?;
        catalogue.items_gone(plan.account, &gone, now)?;
        catalogue.items_saved(plan.account, &saved, &snapshot, result.head.started)?;
        let vault = self.vault(&entry).await?;
        let usage = blocking(move || Ok(vault.usage()?)).await?;
        self.note_usage(entry.id, usage.bytes, usage.snapshots)
    }
}

/// A snapshot as the catalogue keeps it.
fn known(vault: &str, result: &BackupResult, run: Option<RunId>) -> KnownSnapshot {
    super::snapshot::known(vault, &result.snapshot, &result.head, &result.ledger, run)
}

fn ended(result: &BackupResult, execution: &Execution) -> Ended {
    let missing = result
        .ledger
        .lines()
        .filter(|line| line.is_missing())
        .count();
    let failed = result.head.items.failed + result.head.items.stale;
    let advice = (result.outcome == Outcome::Partial).then(|| partial(&result.ledger, failed));
    Ended {
        outcome: result.outcome,
        advice,
        snapshot: Some(result.snapshot.id.to_string()),
        counts: Counts {
            items: result.head.items,
            bytes: ByteCounts {
                received: execution.active.progress.bytes().received,
                stored: result.snapshot.bytes_stored,
            },
            requests: RequestCountsView {
                api: result.requests.api,
                git: result.requests.git,
                registry: result.requests.registry,
                lfs: result.requests.lfs,
            },
            missing: u32::try_from(missing).unwrap_or(u32::MAX),
        },
        ledger: Some(result.ledger.clone()),
        report: Vec::new(),
        result_url: None,
    }
}

/// Why a backup is only Partial: the first failure, and how many there are.
pub(super) fn partial(ledger: &Ledger, items: u64) -> Advice {
    let mut failures = ledger.lines().filter(|line| !line.is_whole());
    let Some(first) = failures.next() else {
        return Advice::new("Something is missing.", "Look at the ledger.");
    };
    let more = failures.count();
    let others = match more {
        0 => String::new(),
        1 => " One other part failed too.".to_owned(),
        more => format!(" {more} other parts failed too, in {items} items."),
    };
    Advice::new(
        format!("{}{others}", sentence(first)),
        first
            .remedy
            .clone()
            .unwrap_or_else(|| "Back up again.".to_owned()),
    )
}

fn sentence(line: &Line) -> String {
    let reason = line.reason.as_deref().unwrap_or("It could not be read.");
    let kept = if line.stale_since.is_some() {
        " The earlier version is kept."
    } else {
        ""
    };
    format!("{}: {}: {reason}{kept}", line.path, line.kind.words())
}

fn gone(one: &Vanished) -> Option<String> {
    match one.why {
        Why::Gone => Some(format!(
            "{} is gone at GitLab, or not visible any more. It stays in earlier snapshots.",
            one.path
        )),
        Why::LeftOut => Some(format!("{} is not covered by the plan any more.", one.path)),
        Why::Unknown => None,
    }
}
