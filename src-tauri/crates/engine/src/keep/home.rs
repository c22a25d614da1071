//! Am I protected? Computed from what is known, never stored.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use labkeep_settings::{Run, RunKind, RunQuery, SecretKey, Settings};

use super::execute::Counts;
use super::{Labkeep, blocking};
use crate::backup::discover::UNCOVERED;
use crate::clock::millis;
use crate::error::Result;
use crate::kind::{Item, Sort};
use crate::outcome::Outcome;
use crate::view::{
    AttentionView, DayView, HomeView, LastBackup, LastProof, LedgerLineView, LedgerState, Overview,
    Protection, RunProgress, Severity, Upcoming,
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
        let running = self.0.runs.foremost();
        let paused_until = self.paused_until(&settings.preferences);
        Ok(Overview {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            set_up: !settings.plans.is_empty(),
            protection: protection(&settings, &attention, running.as_ref(), paused_until),
            paused_until,
            accounts: self.accounts()?,
            vaults: self.vaults()?,
            plans: self.plans()?,
            attention: count(&attention),
            running,
            keychain_problem,
            suggested_vault: self.suggested_vault(),
            copies: self.copies()?,
            retention_presets: crate::retention::presets(),
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
        let running = self.0.runs.foremost();
        let paused_until = self.paused_until(&settings.preferences);
        let upcoming = self.upcoming(&settings)?;
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
            protection: protection(&settings, &attention, running.as_ref(), paused_until),
            paused_until,
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
            never_proven: self.never_proven(&settings)?,
            next_backup_at: upcoming
                .iter()
                .find(|next| next.kind == crate::outcome::RunKind::Backup)
                .map(|next| next.at),
            upcoming,
            stored_bytes: (!usage.is_empty()).then(|| usage.iter().sum()),
            total_bytes: (!latest.is_empty())
                .then(|| latest.iter().map(|(_, snapshot)| snapshot.bytes).sum()),
            attention,
            running,
        })
    }

    /// The last backup that ended.
    pub(super) fn last_backup(&self) -> Result<Option<LastBackup>> {
        let runs = self.0.catalogue.runs(&RunQuery {
            kind: Some(RunKind::Backup),
            limit: Some(20),
            ..RunQuery::default()
        })?;
        Ok(runs.iter().find_map(last_backup))
    }

    /// What Labkeep is going to do by itself, the next first.
    fn upcoming(&self, settings: &Settings) -> Result<Vec<Upcoming>> {
        let mut all = self.upcoming_backups(settings)?;
        let mut add = |kind, subject: &str, at: Option<Timestamp>| {
            all.extend(at.map(|at| Upcoming {
                kind,
                subject: subject.to_owned(),
                at: millis(at),
                waits_for: None,
            }));
        };
        for vault in &settings.vaults {
            let at = self.check_due_at(&vault.id.to_string())?;
            add(crate::outcome::RunKind::Verify, &vault.name, at);
        }
        for plan in &settings.plans {
            let at = self.drill_due_at(&plan.id.to_string())?;
            add(crate::outcome::RunKind::Drill, &plan.name, at);
        }
        all.sort_by_key(|upcoming| upcoming.at);
        Ok(all)
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

    /// Projects that a drill could rebuild and none ever did.
    fn never_proven(&self, settings: &Settings) -> Result<u32> {
        let mut never = 0;
        for account in &settings.accounts {
            let items = self.0.catalogue.items(account.id)?;
            never += items
                .iter()
                .filter(|item| item.item.sort == labkeep_settings::ItemSort::Project)
                .filter(|item| item.last_saved.is_some() && item.proven_at.is_none())
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

pub(super) fn protection(
    settings: &Settings,
    attention: &[AttentionView],
    running: Option<&RunProgress>,
    paused_until: Option<i64>,
) -> Protection {
    if settings.plans.is_empty() {
        return Protection::NotSetUp;
    }
    if running.is_some_and(|run| run.kind == crate::outcome::RunKind::Backup) {
        return Protection::Running;
    }
    // A pause hides nothing that is wrong already.
    let worst = |severity| attention.iter().any(|one| one.severity == severity);
    if worst(Severity::Danger) {
        return Protection::NeedsAttention;
    }
    if paused_until.is_some() {
        return Protection::Paused;
    }
    if worst(Severity::Warning) {
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

fn items_where(lines: &[LedgerLineView], is: impl Fn(&LedgerLineView) -> bool) -> u32 {
    let items: BTreeSet<Item> = lines
        .iter()
        .filter(|line| is(line))
        .map(|line| line.item)
        .collect();
    number(items.len())
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
