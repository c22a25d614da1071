//! One rule, one moment.

use jiff::tz::TimeZone;
use labkeep_settings::Schedule;

use super::{NOON, after_run, at, promise, unknown};
use crate::schedule::{
    Conditions, Decision, End, Ending, Last, Quiet, Rules, Why, decide, next_after, promised_by,
};

#[test]
fn what_never_runs_by_itself_has_no_moment() {
    let now = at("2026-06-01T00:00:00Z");
    for schedule in [
        Schedule::Manual,
        Schedule::Hours { hours: 0 },
        Schedule::Daily { minute: 1440 },
    ] {
        assert_eq!(next_after(schedule, now, &TimeZone::UTC), None);
        let decision = decide(
            &promise(schedule),
            &Rules::default(),
            &unknown(),
            now,
            &TimeZone::UTC,
        );
        assert_eq!(decision, Decision::NotScheduled);
        assert_eq!(promised_by(schedule, None, now, now, &TimeZone::UTC), None);
    }
}

/// Decides without rules in UTC.
fn decided(promise: &crate::schedule::Promise, now: &str) -> Decision {
    decide(
        promise,
        &Rules::default(),
        &unknown(),
        at(now),
        &TimeZone::UTC,
    )
}

fn waits(until: &str, due: &str, why: Why) -> Decision {
    Decision::Wait {
        until: at(until),
        due: at(due),
        why,
    }
}

fn starts(due: &str, caught_up: bool) -> Decision {
    Decision::Start {
        due: at(due),
        caught_up,
    }
}

#[test]
fn starts_at_its_moment_and_not_before() {
    let plan = after_run(NOON, "2026-06-01T12:00:00Z", Ending::Good, 0);
    assert_eq!(
        decided(&plan, "2026-06-02T11:59:59Z"),
        waits("2026-06-02T12:00:00Z", "2026-06-02T12:00:00Z", Why::NotDue)
    );
    assert_eq!(
        decided(&plan, "2026-06-02T12:00:00Z"),
        starts("2026-06-02T12:00:00Z", false)
    );
}

#[test]
fn the_delay_is_waited_for_and_not_shown_as_the_moment() {
    let mut plan = after_run(NOON, "2026-06-01T12:00:00Z", Ending::Good, 0);
    plan.seed = u64::MAX;
    let Decision::Wait { until, due, .. } = decided(&plan, "2026-06-02T12:00:00Z") else {
        panic!("it does not wait");
    };
    assert_eq!(due, at("2026-06-02T12:00:00Z"));
    assert!(until > at("2026-06-02T12:09:00Z") && until < at("2026-06-02T12:10:00Z"));
}

#[test]
fn many_missed_moments_become_one_start() {
    let plan = after_run(NOON, "2026-06-01T12:00:00Z", Ending::Good, 0);
    assert_eq!(
        decided(&plan, "2026-06-20T09:00:00Z"),
        starts("2026-06-02T12:00:00Z", true)
    );
    let plan = after_run(NOON, "2026-06-20T09:00:00Z", Ending::Good, 0);
    assert_eq!(
        decided(&plan, "2026-06-20T09:30:00Z"),
        waits("2026-06-20T12:00:00Z", "2026-06-20T12:00:00Z", Why::NotDue)
    );
}

#[test]
fn machines_that_wake_together_do_not_start_together() {
    let mut plan = after_run(NOON, "2026-06-01T12:00:00Z", Ending::Good, 0);
    plan.seed = u64::from(u32::MAX / 2);
    let woken = at("2026-06-03T09:00:00Z");
    let conditions = Conditions::unknown(woken);
    let utc = TimeZone::UTC;
    let decision = decide(&plan, &Rules::default(), &conditions, woken, &utc);
    let Decision::Wait { until, .. } = decision else {
        panic!("it does not wait: {decision:?}");
    };
    assert_eq!(until.duration_since(woken).as_secs(), 29);
    assert!(matches!(
        decide(&plan, &Rules::default(), &conditions, until, &utc),
        Decision::Start {
            caught_up: true,
            ..
        }
    ));
}

