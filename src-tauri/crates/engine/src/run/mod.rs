//! Runs: states, progress, cancellation, history.

mod log;
mod observer;
pub mod process;
mod progress;
mod registry;

pub use log::RunLog;
pub use observer::{WireObserver, grouped};
pub use progress::{Progress, Work};
pub use registry::{Active, Runs, VaultTurn};
