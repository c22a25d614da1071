//! Decide: what has to be read again, item by item and kind by kind, from the
//! previous snapshot's ledger and what discovery returned. Pure; the plan of a
//! run is a value that is logged and tested.
//!
//! GitLab's `last_activity_at` moves at most once an hour, so it proves
//! nothing about the hour after it; and members, labels and settings do not
//! move it at all. A quick run trusts it only where that cannot matter, a
//! thorough run asks for everything.

use jiff::{SignedDuration, Timestamp};

use crate::kind::{Item, Kind, Sort};
use crate::ledger::{Ledger, Line, Mark};
use crate::view::LedgerState;

/// GitLab updates `last_activity_at` only when the last update is older than
/// this (facts: `Project#last_activity_at`, one hour).
const ACTIVITY_RESOLUTION: SignedDuration = SignedDuration::from_hours(1);

/// How far GitLab's clocks may be apart among each other.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// Groups have no mark of change at all; a quick run reads them again after
/// this.
const GROUP_AGE: SignedDuration = SignedDuration::from_hours(24);

/// How much a run asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Trusts GitLab's marks of change where they are safe.
    Quick,
    /// Asks for everything.
    Thorough,
}

/// Whether a feature is switched on for an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// On, or not known to be off.
    On,
    /// Switched off in the item's settings.
    Off,
}

/// An item as discovery saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The item.
    pub item: Item,
    /// Full path now.
    pub path: String,
    /// GitLab's mark of activity.
    pub last_activity_at: Option<Timestamp>,
    /// Hash of the settings document.
    pub settings: String,
    /// Kinds that are switched off.
    pub off: Vec<Kind>,
}

impl Seen {
    fn feature(&self, kind: Kind) -> Feature {
        if self.off.contains(&kind) {
            Feature::Off
        } else {
            Feature::On
        }
    }
}

/// What to do about one kind of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// As before, without asking.
    Keep,
    /// Read it, or ask whether it changed.
    Ask(Why),
    /// Nothing to read: the feature is off.
    Off,
}

/// Why something is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is not in the previous snapshot.
    New,
    /// It could not be read last time.
    FailedBefore,
    /// The token or the role allows other things than last time.
    RightsChanged,
    /// GitLab tells of activity, or could hide some.
    Activity,
    /// The settings document differs.
    SettingsChanged,
    /// It lies elsewhere now; what it inherits from the groups above differs.
    Moved,
    /// Everything is asked for.
    Thorough,
    /// There is no mark, and it is long ago.
    Age,
}

/// The circumstances of a run that decisions depend on.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// How much is asked for.
    pub depth: Depth,
    /// The present, by GitLab's clock.
    pub now: Timestamp,
    /// Whether the token has other scopes than at the previous snapshot.
    pub rights_changed: bool,
}

/// What a run is going to do about one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemPlan {
    /// The item as it was seen.
    pub seen: Seen,
    /// A decision for each kind that the plan covers.
    pub decisions: Vec<(Kind, Decision)>,
}

impl ItemPlan {
    /// Whether nothing of the item is asked for.
    pub fn is_kept(&self) -> bool {
        self.decisions
            .iter()
            .all(|(_, decision)| !matches!(decision, Decision::Ask(_)))
    }
}

/// Decides about every kind of `kinds` that the item can have.
pub fn decide(
    seen: Seen,
    kinds: &[Kind],
    previous: &Ledger,
    circumstances: Circumstances,
) -> ItemPlan {
    let mark = previous
        .line(seen.item, Kind::Settings)
        .and_then(|line| line.mark.clone())
        .unwrap_or_default();
    let decisions = seen
        .item
        .sort
        .kinds()
        .iter()
        .filter(|kind| kinds.contains(kind))
        .map(|kind| {
            let line = previous.line(seen.item, *kind);
            (*kind, one(&seen, *kind, line, &mark, circumstances))
        })
        .collect();
    ItemPlan { seen, decisions }
}

fn one(
    seen: &Seen,
    kind: Kind,
    line: Option<&Line>,
    mark: &Mark,
    circumstances: Circumstances,
) -> Decision {
    if seen.feature(kind) == Feature::Off {
        return Decision::Off;
    }
    let Some(line) = line else {
        return Decision::Ask(Why::New);
    };
    match line.state {
        LedgerState::Failed => return Decision::Ask(Why::FailedBefore),
        LedgerState::FeatureOff => return Decision::Ask(Why::SettingsChanged),
        // The user's role is part of the settings document.
        LedgerState::NoRight | LedgerState::NotOffered
            if circumstances.rights_changed || mark.settings != seen.settings =>
        {
            return Decision::Ask(Why::RightsChanged);
        }
        _ => {}
    }
    if kind == Kind::Settings {
        // Discovery already brought the document; comparing it asks nothing.
        return if mark.settings == seen.settings {
            Decision::Keep
        } else {
            Decision::Ask(Why::SettingsChanged)
        };
    }
    if circumstances.depth == Depth::Thorough {
        return Decision::Ask(Why::Thorough);
    }
    if inherits(kind) && namespace(&line.path) != namespace(&seen.path) {
        return Decision::Ask(Why::Moved);
    }
    match seen.item.sort {
        Sort::Project if is_proven_idle(seen, mark) => Decision::Keep,
        Sort::Project => Decision::Ask(Why::Activity),
        Sort::Group => match mark.asked_at {
            Some(asked) if circumstances.now.duration_since(asked) < GROUP_AGE => Decision::Keep,
            _ => Decision::Ask(Why::Age),
        },
    }
}

/// Whether the groups above have a part in it: their members, labels and
/// milestones.
const fn inherits(kind: Kind) -> bool {
    !matches!(kind, Kind::Repository | Kind::Wiki)
}

fn namespace(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(namespace, _)| namespace)
}

/// Whether nothing that counts as activity can have happened since the item
/// was last asked about: its mark is the same, and the asking lies so long
/// after the mark that any later activity would have moved it.
fn is_proven_idle(seen: &Seen, mark: &Mark) -> bool {
    let (Some(now), Some(then), Some(asked)) =
        (seen.last_activity_at, mark.last_activity_at, mark.asked_at)
    else {
        return false;
    };
    now == then && asked.duration_since(now) >= ACTIVITY_RESOLUTION + CLOCK_TOLERANCE
}

#[cfg(test)]
mod tests {
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
}
