//! A backup: discover, decide, capture, write, seal.

pub mod conveyor;
pub mod decide;
pub mod discover;
pub mod job;
mod look;
pub mod room;
pub mod settle;
pub mod vanished;
mod watch;
