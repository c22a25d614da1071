//! Retention: which snapshots of a plan stay. Pure: the last of so many hours,
//! days, weeks and so on that have one, and, whatever the rules say, what a
//! person wants kept and the last snapshot in which an item was whole.

use std::collections::BTreeSet;

use jiff::civil::ISOWeekDate;
use jiff::{SignedDuration, Timestamp, Zoned};
use labkeep_settings::Retention;

use crate::kind::{Item, Kind};
use crate::view::RetentionPreset;

/// Retentions to choose from by name.
pub fn presets() -> Vec<RetentionPreset> {
    let preset = |name: &str, daily, weekly, monthly, yearly| RetentionPreset {
        name: name.to_owned(),
        retention: Retention {
            last: 0,
            within_days: 0,
            hourly: 0,
            daily,
            weekly,
            monthly,
            yearly,
        },
    };
    vec![
        preset("light", 7, 4, 6, 0),
        preset("standard", 30, 12, 24, 0),
        preset("long", 60, 26, 60, 10),
    ]
}

/// A snapshot of one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated {
    /// When the run was that made it.
    pub time: Timestamp,
    /// Whether a person wants it kept for ever.
    pub pinned: bool,
    /// What of which item is whole in it. Each kind by itself: an item whose
    /// issues fail every time still has its repository in each.
    pub whole: BTreeSet<(Item, Kind)>,
    /// What was whole in it, of items that are known to be damaged there.
    pub harmed: BTreeSet<(Item, Kind)>,
    /// Whether anything of it is known to be damaged: it takes no place of a
    /// sound one.
    pub is_damaged: bool,
}

/// Why a snapshot stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is the newest of the plan.
    Newest,
    /// A person wants it kept for ever.
    Pinned,
    /// A rule keeps it: "daily".
    Rule(&'static str),
    /// Something of so many items was never whole again after it.
    LastWhole(usize),
    /// It is damaged, and nothing else has something of so many items.
    LastHarmed(usize),
}

/// Decides for every snapshot of one plan, which come newest first. None: it
/// goes. A damaged one stays as long as it would if it were sound, and the
/// sound ones stay as if it were not there. `now` is in the time zone that days
/// are counted in.
pub fn decide(snapshots: &[Dated], retention: Retention, now: &Zoned) -> Vec<Option<Kept>> {
    let mut kept = by_rules(snapshots, retention, now);
    let is_sound = |place: &usize| !snapshots[*place].is_damaged;
    let sound: Vec<usize> = (0..snapshots.len()).filter(is_sound).collect();
    if sound.len() < snapshots.len() {
        let alone: Vec<Dated> = sound.iter().map(|at| snapshots[*at].clone()).collect();
        for (place, why) in sound.into_iter().zip(by_rules(&alone, retention, now)) {
            kept[place] = kept[place].take().or(why);
        }
    }
    keep_the_last(snapshots, &mut kept);
    kept
}

fn by_rules(snapshots: &[Dated], retention: Retention, now: &Zoned) -> Vec<Option<Kept>> {
    let times: Vec<Zoned> = snapshots
        .iter()
        .map(|snapshot| snapshot.time.to_zoned(now.time_zone().clone()))
        .collect();
    let mut kept: Vec<Option<Kept>> = vec![None; snapshots.len()];
    if let Some(newest) = kept.first_mut() {
        *newest = Some(Kept::Newest);
    }
    for (snapshot, kept) in snapshots.iter().zip(&mut kept) {
        if snapshot.pinned {
            kept.get_or_insert(Kept::Pinned);
        }
    }
    if let Some(newest) = snapshots.first() {
        let within = SignedDuration::from_hours(24 * i64::from(retention.within_days));
        // A run of a clock that was ahead must not make all others old.
        let end = newest.time.min(now.timestamp());
        for (snapshot, kept) in snapshots.iter().zip(&mut kept) {
            if retention.within_days > 0 && end.duration_since(snapshot.time) <= within {
                kept.get_or_insert(Kept::Rule("within"));
            }
        }
    }
    let mut keep = |name, number: u32, of: &dyn Fn(usize, &Zoned) -> String| {
        let mut left = number;
        let mut last = None;
        for (place, time) in times.iter().enumerate() {
            let bucket = of(place, time);
            if left == 0 || last.as_ref() == Some(&bucket) {
                continue;
            }
            last = Some(bucket);
            left -= 1;
            kept[place].get_or_insert(Kept::Rule(name));
        }
    };
    keep("last", retention.last, &|place, _| place.to_string());
    keep("hourly", retention.hourly, &|_, time| {
        time.strftime("%F %H %z").to_string()
    });
    keep("daily", retention.daily, &|_, time| time.date().to_string());
    keep("weekly", retention.weekly, &|_, time| {
        week(time.date().iso_week_date())
    });
    keep("monthly", retention.monthly, &|_, time| {
        time.strftime("%Y-%m").to_string()
    });
    keep("yearly", retention.yearly, &|_, time| {
        time.year().to_string()
    });
    kept
}

