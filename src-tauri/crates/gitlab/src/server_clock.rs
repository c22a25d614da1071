//! The server's clock. Marks such as `last_activity_at` are in its time, and
//! this machine's clock may be wrong by hours.
use std::sync::{Mutex, PoisonError};

use http::HeaderMap;
use http::header::DATE;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// What the last answer said, and when it came.
#[derive(Debug, Default)]
pub(crate) struct ServerClock(Mutex<Option<(Timestamp, Instant)>>);

impl ServerClock {
    /// Reads an answer's `Date` (RFC 9110, section 6.6.1). A cached answer has
    /// an old one, so the clock never goes back.
    pub(crate) fn note(&self, headers: &HeaderMap) {
        let date = headers
            .get(DATE)
            .and_then(|date| date.to_str().ok())
            .and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
        let Some(date) = date else { return };
        let (date, now) = (date.timestamp(), Instant::now());
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| advance(last, now) < date) {
            *last = Some((date, now));
        }
    }

    /// The present by that clock.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.map(|last| advance(last, Instant::now()))
    }
}

fn advance((date, at): (Timestamp, Instant), now: Instant) -> Timestamp {
    let passed = SignedDuration::try_from(now.duration_since(at)).unwrap_or_default();
    date.saturating_add(passed).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn dated(date: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, date.parse().unwrap());
        headers
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_goes_on_and_never_back() {
        let clock = ServerClock::default();
        assert_eq!(clock.now(), None);
        clock.note(&dated("Tue, 05 Jan 2021 11:00:00 GMT"));
        let first = clock.now().unwrap();
        assert_eq!(first.to_string(), "2021-01-05T11:00:00Z");
        tokio::time::advance(Duration::from_secs(90)).await;
        clock.note(&dated("Tue, 05 Jan 2021 11:00:10 GMT"));
        assert_eq!(clock.now().unwrap().to_string(), "2021-01-05T11:01:30Z");
        clock.note(&dated("nonsense"));
        assert!(clock.now().is_some());
    }
}
