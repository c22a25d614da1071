//! Runs survive everything: the real command line is killed at random moments,
//! cancelled wherever it waits, made to queue, and given full disks; nothing
//! is lost, nothing is there twice.
#![cfg(unix)]

#[path = "crash/cancelled.rs"]
mod cancelled;
#[path = "crash/freed.rs"]
mod freed;
#[path = "crash/full.rs"]
mod full;
#[path = "crash/killed.rs"]
mod killed;
#[path = "crash/machine.rs"]
mod machine;
#[path = "crash/moments.rs"]
mod moments;
#[path = "crash/turns.rs"]
mod turns;
