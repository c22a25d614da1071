//! One process that takes part, and what it cost: wall time, processor time
//! and memory, those of its children included.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use wait4::Wait4;

/// What a process cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// From its start to its end.
    pub wall: Duration,
    /// Time of all processors, in user mode and in the kernel.
    pub cpu: Duration,
    /// The most memory that it (or the largest of its children) had, in bytes.
    pub memory: u64,
}

/// Runs a process to its end. Gives what it cost and what it printed.
pub fn run(command: &mut Command) -> Result<(Cost, String)> {
    let begun = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} cannot be started", command.get_program().display()))?;
    let mut printed = String::new();
    child
        .stdout
        .take()
        .context("a pipe was asked for")?
        .read_to_string(&mut printed)?;
    let ended = child.wait4()?;
    let cost = Cost {
        wall: begun.elapsed(),
        cpu: ended.rusage.utime + ended.rusage.stime,
        memory: ended.rusage.maxrss,
    };
    ensure!(ended.status.success(), "{command:?}: {}", ended.status);
    Ok((cost, printed))
}

/// The one in the middle.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
