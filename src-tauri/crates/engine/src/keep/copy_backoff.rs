//! Backing off: a copy that failed is tried less and less often.

use jiff::{SignedDuration, Timestamp};
use labkeep_settings::{Run, RunOutcome};

use super::run::{CANCELLED, CRASHED};

/// The shortest and the longest time after a copy that failed.
const SHORTEST: SignedDuration = SignedDuration::from_mins(15);
const LONGEST: SignedDuration = SignedDuration::from_hours(6);

/// When the last run ended that did not go well, and when the next may be.
pub(super) fn again_at(runs: &[Run]) -> Option<(Timestamp, Timestamp)> {
    let ended: Vec<&Run> = runs.iter().filter(|run| run.ended_at.is_some()).collect();
    let last = ended.first()?;
    let at = last.ended_at?;
    let is_cancelled = |run: &Run| run.reason.as_deref() == Some(CANCELLED);
    let counts = |run: &Run| match run.outcome {
        Some(RunOutcome::Failed | RunOutcome::Partial) => true,
        Some(RunOutcome::Aborted) => is_cancelled(run) || run.reason.as_deref() == Some(CRASHED),
        Some(RunOutcome::Complete) | None => false,
    };
    if !counts(last) {
        return None;
    }
    if is_cancelled(last) {
        return Some((at, at + LONGEST));
    }
    let failures = ended.iter().take_while(|run| counts(run)).count();
    let doubled = u32::try_from(failures - 1).unwrap_or(u32::MAX).min(10);
    Some((at, at + (SHORTEST * 2_i32.pow(doubled)).min(LONGEST)))
}

/// Whether the time to wait is over. An end that is still to come is none: the
/// clock was set back.
pub(super) fn is_over(ended: Timestamp, again: Timestamp, now: Timestamp) -> bool {
    ended > now || again <= now
}

#[cfg(test)]
mod tests {
    use super::*;
    use labkeep_settings::{Process, RunId, RunKind, RunState};
    use serde_json::json;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn run(minute: i64, outcome: RunOutcome, reason: Option<&str>) -> Run {
        Run {
            id: RunId::random(),
            kind: RunKind::Copy,
            subject: String::new(),
            plan: None,
            vault: None,
            account: None,
            state: RunState::Ended,
            outcome: Some(outcome),
            reason: reason.map(ToOwned::to_owned),
            remedy: None,
            queued_at: at(minute),
            started_at: None,
            ended_at: Some(at(minute)),
            snapshot: None,
            counts: json!({}),
            details: json!({}),
            process: Process {
                host: String::new(),
                id: 0,
                mark: 0,
            },
        }
    }

    fn again(runs: &[Run]) -> Option<i64> {
        again_at(runs).map(|(_, again)| again.as_second() / 60)
    }

    #[test]
    fn a_copy_that_fails_again_and_again_is_tried_less_and_less_often() {
        let failed = |minute| run(minute, RunOutcome::Failed, None);
        let mut runs = Vec::new();
        let mut pauses = Vec::new();
        for _ in 0..7 {
            runs.insert(0, failed(100));
            pauses.push(again(&runs).unwrap() - 100);
        }
        assert_eq!(pauses, [15, 30, 60, 120, 240, 360, 360]);
        runs.insert(0, run(100, RunOutcome::Complete, None));
        assert_eq!(again(&runs), None);
        runs.insert(0, failed(100));
        assert_eq!(again(&runs), Some(115));
    }

    #[test]
    fn what_a_person_stopped_is_not_begun_again_at_once() {
        let stopped = |reason| [run(0, RunOutcome::Aborted, Some(reason))];
        assert_eq!(again(&stopped(CANCELLED)), Some(360));
        assert_eq!(again(&stopped(CRASHED)), Some(15));
        assert_eq!(again(&stopped("Labkeep was closed.")), None);
    }

    #[test]
    fn a_clock_that_was_set_back_holds_up_no_copy() {
        assert!(!is_over(at(0), at(15), at(14)));
        assert!(is_over(at(0), at(15), at(15)));
        assert!(is_over(at(100), at(115), at(50)));
    }
}
