//! The real binary against a practice GitLab: what scripts rely on, and what
//! people are told.
#![expect(clippy::unwrap_used, reason = "what a test is not about may panic")]

mod bad_input;
mod cancel;
mod chores;
mod journey;
mod machine;
mod outcomes;
mod prune;
mod usage;
mod world;
