//! One file for each group of commands: ask the engine, print the answer.

mod account;
mod backup;
mod chores;
mod loss;
mod manual;
mod pin;
mod plan;
mod prune;
mod reader;
mod restore;
mod run;
mod vault;

use std::process::ExitCode;

use labkeep_engine::Labkeep;

use crate::Ran;
use crate::arguments::Command;
use crate::output::Output;

/// Done, with nothing more to say.
const DONE: Ran = Ok(ExitCode::SUCCESS);

/// Does what the command line says.
pub async fn run(labkeep: &Labkeep, command: Command, output: &Output) -> Ran {
    match command {
        Command::Account(command) => account::run(labkeep, command, output).await,
        Command::Vault(command) => vault::run(labkeep, command, output).await,
        Command::Plan(command) => plan::run(labkeep, command, output).await,
        Command::Backup(wish) => backup::run(labkeep, wish, output).await,
        Command::Chores => chores::run(labkeep, output).await,
        Command::Snapshots { vault } => reader::snapshots(labkeep, vault.as_deref(), output),
        Command::Pin { snapshot } => pin::run(labkeep, &snapshot, true, output).await,
        Command::Unpin { snapshot } => pin::run(labkeep, &snapshot, false, output).await,
        Command::Ledger { of } => reader::ledger(labkeep, &of, output).await,
        Command::Runs => run::list(labkeep, output),
        Command::Ls {
            snapshot,
            item,
            path,
        } => reader::ls(labkeep, &snapshot, item.as_deref(), path.as_deref(), output).await,
        Command::Cat {
            snapshot,
            item,
            path,
        } => reader::cat(labkeep, &snapshot, &item, &path).await,
        Command::Restore(wish) => restore::restore(labkeep, wish, output).await,
        Command::Export(wish) => restore::export(labkeep, wish, output).await,
        Command::Drill { snapshot, items } => run::drill(labkeep, &snapshot, &items, output).await,
        Command::Resume { run, token_stdin } => {
            run::resume(labkeep, &run, token_stdin, output).await
        }
        Command::Cancel { run } => run::cancel(labkeep, &run, output),
        Command::Manual { folder } => manual::write(&folder),
    }
}
