//! What needs the user: gaps, failed runs, dying tokens, unreachable vaults and
//! unsaved recovery kits, each with one remedy.

use std::collections::BTreeSet;

use jiff::Timestamp;
use labkeep_settings::{
    Plan, RecoveryKit, Run, RunKind, RunOutcome, RunQuery, Settings, VaultEntry,
};

use super::Labkeep;
use super::advise::{WARN_DAYS, days_in_words};
use crate::error::Result;
use crate::kind::Item;
use crate::view::{AttentionView, LedgerLineView, LedgerState, ProjectFilter, Remedy, Severity};

impl Labkeep {
    /// What needs the user, worst first.
    pub(super) fn attention(&self, settings: &Settings) -> Result<Vec<AttentionView>> {
        let mut all = Vec::new();
        for plan in &settings.plans {
            all.extend(self.attention_of_plan(plan)?);
        }
        all.extend(self.attention_of_drills()?);
        for vault in &settings.vaults {
            all.extend(self.attention_of_checks(vault)?);
        }
        for account in self.accounts()? {
            let Some(days) = account.token_days_left else {
                continue;
            };
            if days > WARN_DAYS {
                continue;
            }
            let is_over = days <= 0;
            all.push(AttentionView {
                severity: if is_over {
                    Severity::Danger
                } else {
                    Severity::Warning
                },
                title: if is_over {
                    format!("The token of {} has expired", account.name)
                } else {
                    format!(
                        "The token of {} expires in {}",
                        account.name,
                        days_in_words(days)
                    )
                },
                detail: if is_over {
                    "Nothing can be backed up until it is renewed.".to_owned()
                } else {
                    "Backups stop then unless it is renewed.".to_owned()
                },
                remedy: Some(Remedy::RenewToken {
                    account: account.id,
                }),
            });
        }
        for vault in &settings.vaults {
            let view = self.vault_view(vault)?;
            if let Some(problem) = view.problem {
                all.push(AttentionView {
                    severity: Severity::Danger,
                    title: format!("The vault {} cannot be reached", vault.name),
                    detail: problem,
                    remedy: Some(Remedy::ShowSettings),
                });
            }
            if needs_kit(&vault.recovery_kit, self.0.clock.now()) {
                all.push(AttentionView {
                    severity: Severity::Warning,
                    title: format!("The recovery kit of {} is not saved", vault.name),
                    detail: "Without it, a broken computer means that nobody can open the vault."
                        .to_owned(),
                    remedy: Some(Remedy::SaveRecoveryKit {
                        vault: vault.id.to_string(),
                    }),
                });
            }
        }
        all.sort_by_key(|one| match one.severity {
            Severity::Danger => 0,
            Severity::Warning => 1,
            Severity::Info => 2,
        });
        Ok(all)
    }

    fn attention_of_plan(&self, plan: &Plan) -> Result<Vec<AttentionView>> {
        let runs = self.0.catalogue.runs(&RunQuery {
            kind: Some(RunKind::Backup),
            plan: Some(plan.id),
            limit: Some(20),
            ..RunQuery::default()
        })?;
        // Copies that lie elsewhere, or are of another account, protect nothing here.
        let runs: Vec<Run> = runs
            .into_iter()
            .filter(|run| run.vault == Some(plan.vault) && run.account == Some(plan.account))
            .collect();
        let mut all = Vec::new();
        let Some(last) = runs.iter().find(|run| run.outcome.is_some()) else {
            if runs.is_empty() {
                all.push(AttentionView {
                    severity: Severity::Danger,
                    title: format!("“{}” was never backed up", plan.name),
                    detail: "Nothing of it is protected yet.".to_owned(),
                    remedy: Some(Remedy::BackUp {
                        plan: plan.id.to_string(),
                    }),
                });
            }
            return Ok(all);
        };
        let view = super::run::run_view(last);
        let reason = view.reason.clone().unwrap_or_default();
        let show = Some(Remedy::ShowRun {
            run: last.id.to_string(),
        });
        match last.outcome {
            Some(RunOutcome::Failed) => all.push(AttentionView {
                severity: Severity::Danger,
                title: format!("The last backup of “{}” failed", plan.name),
                detail: reason,
                remedy: show,
            }),
            Some(RunOutcome::Aborted) => all.push(AttentionView {
                severity: Severity::Warning,
                title: format!("The last backup of “{}” was stopped", plan.name),
                detail: reason,
                remedy: Some(Remedy::Resume {
                    run: last.id.to_string(),
                }),
            }),
            Some(RunOutcome::Partial) => all.push(AttentionView {
                severity: Severity::Danger,
                title: format!("Something is missing in the last backup of “{}”", plan.name),
                detail: reason,
                remedy: show,
            }),
            Some(RunOutcome::Complete) | None => {}
        }
        all.extend(unreadable(&self.last_ledger(plan)?));
        Ok(all)
    }

