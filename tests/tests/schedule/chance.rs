//! What happens to a machine in a year, drawn from a seed.

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// Where chance comes from.
pub struct Chance(StdRng);

impl Chance {
    /// The same for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0.random()
    }

    /// So often of a hundred times.
    pub fn percent(&mut self, percent: u32) -> bool {
        self.0.random_range(0..100) < percent
    }

    /// A duration between two in seconds, short ones as often as long ones.
    pub fn seconds(&mut self, (from, to): (i64, i64)) -> SignedDuration {
        let limit = self.0.random_range(from..to);
        SignedDuration::from_secs(self.0.random_range(from..=limit))
    }
}

/// Something that is so for a while and then is not.
pub struct Toggle {
    /// Whether it is so now.
    pub is_on: bool,
    /// Until when.
    pub until: Timestamp,
    on: (i64, i64),
    off: (i64, i64),
}

impl Toggle {
    fn new(from: Timestamp, on: (i64, i64), off: (i64, i64)) -> Self {
        Self {
            is_on: false,
            until: from,
            on,
            off,
        }
    }

    /// Changes when its time has come. Whether it did.
    pub fn turn(&mut self, now: Timestamp, chance: &mut Chance) -> bool {
        if now < self.until {
            return false;
        }
        self.is_on = !self.is_on;
        self.until = now + chance.seconds(if self.is_on { self.on } else { self.off });
        true
    }
}

/// Everything around Labkeep that changes.
pub struct World {
    /// The machine is on and awake.
    pub power: Toggle,
    /// There is a network.
    pub network: Toggle,
    /// It runs on battery.
    pub battery: Toggle,
    /// The connection is metered.
    pub metered: Toggle,
    /// The drive is plugged in.
    pub drive: Toggle,
    /// GitLab answers.
    pub instance: Toggle,
    /// The user has paused everything.
    pub pause: Toggle,
}

impl World {
    /// A world that begins at this moment.
    pub fn new(from: Timestamp) -> Self {
        let toggle = |on, off| Toggle::new(from, on, off);
        Self {
            power: toggle((10 * MINUTE, 30 * HOUR), (MINUTE, 60 * HOUR)),
            network: toggle((30, 48 * HOUR), (10, 10 * HOUR)),
            battery: toggle((MINUTE, 6 * HOUR), (10 * MINUTE, 48 * HOUR)),
            metered: toggle((MINUTE, 8 * HOUR), (10 * MINUTE, 96 * HOUR)),
            drive: toggle((10 * MINUTE, 96 * HOUR), (MINUTE, 24 * HOUR)),
            instance: toggle((10 * MINUTE, 96 * HOUR), (30, 6 * HOUR)),
            pause: toggle((10 * MINUTE, 24 * HOUR), (24 * HOUR, 400 * HOUR)),
        }
    }

    /// When the next thing changes.
    pub fn next(&self) -> Timestamp {
        [
            &self.power,
            &self.network,
            &self.battery,
            &self.metered,
            &self.drive,
            &self.instance,
            &self.pause,
        ]
        .map(|toggle| toggle.until)
        .into_iter()
        .min()
        .expect("there are some")
    }
}
