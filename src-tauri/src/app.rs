//! Starting.

use clap::Parser;
use labkeep_desktop::arguments::Arguments;

use crate::lives;

/// Runs Labkeep until it is quit.
pub fn run() -> anyhow::Result<()> {
    lives::run(&Arguments::parse())
}
