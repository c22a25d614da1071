//! What needs the user: gaps, failed runs, dying tokens, unreachable vaults and
//! unsaved recovery kits, each with one remedy.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use labkeep_settings::{Plan, RecoveryKit, Run, RunOutcome, Schedule, Settings, VaultEntry};

use super::Labkeep;
use super::advise::{WARN_DAYS, days_in_words};
use super::place::Seen;
use super::promise::waits_for;
use super::recovered::awaits_token;
use crate::error::Result;
use crate::kind::Item;
use crate::view::{AttentionView, LedgerLineView, LedgerState, ProjectFilter, Remedy, Severity};

/// A backup that takes so long hides no longer that it is late.
const LONG: SignedDuration = SignedDuration::from_hours(24);

impl Labkeep {
    /// What needs the user, worst first.
    pub(super) fn attention(&self, settings: &Settings) -> Result<Vec<AttentionView>> {
        let mut all = self.attention_of_losses()?;
        all.extend(self.attention_of_troubles());
        all.extend(self.attention_of_unnoted());
        for plan in &settings.plans {
            all.extend(self.attention_of_plan(plan)?);
        }
        all.extend(self.attention_of_drills()?);
        for vault in &settings.vaults {
            all.extend(self.attention_of_checks(vault)?);
            all.extend(self.attention_of_prunes(vault)?);
        }
        all.extend(self.attention_of_neglect(settings)?);
        all.extend(self.attention_of_recovery(settings)?);
        all.extend(self.attention_of_copies(settings)?);
        for account in self.accounts()? {
            let Some(days) = account.token_days_left else {
                continue;
            };
            if days > WARN_DAYS {
                continue;
            }
            let is_over = days <= 0;
            all.push(AttentionView {
                key: format!("token:{}", account.id),
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
                all.push(self.attention_of_place(settings, vault, problem)?);
            }
            all.extend(self.attention_of_room(vault, view.free_bytes)?);
            if needs_kit(&vault.recovery_kit, self.0.clock.now()) {
                all.push(AttentionView {
                    key: format!("kit:{}", vault.id),
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

    /// A vault that cannot be used now, and why.
    fn attention_of_place(
        &self,
        settings: &Settings,
        vault: &VaultEntry,
        problem: String,
    ) -> Result<AttentionView> {
        let is_silent = matches!(self.seen(vault), Seen::Silent);
        let is_waited_for = !self.is_there(vault) && self.is_waited_for(settings, vault)?;
        let (severity, title, detail) = match (is_silent, is_waited_for) {
            (true, is_waited_for) => (
                if is_waited_for {
                    Severity::Warning
                } else {
                    Severity::Danger
                },
                format!("The vault {} does not answer", vault.name),
                problem,
            ),
            (false, true) => (
                Severity::Info,
                format!("The drive of {} is not connected", vault.name),
                "What is due starts as soon as it is.".to_owned(),
            ),
            (false, false) => (
                Severity::Danger,
                format!("The vault {} cannot be reached", vault.name),
                problem,
            ),
        };
        Ok(AttentionView {
            key: format!("vault:{}", vault.id),
            severity,
            title,
            detail,
            remedy: Some(Remedy::ShowSettings),
        })
    }

    /// Whether the drive of a vault may be away for now: everything that is kept
    /// there starts by itself when it is back, and nothing is late yet.
    fn is_waited_for(&self, settings: &Settings, vault: &VaultEntry) -> Result<bool> {
        for plan in settings.plans.iter().filter(|plan| plan.vault == vault.id) {
            if plan.schedule == Schedule::Manual || self.late_since(plan)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A promise that was not kept.
    fn attention_of_lateness(&self, plan: &Plan) -> Result<Option<AttentionView>> {
        let settings = self.settings()?;
        let is_paused = self.paused_until(&settings.preferences).is_some();
        // That it cannot run at all is told elsewhere.
        let cannot_run = settings.account(plan.account).is_some_and(awaits_token);
        if is_paused || cannot_run || self.is_being_kept(plan)? || self.late_since(plan)?.is_none()
        {
            return Ok(None);
        }
        let outlook = self.outlook(plan, &settings.preferences)?;
        let vault = settings.vault(plan.vault);
        let vault = vault.map_or("the vault", |vault| vault.name.as_str());
        Ok(Some(AttentionView {
            key: format!("late:{}", plan.id),
            severity: Severity::Danger,
            title: format!("“{}” is not backed up as often as it should be", plan.name),
            detail: match outlook.held {
                Some(why) => format!(
                    "The last good backup is older than its schedule promises. The next one waits for {}.",
                    waits_for(why, vault)
                ),
                None => "The last good backup is older than its schedule promises.".to_owned(),
            },
            remedy: Some(Remedy::BackUp {
                plan: plan.id.to_string(),
            }),
        }))
    }

    /// Whether a backup is under way that can keep the promise still: one that
    /// hangs never does.
    fn is_being_kept(&self, plan: &Plan) -> Result<bool> {
        let now = self.0.clock.now();
        let is_fresh = |run: &Run| {
            let began = run.started_at.unwrap_or(run.queued_at);
            now.duration_since(began).abs() < LONG
        };
        let runs = self.backups_of(plan)?;
        Ok(runs
            .iter()
            .any(|run| self.is_under_way(run) && is_fresh(run)))
    }

    fn attention_of_plan(&self, plan: &Plan) -> Result<Vec<AttentionView>> {
        let runs = self.backups_of(plan)?;
        let mut all = Vec::new();
        all.extend(self.attention_of_lateness(plan)?);
        let Some(last) = runs.iter().find(|run| run.outcome.is_some()) else {
            if runs.is_empty() {
                all.push(AttentionView {
                    key: format!("never:{}", plan.id),
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
                key: format!("failed:{}", plan.id),
                severity: Severity::Danger,
                title: format!("The last backup of “{}” failed", plan.name),
                detail: reason,
                remedy: show,
            }),
            Some(RunOutcome::Aborted) => all.push(AttentionView {
                key: format!("stopped:{}", plan.id),
                severity: Severity::Warning,
                title: format!("The last backup of “{}” was stopped", plan.name),
                detail: reason,
                remedy: Some(Remedy::Resume {
                    run: last.id.to_string(),
                }),
            }),
            Some(RunOutcome::Partial) => all.push(AttentionView {
                key: format!("partial:{}", plan.id),
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
        key: "unreadable".to_owned(),
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
