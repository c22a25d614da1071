//! Am I protected? Computed from what is known, never stored.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use labkeep_settings::{
    Plan, RecoveryKit, Run, RunKind, RunOutcome, RunQuery, SecretKey, Settings, VaultEntry,
};

use super::advise::{WARN_DAYS, days_in_words};
use super::execute::Counts;
use super::{Labkeep, blocking};
use crate::backup::discover::UNCOVERED;
use crate::clock::millis;
use crate::error::Result;
use crate::kind::{Item, Sort};
use crate::outcome::Outcome;
use crate::view::{
    AttentionView, DayView, HomeView, LastBackup, LastProof, LedgerLineView, LedgerState, Overview,
    ProjectFilter, Protection, Remedy, RunProgress, Severity,
};

/// Days of the strip.
const DAYS: i64 = 30;

/// Memo of the last drill that found everything well.
pub(super) const PROOF: &str = "last-proof";

impl Labkeep {
    /// What the window needs before it can draw anything.
    pub async fn overview(&self) -> Result<Overview> {
        let keychain_problem = self.keychain_problem(&self.settings()?).await;
        let labkeep = self.clone();
        // A drive that hangs must not hold up the window.
        blocking(move || labkeep.overview_with(keychain_problem)).await
    }

    fn overview_with(&self, keychain_problem: Option<String>) -> Result<Overview> {
        let settings = self.settings()?;
        let attention = self.attention(&settings)?;
        let running = self.running().into_iter().next();
        Ok(Overview {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            set_up: !settings.plans.is_empty(),
            protection: protection(&settings, &attention, running.as_ref()),
            accounts: self.accounts()?,
            vaults: self.vaults()?,
            plans: self.plans()?,
            attention: count(&attention),
            running,
            keychain_problem,
            suggested_vault: self.suggested_vault(),
        })
    }

    /// What the home screen shows.
    pub async fn home_screen(&self) -> Result<HomeView> {
        let labkeep = self.clone();
        blocking(move || labkeep.home_view()).await
    }

    /// The same. Blocking: it looks at the vaults' drives.
    pub fn home_view(&self) -> Result<HomeView> {
        let settings = self.settings()?;
        let attention = self.attention(&settings)?;
        let running = self.running().into_iter().next();
        let now = self.0.clock.now();
        let backups = self.0.catalogue.runs(&RunQuery {
            kind: Some(RunKind::Backup),
            limit: Some(1000),
            ..RunQuery::default()
        })?;
        let lines = self.last_lines(&settings)?;
        let items = |sort: Sort| {
            let items: BTreeSet<Item> = lines
                .iter()
                .map(|line| line.item)
                .filter(|item| item.sort == sort)
                .collect();
            number(items.len())
        };
        let known = self.known_snapshots(None)?;
        let latest: Vec<_> = settings
            .plans
            .iter()
            .filter_map(|plan| {
                known
                    .iter()
                    .filter(|(_, snapshot)| {
                        super::snapshot::details(snapshot).plan == plan.id.to_string()
                    })
                    .max_by_key(|(_, snapshot)| snapshot.time)
            })
            .collect();
        let usage: Vec<u64> = self
            .vaults()?
            .iter()
            .filter_map(|vault| vault.stored_bytes)
            .collect();
        Ok(HomeView {
            protection: protection(&settings, &attention, running.as_ref()),
            projects: items(Sort::Project),
            groups: items(Sort::Group),
            never_saved: self.never_saved(&settings)?,
            stale: items_where(&lines, |line| {
                line.state == LedgerState::Failed && line.stale_since.is_some()
            }),
            unreadable: items_where(&lines, |line| line.state == LedgerState::NoRight),
            not_covered: latest
                .iter()
                .flat_map(|(_, snapshot)| not_covered(&super::snapshot::details(snapshot)))
                .collect(),
            days: days(&backups, now),
            last_backup: backups.iter().find_map(last_backup),
            last_proof: self
                .0
                .catalogue
                .memo(PROOF)?
                .and_then(|memo| serde_json::from_value::<LastProof>(memo).ok()),
            next_backup_at: None,
            stored_bytes: (!usage.is_empty()).then(|| usage.iter().sum()),
            total_bytes: (!latest.is_empty())
                .then(|| latest.iter().map(|(_, snapshot)| snapshot.bytes).sum()),
            attention,
            running,
        })
    }

