//! What the black-box tests and benchmarks share.

pub mod bench;
pub mod demo;
pub mod desktop;
pub mod disk;
pub mod ear;
pub mod furnish;
pub mod git;
pub mod history;
pub mod honesty;
pub mod journey;
pub mod keeper;
pub mod restored;
pub mod saved;
pub mod world;
