//! Moments, quiet hours and delays, one by one.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use labkeep_settings::Schedule;

use super::{NOON, after_run, at, promise, zone};
use crate::schedule::{Ending, Quiet, jitter, next_after, promised_by, upcoming};

fn daily(hour: u32, minute: u32) -> Schedule {
    Schedule::Daily {
        minute: hour * 60 + minute,
    }
}

#[test]
fn a_time_that_a_day_does_not_have_runs_right_after_the_gap() {
    let berlin = zone("Europe/Berlin");
    let next = next_after(daily(2, 30), at("2026-03-28T12:00:00+01:00"), &berlin);
    assert_eq!(next, Some(at("2026-03-29T03:00:00+02:00")));
    let after = next_after(daily(2, 30), at("2026-03-29T03:00:00+02:00"), &berlin);
    assert_eq!(after, Some(at("2026-03-30T02:30:00+02:00")));
    // Half an hour is skipped there.
    let next = next_after(
        daily(2, 10),
        at("2026-10-03T12:00:00+10:30"),
        &zone("Australia/Lord_Howe"),
    );
    assert_eq!(next, Some(at("2026-10-04T02:30:00+11:00")));
}

#[test]
fn a_time_that_a_day_has_twice_runs_once() {
    let york = zone("America/New_York");
    let first = next_after(daily(1, 30), at("2026-10-31T12:00:00-04:00"), &york);
    assert_eq!(first, Some(at("2026-11-01T01:30:00-04:00")));
    let second = next_after(daily(1, 30), first.unwrap(), &york);
    assert_eq!(second, Some(at("2026-11-02T01:30:00-05:00")));
}

#[test]
fn a_day_that_is_skipped_runs_at_the_start_of_the_next() {
    let apia = zone("Pacific/Apia");
    let next = next_after(daily(9, 0), at("2011-12-29T10:00:00-10:00"), &apia);
    assert_eq!(next, Some(at("2011-12-31T00:00:00+14:00")));
    let friday = Schedule::Weekly {
        weekday: 4,
        minute: 9 * 60,
    };
    let next = next_after(friday, at("2011-12-29T10:00:00-10:00"), &apia);
    assert_eq!(next, Some(at("2011-12-31T00:00:00+14:00")));
}

#[test]
fn a_week_keeps_its_day_and_hours_ignore_the_clock_on_the_wall() {
    let berlin = zone("Europe/Berlin");
    let sunday = Schedule::Weekly {
        weekday: 6,
        minute: 12 * 60,
    };
    let next = next_after(sunday, at("2026-03-22T12:00:00+01:00"), &berlin);
    assert_eq!(next, Some(at("2026-03-29T12:00:00+02:00")));
    let hours = Schedule::Hours { hours: 6 };
    let next = next_after(hours, at("2026-03-29T00:00:00+01:00"), &berlin);
    assert_eq!(next, Some(at("2026-03-29T07:00:00+02:00")));
}

#[test]
fn quiet_hours_go_over_midnight_and_over_changes_of_the_clock() {
    let berlin = zone("Europe/Berlin");
    let night = Quiet {
        from: 22 * 60,
        to: 2 * 60 + 30,
    };
    assert!(!night.holds(at("2026-06-01T21:59:59+02:00"), &berlin));
    assert!(night.holds(at("2026-06-01T22:00:00+02:00"), &berlin));
    assert!(night.holds(at("2026-06-02T02:29:59+02:00"), &berlin));
    assert!(!night.holds(at("2026-06-02T02:30:00+02:00"), &berlin));
    // The end is in the gap.
    assert_eq!(
        night.end(at("2026-03-28T23:00:00+01:00"), &berlin),
        Some(at("2026-03-29T03:00:00+02:00"))
    );
    // The end comes twice, and the hours hold again in between.
    assert_eq!(
        night.end(at("2026-10-25T02:00:00+02:00"), &berlin),
        Some(at("2026-10-25T02:30:00+02:00"))
    );
    assert_eq!(
        night.end(at("2026-10-25T02:00:00+01:00"), &berlin),
        Some(at("2026-10-25T02:30:00+01:00"))
    );
    let none = Quiet { from: 60, to: 60 };
    assert!(!none.holds(at("2026-06-01T01:00:00+02:00"), &berlin));
}

#[test]
fn a_promise_is_broken_a_quarter_of_the_period_after_its_moment() {
    let now = at("2026-06-10T00:00:00Z");
    let good = Some(at("2026-06-01T12:20:00Z"));
    let created = at("2026-06-01T00:00:00Z");
    let by = |schedule, good| promised_by(schedule, good, created, now, &TimeZone::UTC);
    assert_eq!(by(NOON, good), Some(at("2026-06-02T18:00:00Z")));
    assert_eq!(by(NOON, None), Some(at("2026-06-01T18:00:00Z")));
    assert_eq!(
        by(Schedule::Hours { hours: 1 }, good),
        Some(at("2026-06-01T14:20:00Z"))
    );
    let monday = Schedule::Weekly {
        weekday: 0,
        minute: 0,
    };
    assert_eq!(by(monday, good), Some(at("2026-06-09T00:00:00Z")));
    // A good backup in the far future proves nothing.
    assert_eq!(
        by(NOON, Some(at("2031-01-01T00:00:00Z"))),
        Some(at("2026-06-01T18:00:00Z"))
    );
}

#[test]
fn the_next_moments_are_listed() {
    let plan = after_run(NOON, "2026-06-01T12:00:00Z", Ending::Good, 0);
    let now = at("2026-06-05T13:00:00Z");
    assert_eq!(
        upcoming(&plan, now, &TimeZone::UTC, 2),
        [at("2026-06-06T12:00:00Z"), at("2026-06-07T12:00:00Z")]
    );
    let mut hours = after_run(
        Schedule::Hours { hours: 8 },
        "2026-06-05T12:00:00Z",
        Ending::Good,
        0,
    );
    assert_eq!(
        upcoming(&hours, now, &TimeZone::UTC, 2),
        [at("2026-06-05T20:00:00Z"), at("2026-06-06T04:00:00Z")]
    );
    hours.last = None;
    assert_eq!(
        upcoming(&hours, now, &TimeZone::UTC, 1),
        [at("2026-06-05T21:00:00Z")]
    );
    assert!(upcoming(&promise(Schedule::Manual), now, &TimeZone::UTC, 3).is_empty());
}

#[test]
fn delays_are_stable_spread_and_short() {
    let seeds: Vec<u64> = (0..200)
        .map(|machine| jitter::seed(&format!("machine {machine}"), "plan"))
        .collect();
    assert_eq!(seeds[7], jitter::seed("machine 7", "plan"));
    assert_ne!(seeds[7], jitter::seed("machine 7", "another plan"));
    let delays: Vec<SignedDuration> = seeds
        .iter()
        .map(|seed| jitter::regular(*seed, NOON))
        .collect();
    for minute in 0..10 {
        let in_it = delays
            .iter()
            .filter(|delay| delay.as_mins() == minute)
            .count();
        assert!(in_it > 5, "{in_it} of 200 in minute {minute}");
    }
    let hourly = Schedule::Hours { hours: 1 };
    for seed in seeds {
        assert!(jitter::regular(seed, hourly) < SignedDuration::from_mins(3));
        assert!(jitter::catch_up(seed) < SignedDuration::from_mins(1));
    }
}
