//! Random moments of a run, the same for the same seed. `LABKEEP_CRASH_SEED`
//! repeats a test, `LABKEEP_CRASH_MOMENTS` makes it longer.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Moments of each kind of run; four kinds make more than 50.
const MOMENTS: u32 = 13;

/// Draws moments, spread over a whole run, every third in its last fifth.
pub struct Moments {
    random: StdRng,
    number: u32,
    drawn: u32,
}

impl Moments {
    /// The moments of a test.
    pub fn new(test: &str) -> Self {
        let number = setting("LABKEEP_CRASH_MOMENTS").unwrap_or(MOMENTS);
        let seed = setting("LABKEEP_CRASH_SEED").unwrap_or_else(rand::random::<u64>);
        println!("{test}: {number} moments, LABKEEP_CRASH_SEED={seed}");
        Self {
            random: StdRng::seed_from_u64(seed),
            number,
            drawn: 0,
        }
    }

    /// How many there are to be.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// The next moment of a run that takes so long.
    pub fn next(&mut self, whole: Duration) -> Duration {
        let chance: f64 = self.random.random();
        let share = if self.drawn % 3 == 2 {
            0.8 + 0.2 * chance
        } else {
            (f64::from(self.drawn % self.number) + chance) / f64::from(self.number)
        };
        self.drawn += 1;
        whole.mul_f64(share)
    }
}

fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    let Ok(number) = text.parse() else {
        panic!("{name} is no number: {text}");
    };
    Some(number)
}
