//! The rate budget: when the next request may go out.
//!
//! Pure: time is passed in as the time since the client began. What GitLab says
//! in `RateLimit-*` closes a whole lane (REST, git, registry, LFS each have
//! their own), what a single endpoint says closes its family. A wait is shared:
//! whoever asks while it lasts is told the same end.
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::family::Family;
use crate::rates::Rates;
use crate::request::RequestKind;

/// The share of a window that is left to the user's own clicks: one in fifty.
const RESERVE: u64 = 50;

/// What is asked of a request that wants to go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It may go; it is counted already.
    Go,
    /// It has to wait.
    Wait(Closed),
}

/// A wait for a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Closed {
    /// When to ask again.
    pub(crate) until: Duration,
    /// The limit's name.
    pub(crate) name: String,
    /// Its size, if known.
    pub(crate) limit: Option<u64>,
}

#[derive(Debug)]
struct Window {
    name: String,
    limit: u64,
    remaining: u64,
    ends: Duration,
}

#[derive(Debug, Default)]
struct Lane {
    closed: Option<Closed>,
    windows: Vec<Window>,
    next: Duration,
    in_flight: u64,
}

#[derive(Debug, Default)]
struct FamilyState {
    closed_until: Duration,
    enforced: bool,
    sent: VecDeque<Duration>,
}

/// The budget of one client.
#[derive(Debug)]
pub(crate) struct Budget {
    lanes: [Lane; RequestKind::COUNT],
    families: HashMap<String, FamilyState>,
    window: Duration,
}

impl Budget {
    /// `window`: the length of the windows of limits that come without a hint.
    pub(crate) fn new(window: Duration) -> Budget {
        Budget {
            lanes: Default::default(),
            families: HashMap::new(),
            window,
        }
    }

    /// Whether a request may go out at `now`.
    pub(crate) fn admit(
        &mut self,
        now: Duration,
        kind: RequestKind,
        family: Option<&Family>,
    ) -> Admission {
        let lane = &mut self.lanes[kind.index()];
        let pace = match lane.pace(now) {
            Ok(pace) => pace,
            Err(closed) => return Admission::Wait(closed),
        };
        if let Some(family) = family
            && let Err(closed) = self.admit_family(now, family)
        {
            return Admission::Wait(closed);
        }
        let lane = &mut self.lanes[kind.index()];
        lane.in_flight += 1;
        lane.next = now + pace;
        for window in &mut lane.windows {
            window.remaining = window.remaining.saturating_sub(1);
        }
        Admission::Go
    }

    fn admit_family(&mut self, now: Duration, family: &Family) -> Result<(), Closed> {
        if family.limit.is_none() && !self.families.contains_key(&family.name) {
            return Ok(());
        }
        let length = self.window;
        let state = self.families.entry(family.name.clone()).or_default();
        let closed = |until, limit| Closed {
            until,
            name: family.name.clone(),
            limit,
        };
        if state.closed_until > now {
            return Err(closed(state.closed_until, None));
        }
        if let Some(limit) = family.limit {
            while state.sent.front().is_some_and(|sent| *sent + length <= now) {
                state.sent.pop_front();
            }
            if (state.enforced || limit.from_start)
                && state.sent.len() >= limit.count
                && let Some(first) = state.sent.front()
            {
                let count = u64::try_from(limit.count).ok();
                return Err(closed(*first + length, count));
            }
            state.sent.push_back(now);
        }
        Ok(())
    }

    /// A request ended without an answer.
    pub(crate) fn unanswered(&mut self, kind: RequestKind) {
        let lane = &mut self.lanes[kind.index()];
        lane.in_flight = lane.in_flight.saturating_sub(1);
    }

    /// An answer other than 429 came.
    pub(crate) fn answered(&mut self, now: Duration, kind: RequestKind, rates: &Rates) {
        let lane = &mut self.lanes[kind.index()];
        lane.in_flight = lane.in_flight.saturating_sub(1);
        lane.learn(now, rates);
    }

