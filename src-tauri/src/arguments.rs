//! The few words that Labkeep's window takes on its command line.

use std::path::PathBuf;

use clap::Parser;

/// Labkeep keeps a copy of your GitLab that you own.
#[derive(Debug, Parser)]
#[command(name = "labkeep", version, about)]
pub struct Arguments {
    /// Keep tokens and keys as files in this folder (mode 0700) instead of the
    /// system's keychain.
    #[arg(long, value_name = "FOLDER")]
    pub secrets: Option<PathBuf>,
}
