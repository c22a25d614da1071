//! The moments that a schedule names. Local times are looked up in the time
//! zone for each day anew, so daylight saving moves none of them: a time that
//! a day does not have counts at the first moment after the gap, one that a
//! day has twice counts once. Hours are counted in absolute time.

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};
use labkeep_settings::Schedule;

const DAY: SignedDuration = SignedDuration::from_hours(24);
const MINUTES_AN_HOUR: u32 = 60;

/// How long it is from one moment to the next, as a rule. None: it never runs
/// by itself.
pub fn period(schedule: Schedule) -> Option<SignedDuration> {
    if !schedule.is_possible() {
        return None;
    }
    match schedule {
        Schedule::Manual => None,
        Schedule::Hours { hours } => Some(SignedDuration::from_hours(i64::from(hours))),
        Schedule::Daily { .. } => Some(DAY),
        Schedule::Weekly { .. } => Some(DAY * 7),
    }
}

/// The first moment of the schedule that is later than `after`; hours are
/// counted from `after`. None: it never runs by itself, or the calendar ends.
pub fn next_after(schedule: Schedule, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let period = period(schedule)?;
    match schedule {
        Schedule::Manual => None,
        Schedule::Hours { .. } => after.checked_add(period).ok(),
        Schedule::Daily { minute } => first(after, zone, minute, |_| true),
        Schedule::Weekly { weekday, minute } => first(after, zone, minute, |date| {
            u32::try_from(date.weekday().to_monday_zero_offset()).is_ok_and(|day| day == weekday)
        }),
    }
}

/// The first moment later than `after` at this time of a day that fits. Begun
/// a day early, since a zone can go back over midnight.
fn first(
    after: Timestamp,
    zone: &TimeZone,
    minute: u32,
    fits: impl Fn(Date) -> bool,
) -> Option<Timestamp> {
    let mut date = after.to_zoned(zone.clone()).date().yesterday().ok()?;
    // At most nine days are looked at: yesterday, and a week after today.
    for _ in 0..10 {
        if fits(date)
            && let Some(moment) = moment(date, minute, zone)
            && moment > after
        {
            return Some(moment);
        }
        date = date.checked_add(1.day()).ok()?;
    }
    None
}

/// The moment of this minute of this day: the first of two, or the first after
/// the gap that swallows it.
fn moment(date: Date, minute: u32, zone: &TimeZone) -> Option<Timestamp> {
    moments(date, minute, zone).map(|(first, _)| first)
}

/// The moments of this minute of this day, which are one but where the clock
/// is set back.
pub(super) fn moments(date: Date, minute: u32, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let hour = i8::try_from(minute / MINUTES_AN_HOUR).ok()?;
    let minute = i8::try_from(minute % MINUTES_AN_HOUR).ok()?;
    let time = Time::new(hour, minute, 0, 0).ok()?;
    let ambiguous = zone.to_ambiguous_timestamp(date.to_datetime(time));
    let earlier = ambiguous.earlier().ok()?;
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => Some((earlier, earlier)),
        AmbiguousOffset::Fold { .. } => Some((earlier, ambiguous.later().ok()?)),
        AmbiguousOffset::Gap { .. } => {
            // Read with the offset after the gap, it lies before the gap.
            let end = zone.following(earlier).next()?.timestamp();
            Some((end, end))
        }
    }
}

/// `at` and so long after it, or the end of the calendar.
pub(super) fn later(at: Timestamp, duration: SignedDuration) -> Timestamp {
    at.checked_add(duration).unwrap_or(Timestamp::MAX)
}
