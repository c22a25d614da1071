//! Numbers and names as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use labkeep_engine::outcome::{Outcome, RunKind};
use labkeep_engine::view::{LedgerState, Mark, Phase, ScopeStateView};
pub use labkeep_engine::words::bytes;

/// "2026-11-25 18:40", local time.
pub fn time(millis: i64) -> String {
    Timestamp::from_millisecond(millis).map_or_else(
        |_| "?".to_owned(),
        |at| {
            at.to_zoned(TimeZone::system())
                .strftime("%Y-%m-%d %H:%M")
                .to_string()
        },
    )
}

/// "2026-11-25T18:40:12.123Z", as scripts read it.
pub fn stamp(millis: i64) -> String {
    Timestamp::from_millisecond(millis)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string()
}

/// The beginning of an ID, enough to name it.
pub fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// "1 project", "3 projects".
pub fn count(number: u64, one: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {one}s")
    }
}

/// The headline of a run's end.
pub const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Complete => "Complete",
        Outcome::Partial => "Partial: something is missing",
        Outcome::Aborted => "Aborted",
        Outcome::Failed => "Failed",
    }
}

/// What a run does.
pub const fn kind(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Backup => "Backup",
        RunKind::Restore => "Restore",
        RunKind::Export => "Export",
        RunKind::Drill => "Drill",
        RunKind::Verify => "Check",
        RunKind::Prune => "Prune",
        RunKind::Copy => "Copy",
    }
}

/// What a run is doing.
pub const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Waiting => "Waiting",
        Phase::Discovering => "Looking",
        Phase::Capturing => "Saving",
        Phase::Sealing => "Sealing",
        Phase::Reading => "Reading",
        Phase::Building => "Building",
        Phase::Uploading => "Sending",
        Phase::Importing => "GitLab imports",
        Phase::Completing => "Completing",
        Phase::Comparing => "Comparing",
        Phase::Checking => "Checking",
    }
}

/// What became of something.
pub const fn state(state: LedgerState) -> &'static str {
    match state {
        LedgerState::Saved => "saved",
        LedgerState::Unchanged => "unchanged",
        LedgerState::Empty => "empty",
        LedgerState::FeatureOff => "feature off",
        LedgerState::NoRight => "no right",
        LedgerState::NotOffered => "not offered",
        LedgerState::Failed => "failed",
    }
}

/// The name of a state in result documents.
pub const fn state_name(state: LedgerState) -> &'static str {
    match state {
        LedgerState::Saved => "saved",
        LedgerState::Unchanged => "unchanged",
        LedgerState::Empty => "empty",
        LedgerState::FeatureOff => "feature_off",
        LedgerState::NoRight => "no_right",
        LedgerState::NotOffered => "not_offered",
        LedgerState::Failed => "failed",
    }
}

/// Whether the token has a scope.
pub const fn scope(state: ScopeStateView) -> &'static str {
    match state {
        ScopeStateView::Granted | ScopeStateView::Included => "yes",
        ScopeStateView::Missing => "no",
        ScopeStateView::ForRestore => "not needed now",
        ScopeStateView::Unknown => "unknown",
    }
}

/// Before a line of a plan or report.
pub const fn mark(mark: Mark) -> char {
    match mark {
        Mark::Good => '+',
        Mark::Changed => '~',
        Mark::Bad => '!',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_rfc_3339() {
        assert_eq!(stamp(1_764_096_012_123), "2025-11-25T18:40:12.123Z");
    }
}