    /// The last drill that came to an end, if it found something.
    fn attention_of_drills(&self) -> Result<Option<AttentionView>> {
        let runs = self.0.catalogue.runs(&RunQuery {
            kind: Some(RunKind::Drill),
            limit: Some(20),
            ..RunQuery::default()
        })?;
        // A good drill of one thing does not make up for a bad one of another.
        let mut seen = BTreeSet::new();
        Ok(runs
            .iter()
            .filter(|run| run.outcome.is_some_and(|o| o != RunOutcome::Aborted))
            .filter(|run| seen.insert(run.subject.as_str()))
            .find(|run| run.outcome != Some(RunOutcome::Complete))
            .map(|run| AttentionView {
                severity: Severity::Danger,
                title: format!("The last drill of {} failed", run.subject),
                detail: run.reason.clone().unwrap_or_default(),
                remedy: Some(Remedy::ShowRun {
                    run: run.id.to_string(),
                }),
            }))
    }

    /// A check of a vault that found something, until a later one makes up for
    /// it. Each check reads another share of the data, so only one that reads
    /// all of it makes up for one that read some.
    fn attention_of_checks(&self, vault: &VaultEntry) -> Result<Option<AttentionView>> {
        let runs = self.0.catalogue.runs(&RunQuery {
            kind: Some(RunKind::Verify),
            limit: Some(200),
            ..RunQuery::default()
        })?;
        let share = |run: &Run| run.details["read_data"].as_u64().unwrap_or(0);
        let mut since = None;
        for run in runs.iter().filter(|run| run.vault == Some(vault.id)) {
            match run.outcome {
                Some(RunOutcome::Complete) => since = since.max(Some(share(run))),
                Some(RunOutcome::Failed | RunOutcome::Partial) => {
                    let needed = if share(run) == 0 { 0 } else { 100 };
                    return Ok((since < Some(needed)).then(|| AttentionView {
                        severity: Severity::Danger,
                        title: format!("A check of the vault {} failed", vault.name),
                        detail: run.reason.clone().unwrap_or_default(),
                        remedy: Some(Remedy::ShowRun {
                            run: run.id.to_string(),
                        }),
                    }));
                }
                Some(RunOutcome::Aborted) | None => {}
            }
        }
        Ok(None)
    }
}

fn needs_kit(kit: &RecoveryKit, now: Timestamp) -> bool {
    match kit {
        RecoveryKit::Saved { .. } => false,
        RecoveryKit::Postponed { until } => *until <= now,
        RecoveryKit::Pending => true,
    }
}

/// Kinds that this token may not read: known, told, and no alarm.
fn unreadable(lines: &[LedgerLineView]) -> Option<AttentionView> {
    let missing: Vec<&LedgerLineView> = lines
        .iter()
        .filter(|line| line.state == LedgerState::NoRight)
        .collect();
    let first = missing.first()?;
    let items: BTreeSet<Item> = missing.iter().map(|line| line.item).collect();
    let kinds: BTreeSet<&str> = missing.iter().map(|line| line.kind.words()).collect();
    let kinds: Vec<&str> = kinds.into_iter().collect();
    let projects = if items.len() == 1 {
        first.path.clone()
    } else {
        format!("{} items", items.len())
    };
    Some(AttentionView {
        severity: Severity::Info,
        title: format!(
            "Not readable with this token: {} of {projects}",
            kinds.join(", ")
        ),
        detail: [first.reason.clone(), first.remedy.clone()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" "),
        remedy: Some(Remedy::ShowProjects {
            filter: ProjectFilter::Partial,
        }),
    })
}
