//! What an instance holds at the start. Numbers, names and dates are the same in
//! every run; only tokens' expiry dates follow the clock.

pub mod demo;
pub mod many;
pub mod people;

use jiff::Timestamp;

use crate::model::World;
use crate::options::Seed;

/// Seeds are dated from here on (2025-01-06 08:00 UTC), always in the past.
pub const BASE: i64 = 1_736_150_400;

/// `days` and `minutes` after the beginning.
pub fn at(days: i64, minutes: i64) -> Timestamp {
    Timestamp::from_second(BASE + days * 86_400 + minutes * 60).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Fills the part of a seed that needs no git.
pub fn fill(world: &mut World, people: &people::People, seed: Seed) {
    match seed {
        Seed::Empty | Seed::Demo => {}
        Seed::Many(count) => many::fill(world, people, count),
    }
}