    /// What needs the user, worst first.
    fn attention(&self, settings: &Settings) -> Result<Vec<AttentionView>> {
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

    fn last_lines(&self, settings: &Settings) -> Result<Vec<LedgerLineView>> {
        let mut lines = Vec::new();
        for plan in &settings.plans {
            lines.extend(self.last_ledger(plan)?);
        }
        Ok(lines)
    }

    fn never_saved(&self, settings: &Settings) -> Result<u32> {
        let mut never = 0;
        for account in &settings.accounts {
            never += self
                .0
                .catalogue
                .items(account.id)?
                .iter()
                .filter(|item| item.gone_since.is_none() && item.last_saved.is_none())
                .count();
        }
        Ok(number(never))
    }

    /// Why secrets cannot be kept, and what helps.
    async fn keychain_problem(&self, settings: &Settings) -> Option<String> {
        let secrets = self.0.secrets.clone();
        // Any question shows whether it answers; the first account's is one
        // that is asked anyway.
        let key = settings.accounts.first().map_or_else(
            || SecretKey::AccountToken(labkeep_settings::AccountId::random()),
            |account| SecretKey::AccountToken(account.id),
        );
        let asked = blocking(move || Ok(secrets.get(&key)?)).await;
        asked.err().map(|error| error.advice().to_string())
    }
}

fn protection(
    settings: &Settings,
    attention: &[AttentionView],
    running: Option<&RunProgress>,
) -> Protection {
    if settings.plans.is_empty() {
        return Protection::NotSetUp;
    }
    if running.is_some_and(|run| run.kind == crate::outcome::RunKind::Backup) {
        return Protection::Running;
    }
    if attention.iter().any(|one| one.severity != Severity::Info) {
        return Protection::NeedsAttention;
    }
    Protection::Protected
}

fn count(attention: &[AttentionView]) -> u32 {
    number(
        attention
            .iter()
            .filter(|one| one.severity != Severity::Info)
            .count(),
    )
}

fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn needs_kit(kit: &RecoveryKit, now: Timestamp) -> bool {
    match kit {
        RecoveryKit::Saved { .. } => false,
        RecoveryKit::Postponed { until } => *until <= now,
        RecoveryKit::Pending => true,
    }
}

fn items_where(lines: &[LedgerLineView], is: impl Fn(&LedgerLineView) -> bool) -> u32 {
    let items: BTreeSet<Item> = lines
        .iter()
        .filter(|line| is(line))
        .map(|line| line.item)
        .collect();
    number(items.len())
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

fn not_covered(details: &super::snapshot::Details) -> Vec<String> {
    UNCOVERED
        .iter()
        .filter_map(|(name, words)| {
            let sum = details.uncovered.get(*name)?;
            let projects = if sum.projects == 1 {
                "1 project".to_owned()
            } else {
                format!("{} projects", sum.projects)
            };
            Some(format!("{words} of {projects}"))
        })
        .collect()
}

fn last_backup(run: &Run) -> Option<LastBackup> {
    let outcome = Outcome::from_name(run.outcome?.name())?;
    let ended = run.ended_at?;
    let counts: Counts = serde_json::from_value(run.counts.clone()).unwrap_or_default();
    let began = run.started_at.unwrap_or(run.queued_at);
    Some(LastBackup {
        run: run.id.to_string(),
        at: millis(ended),
        outcome,
        took_ms: millis(ended) - millis(began),
        new_bytes: counts.bytes.stored,
    })
}

/// The last 30 days in the user's time zone, oldest first.
fn days(backups: &[Run], now: Timestamp) -> Vec<DayView> {
    let zone = TimeZone::system();
    let today = now.to_zoned(zone.clone()).date();
    (0..DAYS)
        .rev()
        .filter_map(|back| today.checked_sub(back.days()).ok())
        .filter_map(|date| {
            let start = date.to_zoned(zone.clone()).ok()?.timestamp();
            let end = date
                .tomorrow()
                .ok()
                .and_then(|next| next.to_zoned(zone.clone()).ok())
                .map_or(start + SignedDuration::from_hours(24), |next| {
                    next.timestamp()
                });
            Some(day(backups, start, end))
        })
        .collect()
}

fn day(backups: &[Run], start: Timestamp, end: Timestamp) -> DayView {
    let of_day = backups.iter().filter(|run| {
        let at = run.started_at.unwrap_or(run.queued_at);
        run.outcome.is_some() && start <= at && at < end
    });
    let mut view = DayView {
        at: millis(start),
        outcome: None,
        new_bytes: 0,
        backups: 0,
    };
    for run in of_day {
        let counts: Counts = serde_json::from_value(run.counts.clone()).unwrap_or_default();
        view.backups += 1;
        view.new_bytes += counts.bytes.stored;
        let outcome = run.outcome.and_then(|o| Outcome::from_name(o.name()));
        view.outcome = worst(view.outcome, outcome);
    }
    view
}

fn worst(one: Option<Outcome>, other: Option<Outcome>) -> Option<Outcome> {
    let rank = |outcome: &Outcome| match outcome {
        Outcome::Failed => 3,
        Outcome::Partial => 2,
        Outcome::Aborted => 1,
        Outcome::Complete => 0,
    };
    one.into_iter().chain(other).max_by_key(rank)
}
