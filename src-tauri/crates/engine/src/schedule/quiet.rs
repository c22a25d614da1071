//! Quiet hours: a part of every day, by the clock on the wall, in which no run
//! starts by itself. One that is going is not stopped.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::occurrence::moments;

const MINUTES_A_DAY: u32 = 24 * 60;
/// So many days have an end among them, even when one of them is skipped.
const DAYS: i32 = 4;

/// From one local time to another, over midnight if need be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// The first quiet minute, since midnight.
    pub from: u32,
    /// The first minute that is not quiet any more. The same as `from`: there
    /// are no quiet hours.
    pub to: u32,
}

impl Quiet {
    /// Whether nothing may start at this moment.
    pub fn holds(self, at: Timestamp, zone: &TimeZone) -> bool {
        let (from, to) = (self.from % MINUTES_A_DAY, self.to % MINUTES_A_DAY);
        let local = at.to_zoned(zone.clone());
        let minute = u32::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute()))
            .expect("an hour and a minute of a day are not negative");
        if from <= to {
            (from..to).contains(&minute)
        } else {
            minute >= from || minute < to
        }
    }

    /// When the quiet hours end that hold at this moment: at the first moment
    /// after it at which they do not. None: they do not hold.
    pub fn end(self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        if !self.holds(at, zone) {
            return None;
        }
        let today = at.to_zoned(zone.clone()).date();
        let by_the_clock = (0..DAYS).flat_map(|days| {
            today
                .checked_add(days.days())
                .ok()
                .and_then(|date| moments(date, self.to % MINUTES_A_DAY, zone))
                .map_or([None, None], |(first, second)| [Some(first), Some(second)])
        });
        // A clock that is set can leave the quiet hours without their end.
        let by_a_change = zone
            .following(at)
            .take(2)
            .map(|transition| Some(transition.timestamp()));
        let mut ends: Vec<Timestamp> = by_the_clock.chain(by_a_change).flatten().collect();
        ends.sort_unstable();
        ends.into_iter()
            .find(|end| *end > at && !self.holds(*end, zone))
            .or(Some(Timestamp::MAX))
    }
}