    /// A 429 came. `is_endpoint`: it is the limit of a single endpoint. Returns
    /// how long it stays closed; `jitter` is added to what the server asks for.
    pub(crate) fn refused(
        &mut self,
        now: Duration,
        kind: RequestKind,
        family: Option<&Family>,
        is_endpoint: bool,
        rates: &Rates,
        jitter: Duration,
    ) -> Closed {
        let asked = match (rates.retry_after, rates.resets_in) {
            (Some(after), Some(reset)) => after.max(reset),
            (Some(wait), None) | (None, Some(wait)) => wait,
            (None, None) => self.window,
        };
        let until = now + asked + jitter;
        let lane = &mut self.lanes[kind.index()];
        lane.in_flight = lane.in_flight.saturating_sub(1);
        if let (true, Some(family)) = (is_endpoint, family) {
            let state = self.families.entry(family.name.clone()).or_default();
            state.enforced = true;
            state.closed_until = state.closed_until.max(until);
            return Closed {
                until: state.closed_until,
                name: family.name.clone(),
                limit: None,
            };
        }
        let name = rates
            .name
            .clone()
            .unwrap_or_else(|| kind.as_str().to_owned());
        let until = lane
            .closed
            .as_ref()
            .map_or(until, |closed| closed.until.max(until));
        let closed = Closed {
            until,
            name,
            limit: rates.limit,
        };
        lane.closed = Some(closed.clone());
        lane.windows.retain(|window| window.ends > until);
        closed
    }
}

impl Lane {
    /// The distance to keep to the next request, or the wait that is due.
    fn pace(&mut self, now: Duration) -> Result<Duration, Closed> {
        if let Some(closed) = &self.closed {
            if closed.until > now {
                return Err(closed.clone());
            }
            self.closed = None;
        }
        self.windows.retain(|window| window.ends > now);
        let mut pace = Duration::ZERO;
        for window in &self.windows {
            let closed = |until| Closed {
                until,
                name: window.name.clone(),
                limit: Some(window.limit),
            };
            let usable = window.remaining.saturating_sub(window.limit / RESERVE);
            if usable == 0 {
                return Err(closed(window.ends));
            }
            if window.remaining < window.limit / 2 {
                let share = u32::try_from(usable).unwrap_or(u32::MAX);
                pace = pace.max(window.ends.saturating_sub(now) / share);
                if self.next > now {
                    return Err(closed(self.next.min(window.ends)));
                }
            }
        }
        Ok(pace)
    }

