//! The web engine's own processes, which must not outlive the window: after
//! this process has begun anew nobody would wait for them.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

/// How long they may take to end by themselves.
const PATIENCE: Duration = Duration::from_millis(500);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Ends every child of this process and waits for it.
pub fn end() {
    let since = Instant::now();
    let mut signal = Signal::TERM;
    for child in children() {
        ask(child, signal);
    }
    while !children().is_empty() {
        for child in children() {
            // An error says that somebody else has waited for it.
            let _ = waitpid(Some(child), WaitOptions::NOHANG);
        }
        if since.elapsed() > PATIENCE && signal == Signal::TERM {
            signal = Signal::KILL;
            for child in children() {
                ask(child, signal);
            }
        }
        if since.elapsed() > 2 * PATIENCE {
            return;
        }
        std::thread::sleep(PAUSE);
    }
}

fn ask(child: Pid, signal: Signal) {
    // It may just have ended.
    let _ = kill_process(child, signal);
}

/// Children of every thread, those that have ended and were not waited for
/// included.
fn children() -> Vec<Pid> {
    let Ok(threads) = fs::read_dir("/proc/self/task") else {
        return Vec::new();
    };
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|text| {
            let numbers = text.split_whitespace();
            numbers
                .filter_map(|number| Pid::from_raw(number.parse().ok()?))
                .collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_child_is_ended_and_waited_for() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let number = child.id();
        end();
        assert!(!fs::exists(format!("/proc/{number}")).unwrap());
        assert!(child.wait().is_err(), "it was waited for");
    }
}
