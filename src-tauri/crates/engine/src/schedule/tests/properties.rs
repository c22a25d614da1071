//! What holds at every moment, in zones whose clocks are set in odd ways.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use labkeep_settings::Schedule;
use proptest::prelude::*;

use super::{promise, zone};
use crate::schedule::{
    Conditions, Decision, End, Ending, Last, Promise, Quiet, Rules, decide, next_after, period,
    promised_by, upcoming,
};

const ZONES: [&str; 6] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Pacific/Apia",
];
const HOUR: i64 = 3600;

fn zones() -> impl Strategy<Value = TimeZone> {
    prop::sample::select(&ZONES[..]).prop_map(zone)
}

/// Any moment of 2011 (when Apia skipped a day) to 2030, often near a change
/// of the clock.
fn moments() -> impl Strategy<Value = Timestamp> {
    let from = 1_293_840_000_i64;
    prop_oneof![
        from..1_924_988_400,
        // Around Apia's skipped day, and around the changes of 2026.
        (-3 * 24 * HOUR..3 * 24 * HOUR).prop_map(|off| 1_325_239_200 + off),
        (-24 * HOUR..24 * HOUR).prop_map(|off| 1_774_746_000 + off),
        (-24 * HOUR..24 * HOUR).prop_map(|off| 1_793_516_400 + off),
    ]
    .prop_map(|second| Timestamp::from_second(second).expect("a moment of our time"))
}

fn schedules() -> impl Strategy<Value = Schedule> {
    prop_oneof![
        (1_u32..=168).prop_map(|hours| Schedule::Hours { hours }),
        (0_u32..1440).prop_map(|minute| Schedule::Daily { minute }),
        (0_u32..7, 0_u32..1440).prop_map(|(weekday, minute)| Schedule::Weekly { weekday, minute }),
    ]
}

fn endings() -> impl Strategy<Value = Ending> {
    prop::sample::select(
        &[
            Ending::Good,
            Ending::Failed,
            Ending::Cancelled,
            Ending::Shutdown,
            Ending::Crashed,
        ][..],
    )
}

/// Any promise around a moment, with runs in its past and, by wrong clocks, in
/// its future.
fn promises() -> impl Strategy<Value = (Promise, Timestamp)> {
    let off = || -400 * 24 * HOUR..400 * 24 * HOUR;
    (
        schedules(),
        moments(),
        off(),
        prop::option::of((off(), prop::option::of((off(), endings())))),
        0_u32..20,
        any::<u64>(),
    )
        .prop_map(|(schedule, now, created, last, failures, seed)| {
            let at = |off| now + SignedDuration::from_secs(off);
            let last = last.map(|(started, ended)| Last {
                started: at(started),
                ended: ended.map(|(ended, ending)| End {
                    at: at(ended),
                    ending,
                }),
            });
            let promise = Promise {
                created_at: at(created),
                last,
                failures,
                seed,
                ..promise(schedule)
            };
            (promise, now)
        })
}

/// The same promise by a clock that was always right: what lay ahead of `now`
/// lies as far behind it. A moment that is not believed at first can be
/// believed hours later, and a start then follows other rules.
fn by_a_right_clock(mut promise: Promise, now: Timestamp) -> Promise {
    let behind = |at: Timestamp| now - now.duration_since(at).abs();
    promise.created_at = behind(promise.created_at);
    promise.last = promise.last.map(|last| Last {
        started: behind(last.started),
        ended: last.ended.map(|end| End {
            at: behind(end.at),
            ..end
        }),
    });
    promise
}

fn quiets() -> impl Strategy<Value = Quiet> {
    (0_u32..1440, 0_u32..1440).prop_map(|(from, to)| Quiet { from, to })
}