    fn learn(&mut self, now: Duration, rates: &Rates) {
        let (Some(limit), Some(remaining), Some(resets_in)) =
            (rates.limit, rates.remaining, rates.resets_in)
        else {
            return;
        };
        let name = rates.name.clone().unwrap_or_default();
        let ends = now + resets_in;
        // What is under way may not be counted by the server yet.
        let remaining = remaining.saturating_sub(self.in_flight);
        match self.windows.iter_mut().find(|window| window.name == name) {
            // An answer of a window that is over says nothing about this one.
            Some(window) if ends + Duration::from_secs(2) < window.ends => {}
            Some(window) => {
                *window = Window {
                    name,
                    limit,
                    remaining,
                    ends,
                }
            }
            None => self.windows.push(Window {
                name,
                limit,
                remaining,
                ends,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::Method;

    const API: RequestKind = RequestKind::Api;
    const MINUTE: Duration = Duration::from_mins(1);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn told(limit: u64, remaining: u64, resets_in: u64) -> Rates {
        Rates {
            name: Some("throttle_authenticated_api".to_owned()),
            limit: Some(limit),
            remaining: Some(remaining),
            resets_in: Some(seconds(resets_in)),
            retry_after: None,
        }
    }

    fn wait(admission: Admission) -> Closed {
        match admission {
            Admission::Wait(closed) => closed,
            Admission::Go => panic!("it may go"),
        }
    }

    #[test]
    fn without_headers_nothing_waits() {
        let mut budget = Budget::new(MINUTE);
        for _ in 0..10_000 {
            assert_eq!(budget.admit(seconds(1), API, None), Admission::Go);
            budget.answered(seconds(1), API, &Rates::default());
        }
    }

    #[test]
    fn the_last_fiftieth_of_a_window_is_left_to_the_user() {
        let mut budget = Budget::new(MINUTE);
        budget.answered(seconds(10), API, &told(2000, 40, 30));
        let closed = wait(budget.admit(seconds(11), API, None));
        assert_eq!(closed.until, seconds(40));
        assert_eq!(closed.limit, Some(2000));
        assert_eq!(budget.admit(seconds(40), API, None), Admission::Go);
    }

    #[test]
    fn never_more_requests_than_remain_go_out_in_a_window() {
        let mut budget = Budget::new(MINUTE);
        budget.answered(seconds(0), API, &told(100, 30, 60));
        let mut sent = 0;
        for tenth in 0..600 {
            while budget.admit(Duration::from_millis(tenth * 100), API, None) == Admission::Go {
                sent += 1;
            }
        }
        assert!((25..=28).contains(&sent), "{sent}");
    }

    #[test]
    fn a_scarce_window_is_spread_over_its_time() {
        let mut budget = Budget::new(MINUTE);
        budget.answered(seconds(0), API, &told(100, 32, 60));
        assert_eq!(budget.admit(seconds(0), API, None), Admission::Go);
        let closed = wait(budget.admit(seconds(0), API, None));
        assert_eq!(closed.until, seconds(2));
    }

    #[test]
    fn requests_under_way_count_against_what_remains() {
        let mut budget = Budget::new(MINUTE);
        for _ in 0..8 {
            assert_eq!(budget.admit(seconds(0), API, None), Admission::Go);
        }
        budget.answered(seconds(1), API, &told(10, 7, 59));
        wait(budget.admit(seconds(1), API, None));
    }

    #[test]
    fn a_late_answer_of_the_last_window_is_ignored() {
        let mut budget = Budget::new(MINUTE);
        budget.answered(seconds(61), API, &told(100, 99, 59));
        budget.answered(seconds(61), API, &told(100, 0, 0));
        assert_eq!(budget.admit(seconds(62), API, None), Admission::Go);
    }

    #[test]
    fn a_refusal_closes_the_lane_for_all_and_no_other_lane() {
        let mut budget = Budget::new(MINUTE);
        let rates = Rates {
            retry_after: Some(seconds(30)),
            ..told(2000, 0, 25)
        };
        let closed = budget.refused(seconds(5), API, None, false, &rates, seconds(1));
        assert_eq!(closed.until, seconds(36));
        assert_eq!(wait(budget.admit(seconds(6), API, None)), closed);
        assert_eq!(
            budget.admit(seconds(6), RequestKind::Git, None),
            Admission::Go
        );
        assert_eq!(budget.admit(seconds(36), API, None), Admission::Go);
    }

    #[test]
    fn an_endpoint_that_refuses_closes_its_family_alone() {
        let mut budget = Budget::new(MINUTE);
        let export = Family::of(&Method::POST, "projects/1/export");
        let other = Family::of(&Method::GET, "projects/1");
        let none = Rates::default();
        let closed = budget.refused(seconds(5), API, Some(&export), true, &none, seconds(0));
        assert_eq!(closed.until, seconds(65));
        assert_eq!(budget.admit(seconds(6), API, Some(&other)), Admission::Go);
        wait(budget.admit(seconds(64), API, Some(&export)));
        for _ in 0..6 {
            assert_eq!(budget.admit(seconds(65), API, Some(&export)), Admission::Go);
        }
        let closed = wait(budget.admit(seconds(65), API, Some(&export)));
        assert_eq!((closed.until, closed.limit), (seconds(125), Some(6)));
    }

    #[test]
    fn imports_never_exceed_their_limit() {
        let mut budget = Budget::new(MINUTE);
        let import = Family::of(&Method::POST, "projects/import");
        for second in 0..6 {
            assert_eq!(
                budget.admit(seconds(second), API, Some(&import)),
                Admission::Go
            );
        }
        assert_eq!(
            wait(budget.admit(seconds(6), API, Some(&import))).until,
            seconds(60)
        );
        assert_eq!(budget.admit(seconds(60), API, Some(&import)), Admission::Go);
        assert_eq!(
            wait(budget.admit(seconds(60), API, Some(&import))).until,
            seconds(61)
        );
    }
}
