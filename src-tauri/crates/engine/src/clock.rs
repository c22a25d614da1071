//! Time is passed in. The domain never reads the system's clock itself, so
//! that schedules, marks and expiry can be tested at any moment.

use std::sync::Arc;

use jiff::Timestamp;

/// Where the present comes from.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// A clock that can be handed around.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Milliseconds since the epoch, as everything at the border counts.
pub fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// The moment with this number of milliseconds since the epoch; the epoch
/// itself if the number is out of every calendar.
pub fn from_millis(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}
