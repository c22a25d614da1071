//! The scheduler in front of a practice GitLab: what is due starts by itself,
//! what cannot start says what it waits for, and people are told once.

#[path = "keep_going/bench.rs"]
mod bench;
#[path = "keep_going/ending.rs"]
mod ending;
#[path = "keep_going/owed.rs"]
mod owed;
#[path = "keep_going/round.rs"]
mod round;
#[path = "keep_going/silent.rs"]
mod silent;
#[path = "keep_going/starting.rs"]
mod starting;
#[path = "keep_going/stopping.rs"]
mod stopping;
#[path = "keep_going/telling.rs"]
mod telling;
