//! Manual pages and the shells' completions, made from the same words as
//! `--help`: what a package of Labkeep puts beside the program.

use std::fs;
use std::io;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use super::DONE;
use crate::Ran;
use crate::arguments::Arguments;
use crate::failure::Failure;

const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

/// Writes a manual page for each command, and a file for each shell.
pub fn write(folder: &Path) -> Ran {
    fs::create_dir_all(folder)
        .and_then(|()| pages(folder))
        .and_then(|()| completions(folder))
        .map_err(|error| {
            Failure::machine(
                format!(
                    "The manual could not be written to {}: {error}.",
                    folder.display()
                ),
                "Name a folder that can be written to.",
            )
        })?;
    DONE
}

fn pages(folder: &Path) -> io::Result<()> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    page_of(&command, folder)
}

fn page_of(command: &clap::Command, folder: &Path) -> io::Result<()> {
    Man::new(command.clone())
        .manual("Labkeep")
        .generate_to(folder)?;
    command
        .get_subcommands()
        .filter(|inner| !inner.is_hide_set())
        .try_for_each(|inner| page_of(inner, folder))
}

fn completions(folder: &Path) -> io::Result<()> {
    let mut command = Arguments::command();
    let name = command.get_name().to_owned();
    for shell in SHELLS {
        clap_complete::generate_to(shell, &mut command, &name, folder)?;
    }
    Ok(())
}
