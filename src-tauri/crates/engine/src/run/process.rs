//! Processes: which one a run belongs to, and whether it is still alive. Tells
//! a run that goes on in another window or on the command line from one that
//! a crash or a power cut ended.

use labkeep_settings::Process;
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// This process.
pub fn this() -> Process {
    let id = std::process::id();
    Process {
        host: host(),
        id,
        started: started(id).unwrap_or(0),
    }
}

/// Whether a process is alive. One on another machine cannot be seen from
/// here and is taken for alive.
pub fn is_alive(process: &Process) -> bool {
    process.host != host() || started(process.id) == Some(process.started)
}

/// The machine's name.
pub fn host() -> String {
    System::host_name().unwrap_or_else(|| "this machine".to_owned())
}

/// When a process began, in seconds since the epoch; none if there is none.
fn started(id: u32) -> Option<i64> {
    let pid = Pid::from_u32(id);
    let mut system = System::new();
    system.refresh_processes_specifics(
        ProcessesToUpdate::Some(&[pid]),
        true,
        ProcessRefreshKind::nothing(),
    );
    i64::try_from(system.process(pid)?.start_time()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_one_that_ended_is_not() {
        let mine = this();
        assert!(is_alive(&mine));
        let other_start = Process {
            started: mine.started - 5,
            ..mine.clone()
        };
        assert!(!is_alive(&other_start), "its number was given to another");
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let ended = Process {
            id: child.id(),
            ..mine
        };
        child.wait().unwrap();
        assert!(!is_alive(&ended));
    }
}
