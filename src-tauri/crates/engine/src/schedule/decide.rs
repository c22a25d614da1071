//! The decision whether a plan starts now, and if not, when to ask again and
//! why. Missed moments collapse into one start; a failed run is tried again
//! without waiting for the next moment; what a clock that was once wrong has
//! written down silences nothing.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::jitter;
use super::occurrence::{later, next_after, period};
use super::promise::{Conditions, Ending, Promise, Rules, believed};

/// How often what holds a plan back is looked at again when nobody tells.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(60);
/// A start so much after its moment was missed, not just a little late.
const PUNCTUAL: SignedDuration = SignedDuration::from_mins(5);
const FIRST_BACK_OFF: SignedDuration = SignedDuration::from_mins(15);
const LONGEST_BACK_OFF: SignedDuration = SignedDuration::from_hours(6);
/// So many crashes in a row are gone on from at once; a run that brings the
/// process down each time is then tried as one that fails.
const CRASHES_AT_ONCE: u32 = 3;

/// What to do with a plan now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It never starts by itself.
    NotScheduled,
    /// It is running.
    Running,
    /// Nothing yet.
    Wait {
        /// When to ask again, at the latest. Never in the past.
        until: Timestamp,
        /// The moment that the next start is for, without its delay.
        due: Timestamp,
        /// What it waits for.
        why: Why,
    },
    /// Start it.
    Start {
        /// The moment that this start is for.
        due: Timestamp,
        /// Whether that moment was missed.
        caught_up: bool,
    },
}

/// What a plan waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its moment, the delay included.
    NotDue,
    /// The end of the pause.
    Paused,
    /// The end of the quiet hours.
    QuietHours,
    /// Mains power.
    Battery,
    /// A connection that is not metered.
    Metered,
    /// A network.
    Offline,
    /// An answer from the instance.
    InstanceSilent,
    /// The drive.
    VaultAway,
    /// A failed run is not tried again at once.
    BackOff,
}

impl Decision {
    /// Whether something else than the schedule keeps the plan from starting.
    pub const fn is_held(self) -> bool {
        matches!(
            self,
            Self::Wait { why, .. } if !matches!(why, Why::NotDue | Why::BackOff)
        )
    }
}

/// The next start of a plan if nothing holds it back.
struct Next {
    /// The moment it is for.
    due: Timestamp,
    /// That moment and its delay.
    from: Timestamp,
    /// What it waits for until then.
    why: Why,
}

/// Decides. The instance is asked only when a start would follow: pass
/// `instance_answers` as not known first, and decide again with the answer.
pub fn decide(
    promise: &Promise,
    rules: &Rules,
    conditions: &Conditions,
    now: Timestamp,
    zone: &TimeZone,
) -> Decision {
    if promise.is_running {
        return Decision::Running;
    }
    let Some(next) = next(promise, now, zone) else {
        return Decision::NotScheduled;
    };
    let wait = |until, why| Decision::Wait {
        until,
        due: next.due,
        why,
    };
    if let Some(until) = rules.paused_until.filter(|until| *until > now) {
        return wait(until, Why::Paused);
    }
    if next.from > now {
        return wait(next.from, next.why);
    }
    if let Some(end) = rules.quiet_hours.and_then(|quiet| quiet.end(now, zone)) {
        return wait(end, Why::QuietHours);
    }
    if let Some(why) = held_by(rules, conditions) {
        return wait(later(now, LOOK_AGAIN), why);
    }
    let was_held = conditions.clear_since > next.from;
    // A moment that lies ahead was written down before the clock was set back.
    if was_held && conditions.clear_since <= now {
        let start = later(conditions.clear_since, jitter::catch_up(promise.seed));
        let turns_quiet = rules
            .quiet_hours
            .is_some_and(|quiet| quiet.holds(start, zone));
        if start > now && !turns_quiet {
            return wait(start, Why::NotDue);
        }
    }
    Decision::Start {
        due: next.due,
        caught_up: was_held || now.duration_since(next.from) > PUNCTUAL,
    }
}

/// What holds a plan back whose moment has come.
fn held_by(rules: &Rules, conditions: &Conditions) -> Option<Why> {
    let holds = [
        (
            rules.wait_on_battery && conditions.on_battery == Some(true),
            Why::Battery,
        ),
        (conditions.online == Some(false), Why::Offline),
        (
            rules.wait_on_metered && conditions.metered == Some(true),
            Why::Metered,
        ),
        (conditions.vault_reachable == Some(false), Why::VaultAway),
        (
            conditions.instance_answers == Some(false),
            Why::InstanceSilent,
        ),
    ];
    holds
        .into_iter()
        .find_map(|(holds, why)| holds.then_some(why))
}

/// The next start by the schedule and by how the last run ended.
fn next(promise: &Promise, now: Timestamp, zone: &TimeZone) -> Option<Next> {
    let schedule = promise.schedule;
    let period = period(schedule)?;
    let regular = |after| {
        next_after(schedule, after, zone).map(|due| Next {
            due,
            from: later(due, jitter::regular(promise.seed, schedule)),
            why: Why::NotDue,
        })
    };
    // Nothing that is known of the past can be true: the promise is open.
    let overdue = Next {
        due: now,
        from: Timestamp::MIN,
        why: Why::NotDue,
    };
    let Some(last) = promise.last else {
        return match believed(promise.created_at, now) {
            Some(created) => regular(created),
            None => Some(overdue),
        };
    };
    let Some(started) = believed(last.started, now) else {
        return Some(overdue);
    };
    let (at, ending) = match last.ended {
        Some(end) => (believed(end.at, now).unwrap_or(started), end.ending),
        None => (started, Ending::Crashed),
    };
    let over = started.max(at);
    let at_once = Next {
        due: at,
        from: at,
        why: Why::NotDue,
    };
    let again = |tries| {
        let from = later(at, back_off(tries, period));
        let again = Next {
            due: from,
            from,
            why: Why::BackOff,
        };
        match regular(over) {
            Some(regular) if regular.from < again.from => regular,
            _ => again,
        }
    };
    match ending {
        Ending::Good => regular(started),
        Ending::Cancelled => regular(over),
        Ending::Failed => Some(again(promise.failures)),
        Ending::Crashed if promise.failures > CRASHES_AT_ONCE => {
            Some(again(promise.failures - CRASHES_AT_ONCE))
        }
        Ending::Shutdown | Ending::Crashed => Some(at_once),
    }
}

/// How long after its end a run is tried again that failed, so many in a row.
fn back_off(failures: u32, period: SignedDuration) -> SignedDuration {
    let doublings = failures.saturating_sub(1).min(16);
    FIRST_BACK_OFF
        .saturating_mul(1 << doublings)
        .min(period.min(LONGEST_BACK_OFF))
}
