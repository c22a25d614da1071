//! Which problems are due to be told: each once a day, and again at once when
//! it got worse.
//!
//! Pure. What was told is plain data that the caller keeps; a problem that was
//! solved stays in it for the rest of its day, so that one that comes and goes
//! is not told over and over.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use specta::Type;

use crate::view::{Remedy, Severity};

/// How long nobody is tried to be told who could not be told.
const AGAIN: SignedDuration = SignedDuration::from_mins(15);
/// How long a problem is not told again.
const QUIET: SignedDuration = SignedDuration::from_hours(24);
/// Problems remembered at most. Machines have a handful; the limit is for a
/// defect that makes up ever new ones.
const MOST: usize = 1000;

/// Something that needs the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Notice {
    /// What it is about, the same for as long as it is the same problem.
    pub key: String,
    /// How bad.
    pub severity: Severity,
    /// What.
    pub title: String,
    /// Why, and what follows.
    pub body: String,
    /// What helps.
    pub link: Option<Remedy>,
}

/// What was told, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Told(BTreeMap<String, Telling>);

/// The last time that a problem was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Telling {
    at: Timestamp,
    severity: Severity,
    /// Whether it was tried only, and not told yet.
    #[serde(default)]
    is_tried: bool,
}

impl Telling {
    /// Whether it still counts. A moment that far ahead comes from a clock that
    /// was wrong, and must not silence anything until it is reached.
    fn counts(&self, now: Timestamp) -> bool {
        let quiet = if self.is_tried { AGAIN } else { QUIET };
        now.duration_since(self.at).abs() < quiet
    }
}

impl Told {
    /// Remembers that these were told, and forgets what is a day old.
    pub fn note(&mut self, notices: &[Notice], now: Timestamp) {
        self.put(notices, now, false);
    }

    /// Remembers that it is tried to tell these: they are due again soon.
    pub fn note_tried(&mut self, notices: &[Notice], now: Timestamp) {
        self.put(notices, now, true);
    }

    /// Takes over what is known elsewhere and newer.
    pub fn merge(&mut self, other: &Self) {
        for (key, telling) in &other.0 {
            let known = self.0.get(key).is_some_and(|known| known.at > telling.at);
            if !known {
                self.0.insert(key.clone(), *telling);
            }
        }
    }

    fn put(&mut self, notices: &[Notice], now: Timestamp, is_tried: bool) {
        self.0.retain(|_, telling| telling.counts(now));
        for notice in notices {
            let telling = Telling {
                at: now,
                severity: notice.severity,
                is_tried,
            };
            self.0.insert(notice.key.clone(), telling);
        }
        while self.0.len() > MOST {
            let oldest = self.0.iter().min_by_key(|(_, telling)| telling.at);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else {
                break;
            };
            self.0.remove(&key);
        }
    }

    fn silences(&self, notice: &Notice, now: Timestamp) -> bool {
        self.0.get(&notice.key).is_some_and(|telling| {
            telling.counts(now) && rank(notice.severity) <= rank(telling.severity)
        })
    }
}

/// Those of the present problems that are to be told now, in their order; of
/// several with one key the worst.
pub fn due(notices: &[Notice], told: &Told, now: Timestamp) -> Vec<Notice> {
    let mut all: Vec<Notice> = Vec::new();
    for notice in notices.iter().filter(|one| !told.silences(one, now)) {
        match all.iter_mut().find(|other| other.key == notice.key) {
            Some(other) if rank(other.severity) < rank(notice.severity) => *other = notice.clone(),
            Some(_) => {}
            None => all.push(notice.clone()),
        }
    }
    all
}

