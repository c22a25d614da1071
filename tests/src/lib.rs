//! What the black-box tests and benchmarks share.

pub mod history;
pub mod world;
