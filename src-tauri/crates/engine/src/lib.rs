//! The domain: plan, back up, ledger, restore, drill, reader and runs.
//!
//! The window and the command line share it; it knows neither of them.
#![deny(missing_docs)]

pub mod kind;
pub mod outcome;
pub mod view;
