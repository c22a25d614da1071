//! What is remembered on a machine, seen from outside: real files, several
//! processes, and a real Secret Service.
#![expect(clippy::unwrap_used, reason = "what a test is not about may panic")]

mod catalogue;
mod common;
mod keychain;
mod secrets_folder;
mod store;
