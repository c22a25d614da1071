//! Tests with a storage that fails on purpose, which nobody outside can make.

mod copying;
mod faults;
mod faulty;
mod lease;
mod mending;
mod prune;
mod stopped;
mod unreadable;
