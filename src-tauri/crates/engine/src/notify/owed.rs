//! Good news that is owed: of which backups that went well somebody is still
//! to be told, because Labkeep ended meanwhile or nobody could be reached.
//!
//! Pure. Unlike a problem, which shows for as long as it lasts, good news would
//! be lost with the process that was about to tell it. It is worth a day; a
//! heartbeat that came later would say something that is not true any more.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use labkeep_settings::RunId;
use serde::{Deserialize, Serialize};

use super::sink::Sink;

/// When somebody is tried again who could not be told.
const AGAIN: SignedDuration = SignedDuration::from_mins(15);
/// How long good news is worth telling.
const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// How long it is remembered that it was told.
const KEPT: SignedDuration = SignedDuration::from_hours(48);
/// Ends remembered at most.
const MOST: usize = 1000;

/// Backups that ended, and who is still to be told that they went well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Owed(BTreeMap<RunId, End>);

/// The end of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct End {
    at: Timestamp,
    /// Who is still to be told.
    left: BTreeSet<Sink>,
    /// When that was tried last.
    tried: Option<Timestamp>,
}

impl Owed {
    /// Remembers an end that these are to be told of. The first time counts.
    pub fn add(&mut self, run: RunId, at: Timestamp, sinks: impl IntoIterator<Item = Sink>) {
        self.0.entry(run).or_insert_with(|| End {
            at,
            left: sinks.into_iter().collect(),
            tried: None,
        });
    }

    /// Whether an end is remembered, told or not.
    pub fn knows(&self, run: RunId) -> bool {
        self.0.contains_key(&run)
    }

    /// What is to be told now and to whom, the oldest first.
    pub fn due(&self, now: Timestamp) -> Vec<(RunId, Vec<Sink>)> {
        let mut due: Vec<_> = self
            .0
            .iter()
            .filter(|(_, end)| end.is_due(now))
            .map(|(run, end)| (end.at, *run, end.left.iter().copied().collect()))
            .collect();
        due.sort_by_key(|(at, run, _)| (*at, *run));
        due.into_iter()
            .map(|(_, run, sinks)| (run, sinks))
            .collect()
    }

    /// Remembers that it is tried to tell of a run.
    pub fn note_tried(&mut self, run: RunId, now: Timestamp) {
        if let Some(end) = self.0.get_mut(&run) {
            end.tried = Some(now);
        }
    }

    /// Somebody is told of a run, or never will be.
    pub fn settle(&mut self, run: RunId, sink: Sink) {
        if let Some(end) = self.0.get_mut(&run) {
            end.left.remove(&sink);
        }
    }

    /// Gives up what is a day old, and gives it back; forgets what is older
    /// still.
    pub fn give_up(&mut self, now: Timestamp) -> Vec<(RunId, Vec<Sink>)> {
        let mut late = Vec::new();
        self.0.retain(|run, end| {
            if !end.is_within(FRESH, now) && !end.left.is_empty() {
                late.push((*run, std::mem::take(&mut end.left).into_iter().collect()));
            }
            end.is_within(KEPT, now)
        });
        while self.0.len() > MOST {
            let oldest = self.0.iter().min_by_key(|(_, end)| end.at);
            let Some(run) = oldest.map(|(run, _)| *run) else {
                break;
            };
            self.0.remove(&run);
        }
        late
    }
}

impl End {
    fn is_due(&self, now: Timestamp) -> bool {
        // A moment far ahead comes from a clock that was wrong.
        let is_quiet = |at: Timestamp| now.duration_since(at).abs() < AGAIN;
        !self.left.is_empty() && self.is_within(FRESH, now) && !self.tried.is_some_and(is_quiet)
    }

    fn is_within(&self, time: SignedDuration, now: Timestamp) -> bool {
        now.duration_since(self.at).abs() < time
    }
}

/// Whether the end of a run is so fresh that it is worth telling.
pub fn is_fresh(ended_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(ended_at).abs() < FRESH
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Channel;

    const BEAT: Sink = Sink::Channel(Channel::Heartbeat);
    const MAIL: Sink = Sink::Channel(Channel::Email);

    /// Minutes since some morning.
    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minutes * 60).unwrap()
    }

    #[test]
    fn who_could_not_be_told_is_owed_it_for_a_day() {
        let mut owed = Owed::default();
        let run = RunId::random();
        owed.add(run, at(0), [BEAT, MAIL]);
        assert_eq!(owed.due(at(0)), [(run, vec![BEAT, MAIL])]);
        owed.note_tried(run, at(0));
        owed.settle(run, MAIL);
        assert!(owed.due(at(14)).is_empty(), "not over and over");
        assert_eq!(owed.due(at(15)), [(run, vec![BEAT])]);
        assert!(owed.give_up(at(23 * 60)).is_empty());
        assert!(owed.due(at(24 * 60)).is_empty(), "it is not true any more");
        assert_eq!(owed.give_up(at(24 * 60)), [(run, vec![BEAT])]);
        assert_ne!(owed, Owed::default());
        assert!(owed.give_up(at(48 * 60)).is_empty());
        assert_eq!(owed, Owed::default());
    }

    #[test]
    fn an_end_is_told_once_however_often_it_is_heard_of() {
        let mut owed = Owed::default();
        let run = RunId::random();
        owed.add(run, at(0), [BEAT]);
        owed.settle(run, BEAT);
        owed.add(run, at(0), [BEAT, MAIL]);
        assert!(owed.due(at(1)).is_empty());
    }

    #[test]
    fn the_oldest_is_told_first_and_the_latest_are_remembered() {
        let mut owed = Owed::default();
        let runs: Vec<RunId> = (0..=MOST).map(|_| RunId::random()).collect();
        for (run, minutes) in runs.iter().zip(0..) {
            owed.add(*run, at(minutes), [MAIL]);
        }
        assert_eq!(owed.due(at(0))[0].0, runs[0]);
        owed.give_up(at(1));
        assert!(!owed.knows(runs[0]));
        assert!(owed.knows(runs[MOST]));
    }

    #[test]
    fn what_is_owed_survives_being_kept() {
        let mut owed = Owed::default();
        owed.add(RunId::random(), at(0), [BEAT, Sink::Desktop]);
        let kept = serde_json::to_string(&owed).unwrap();
        assert_eq!(serde_json::from_str::<Owed>(&kept).unwrap(), owed);
    }
}
