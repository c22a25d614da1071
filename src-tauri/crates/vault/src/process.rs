//! Whether the process that wrote something has ended.
//!
//! Told for sure or not at all: only for a process of the same user on the
//! same start of the same system, seen in the same way. Linux tells by `/proc`
//! (`man 5 proc`); other systems do not, and nobody is said to have ended.

use serde::{Deserialize, Serialize};

/// A process, told apart from every other one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    /// The system's start.
    boot: String,
    /// The container, as it were: numbers mean something in one only.
    space: String,
    /// Others' processes may be hidden.
    user: u32,
    number: u32,
    /// Numbers are used again; in the system's ticks.
    started: String,
}

impl Process {
    /// This process, where the system tells enough about it.
    pub(crate) fn current() -> Option<Self> {
        let number = std::process::id();
        Some(Self {
            boot: system::boot()?,
            space: system::space()?,
            user: system::user()?,
            number,
            started: system::started(number)?,
        })
    }

    /// Whether it is sure that the process has ended.
    pub(crate) fn has_ended(&self) -> bool {
        Self::current().is_some_and(|this| {
            (&this.boot, &this.space, this.user) == (&self.boot, &self.space, self.user)
                && system::started(self.number).as_ref() != Some(&self.started)
        })
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    pub(super) fn boot() -> Option<String> {
        let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(id.trim().to_owned())
    }

    pub(super) fn space() -> Option<String> {
        let space = fs::read_link("/proc/self/ns/pid").ok()?;
        Some(space.to_string_lossy().into_owned())
    }

    pub(super) fn user() -> Option<u32> {
        Some(fs::metadata("/proc/self").ok()?.uid())
    }

    /// The 22nd field; the second is a name in brackets that may hold anything.
    pub(super) fn started(number: u32) -> Option<String> {
        let facts = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
        let (_, after_name) = facts.rsplit_once(')')?;
        let started = after_name.split_whitespace().nth(19)?;
        Some(started.to_owned())
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    pub(super) fn boot() -> Option<String> {
        None
    }

    pub(super) fn space() -> Option<String> {
        None
    }

    pub(super) fn user() -> Option<u32> {
        None
    }

    pub(super) fn started(_number: u32) -> Option<String> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_that_is_known_to_have_ended_has() {
        let this = Process::current().unwrap();
        assert!(!this.has_ended());
        // Its number is used again by another one.
        let before = Process {
            started: "1".to_owned(),
            ..this.clone()
        };
        assert!(before.has_ended());
        for elsewhere in [
            Process {
                boot: "another".to_owned(),
                ..before.clone()
            },
            Process {
                space: "another".to_owned(),
                ..before.clone()
            },
            Process {
                user: before.user.wrapping_add(1),
                ..before.clone()
            },
        ] {
            assert!(!elsewhere.has_ended());
        }
    }
}
