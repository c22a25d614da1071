//! What crosses the border to a user interface: plain data with generated
//! TypeScript types. Times are milliseconds since the epoch, sizes bytes.
//!
//! Sentences that also stand in the ledger or on the command line come from
//! here; everything else a screen says comes from the screen's own texts.

mod account;
mod copy;
mod home;
mod plan;
mod preferences;
mod project;
mod prune;
mod restore;
mod run;
mod schedule;
mod vault;

pub use account::*;
pub use copy::*;
pub use home::*;
pub use plan::*;
pub use preferences::*;
pub use project::*;
pub use prune::*;
pub use restore::*;
pub use run::*;
pub use schedule::*;
pub use vault::*;
