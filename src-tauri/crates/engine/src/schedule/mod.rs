//! When a plan starts by itself. Pure: no clock, no file and no task in here;
//! moments, the time zone and what is known of the machine are passed in, and
//! a decision comes out. What is kept between two decisions is little and can
//! be lost: everything that matters comes from the catalogue.

pub mod decide;
pub mod jitter;
pub mod late;
pub mod occurrence;
pub mod promise;
pub mod quiet;
#[cfg(test)]
mod tests;
pub mod upcoming;

pub use decide::{Decision, Why, decide};
pub use late::promised_by;
pub use occurrence::{next_after, period};
pub use promise::{Conditions, End, Ending, Last, Promise, Rules};
pub use quiet::Quiet;
pub use upcoming::upcoming;
