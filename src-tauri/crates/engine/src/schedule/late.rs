//! When the last good backup is older than the schedule promises. Whether that
//! is shown as a fault while everything is paused is for the caller to say.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use labkeep_settings::Schedule;

use super::occurrence::{later, next_after, period};
use super::promise::believed;

const LEAST_GRACE: SignedDuration = SignedDuration::from_hours(1);
const MOST_GRACE: SignedDuration = SignedDuration::from_hours(24);

/// The moment from which on the promise is broken: the first moment of the
/// schedule after the last good backup (or, without one, after the plan was
/// made), and a quarter of the period on top, one hour to one day. None:
/// nothing was promised. What lies far ahead of `now` was written by a wrong
/// clock and proves nothing.
pub fn promised_by(
    schedule: Schedule,
    last_good: Option<Timestamp>,
    created_at: Timestamp,
    now: Timestamp,
    zone: &TimeZone,
) -> Option<Timestamp> {
    let period = period(schedule)?;
    let since = last_good
        .and_then(|at| believed(at, now))
        .or_else(|| believed(created_at, now));
    let Some(since) = since else {
        return Some(now);
    };
    let grace = (period / 4).clamp(LEAST_GRACE, MOST_GRACE);
    next_after(schedule, since, zone).map(|due| later(due, grace))
}
