//! What a run reads again, and what it keeps without asking.

use super::*;

const HOUR: i64 = 3600;
const ACTIVE: i64 = 1_700_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn seen() -> Seen {
    Seen {
        item: Item::project(7),
        path: "acme/web".to_owned(),
        last_activity_at: Some(at(ACTIVE)),
        settings: "same".to_owned(),
        off: Vec::new(),
    }
}

fn previous(asked: i64, state: LedgerState) -> Ledger {
    let mut ledger = Ledger::default();
    for kind in Kind::OF_PROJECT {
        let mut line = Line::new(Item::project(7), "acme/web", kind, state);
        if kind == Kind::Settings {
            line.mark = Some(Mark {
                last_activity_at: Some(at(ACTIVE)),
                asked_at: Some(at(asked)),
                settings: "same".to_owned(),
            });
        }
        ledger.put(line);
    }
    ledger
}

fn quick(now: i64) -> Circumstances {
    Circumstances {
        depth: Depth::Quick,
        now: at(now),
        rights_changed: false,
    }
}

fn decision(plan: &ItemPlan, kind: Kind) -> Decision {
    plan.decisions
        .iter()
        .find(|(of, _)| *of == kind)
        .map(|(_, decision)| *decision)
        .unwrap()
}

#[test]
fn idle_project_is_kept_without_asking() {
    let before = previous(ACTIVE + 2 * HOUR, LedgerState::Saved);
    let plan = decide(seen(), &Kind::OF_PROJECT, &before, quick(ACTIVE + 9 * HOUR));
    assert!(plan.is_kept());
}

#[test]
fn the_hour_after_the_mark_is_not_trusted() {
    // Asked half an hour after the mark: a push a minute later would not
    // have moved it.
    let before = previous(ACTIVE + HOUR / 2, LedgerState::Saved);
    let plan = decide(seen(), &Kind::OF_PROJECT, &before, quick(ACTIVE + 9 * HOUR));
    assert_eq!(
        decision(&plan, Kind::Repository),
        Decision::Ask(Why::Activity)
    );
    assert_eq!(decision(&plan, Kind::Settings), Decision::Keep);
}

#[test]
fn moved_mark_asks() {
    let before = previous(ACTIVE + 2 * HOUR, LedgerState::Saved);
    let mut active = seen();
    active.last_activity_at = Some(at(ACTIVE + 3 * HOUR));
    let plan = decide(active, &Kind::OF_PROJECT, &before, quick(ACTIVE + 9 * HOUR));
    assert_eq!(decision(&plan, Kind::Issues), Decision::Ask(Why::Activity));
}

#[test]
fn what_failed_is_asked_again() {
    let before = previous(ACTIVE + 2 * HOUR, LedgerState::Failed);
    let plan = decide(seen(), &Kind::OF_PROJECT, &before, quick(ACTIVE + 9 * HOUR));
    assert_eq!(
        decision(&plan, Kind::Wiki),
        Decision::Ask(Why::FailedBefore)
    );
}

#[test]
fn what_is_inherited_is_asked_for_after_a_move() {
    let before = previous(ACTIVE + 2 * HOUR, LedgerState::Saved);
    let mut moved = seen();
    moved.path = "acme/tools/web".to_owned();
    let plan = decide(moved, &Kind::OF_PROJECT, &before, quick(ACTIVE + 9 * HOUR));
    assert_eq!(decision(&plan, Kind::Members), Decision::Ask(Why::Moved));
    assert_eq!(decision(&plan, Kind::Repository), Decision::Keep);
    let mut renamed = seen();
    renamed.path = "acme/site".to_owned();
    let plan = decide(
        renamed,
        &Kind::OF_PROJECT,
        &before,
        quick(ACTIVE + 9 * HOUR),
    );
    assert_eq!(decision(&plan, Kind::Members), Decision::Keep);
}

#[test]
fn thorough_asks_for_everything() {
    let before = previous(ACTIVE + 2 * HOUR, LedgerState::Unchanged);
    let circumstances = Circumstances {
        depth: Depth::Thorough,
        ..quick(ACTIVE + 9 * HOUR)
    };
    let plan = decide(seen(), &Kind::OF_PROJECT, &before, circumstances);
    for kind in Kind::OF_PROJECT {
        let expected = if kind == Kind::Settings {
            Decision::Keep
        } else {
            Decision::Ask(Why::Thorough)
        };
        assert_eq!(decision(&plan, kind), expected, "{kind:?}");
    }
}

#[test]
fn a_missing_right_is_tried_again_only_with_other_rights() {
    let before = previous(ACTIVE + 2 * HOUR, LedgerState::NoRight);
    let same = decide(seen(), &Kind::OF_PROJECT, &before, quick(ACTIVE + 9 * HOUR));
    assert!(same.is_kept());
    let circumstances = Circumstances {
        rights_changed: true,
        ..quick(ACTIVE + 9 * HOUR)
    };
    let other = decide(seen(), &Kind::OF_PROJECT, &before, circumstances);
    assert_eq!(
        decision(&other, Kind::Issues),
        Decision::Ask(Why::RightsChanged)
    );
}

#[test]
fn feature_switched_off_and_on_again() {
    let before = previous(ACTIVE + 2 * HOUR, LedgerState::FeatureOff);
    let mut off = seen();
    off.off.push(Kind::Wiki);
    let plan = decide(off, &Kind::OF_PROJECT, &before, quick(ACTIVE + 9 * HOUR));
    assert_eq!(decision(&plan, Kind::Wiki), Decision::Off);
    assert_eq!(
        decision(&plan, Kind::Issues),
        Decision::Ask(Why::SettingsChanged)
    );
}

#[test]
fn plan_without_a_kind_says_nothing_of_it() {
    let plan = decide(
        seen(),
        &[Kind::Repository],
        &Ledger::default(),
        quick(ACTIVE),
    );
    assert_eq!(
        plan.decisions,
        [(Kind::Repository, Decision::Ask(Why::New))]
    );
}

#[test]
fn group_is_asked_again_after_a_day() {
    let group = Seen {
        item: Item::group(3),
        path: "acme".to_owned(),
        last_activity_at: None,
        ..seen()
    };
    let mut before = Ledger::default();
    for kind in Kind::OF_GROUP {
        let mut line = Line::new(Item::group(3), "acme", kind, LedgerState::Saved);
        if kind == Kind::Settings {
            line.mark = Some(Mark {
                last_activity_at: None,
                asked_at: Some(at(ACTIVE)),
                settings: "same".to_owned(),
            });
        }
        before.put(line);
    }
    let soon = decide(
        group.clone(),
        &Kind::OF_PROJECT,
        &before,
        quick(ACTIVE + HOUR),
    );
    assert!(soon.is_kept());
    let later = decide(group, &Kind::OF_PROJECT, &before, quick(ACTIVE + 25 * HOUR));
    assert_eq!(decision(&later, Kind::Labels), Decision::Ask(Why::Age));
}
