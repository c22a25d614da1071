//! The state in a few words: what the tray shows.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use labkeep_settings::Settings;

use super::promise::waits_for;
use super::{Labkeep, answered, blocking};
use crate::clock::{from_millis, millis};
use crate::error::Result;
use crate::outcome::{Outcome, RunKind};
use crate::view::{
    LastBackup, Phase, PlanName, Protection, RunProgress, RunState, Severity, StatusView, Upcoming,
};

/// How long the status may take; a little more than a place that hangs.
const PATIENCE: Duration = Duration::from_secs(15);

impl Labkeep {
    /// The state in a few words.
    pub async fn status(&self) -> Result<StatusView> {
        let labkeep = self.clone();
        // What hangs must not hold up the tray, which then says so.
        answered("a drive or Labkeep's own folder", PATIENCE, async {
            let turn = Arc::clone(&self.0.status).lock_owned().await;
            blocking(move || {
                let status = labkeep.status_now();
                drop(turn);
                status
            })
            .await
        })
        .await
    }

    fn status_now(&self) -> Result<StatusView> {
        let settings = self.settings()?;
        let attention = self.attention(&settings)?;
        let running = self.0.runs.foremost();
        let paused_until = self.paused_until(&settings.preferences);
        let protection =
            super::home::protection(&settings, &attention, running.as_ref(), paused_until);
        let now = self.0.clock.now();
        let zone = TimeZone::system();
        let moment = |at: i64| in_words(from_millis(at), now, &zone);
        let mut lines = Vec::new();
        if let Some(running) = &running {
            lines.push(progress(running));
        }
        let needs = attention
            .iter()
            .filter(|one| one.severity != Severity::Info);
        lines.extend(needs.clone().take(1).map(|one| one.title.clone()));
        if protection != Protection::NotSetUp {
            lines.push(match self.last_backup()? {
                Some(last) => last_line(&last, &moment),
                None => "No backup yet".to_owned(),
            });
            lines.extend(
                self.upcoming_backups(&settings)?
                    .first()
                    .map(|next| next_line(next, millis(now), &moment)),
            );
        }
        let title = match (protection, &running) {
            (Protection::NotSetUp, _) => "Not set up yet".to_owned(),
            (Protection::Protected, _) => "Protected".to_owned(),
            (Protection::Running, Some(running)) => format!("Backing up {}", running.subject),
            (Protection::Running, None) => "Backing up".to_owned(),
            (Protection::NeedsAttention, _) => "Needs attention".to_owned(),
            (Protection::Paused, _) => match paused_until {
                Some(until) => format!("Paused until {}", moment(until)),
                None => "Paused".to_owned(),
            },
        };
        Ok(StatusView {
            protection,
            title,
            detail: lines.join("\n"),
            running,
            plans: names(&settings),
            paused_until,
            attention: u32::try_from(needs.count()).unwrap_or(u32::MAX),
        })
    }

    /// When each plan is due next, the first one first.
    pub(super) fn upcoming_backups(&self, settings: &Settings) -> Result<Vec<Upcoming>> {
        let mut all = Vec::new();
        for plan in &settings.plans {
            let outlook = self.outlook(plan, &settings.preferences)?;
            let Some(at) = outlook.at else { continue };
            let vault = settings.vault(plan.vault);
            let vault = vault.map_or("the vault", |vault| vault.name.as_str());
            all.push(Upcoming {
                kind: RunKind::Backup,
                subject: plan.name.clone(),
                at: millis(at),
                waits_for: outlook.held.map(|why| waits_for(why, vault)),
            });
        }
        all.sort_by_key(|upcoming| upcoming.at);
        Ok(all)
    }
}

fn names(settings: &Settings) -> Vec<PlanName> {
    let mut plans: Vec<_> = settings.plans.iter().collect();
    plans.sort_by_key(|plan| plan.created_at);
    plans
        .into_iter()
        .map(|plan| PlanName {
            id: plan.id.to_string(),
            name: plan.name.clone(),
        })
        .collect()
}

fn last_line(last: &LastBackup, moment: &dyn Fn(i64) -> String) -> String {
    let when = moment(last.at);
    match last.outcome {
        Outcome::Complete => format!("Last backup: {when}"),
        Outcome::Partial => format!("Last backup: {when}, something is missing"),
        Outcome::Aborted => format!("Last backup: {when}, stopped"),
        Outcome::Failed => format!("Last backup: {when}, failed"),
    }
}

fn next_line(next: &Upcoming, now: i64, moment: &dyn Fn(i64) -> String) -> String {
    match &next.waits_for {
        Some(what) => format!("Next backup: waits for {what}"),
        None if next.at <= now => "Next backup: at once".to_owned(),
        None => format!("Next backup: {}", moment(next.at)),
    }
}

/// How far a run is, in a line.
fn progress(run: &RunProgress) -> String {
    if run.state == RunState::Stopping {
        return "Stopping…".to_owned();
    }
    let does = match run.kind {
        RunKind::Backup => "Backing up",
        RunKind::Restore => "Restoring",
        RunKind::Export => "Exporting",
        RunKind::Drill => "Rehearsing a restore",
        RunKind::Verify => "Checking the vault",
        RunKind::Prune => "Removing old snapshots",
        RunKind::Copy => "Copying the vault",
    };
    if run.phase == Phase::Waiting {
        return format!("{does}: waits for its turn");
    }
    if let Some(wait) = &run.wait {
        return format!("{does}: {}", wait.reason);
    }
    let mut line = match run.items_total {
        Some(total) if total > 0 => format!("{does}: {} of {total} items", run.items_done),
        _ => format!("{does}…"),
    };
    if let Some(left) = run.left_ms {
        line.push_str(", ");
        line.push_str(&left_in_words(left));
    }
    line
}

fn left_in_words(left: i64) -> String {
    match left / 60_000 {
        ..=0 => "less than a minute left".to_owned(),
        1 => "about a minute left".to_owned(),
        minutes @ 2..=90 => format!("about {minutes} minutes left"),
        minutes => format!("about {} hours left", (minutes + 30) / 60),
    }
}

/// A moment near now, as people say it: "today 12:30".
fn in_words(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let days = now
        .date()
        .until(at.date())
        .map_or(i32::MAX, |span| span.get_days());
    let time = at.strftime("%H:%M");
    match days {
        0 => format!("today {time}"),
        1 => format!("tomorrow {time}"),
        -1 => format!("yesterday {time}"),
        2..=6 => format!("{} {time}", at.strftime("%A")),
        _ => format!("{} {time}", at.strftime("%-d %b %Y")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_said_as_people_do() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now: Timestamp = "2026-11-25T21:30:00Z".parse().unwrap();
        let said = |at: &str| in_words(at.parse().unwrap(), now, &zone);
        assert_eq!(said("2026-11-25T11:30:00Z"), "today 12:30");
        // Berlin is in the next day already.
        assert_eq!(said("2026-11-25T23:30:00Z"), "tomorrow 00:30");
        assert_eq!(said("2026-11-24T11:30:00Z"), "yesterday 12:30");
        assert_eq!(said("2026-11-28T11:30:00Z"), "Saturday 12:30");
        assert_eq!(said("2026-10-02T10:30:00Z"), "2 Oct 2026 12:30");
    }

    #[test]
    fn what_is_left_is_not_more_exact_than_it_can_be() {
        let minute = 60_000;
        assert_eq!(left_in_words(minute / 2), "less than a minute left");
        assert_eq!(left_in_words(3 * minute + 1), "about 3 minutes left");
        assert_eq!(left_in_words(150 * minute), "about 3 hours left");
    }
}
