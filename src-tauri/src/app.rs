//! Starting.

use clap::Parser;

use crate::arguments::Arguments;
use crate::desktop;

/// Runs Labkeep until it is quit.
pub fn run() -> anyhow::Result<()> {
    desktop::run(&Arguments::parse())
}