#[test]
fn a_failed_run_is_tried_again_after_a_growing_pause() {
    for (failures, until) in [
        (1, "2026-06-01T12:25:00Z"),
        (2, "2026-06-01T12:40:00Z"),
        (3, "2026-06-01T13:10:00Z"),
        (4, "2026-06-01T14:10:00Z"),
        (9, "2026-06-01T18:10:00Z"),
        (u32::MAX, "2026-06-01T18:10:00Z"),
    ] {
        let plan = after_run(NOON, "2026-06-01T12:00:00Z", Ending::Failed, failures);
        assert_eq!(
            decided(&plan, "2026-06-01T12:10:00Z"),
            waits(until, until, Why::BackOff)
        );
        assert!(matches!(decided(&plan, until), Decision::Start { .. }));
    }
}

#[test]
fn a_failed_run_is_not_kept_from_the_next_moment() {
    let plan = after_run(NOON, "2026-06-01T11:00:00Z", Ending::Failed, 9);
    assert_eq!(
        decided(&plan, "2026-06-01T11:30:00Z"),
        waits("2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z", Why::NotDue)
    );
    let hourly = Schedule::Hours { hours: 1 };
    let plan = after_run(hourly, "2026-06-01T11:00:00Z", Ending::Failed, 9);
    assert_eq!(
        decided(&plan, "2026-06-01T11:30:00Z"),
        waits("2026-06-01T12:10:00Z", "2026-06-01T12:10:00Z", Why::BackOff)
    );
}

#[test]
fn a_cancelled_run_waits_for_its_next_moment() {
    let plan = after_run(NOON, "2026-06-01T12:00:00Z", Ending::Cancelled, 1);
    assert_eq!(
        decided(&plan, "2026-06-01T12:11:00Z"),
        waits("2026-06-02T12:00:00Z", "2026-06-02T12:00:00Z", Why::NotDue)
    );
    // The moment that passed while it ran is not made up for either.
    let mut plan = after_run(
        Schedule::Hours { hours: 1 },
        "2026-06-01T12:00:00Z",
        Ending::Cancelled,
        1,
    );
    plan.last = Some(Last {
        started: at("2026-06-01T12:00:00Z"),
        ended: Some(End {
            at: at("2026-06-01T15:00:00Z"),
            ending: Ending::Cancelled,
        }),
    });
    assert_eq!(
        decided(&plan, "2026-06-01T15:00:01Z"),
        waits("2026-06-01T16:00:00Z", "2026-06-01T16:00:00Z", Why::NotDue)
    );
}

#[test]
fn what_a_shutdown_or_a_crash_stopped_goes_on_at_once() {
    for plan in [
        after_run(NOON, "2026-06-01T12:00:00Z", Ending::Shutdown, 50),
        after_run(NOON, "2026-06-01T12:00:00Z", Ending::Crashed, 3),
    ] {
        assert_eq!(
            decided(&plan, "2026-06-01T12:10:00Z"),
            starts("2026-06-01T12:10:00Z", false)
        );
    }
    let mut plan = promise(NOON);
    plan.last = Some(Last {
        started: at("2026-06-01T12:00:00Z"),
        ended: None,
    });
    assert_eq!(
        decided(&plan, "2026-06-01T13:00:00Z"),
        starts("2026-06-01T12:00:00Z", true)
    );
}

#[test]
fn a_run_that_crashes_every_time_is_not_started_every_second() {
    let plan = after_run(NOON, "2026-06-01T12:00:00Z", Ending::Crashed, 5);
    assert_eq!(
        decided(&plan, "2026-06-01T12:10:00Z"),
        waits("2026-06-01T12:40:00Z", "2026-06-01T12:40:00Z", Why::BackOff)
    );
}

