use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn day(day: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day)
}

fn proof(check_every_days: u32, read_all_days: u32) -> Proof {
    Proof {
        check_every_days,
        read_all_days,
        ..Proof::default()
    }
}

#[test]
fn weekly_checks_read_everything_in_eight_weeks() {
    assert_eq!(parts(&proof(7, 56)), Some(8));
    assert_eq!(parts(&proof(7, 60)), Some(9));
    // Everything each time is the least that was asked for.
    assert_eq!(parts(&proof(7, 3)), Some(1));
    assert_eq!(parts(&proof(7, 0)), Some(1));
    assert_eq!(parts(&proof(0, 56)), None);
}

#[test]
fn a_check_that_failed_is_tried_again_a_day_later() {
    let last = |outcome| {
        Some(Last {
            at: day(10),
            outcome,
        })
    };
    let due = |last, since| due_at(7, last, since, day(12));
    assert_eq!(due(None, day(1)), Some(day(8)));
    assert_eq!(due(last(Outcome::Complete), day(1)), Some(day(17)));
    for outcome in [Outcome::Failed, Outcome::Aborted, Outcome::Partial] {
        assert_eq!(due(last(outcome), day(1)), Some(day(11)));
    }
    assert_eq!(due_at(0, last(Outcome::Failed), day(1), day(12)), None);
}

#[test]
fn what_a_clock_dated_ahead_puts_nothing_off() {
    let last = Some(Last {
        at: day(2_000),
        outcome: Outcome::Complete,
    });
    assert_eq!(due_at(7, last, day(1), day(12)), Some(day(12)));
    assert_eq!(due_at(7, None, day(2_000), day(12)), Some(day(12)));
}

#[test]
fn damage_is_made_up_for_only_by_reading_it_again() {
    let part = |part, of| Share::Part { part, of };
    assert!(part(3, 8).makes_up_for(part(3, 8)));
    assert!(!part(4, 8).makes_up_for(part(3, 8)));
    assert!(!part(3, 9).makes_up_for(part(3, 8)));
    assert!(part(1, 1).makes_up_for(part(3, 8)));
    assert!(Share::Percent(100).makes_up_for(part(3, 8)));
    assert!(!Share::Percent(50).makes_up_for(part(3, 8)));
    assert!(!Share::Percent(0).makes_up_for(Share::Percent(100)));
    assert!(part(2, 8).makes_up_for(Share::Percent(0)));
    assert!(!part(2, 8).makes_up_for(Share::Percent(10)));
}

#[test]
fn everything_counts_as_read_only_when_every_part_was() {
    let mut rotation = Rotation::default();
    for part in 1..=3 {
        assert_eq!(rotation.read_by(), None);
        assert_eq!(rotation.next(3), part);
        rotation.was_read(Share::Part { part, of: 3 }, day(part.into()));
    }
    assert_eq!(rotation.read_by(), Some(day(1)));
    assert_eq!(rotation.next(3), 1);
    rotation.was_read(Share::Part { part: 1, of: 3 }, day(9));
    assert_eq!(rotation.read_by(), Some(day(2)));
    // Another number of parts begins anew, and forgets nothing.
    assert_eq!(rotation.next(5), 1);
    rotation.was_read(Share::Part { part: 1, of: 5 }, day(20));
    assert_eq!((rotation.read_by(), rotation.next(5)), (Some(day(2)), 2));
    rotation.was_read(Share::Percent(100), day(21));
    assert_eq!(rotation.read_by(), Some(day(21)));
    rotation.was_read(Share::Percent(99), day(22));
    assert_eq!(rotation.read_by(), Some(day(21)));
}

#[test]
fn a_part_that_cannot_be_read_holds_up_no_other_and_does_not_count() {
    let mut rotation = Rotation::default();
    let part = |part| Share::Part { part, of: 3 };
    rotation.was_read(part(1), day(1));
    rotation.was_passed_over(part(2));
    assert_eq!(rotation.next(3), 3);
    rotation.was_read(part(3), day(3));
    assert_eq!((rotation.next(3), rotation.read_by()), (1, None));
    rotation.was_read(part(2), day(4));
    assert_eq!(rotation.read_by(), Some(day(1)));
}

proptest! {
    /// However checks fail in between, and whenever they are made: each part
    /// comes in turn, and none is passed over.
    #[test]
    fn no_part_is_ever_passed_over(
        every in 1_u32..30,
        all in 0_u32..400,
        ends in prop::collection::vec(prop::bool::weighted(0.7), 1..300),
    ) {
        let of = parts(&proof(every, all)).unwrap();
        let mut rotation = Rotation::default();
        let (mut now, mut last) = (day(0), None);
        let mut read: Vec<(Timestamp, u32)> = Vec::new();
        for is_sound in ends {
            now = due_at(every, last, day(0), now).unwrap();
            let part = rotation.next(of);
            prop_assert!((1..=of).contains(&part));
            let outcome = if is_sound { Outcome::Complete } else { Outcome::Failed };
            if is_sound {
                rotation.was_read(Share::Part { part, of }, now);
                read.push((now, part));
            }
            last = Some(Last { at: now, outcome });
        }
        prop_assert!(now >= day(1));
        for turn in read.windows(of as usize) {
            let parts: BTreeSet<u32> = turn.iter().map(|(_, part)| *part).collect();
            prop_assert_eq!(parts.len(), of as usize);
        }
        let whole = read.len() >= of as usize;
        prop_assert_eq!(rotation.read_by().is_some(), whole);
        if whole {
            prop_assert_eq!(rotation.read_by(), Some(read[read.len() - of as usize].0));
        }
    }

    /// Without failures, everything is read within the period and one check.
    #[test]
    fn everything_is_read_within_the_period(every in 1_u32..30, all in 1_u32..400) {
        let of = parts(&proof(every, all)).unwrap();
        let took = DAY * i32::try_from(of * every).unwrap();
        prop_assert!(took <= DAY * i32::try_from(all + every).unwrap());
    }

    /// Whatever is important, every item is rebuilt in turn, and each drill has
    /// all that is important.
    #[test]
    fn every_item_is_proven_in_turn(
        important in prop::collection::vec(any::<bool>(), 1..40),
        others in 1_u32..10,
    ) {
        let mut proven: Vec<Option<Timestamp>> = vec![None; important.len()];
        let ordinary = important.iter().filter(|important| !**important).count();
        let drills = ordinary.div_ceil(others as usize).max(1);
        for round in 0..i64::try_from(drills).unwrap() {
            let candidates = important
                .iter()
                .zip(&proven)
                .enumerate()
                .map(|(item, (important, proven_at))| Candidate {
                    item,
                    important: *important,
                    failed: false,
                    proven_at: *proven_at,
                })
                .collect();
            let chosen: BTreeSet<usize> = choose(candidates, others).into_iter().collect();
            for (item, important) in important.iter().enumerate() {
                prop_assert!(!important || chosen.contains(&item));
            }
            for item in chosen {
                proven[item] = Some(day(round));
            }
        }
        prop_assert!(proven.iter().all(Option::is_some));
    }
}

#[test]
fn an_item_whose_drill_failed_is_rebuilt_again_and_holds_up_no_other() {
    let candidate = |item, failed, proven_at| Candidate {
        item,
        important: false,
        failed,
        proven_at,
    };
    let candidates = vec![
        candidate(1, true, None),
        candidate(2, false, Some(day(3))),
        candidate(3, false, Some(day(1))),
        candidate(4, false, None),
    ];
    assert_eq!(choose(candidates, 2), [1, 4, 3]);
}
