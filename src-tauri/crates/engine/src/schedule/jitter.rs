//! A small delay, so that a company whose machines all say "daily at half past
//! twelve" does not reach GitLab in one second. It is drawn from the machine
//! and the plan, not from chance: the same at every look, after every restart.

use jiff::SignedDuration;
use labkeep_settings::Schedule;
use sha2::{Digest, Sha256};

use super::occurrence::period;

const LONGEST: SignedDuration = SignedDuration::from_mins(10);
const LONGEST_CATCH_UP: SignedDuration = SignedDuration::from_secs(60);
/// Of the period, one part in so many may pass.
const SHARE: i32 = 20;

/// What the delays of a plan on a machine are drawn from.
pub fn seed(machine: &str, plan: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(machine.as_bytes());
    hash.update([0]);
    hash.update(plan.as_bytes());
    let digest = hash.finalize();
    digest
        .iter()
        .take(8)
        .fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
}

/// How long after its moment a run starts: less than a twentieth of the period
/// and less than ten minutes.
pub fn regular(seed: u64, schedule: Schedule) -> SignedDuration {
    period(schedule).map_or(SignedDuration::ZERO, |period| {
        below((period / SHARE).min(LONGEST), seed >> 32)
    })
}

/// How long after it became possible a run starts that was missed or held
/// back: less than a minute.
pub fn catch_up(seed: u64) -> SignedDuration {
    below(LONGEST_CATCH_UP, seed & u64::from(u32::MAX))
}

/// The share of `limit` that 32 bits of a seed name.
fn below(limit: SignedDuration, drawn: u64) -> SignedDuration {
    let limit = limit.as_millis().unsigned_abs();
    let millis = (limit * u128::from(drawn)) >> 32;
    SignedDuration::from_millis(i64::try_from(millis).expect("less than ten minutes"))
}
