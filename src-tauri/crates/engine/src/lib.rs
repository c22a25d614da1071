//! The domain: plan, back up, ledger, restore, drill, reader and runs.
//!
//! The window and the command line share it; it knows neither of them.
#![deny(missing_docs)]

pub mod advice;
pub mod backup;
pub mod capture;
pub mod clock;
pub mod error;
pub mod guard;
pub mod head;
pub mod keep;
pub mod kind;
pub mod layout;
pub mod ledger;
pub mod machine;
pub mod notify;
pub mod outcome;
pub mod pattern;
pub mod probe;
pub mod proof;
pub mod refs;
pub mod rehearse;
pub mod restore;
pub mod retention;
pub mod run;
pub mod schedule;
pub mod scratch;
mod token_page;
pub mod view;
pub mod words;

pub use error::{Code, Error, Result};
pub use keep::Labkeep;
pub use token_page::token_page;
