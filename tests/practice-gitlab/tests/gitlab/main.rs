//! The practice GitLab seen from outside: over HTTP, by git, as a command, and by
//! a client that was not written here.
#![expect(clippy::unwrap_used, reason = "what a test is not about may panic")]

mod command;
mod demo;
mod faults;
mod git;
mod issues;
mod lists;
mod merge_requests;
mod projects;
mod python;
mod schemas;
mod shapes;
mod support;
mod threads;
mod tokens;
mod transfer;
