//! The real binary against a practice GitLab: what scripts rely on, and what
//! people are told.

mod bad_input;
mod cancel;
mod journey;
mod machine;
mod outcomes;
mod prune;
mod usage;
mod world;
