//! `make bench`: what Labkeep must reach, measured against git itself.
//!
//! Every number that is compared comes from one run on one machine: the server
//! is a process of its own, both contestants are processes of their own, and
//! they take turns. No number is kept from one run to the next.

pub mod contestant;
pub mod fleet;
pub mod harbour;
pub mod labkeep;
pub mod large;
pub mod mirror;
pub mod presence;
pub mod report;
pub mod server;

use std::path::PathBuf;

use anyhow::{Context, Result};
use tempfile::TempDir;

/// How often contestants take turns; the median counts.
pub const TURNS: usize = 3;

/// Cargo's target folder: where this program lies, two folders up.
fn target() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).context("a target folder")?;
    Ok(target.to_owned())
}

/// What is made once and used again: `bench` in the target folder.
pub fn store() -> Result<PathBuf> {
    let store = target()?.join("bench");
    std::fs::create_dir_all(&store)?;
    Ok(store)
}

/// A folder for one measurement, on the same disk as everything else.
pub fn folder() -> Result<TempDir> {
    Ok(tempfile::Builder::new()
        .prefix("run-")
        .tempdir_in(store()?)?)
}
