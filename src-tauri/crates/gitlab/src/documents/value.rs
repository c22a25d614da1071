//! Pieces that all documents are made of.
use jiff::Timestamp;
use jiff::fmt::strtime;
use serde_json::{Map, Value};

use crate::rest::UserRef;

/// A point in time as exports write it: `YYYY-MM-DDTHH:MM:SS.mmmZ`.
pub(super) fn time(timestamp: Timestamp) -> String {
    // GitLab cuts, it does not round.
    let milliseconds = Timestamp::from_millisecond(timestamp.as_millisecond()).unwrap_or(timestamp);
    strtime::format("%Y-%m-%dT%H:%M:%S.%3fZ", milliseconds)
        .unwrap_or_else(|_| milliseconds.to_string())
}

/// A point in time that may not be known.
pub(super) fn maybe_time(timestamp: Option<Timestamp>) -> Value {
    timestamp.map_or(Value::Null, |timestamp| Value::String(time(timestamp)))
}

/// The number of a user who may be gone.
pub(super) fn user_id(user: Option<&UserRef>) -> Value {
    user.map_or(Value::Null, |user| Value::from(user.id))
}

/// An object of the given attributes.
pub(super) fn object<const N: usize>(attributes: [(&str, Value); N]) -> Map<String, Value> {
    attributes
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_and_utc() {
        for (read, written) in [
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"),
            ("2026-01-02T05:04:05.6789+02:00", "2026-01-02T03:04:05.678Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500Z"),
        ] {
            assert_eq!(time(read.parse().unwrap()), written);
        }
    }
}