/// Keeps the last snapshot with something of an item; a damaged one only where
/// no other has it.
fn keep_the_last(snapshots: &[Dated], kept: &mut [Option<Kept>]) {
    let mut seen: BTreeSet<(Item, Kind)> = BTreeSet::new();
    let mut keep = |what: fn(&Dated) -> &BTreeSet<(Item, Kind)>, why: fn(usize) -> Kept| {
        for (snapshot, kept) in snapshots.iter().zip(kept.iter_mut()) {
            let last = what(snapshot).iter().filter(|what| !seen.contains(what));
            let last: BTreeSet<Item> = last.map(|(item, _)| *item).collect();
            if !last.is_empty() {
                kept.get_or_insert(why(last.len()));
            }
            seen.extend(what(snapshot));
        }
    };
    keep(|snapshot| &snapshot.whole, Kept::LastWhole);
    keep(|snapshot| &snapshot.harmed, Kept::LastHarmed);
}

fn week(date: ISOWeekDate) -> String {
    format!("{}-{}", date.year(), date.week())
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    const HOUR: i64 = 3600;

    fn every(hours: i64, count: i64) -> Vec<Dated> {
        // Noon on a Monday, and back from there.
        let newest = 1_700_438_400 + 12 * HOUR;
        (0..count)
            .map(|number| Dated {
                time: Timestamp::from_second(newest - number * hours * HOUR).unwrap(),
                pinned: false,
                whole: BTreeSet::from([(Item::project(1), Kind::Repository)]),
                harmed: BTreeSet::new(),
                is_damaged: false,
            })
            .collect()
    }

    fn rules(daily: u32, weekly: u32, monthly: u32) -> Retention {
        Retention {
            daily,
            weekly,
            monthly,
            ..Retention::default()
        }
    }

    /// At the time of the newest.
    fn decided(snapshots: &[Dated], retention: Retention) -> Vec<Option<Kept>> {
        decide(
            snapshots,
            retention,
            &snapshots[0].time.to_zoned(TimeZone::UTC),
        )
    }

    fn places(kept: &[Option<Kept>]) -> Vec<usize> {
        let kept = kept.iter().enumerate();
        kept.filter(|(_, kept)| kept.is_some())
            .map(|(place, _)| place)
            .collect()
    }

    #[test]
    fn the_newest_of_each_day_stays() {
        let snapshots = every(6, 12);
        let kept = decided(&snapshots, rules(3, 0, 0));
        // Noon, 06:00 and midnight of today; then four a day.
        assert_eq!(places(&kept), [0, 3, 7]);
    }

    #[test]
    fn several_rules_keep_together() {
        let snapshots = every(24, 60);
        let kept = decided(&snapshots, rules(2, 3, 2));
        assert_eq!(places(&kept), [0, 1, 8, 20]);
        assert_eq!(kept[8], Some(Kept::Rule("weekly")));
        assert_eq!(kept[20], Some(Kept::Rule("monthly")));
    }

    #[test]
    fn the_last_whole_copy_of_an_item_stays_for_ever() {
        let mut snapshots = every(24, 40);
        let deleted = Item::project(7);
        for snapshot in &mut snapshots[30..] {
            snapshot.whole.insert((deleted, Kind::Issues));
        }
        let kept = decided(&snapshots, rules(2, 0, 0));
        assert_eq!(places(&kept), [0, 1, 30]);
        assert_eq!(kept[30], Some(Kept::LastWhole(1)));
    }

    #[test]
    fn a_kind_that_fails_every_time_does_not_cost_the_others_their_last_copy() {
        let mut snapshots = every(24, 40);
        let deleted = Item::project(7);
        for snapshot in &mut snapshots[20..] {
            snapshot.whole.insert((deleted, Kind::Repository));
        }
        for snapshot in &mut snapshots[35..] {
            snapshot.whole.insert((deleted, Kind::Issues));
        }
        let kept = decided(&snapshots, rules(1, 0, 0));
        assert_eq!(places(&kept), [0, 20, 35]);
    }

    #[test]
    fn a_partial_snapshot_does_not_displace_a_whole_one() {
        let mut snapshots = every(24, 5);
        snapshots[0].whole.clear();
        snapshots[1].whole.clear();
        let kept = decided(&snapshots, rules(1, 0, 0));
        assert_eq!(places(&kept), [0, 2]);
    }

    #[test]
    fn a_damaged_snapshot_displaces_no_sound_one() {
        let mut snapshots = every(6, 12);
        // The one that was kept of its day, and what it alone had.
        let harmed = (Item::project(7), Kind::Issues);
        snapshots[3].is_damaged = true;
        snapshots[3].harmed = std::mem::take(&mut snapshots[3].whole);
        let kept = decided(&snapshots, rules(3, 0, 0));
        assert_eq!(places(&kept), [0, 3, 4, 7]);
        snapshots[10].is_damaged = true;
        snapshots[10].harmed = BTreeSet::from([harmed]);
        let kept = decided(&snapshots, rules(1, 0, 0));
        assert_eq!(places(&kept), [0, 10]);
        assert_eq!(kept[10], Some(Kept::LastHarmed(1)));
        // A sound copy of it, however old, is the one that counts.
        snapshots[11].whole.insert(harmed);
        let kept = decided(&snapshots, rules(1, 0, 0));
        assert_eq!(places(&kept), [0, 11]);
    }

    #[test]
    fn all_of_the_last_days_stay() {
        let snapshots = every(12, 10);
        let within = |days| Retention {
            within_days: days,
            ..rules(0, 0, 0)
        };
        // The one of exactly two days ago is within two days.
        let kept = decided(&snapshots, within(2));
        assert_eq!(places(&kept), [0, 1, 2, 3, 4]);
        assert_eq!(kept[4], Some(Kept::Rule("within")));
        let kept = decided(&snapshots, within(36_500));
        assert_eq!(places(&kept).len(), 10);
    }

    #[test]
    fn a_clock_that_was_ahead_makes_no_other_run_old() {
        let mut snapshots = every(24, 5);
        let now = snapshots[0].time.to_zoned(TimeZone::UTC);
        snapshots[0].time += SignedDuration::from_hours(24 * 365);
        let within = Retention {
            within_days: 3,
            ..rules(0, 0, 0)
        };
        let kept = decide(&snapshots, within, &now);
        assert_eq!(places(&kept), [0, 1, 2, 3]);
        // One that was set back keeps them all.
        let before = &now - SignedDuration::from_hours(24 * 365);
        assert_eq!(places(&decide(&snapshots, within, &before)).len(), 5);
    }

    #[test]
    fn a_pinned_snapshot_stays_and_takes_no_rules_place() {
        let mut snapshots = every(24, 10);
        snapshots[7].pinned = true;
        let kept = decided(&snapshots, rules(3, 0, 0));
        assert_eq!(places(&kept), [0, 1, 2, 7]);
        assert_eq!(kept[7], Some(Kept::Pinned));
    }

    #[test]
    fn every_preset_keeps_something() {
        for preset in presets() {
            assert!(!preset.retention.keeps_nothing(), "{}", preset.name);
        }
    }

    #[test]
    fn no_rule_removes_the_newest() {
        let mut snapshots = every(24, 2);
        snapshots.truncate(1);
        let none = Retention {
            daily: 0,
            weekly: 0,
            monthly: 0,
            ..Retention::default()
        };
        assert_eq!(decided(&snapshots, none), [Some(Kept::Newest)]);
    }
}
