//! `labkeep-bench`: measures what Labkeep must reach and prints it as a table.
//! It fails when a target is missed. Without an argument it measures
//! everything; `large`, `fleet`, `harbour` or `presence` measure one thing.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use labkeep_tests::bench::{fleet, harbour, labkeep, large, presence, report, server};

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let lines = match arguments[..] {
        [] => [
            fleet::measure()?,
            large::measure()?,
            harbour::measure()?,
            presence::measure()?,
        ]
        .concat(),
        ["large"] => large::measure()?,
        ["fleet"] => fleet::measure()?,
        ["harbour"] => harbour::measure()?,
        ["presence"] => presence::measure()?,
        // What this program starts itself.
        ["serve", seed] => return done(server::serve(seed, None)),
        ["serve", seed, large] => return done(server::serve(seed, Some(Path::new(large)))),
        ["backup", home, plan] => return done(labkeep::back_up_here(Path::new(home), plan, false)),
        ["backup", home, plan, "--thorough"] => {
            return done(labkeep::back_up_here(Path::new(home), plan, true));
        }
        _ => bail!("usage: labkeep-bench [large | fleet | harbour | presence]"),
    };
    report::print(&lines);
    Ok(if lines.iter().all(report::Line::is_reached) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn done(result: Result<()>) -> Result<ExitCode> {
    result.map(|()| ExitCode::SUCCESS)
}
