//! The next moments of a plan, for a list. What is overdue is not among them:
//! that is the decision's to tell.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use labkeep_settings::Schedule;

use super::occurrence::{next_after, period};
use super::promise::{Promise, believed};

/// The next moments after `now`, at most so many, without their delay. Hours
/// are counted from the last start, and from `now` if that moment has passed.
pub fn upcoming(
    promise: &Promise,
    now: Timestamp,
    zone: &TimeZone,
    count: usize,
) -> Vec<Timestamp> {
    let schedule = promise.schedule;
    let first = match (schedule, period(schedule)) {
        (_, None) => None,
        (Schedule::Hours { .. }, Some(_)) => {
            let anchor = promise.last.map_or(promise.created_at, |last| last.started);
            believed(anchor, now)
                .and_then(|anchor| next_after(schedule, anchor, zone))
                .filter(|due| *due > now)
                .or_else(|| next_after(schedule, now, zone))
        }
        (_, Some(_)) => next_after(schedule, now, zone),
    };
    std::iter::successors(first, |due| next_after(schedule, *due, zone))
        .take(count)
        .collect()
}
