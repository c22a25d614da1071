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
    /// What is saved of it is damaged: everything is read in full.
    Distrusted,
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

/// Asks for every kind of an item that is not switched off, in full: what is
/// saved of it is not to be relied on.
pub fn decide_anew(seen: Seen, kinds: &[Kind]) -> ItemPlan {
    let decisions = seen
        .item
        .sort
        .kinds()
        .iter()
        .filter(|kind| kinds.contains(kind))
        .map(|kind| {
            let decision = match seen.feature(*kind) {
                Feature::Off => Decision::Off,
                Feature::On => Decision::Ask(Why::Distrusted),
            };
            (*kind, decision)
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
mod tests;
