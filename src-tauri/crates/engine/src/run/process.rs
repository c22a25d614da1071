//! Processes: which one a run belongs to, and whether it is still there. Tells
//! a run that goes on in another window or on the command line from one that
//! a crash or a power cut ended.
//!
//! Each holds a lock on a file of its own for as long as it lives, which the
//! system lets go of however it ends. Neither the machine's name nor its clock
//! has a say: both change while a process lives, and a container that takes
//! another's place has another name and the same files.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use labkeep_settings::Process;
use sysinfo::System;

/// What the files of processes are called, in front and behind.
const FILE: (&str, &str) = ("process-", ".lock");

/// This process, among those that use the same files. It is there until this
/// is dropped.
#[derive(Debug)]
pub struct Presence {
    process: Process,
    folder: PathBuf,
    _lock: File,
}

impl Presence {
    /// From now on. `folder`: where all of them have their locks.
    pub fn begin(folder: &Path) -> io::Result<Self> {
        let process = Process {
            host: host(),
            id: std::process::id(),
            mark: rand::random_range(1..i64::MAX),
        };
        fs::create_dir_all(folder)?;
        let path = file_of(folder, &process);
        // It gets its name once it is locked: one that is not locked is taken
        // for what a crash left behind.
        let early = path.with_extension("new");
        let lock = File::options().create_new(true).write(true).open(&early)?;
        let named = lock.lock().and_then(|()| fs::rename(&early, &path));
        if let Err(error) = named {
            fs::remove_file(&early)?;
            return Err(error);
        }
        let presence = Self {
            process,
            folder: folder.to_owned(),
            _lock: lock,
        };
        if let Err(error) = presence.sweep() {
            tracing::warn!(%error, "locks of processes that ended stay behind");
        }
        Ok(presence)
    }

    /// This process.
    pub const fn process(&self) -> &Process {
        &self.process
    }

    /// Whether a process is there. If that cannot be known, it is.
    pub fn is_alive(&self, process: &Process) -> bool {
        *process == self.process || is_held(&file_of(&self.folder, process))
    }

    /// Removes the files of processes that ended.
    fn sweep(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_one = name.starts_with(FILE.0) && name.ends_with(FILE.1);
            if is_one && path != file_of(&self.folder, &self.process) && !is_held(&path) {
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let path = file_of(&self.folder, &self.process);
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %path.display(), %error, "a lock stays behind");
        }
    }
}

/// Whether somebody holds the lock on a file. Those who ask do not keep each
/// other from the answer.
fn is_held(path: &Path) -> bool {
    match File::options().read(true).open(path) {
        Ok(file) => match file.try_lock_shared() {
            Ok(()) => false,
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => true,
        },
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

fn file_of(folder: &Path, process: &Process) -> PathBuf {
    let Process { id, mark, .. } = process;
    folder.join(format!("{}{id}-{mark}{}", FILE.0, FILE.1))
}

/// The machine's name.
pub fn host() -> String {
    System::host_name().unwrap_or_else(|| "this machine".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_there_for_as_long_as_it_holds_its_lock() {
        let folder = tempfile::tempdir().unwrap();
        let here = Presence::begin(folder.path()).unwrap();
        let other = Presence::begin(folder.path()).unwrap();
        assert!(here.is_alive(here.process()));
        assert!(here.is_alive(other.process()));
        let gone = other.process().clone();
        drop(other);
        assert!(!here.is_alive(&gone));
    }

    #[test]
    fn what_has_the_same_number_after_it_is_another_process() {
        let folder = tempfile::tempdir().unwrap();
        // As one that is replaced by another program, or by another container.
        let before = Presence::begin(folder.path()).unwrap();
        let was = before.process().clone();
        drop(before);
        let now = Presence::begin(folder.path()).unwrap();
        assert_eq!(was.id, now.process().id);
        assert!(!now.is_alive(&was));
    }

    #[test]
    fn neither_a_new_name_nor_a_crash_makes_an_ended_process_look_alive() {
        let folder = tempfile::tempdir().unwrap();
        let crashed = Process {
            host: "a name from before".to_owned(),
            id: 1,
            mark: 5,
        };
        let left = file_of(folder.path(), &crashed);
        fs::write(&left, "").unwrap();
        let here = Presence::begin(folder.path()).unwrap();
        assert!(!here.is_alive(&crashed));
        assert!(!left.exists(), "what it left behind is removed");
        // One that lives on under a new name is alive.
        let renamed = Process {
            host: "a new name".to_owned(),
            ..Presence::begin(folder.path()).unwrap().process.clone()
        };
        let held = File::create(file_of(folder.path(), &renamed)).unwrap();
        held.lock().unwrap();
        assert!(here.is_alive(&renamed));
    }
}
