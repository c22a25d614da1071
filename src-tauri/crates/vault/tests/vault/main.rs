//! The vault seen from outside, on a real disk and with Debian's restic.
#![expect(clippy::unwrap_used, reason = "what a test is not about may panic")]

mod check;
mod common;
mod copy;
mod copy_ended;
mod full;
mod guards;
mod killed;
mod measure;
mod mend;
mod open;
mod permissions;
mod prune;
mod records;
mod repair;
mod restic;
mod sealing;
