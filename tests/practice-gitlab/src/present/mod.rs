//! JSON as GitLab 18's entities give it (`lib/api/entities/*.rb`; field lists
//! compared with the documentation's examples and GitLab's own schemas).

mod events;
mod groups;
mod issues;
mod labels;
mod members;
mod merge_requests;
mod milestones;
mod notes;
mod projects;
mod tokens;
mod transfers;
mod users;

use jiff::{Timestamp, civil::Date};
use serde_json::{Value, json};

pub use issues::time_stats;
pub use merge_requests::diff_file;
pub use notes::{On, discussions};
pub use projects::{ProjectDetail, permissions};

use crate::api::principal::Viewer;
use crate::clock::{day, stamp};
use crate::model::World;

/// What JSON is made from: the world, who looks, and where the server is.
#[derive(Clone, Copy)]
pub struct View<'w> {
    /// The world.
    pub world: &'w World,
    /// Who looks.
    pub viewer: Viewer,
    /// The server's URL, without a slash at its end.
    pub url: &'w str,
    /// Now.
    pub now: Timestamp,
}

impl View<'_> {
    /// A URL of the API.
    pub fn api(&self, path: &str) -> String {
        format!("{}/api/v4{path}", self.url)
    }

    /// A URL of a page.
    pub fn web(&self, path: &str) -> String {
        format!("{}/{path}", self.url)
    }

    /// Today.
    pub fn today(&self) -> Date {
        day(self.now)
    }
}

/// A time, or null.
pub fn time(time: Option<Timestamp>) -> Value {
    time.map_or(Value::Null, |time| stamp(time).into())
}

/// A day, or null.
pub fn date(date: Option<Date>) -> Value {
    date.map_or(Value::Null, |date| date.to_string().into())
}

/// `1h 30m` for seconds, with days of 8 hours and weeks of 5 days; null for 0
/// (`Gitlab::TimeTrackingFormatter`).
pub fn human_time(seconds: u64) -> Value {
    if seconds == 0 {
        return Value::Null;
    }
    let mut minutes = seconds / 60;
    let mut parts = Vec::new();
    for (unit, size) in [
        ("mo", 4 * 5 * 8 * 60),
        ("w", 5 * 8 * 60),
        ("d", 8 * 60),
        ("h", 60),
        ("m", 1),
    ] {
        if minutes >= size {
            parts.push(format!("{}{unit}", minutes / size));
            minutes %= size;
        }
    }
    parts.join(" ").into()
}

/// Text as HTML, as far as this server renders it: one escaped paragraph.
pub fn html(text: &str) -> Value {
    if text.is_empty() {
        return json!("");
    }
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!(
        "<p data-sourcepos=\"1:1-1:{}\" dir=\"auto\">{escaped}</p>",
        text.len()
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::human_time;
    use serde_json::{Value, json};

    #[test]
    fn times_are_spoken_in_working_days() {
        assert_eq!(human_time(0), Value::Null);
        assert_eq!(human_time(5400), json!("1h 30m"));
        assert_eq!(human_time((8 * 60 + 15) * 60), json!("1d 15m"));
    }
}