#[test]
fn a_clock_that_was_set_back_silences_nothing() {
    let plan = after_run(NOON, "2027-06-01T12:00:00Z", Ending::Good, 0);
    assert!(matches!(
        decided(&plan, "2026-06-01T15:00:00Z"),
        Decision::Start {
            caught_up: true,
            ..
        }
    ));
    let mut plan = promise(Schedule::Hours { hours: 6 });
    plan.created_at = at("2030-01-01T00:00:00Z");
    assert!(matches!(
        decided(&plan, "2026-06-01T15:00:00Z"),
        Decision::Start { .. }
    ));
    // A small correction does not start it twice.
    let plan = after_run(NOON, "2026-06-01T12:00:00Z", Ending::Good, 0);
    assert!(matches!(
        decided(&plan, "2026-06-01T11:59:00Z"),
        Decision::Wait {
            why: Why::NotDue,
            ..
        }
    ));
}

#[test]
fn each_hold_holds_only_when_it_is_known_and_wanted() {
    let plan = after_run(NOON, "2026-06-01T12:00:00Z", Ending::Good, 0);
    let now = at("2026-06-02T12:00:00Z");
    let waiting = Rules {
        wait_on_battery: true,
        wait_on_metered: true,
        ..Rules::default()
    };
    let with = |change: fn(&mut Conditions)| {
        let mut conditions = unknown();
        change(&mut conditions);
        conditions
    };
    let cases = [
        (with(|c| c.on_battery = Some(true)), Why::Battery, true),
        (with(|c| c.metered = Some(true)), Why::Metered, true),
        (with(|c| c.online = Some(false)), Why::Offline, false),
        (
            with(|c| c.vault_reachable = Some(false)),
            Why::VaultAway,
            false,
        ),
        (
            with(|c| c.instance_answers = Some(false)),
            Why::InstanceSilent,
            false,
        ),
    ];
    let utc = TimeZone::UTC;
    for (conditions, why, only_if_set) in cases {
        let held = decide(&plan, &waiting, &conditions, now, &utc);
        assert_eq!(
            held,
            waits("2026-06-02T12:01:00Z", "2026-06-02T12:00:00Z", why)
        );
        assert!(held.is_held());
        let free = decide(&plan, &Rules::default(), &conditions, now, &utc);
        assert_eq!(matches!(free, Decision::Start { .. }), only_if_set);
    }
    assert!(matches!(
        decide(&plan, &waiting, &unknown(), now, &utc),
        Decision::Start { .. }
    ));
}

#[test]
fn pause_and_quiet_hours_hold_until_they_end() {
    let plan = after_run(NOON, "2026-06-01T12:00:00Z", Ending::Good, 0);
    let now = at("2026-06-02T12:00:00Z");
    let paused = Rules {
        paused_until: Some(at("2026-06-02T13:00:00Z")),
        ..Rules::default()
    };
    let decision = decide(&plan, &paused, &unknown(), now, &TimeZone::UTC);
    assert_eq!(
        decision,
        waits("2026-06-02T13:00:00Z", "2026-06-02T12:00:00Z", Why::Paused)
    );
    let quiet = Rules {
        quiet_hours: Some(Quiet {
            from: 11 * 60,
            to: 9 * 60,
        }),
        ..Rules::default()
    };
    let decision = decide(&plan, &quiet, &unknown(), now, &TimeZone::UTC);
    assert_eq!(
        decision,
        waits(
            "2026-06-03T09:00:00Z",
            "2026-06-02T12:00:00Z",
            Why::QuietHours
        )
    );
    assert!(decision.is_held());
}

#[test]
fn even_one_free_minute_a_day_is_used() {
    let mut plan = after_run(NOON, "2026-06-01T12:00:00Z", Ending::Good, 0);
    plan.seed = u64::MAX;
    let rules = Rules {
        quiet_hours: Some(Quiet { from: 1, to: 0 }),
        ..Rules::default()
    };
    let midnight = at("2026-06-03T00:00:30Z");
    let conditions = Conditions::unknown(midnight);
    assert!(matches!(
        decide(&plan, &rules, &conditions, midnight, &TimeZone::UTC),
        Decision::Start { .. }
    ));
}

#[test]
fn a_run_that_is_going_is_never_joined_by_a_second() {
    let mut plan = after_run(NOON, "2026-06-01T12:00:00Z", Ending::Failed, 3);
    plan.is_running = true;
    assert_eq!(decided(&plan, "2026-07-01T00:00:00Z"), Decision::Running);
}
