//! `labkeep-cli`: the same Labkeep without a window, for servers, cron and
//! scripts. What one sets up, the other sees.

mod arguments;
mod commands;
mod failure;
mod input;
mod logs;
mod open;
mod output;
mod progress;
mod result;
mod table;
mod watch;
mod words;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;
use crate::output::Output;

/// Runs, and what the process ends with.
type Ran = Result<ExitCode, failure::Failure>;

fn main() -> ExitCode {
    // Wrong usage ends here, with exit code 2.
    let arguments = Arguments::parse();
    let output = Output::new(arguments.json);
    match run(arguments, &output) {
        Ok(code) => code,
        Err(failure) => {
            output.failure(&failure);
            failure.exit_code()
        }
    }
}

fn run(arguments: Arguments, output: &Output) -> Ran {
    let home = open::home()?;
    let _log = logs::start(&home)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            failure::Failure::machine(
                format!("No threads could be started: {error}."),
                "This machine may be out of memory or of processes.",
            )
        })?;
    let code = runtime.block_on(async {
        let labkeep = open::labkeep(home, arguments.secrets.as_deref())?;
        commands::run(&labkeep, arguments.command, output).await
    });
    // Nothing is under way any more but threads that wait.
    runtime.shutdown_background();
    code
}
