//! A year of each schedule on a machine that sleeps, is shut down, loses its
//! network, its mains and its drive, and whose runs fail: no promised backup
//! later than one hour after it became possible.
//!
//! Possible is: the machine awake, Labkeep running, nothing else of the plan
//! running, and neither a pause, quiet hours, nor anything that holds a start
//! back as the user set it. That time is added up; a promise that is possible
//! in pieces must be kept all the same.

#[path = "schedule/chance.rs"]
mod chance;
#[path = "schedule/year.rs"]
mod year;

use jiff::SignedDuration;
use labkeep_engine::schedule::{Quiet, Rules};
use labkeep_settings::Schedule;

use year::{Report, Year};

/// So many in each zone.
const YEARS: u64 = 2;
const AN_HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Everything holds back that can.
fn strict() -> Rules {
    Rules {
        quiet_hours: Some(Quiet {
            from: 22 * 60,
            to: 6 * 60 + 30,
        }),
        wait_on_battery: true,
        wait_on_metered: true,
        paused_until: None,
    }
}

/// Lives some years in each of some zones, checks what holds in every year,
/// and tells how many backups a year brought.
fn live(schedule: Schedule, rules: Rules) -> usize {
    let mut all = Report::default();
    for zone in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"] {
        for seed in 1..=YEARS {
            let report = Year::new(schedule, rules, zone, seed).live();
            let which = format!("{schedule:?} in {zone}, seed {seed}: {report:?}");
            assert!(report.longest_wait <= AN_HOUR, "{which}");
            assert!(
                report.starts <= report.moments + report.again,
                "more starts than moments and runs to be made up for: {which}"
            );
            all = all.plus(&report);
        }
    }
    // They were years in which all of it happened.
    for happened in [
        all.failed,
        all.cancelled,
        all.shut_down,
        all.crashed,
        all.slept_through,
    ] {
        assert!(happened > 0, "{all:?}");
    }
    println!("{schedule:?}: {all:?}");
    all.good / (3 * usize::try_from(YEARS).expect("a few"))
}

#[test]
fn years_of_days_in_the_quiet_hours_keep_every_promise() {
    let night = Schedule::Daily { minute: 150 };
    assert!(live(night, strict()) > 120);
}

#[test]
fn years_of_days_without_rules_keep_every_promise() {
    let night = Schedule::Daily { minute: 150 };
    assert!(live(night, Rules::default()) > 180);
}

#[test]
fn years_of_weeks_keep_every_promise() {
    let sunday = Schedule::Weekly {
        weekday: 6,
        minute: 150,
    };
    assert!(live(sunday, strict()) > 40);
}

#[test]
fn years_of_every_six_hours_keep_every_promise() {
    assert!(live(Schedule::Hours { hours: 6 }, strict()) > 240);
}

#[test]
fn years_of_every_hour_keep_every_promise() {
    assert!(live(Schedule::Hours { hours: 1 }, Rules::default()) > 800);
}
