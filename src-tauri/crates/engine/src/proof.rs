//! Proof: when a vault is checked and which part of its data is read, when a
//! drill is due and what it rebuilds. Pure rules; what they say is done
//! elsewhere.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use labkeep_settings::Proof;
use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;
use crate::schedule::promise::believed;

/// After a check or a drill that did not end well, the next one is due.
const RETRY: SignedDuration = SignedDuration::from_hours(24);

/// The share of a vault's data that a check reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    /// About so many percent, 0 to 100.
    Percent(u32),
    /// A part of so many, counted from 1.
    Part {
        /// Which one.
        part: u32,
        /// How many there are.
        of: u32,
    },
}

impl Share {
    /// Whether a clean check of this share makes up for one of another share
    /// that found damage.
    pub fn makes_up_for(self, other: Self) -> bool {
        match (self, other) {
            (Self::Percent(100..) | Self::Part { of: 1, .. }, _) | (_, Self::Percent(0)) => true,
            (Self::Part { .. }, Self::Part { .. }) => self == other,
            _ => false,
        }
    }
}

/// In how many parts the data is read, so that everything is read once in the
/// set period. None if there are no checks.
pub fn parts(proof: &Proof) -> Option<u32> {
    (proof.check_every_days > 0).then(|| {
        proof
            .read_all_days
            .div_ceil(proof.check_every_days)
            .clamp(1, 1000)
    })
}

/// How far the reading of a vault is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// How many parts there are.
    #[serde(default)]
    of: u32,
    /// The part that was read last.
    #[serde(default)]
    last: u32,
    /// When each part was read last and found sound.
    #[serde(default)]
    read: BTreeMap<u32, Timestamp>,
    /// When one check read everything and found it sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all: Option<Timestamp>,
}

impl Rotation {
    /// The part that is next, counted from 1.
    pub fn next(&self, of: u32) -> u32 {
        if self.of == of {
            self.last % of.max(1) + 1
        } else {
            1
        }
    }

    /// A check of a share ended, and what it read is sound.
    pub fn was_read(&mut self, share: Share, at: Timestamp) {
        match share {
            Share::Part { part, of } => {
                if self.of != of {
                    // Parts of another size say nothing about these.
                    self.all = self.read_by();
                    self.of = of;
                    self.read.clear();
                }
                self.last = part;
                self.read.insert(part, at);
            }
            Share::Percent(100..) => self.all = Some(at),
            Share::Percent(_) => {}
        }
    }

    /// A check of a share ended, and some of it cannot be read: it is not read,
    /// and must not keep the others from being so.
    pub fn was_passed_over(&mut self, share: Share) {
        if let Share::Part { part, of } = share {
            if self.of != of {
                self.all = self.read_by();
                self.of = of;
                self.read.clear();
            }
            self.last = part;
        }
    }

    /// The time since which everything that the vault held then was read at
    /// least once. None if never.
    pub fn read_by(&self) -> Option<Timestamp> {
        let is_whole = self.of > 0 && (1..=self.of).all(|part| self.read.contains_key(&part));
        let oldest = is_whole
            .then(|| self.read.values().min().copied())
            .flatten();
        oldest.max(self.all)
    }
}

/// The last check or drill that came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Last {
    /// When it ended.
    pub at: Timestamp,
    /// How.
    pub outcome: Outcome,
}

/// When the next one is due: so many days after the last one that ended well,
/// or after `since` if there was none; a day after one that did not. What a
/// clock that was ahead left behind says nothing: then it is due now. None if
/// there are to be none.
pub fn due_at(
    every_days: u32,
    last: Option<Last>,
    since: Timestamp,
    now: Timestamp,
) -> Option<Timestamp> {
    if every_days == 0 {
        return None;
    }
    let every = SignedDuration::from_hours(24 * i64::from(every_days));
    let (from, after) = match last {
        None => (since, every),
        Some(last) if last.outcome == Outcome::Complete => (last.at, every),
        Some(last) => (last.at, every.min(RETRY)),
    };
    let Some(from) = believed(from, now) else {
        return Some(now);
    };
    Some(from.saturating_add(after).unwrap_or(Timestamp::MAX))
}

/// Something that a drill can rebuild.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate<T> {
    /// What it is.
    pub item: T,
    /// Whether every drill rebuilds it.
    pub important: bool,
    /// Whether its last drill failed.
    pub failed: bool,
    /// When it was last rebuilt and found whole.
    pub proven_at: Option<Timestamp>,
}

/// What the next drill rebuilds: everything important, everything whose last
/// drill failed, and so many others, those that were never proven first and
/// then those that were proven longest ago.
pub fn choose<T: Ord + Clone>(candidates: Vec<Candidate<T>>, others: u32) -> Vec<T> {
    let (mut chosen, mut rest): (Vec<_>, Vec<_>) = candidates
        .into_iter()
        .partition(|candidate| candidate.important || candidate.failed);
    rest.sort_by(|one, other| (one.proven_at, &one.item).cmp(&(other.proven_at, &other.item)));
    chosen.extend(rest.into_iter().take(others as usize));
    chosen.into_iter().map(|candidate| candidate.item).collect()
}

#[cfg(test)]
mod tests;
