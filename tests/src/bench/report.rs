//! The table: every measure with what was found, what is to be reached, and
//! whether it was.

use std::fmt;
use std::time::Duration;

/// One measure.
#[derive(Clone, Debug)]
pub struct Line {
    /// What was measured.
    pub measure: String,
    /// What Labkeep took.
    pub labkeep: String,
    /// What it is compared with, if with anything.
    pub other: String,
    /// What counts.
    pub found: Amount,
    /// The most it may be.
    pub target: Amount,
}

/// A number with its unit.
#[derive(Clone, Copy, Debug)]
pub enum Amount {
    /// So many times the other.
    Times(f64),
    /// Bytes.
    Bytes(u64),
    /// Requests, wake-ups, milliseconds.
    Count(u64),
}

impl Amount {
    const fn number(self) -> f64 {
        match self {
            Self::Times(times) => times,
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            Self::Bytes(number) | Self::Count(number) => number as f64,
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Times(times) => write!(f, "{times:.2}×"),
            Self::Bytes(bytes) => f.write_str(&megabytes(*bytes)),
            Self::Count(number) => write!(f, "{number}"),
        }
    }
}

impl Line {
    /// Whether the target is reached.
    pub fn is_reached(&self) -> bool {
        self.found.number() <= self.target.number()
    }

    /// A measure of two durations: the middle one of each, and of the ratios.
    pub fn times(measure: impl Into<String>, pairs: &[(Duration, Duration)], at_most: f64) -> Self {
        let middle = |of: &dyn Fn(&(Duration, Duration)) -> f64| {
            super::contestant::median(pairs.iter().map(of).collect())
        };
        Self {
            measure: measure.into(),
            labkeep: seconds(middle(&|pair| pair.0.as_secs_f64())),
            other: seconds(middle(&|pair| pair.1.as_secs_f64())),
            found: Amount::Times(middle(&|pair| pair.0.div_duration_f64(pair.1))),
            target: Amount::Times(at_most),
        }
    }

    /// A measure of its own.
    pub fn plain(measure: impl Into<String>, found: Amount, target: Amount) -> Self {
        Self {
            measure: measure.into(),
            labkeep: found.to_string(),
            other: String::new(),
            found,
            target,
        }
    }
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.2} s")
}

/// Bytes in megabytes, small ones in kilobytes.
pub fn megabytes(bytes: u64) -> String {
    if bytes < 1_000_000 {
        return format!("{:.1} kB", Amount::Bytes(bytes).number() / 1e3);
    }
    format!("{:.1} MB", Amount::Bytes(bytes).number() / 1e6)
}

/// Prints the table as Markdown.
pub fn print(lines: &[Line]) {
    println!("| measure | Labkeep | compared with | found | at most | |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for line in lines {
        let verdict = if line.is_reached() { "ok" } else { "missed" };
        println!(
            "| {} | {} | {} | {} | {} | {verdict} |",
            line.measure, line.labkeep, line.other, line.found, line.target
        );
    }
}