const fn rank(severity: Severity) -> u8 {
    match severity {
        Severity::Info => 0,
        Severity::Warning => 1,
        Severity::Danger => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(key: &str, severity: Severity) -> Notice {
        Notice {
            key: key.to_owned(),
            severity,
            title: format!("{key} is wrong"),
            body: String::new(),
            link: None,
        }
    }

    /// Minutes since some morning.
    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minutes * 60).unwrap()
    }

    const DAY: i64 = 24 * 60;

    /// The keys told at each moment, when these are the problems then.
    fn told_at(story: &[(i64, &[(&str, Severity)])]) -> Vec<Vec<String>> {
        let mut told = Told::default();
        story
            .iter()
            .map(|(minutes, problems)| {
                let problems: Vec<Notice> = problems
                    .iter()
                    .map(|(key, severity)| notice(key, *severity))
                    .collect();
                let due = due(&problems, &told, at(*minutes));
                told.note(&due, at(*minutes));
                due.into_iter().map(|one| one.key).collect()
            })
            .collect()
    }

    #[test]
    fn a_problem_is_told_once_a_day() {
        let token: &[_] = &[("token", Severity::Warning)];
        let told = told_at(&[(0, token), (1, token), (DAY - 1, token), (DAY, token)]);
        assert_eq!(told, [vec!["token"], vec![], vec![], vec!["token"]]);
    }

    #[test]
    fn a_problem_that_comes_and_goes_is_not_told_again_within_a_day() {
        let drive: &[_] = &[("drive", Severity::Danger)];
        let told = told_at(&[
            (0, drive),
            (10, &[]),
            (20, drive),
            (30, &[]),
            (DAY + 5, drive),
        ]);
        assert_eq!(told, [vec!["drive"], vec![], vec![], vec![], vec!["drive"]]);
    }

    #[test]
    fn a_problem_that_got_worse_is_told_at_once_and_only_then() {
        let (mild, bad): (&[_], &[_]) = (
            &[("token", Severity::Warning)],
            &[("token", Severity::Danger)],
        );
        let told = told_at(&[(0, mild), (60, bad), (61, bad), (62, mild), (63, bad)]);
        assert_eq!(told, [vec!["token"], vec!["token"], vec![], vec![], vec![]]);
        // The day counts from the worse telling.
        let told = told_at(&[(0, mild), (60, bad), (DAY, bad), (DAY + 60, bad)]);
        assert_eq!(told[2..], [vec![], vec!["token"]]);
    }

    #[test]
    fn another_problem_is_told_beside_one_that_is_silenced() {
        let both: &[_] = &[("a", Severity::Danger), ("b", Severity::Info)];
        let told = told_at(&[(0, &both[..1]), (1, both)]);
        assert_eq!(told, [vec!["a"], vec!["b"]]);
    }

    #[test]
    fn several_notices_of_one_key_are_one_the_worst() {
        let notices = [
            notice("a", Severity::Warning),
            notice("b", Severity::Info),
            notice("a", Severity::Danger),
            notice("a", Severity::Info),
        ];
        let due = due(&notices, &Told::default(), at(0));
        assert_eq!(due, [notices[2].clone(), notices[1].clone()]);
    }

    #[test]
    fn what_could_not_be_told_is_due_again_soon() {
        let problem = notice("disk", Severity::Danger);
        let problems = std::slice::from_ref(&problem);
        let mut told = Told::default();
        told.note_tried(problems, at(0));
        assert!(due(problems, &told, at(14)).is_empty());
        assert_eq!(due(problems, &told, at(15)), problems);
        told.note(problems, at(15));
        assert!(due(problems, &told, at(60)).is_empty());
    }

    #[test]
    fn of_two_memories_the_newer_counts() {
        let problem = notice("disk", Severity::Danger);
        let problems = std::slice::from_ref(&problem);
        let (mut one, mut other) = (Told::default(), Told::default());
        one.note(problems, at(5));
        other.note_tried(problems, at(4));
        let newer = one.clone();
        one.merge(&other);
        assert_eq!(one, newer);
        other.merge(&newer);
        assert_eq!(other, newer);
    }

    #[test]
    fn a_clock_that_was_far_ahead_silences_nothing() {
        let vault: &[_] = &[("vault", Severity::Danger)];
        let told = told_at(&[(400 * DAY, vault), (0, vault), (1, vault)]);
        assert_eq!(told, [vec!["vault"], vec!["vault"], vec![]]);
        // One that is set back a little does not repeat it.
        assert_eq!(told_at(&[(60, vault), (0, vault)])[1], [""; 0]);
    }

    #[test]
    fn what_was_told_is_forgotten_after_a_day_and_never_grows_without_end() {
        let mut told = Told::default();
        let many: Vec<Notice> = (0..3 * MOST)
            .map(|number| notice(&format!("{number}"), Severity::Info))
            .collect();
        for (minutes, chunk) in (0i64..).zip(many.chunks(300)) {
            told.note(chunk, at(minutes));
            assert!(told.0.len() <= MOST);
        }
        // The latest are the ones that are kept.
        assert!(due(&many[3 * MOST - 300..], &told, at(11)).is_empty());
        told.note(&[], at(2 * DAY));
        assert_eq!(told, Told::default());
    }

    #[test]
    fn what_was_told_survives_being_kept() {
        let mut told = Told::default();
        let problem = notice("token", Severity::Warning);
        told.note(std::slice::from_ref(&problem), at(0));
        let kept = serde_json::to_string(&told).unwrap();
        let told: Told = serde_json::from_str(&kept).unwrap();
        assert!(due(&[problem], &told, at(5)).is_empty());
        assert_eq!(serde_json::from_str::<Told>("{}").unwrap(), Told::default());
    }
}
