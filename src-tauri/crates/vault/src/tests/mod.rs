//! Tests with a storage that fails on purpose, which nobody outside can make.

mod faults;
mod faulty;
mod lease;
mod prune;
