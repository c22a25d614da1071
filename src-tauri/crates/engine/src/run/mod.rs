//! Runs: states, progress, cancellation, history.

mod progress;

pub use progress::{Progress, Work};