/// Awake and asked whenever it wants to be: when does it start, and how often
/// was it asked?
fn start_of(
    promise: &Promise,
    rules: &Rules,
    conditions: &Conditions,
    mut now: Timestamp,
    zone: &TimeZone,
) -> (Timestamp, usize) {
    for asked in 0..100 {
        match decide(promise, rules, conditions, now, zone) {
            Decision::Start { .. } => return (now, asked),
            Decision::Wait { until, .. } => {
                assert!(until > now, "asked again at once, or in the past");
                now = until;
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("it was asked a hundred times and never started");
}

proptest! {
    #[test]
    fn the_next_moment_is_later_and_not_too_late(
        schedule in schedules(), after in moments(), zone in zones()
    ) {
        let next = next_after(schedule, after, &zone).unwrap();
        let distance = next.duration_since(after);
        prop_assert!(distance > SignedDuration::ZERO);
        // A clock that is set moves a moment by an hour; a skipped day by one.
        let most = period(schedule).unwrap() + SignedDuration::from_hours(25);
        prop_assert!(distance <= most, "{distance:#}");
    }

    #[test]
    fn moments_come_in_order_whenever_one_looks(
        schedule in schedules(), after in moments(), later in 0_i64..10 * 24 * HOUR, zone in zones()
    ) {
        prop_assume!(!matches!(schedule, Schedule::Hours { .. }));
        let next = next_after(schedule, after, &zone).unwrap();
        let look = after + SignedDuration::from_secs(later);
        if look < next {
            prop_assert_eq!(next_after(schedule, look, &zone).unwrap(), next);
        } else {
            prop_assert!(next_after(schedule, look, &zone).unwrap() > next);
        }
    }

    #[test]
    fn a_moment_shows_its_time_on_the_wall_or_lies_at_a_change(
        schedule in schedules(), after in moments(), zone in zones()
    ) {
        let (Schedule::Daily { minute } | Schedule::Weekly { minute, .. }) = schedule else {
            return Ok(());
        };
        let next = next_after(schedule, after, &zone).unwrap();
        let local = next.to_zoned(zone.clone());
        let shown = u32::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap();
        let second_before = next - SignedDuration::from_secs(1);
        let is_change = zone.to_offset(next) != zone.to_offset(second_before);
        prop_assert!(shown == minute || is_change);
        if let Schedule::Weekly { weekday, .. } = schedule
            && !is_change
        {
            prop_assert_eq!(local.weekday().to_monday_zero_offset(), i8::try_from(weekday).unwrap());
        }
    }

    #[test]
    fn every_promise_starts_whatever_a_clock_has_written(
        (promise, now) in promises(), clear in -400 * 24 * HOUR..400 * 24 * HOUR, zone in zones()
    ) {
        let conditions = Conditions::unknown(now + SignedDuration::from_secs(clear));
        let (start, asked) = start_of(&promise, &Rules::default(), &conditions, now, &zone);
        prop_assert!(asked <= 3, "asked {asked} times");
        // A moment that the clock can believe lies at most an hour ahead.
        let most = period(promise.schedule).unwrap() + SignedDuration::from_hours(27);
        prop_assert!(start.duration_since(now) <= most);
    }

    #[test]
    fn what_is_overdue_starts_within_a_minute_after_waking(
        (promise, now) in promises(), zone in zones()
    ) {
        let long_ago = Conditions::unknown(Timestamp::MIN);
        let is_overdue = matches!(
            decide(&promise, &Rules::default(), &long_ago, now, &zone),
            Decision::Start { .. }
        );
        prop_assume!(is_overdue);
        let woken = Conditions::unknown(now);
        let (start, _) = start_of(&promise, &Rules::default(), &woken, now, &zone);
        prop_assert!(start.duration_since(now) < SignedDuration::from_mins(1));
    }

    #[test]
    fn a_start_is_only_put_off_by_pauses_and_quiet_hours(
        (promise, now) in promises(),
        quiet in quiets(),
        pause in prop::option::of(-24 * HOUR..72 * HOUR),
        zone in zones(),
    ) {
        let promise = by_a_right_clock(promise, now);
        let rules = Rules {
            quiet_hours: Some(quiet),
            paused_until: pause.map(|off| now + SignedDuration::from_secs(off)),
            ..Rules::default()
        };
        let conditions = Conditions::unknown(now);
        let (start, _) = start_of(&promise, &rules, &conditions, now, &zone);
        prop_assert!(!quiet.holds(start, &zone));
        prop_assert!(rules.paused_until.is_none_or(|until| until <= start));
        let (free, _) = start_of(&promise, &Rules::default(), &conditions, now, &zone);
        let earliest = rules.paused_until.map_or(free, |until| free.max(until));
        let expected = quiet.end(earliest, &zone).unwrap_or(earliest);
        // Its catching-up delay is given up where quiet hours would begin in it.
        let minute = SignedDuration::from_mins(1);
        prop_assert!(earliest.min(expected).duration_since(start) <= minute);
        prop_assert!(start.duration_since(expected) <= minute, "{start} {expected}");
    }

    #[test]
    fn quiet_hours_end_at_the_first_moment_that_is_not_quiet(
        quiet in quiets(), now in moments(), zone in zones()
    ) {
        let Some(end) = quiet.end(now, &zone) else {
            prop_assert!(!quiet.holds(now, &zone));
            return Ok(());
        };
        prop_assert!(end > now && !quiet.holds(end, &zone));
        let minute = SignedDuration::from_mins(1);
        let mut between = now;
        while between < end {
            prop_assert!(quiet.holds(between, &zone), "{between} of {now} to {end}");
            between += minute * 7;
        }
        prop_assert!(quiet.holds(end - SignedDuration::from_secs(1), &zone));
    }

    #[test]
    fn a_clock_that_jumps_cannot_make_a_good_run_run_again_at_once(
        schedule in schedules(), now in moments(), back in 0_i64..HOUR, seed in any::<u64>(), zone in zones()
    ) {
        // It has just started and ended well, and the clock is set back a bit.
        let promise = Promise {
            created_at: now - SignedDuration::from_hours(9999),
            last: Some(Last {
                started: now,
                ended: Some(End { at: now, ending: Ending::Good }),
            }),
            seed,
            ..promise(schedule)
        };
        let set_back = now - SignedDuration::from_secs(back);
        let conditions = Conditions::unknown(set_back);
        let decision = decide(&promise, &Rules::default(), &conditions, set_back, &zone);
        let waits = matches!(decision, Decision::Wait { due, .. } if due > now);
        prop_assert!(waits, "{decision:?}");
    }

    #[test]
    fn whatever_the_clock_does_runs_go_on_and_stay_few(
        schedule in schedules(),
        created in moments(),
        stretches in prop::collection::vec((-400 * 24 * HOUR..400 * 24 * HOUR, 0_i64..12 * 24 * HOUR), 1..6),
        seed in any::<u64>(),
        zone in zones(),
    ) {
        let mut promise = Promise { created_at: created, seed, ..promise(schedule) };
        let period = period(schedule).unwrap();
        let mut now = created;
        for (jump, steady) in stretches {
            now += SignedDuration::from_secs(jump);
            let end = now + SignedDuration::from_secs(steady);
            let conditions = Conditions::unknown(now);
            let mut starts = 0;
            while now < end {
                match decide(&promise, &Rules::default(), &conditions, now, &zone) {
                    Decision::Wait { until, .. } => now = until,
                    Decision::Start { .. } => {
                        starts += 1;
                        let ended = Some(End { at: now, ending: Ending::Good });
                        promise.last = Some(Last { started: now, ended });
                    }
                    other => panic!("{other:?}"),
                }
            }
            now = end;
            let periods = steady / period.as_secs();
            prop_assert!(starts <= periods + 3, "{starts} in {periods} periods");
            if SignedDuration::from_secs(steady) > period + SignedDuration::from_hours(27) {
                prop_assert!(starts > 0, "silenced");
            }
        }
    }

    #[test]
    fn a_promise_is_never_broken_before_its_next_moment(
        schedule in schedules(), created in moments(), good in prop::option::of(0_i64..900 * HOUR), zone in zones()
    ) {
        let good = good.map(|off| created + SignedDuration::from_secs(off));
        let since = good.unwrap_or(created);
        let by = promised_by(schedule, good, created, since, &zone).unwrap();
        let due = next_after(schedule, since, &zone).unwrap();
        let grace = by.duration_since(due);
        prop_assert!(grace >= SignedDuration::from_hours(1));
        prop_assert!(grace <= SignedDuration::from_hours(24));
    }

    #[test]
    fn the_list_of_next_moments_begins_after_now_and_goes_up(
        (promise, now) in promises(), zone in zones()
    ) {
        let list = upcoming(&promise, now, &zone, 5);
        prop_assert_eq!(list.len(), 5);
        prop_assert!(list[0] > now);
        prop_assert!(list.is_sorted_by(|one, other| one < other));
    }
}
