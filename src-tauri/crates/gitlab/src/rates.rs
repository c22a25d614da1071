//! What an answer says about limits: `RateLimit-*` and `Retry-After`
//! (doc/administration/settings/user_and_ip_rate_limits.md).
//!
//! Points in time are turned into spans by the answer's own `Date`, so that a
//! wrong clock on either side does no harm.
use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;

/// A number of seconds below this is a span, above it a point in time.
const SPAN_BELOW: i64 = 1_000_000_000;
/// The longest span that is believed.
const LONGEST: Duration = Duration::from_hours(24);

/// The limits an answer tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rates {
    pub(crate) name: Option<String>,
    pub(crate) limit: Option<u64>,
    pub(crate) remaining: Option<u64>,
    pub(crate) resets_in: Option<Duration>,
    pub(crate) retry_after: Option<Duration>,
}

impl Rates {
    /// Reads the headers of an answer that came at `now`.
    pub(crate) fn read(headers: &HeaderMap, now: Timestamp) -> Rates {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let number = |name: &str| text(name).and_then(|value| value.trim().parse::<u64>().ok());
        let server_now = text("date").and_then(http_date).unwrap_or(now);
        let span = |name: &str| text(name).and_then(|value| span(value, server_now));
        Rates {
            name: text("ratelimit-name").map(|name| name.chars().take(80).collect()),
            limit: number("ratelimit-limit"),
            remaining: number("ratelimit-remaining"),
            resets_in: span("ratelimit-reset").or_else(|| span("ratelimit-resettime")),
            retry_after: span("retry-after"),
        }
    }

    /// Whether the server named a limit, so that the answer comes from
    /// GitLab's throttle for everything and not from a single endpoint.
    pub(crate) fn is_named(&self) -> bool {
        self.name.is_some() || self.limit.is_some() || self.resets_in.is_some()
    }
}

/// Seconds, seconds since the epoch, or an HTTP date, as a span from `now`.
fn span(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let seconds = match value.parse::<i64>() {
        Ok(seconds) if seconds < SPAN_BELOW => seconds,
        Ok(point) => point.saturating_sub(now.as_second()),
        Err(_) => http_date(value)?
            .as_second()
            .saturating_sub(now.as_second()),
    };
    let seconds = u64::try_from(seconds).unwrap_or(0);
    Some(Duration::from_secs(seconds).min(LONGEST))
}

fn http_date(value: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(value)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_documented_refusal_is_read() {
        let rates = Rates::read(
            &headers(&[
                ("ratelimit-name", "throttle_authenticated_api"),
                ("ratelimit-limit", "2000"),
                ("ratelimit-remaining", "0"),
                ("ratelimit-reset", "1609844400"),
                ("ratelimit-resettime", "Tue, 05 Jan 2021 11:00:00 GMT"),
                ("retry-after", "30"),
            ]),
            "2021-01-05T10:59:30Z".parse().unwrap(),
        );
        assert_eq!(rates.limit, Some(2000));
        assert_eq!(rates.remaining, Some(0));
        assert_eq!(rates.resets_in, Some(Duration::from_secs(30)));
        assert_eq!(rates.retry_after, Some(Duration::from_secs(30)));
        assert!(rates.is_named());
    }

    #[test]
    fn the_servers_own_clock_counts() {
        let rates = Rates::read(
            &headers(&[
                ("date", "Tue, 05 Jan 2021 10:59:50 GMT"),
                ("ratelimit-reset", "1609844400"),
            ]),
            "2024-06-01T00:00:00Z".parse().unwrap(),
        );
        assert_eq!(rates.resets_in, Some(Duration::from_secs(10)));
    }

    #[test]
    fn a_date_to_retry_after_and_a_span_to_reset_are_understood() {
        let now = "2021-01-05T10:59:00Z".parse().unwrap();
        let rates = Rates::read(
            &headers(&[
                ("retry-after", "Tue, 05 Jan 2021 11:00:00 GMT"),
                ("ratelimit-reset", "7"),
            ]),
            now,
        );
        assert_eq!(rates.retry_after, Some(Duration::from_mins(1)));
        assert_eq!(rates.resets_in, Some(Duration::from_secs(7)));
        assert!(!Rates::read(&headers(&[("retry-after", "x")]), now).is_named());
    }

    #[test]
    fn the_past_and_the_absurd_are_bounded() {
        let now: Timestamp = "2021-01-05T11:00:00Z".parse().unwrap();
        let rates = Rates::read(
            &headers(&[
                ("ratelimit-reset", "1609844000"),
                ("retry-after", "99999999"),
            ]),
            now,
        );
        assert_eq!(rates.resets_in, Some(Duration::ZERO));
        assert_eq!(rates.retry_after, Some(LONGEST));
    }
}
