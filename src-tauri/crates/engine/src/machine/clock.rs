//! The clock on the wall against the one that only counts while the machine is
//! awake. When they part, the machine slept or somebody set the clock: this
//! sees what no signal told.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::time::MissedTickBehavior;

use super::Known;

const LOOK: Duration = Duration::from_secs(30);
/// Corrections by a time server are smaller.
const JUMP: Duration = Duration::from_secs(20);

/// Compares the two clocks for ever.
pub(super) async fn watch(known: Arc<Known>) {
    let mut clocks = Clocks::at(SystemTime::now(), Instant::now());
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if clocks.jumped(SystemTime::now(), Instant::now()) {
            tracing::info!("the machine slept, or its clock was set");
            known.learn(|conditions| conditions.wakes += 1);
        }
    }
}

/// The two clocks as they were last seen.
struct Clocks {
    wall: SystemTime,
    awake: Instant,
}

impl Clocks {
    fn at(wall: SystemTime, awake: Instant) -> Self {
        Self { wall, awake }
    }

    /// Whether they have parted since, in either direction.
    fn jumped(&mut self, wall: SystemTime, awake: Instant) -> bool {
        let expected = self.wall + awake.duration_since(self.awake);
        *self = Self::at(wall, awake);
        let apart = match wall.duration_since(expected) {
            Ok(ahead) => ahead,
            Err(behind) => behind.duration(),
        };
        apart > JUMP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleeps_and_set_clocks_are_seen_and_small_corrections_are_not() {
        let (wall, awake) = (SystemTime::now(), Instant::now());
        let mut clocks = Clocks::at(wall, awake);
        let mut shown = |wall_seconds: u64, awake_seconds: u64| {
            clocks.jumped(
                wall + Duration::from_secs(wall_seconds),
                awake + Duration::from_secs(awake_seconds),
            )
        };
        assert!(!shown(30, 30));
        assert!(!shown(70, 60), "a correction of ten seconds");
        assert!(shown(500, 90), "a sleep");
        assert!(!shown(530, 120), "told once");
        assert!(shown(100, 150), "set back");
        assert!(!shown(130, 180));
    }
}
