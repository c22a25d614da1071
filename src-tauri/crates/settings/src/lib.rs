//! What Labkeep remembers on this machine: the settings file, the catalogue of
//! runs and items (SQLite), and secrets in the OS keychain.
//!
//! No secret is ever part of the settings file or the catalogue.
#![deny(missing_docs)]
