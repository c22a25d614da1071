//! The server's time: the system clock plus an offset that tests may move.
//!
//! GitLab stores and shows times in whole milliseconds, so nothing finer leaves
//! this module.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

/// A clock that can be moved forward.
#[derive(Debug, Default)]
pub struct Clock {
    /// Milliseconds added to the system clock.
    offset: AtomicI64,
}

impl Clock {
    /// The present, in whole milliseconds.
    pub fn now(&self) -> Timestamp {
        let system = Timestamp::now().as_millisecond();
        let shown = system.saturating_add(self.offset.load(Ordering::Relaxed));
        Timestamp::from_millisecond(shown).unwrap_or(Timestamp::MAX)
    }

    /// Moves the clock by `step`, which may be negative.
    pub fn advance(&self, step: SignedDuration) {
        let milliseconds = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
        self.offset.fetch_add(milliseconds, Ordering::Relaxed);
    }
}

/// `2026-06-01T08:00:00.000Z`, as REST and the export documents write times.
pub fn stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// The day of `time` in UTC.
pub fn day(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

/// Reads a time the way GitLab's `DateTime` parameters do: RFC 3339, or a plain
/// day meaning its midnight in UTC.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let parsed = text.parse::<Timestamp>().ok().or_else(|| {
        let civil = text
            .parse::<jiff::civil::DateTime>()
            .ok()
            .or_else(|| text.parse::<Date>().ok().map(|day| day.at(0, 0, 0, 0)))?;
        civil
            .to_zoned(TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp())
    })?;
    Timestamp::from_millisecond(parsed.as_millisecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_and_a_z() {
        let time = parse_time("2026-06-01T08:00:00+02:00").expect("a time");
        assert_eq!(stamp(time), "2026-06-01T06:00:00.000Z");
        assert_eq!(
            parse_time("2026-06-01").map(stamp).as_deref(),
            Some("2026-06-01T00:00:00.000Z")
        );
        assert_eq!(parse_time("yesterday"), None);
    }

    #[test]
    fn an_advanced_clock_is_ahead() {
        let clock = Clock::default();
        let before = clock.now();
        clock.advance(SignedDuration::from_hours(2));
        assert!(clock.now().duration_since(before) >= SignedDuration::from_hours(2));
    }
}
