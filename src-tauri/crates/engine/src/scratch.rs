//! Scratch: the folder of one run for what is received before the vault takes
//! it. Bounded by a budget in bytes, so that a small disk can protect a large
//! GitLab; the item whose turn it is to be written may always go on, so that
//! the bound never stops a run.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tempfile::{TempDir, TempPath};
use tokio::sync::Notify;

/// The default budget: 4 GiB.
pub const BUDGET: u64 = 4 << 30;

/// How often the folder is looked at while an item waits for room. The vault
/// removes files without telling.
const LOOK: Duration = Duration::from_millis(100);

/// The scratch folder of a run, removed with it.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
    budget: u64,
    head: AtomicUsize,
    moved: Notify,
    peak: AtomicU64,
}

impl Scratch {
    /// A new folder inside `parent`, which is made if missing.
    pub fn new(parent: &Path, budget: u64) -> std::io::Result<Self> {
        std::fs::create_dir_all(parent)?;
        let parent = parent.canonicalize()?;
        let folder = tempfile::Builder::new().prefix("run-").tempdir_in(parent)?;
        Ok(Self {
            folder,
            budget,
            head: AtomicUsize::new(0),
            moved: Notify::new(),
            peak: AtomicU64::new(0),
        })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A path for a new file that does not exist yet and is removed when it is
    /// no longer held.
    pub fn file(&self, name: &str) -> TempPath {
        let unique = uuid::Uuid::new_v4().simple();
        TempPath::try_from_path(self.path().join(format!("{name}-{unique}")))
            .expect("the folder's path is absolute")
    }

    /// Waits until there is room, or until it is this item's turn to be
    /// written. Items are counted from 0 in the order of writing.
    pub async fn admit(&self, turn: usize) {
        loop {
            let moved = self.moved.notified();
            if turn <= self.head.load(Ordering::Acquire) || self.used() < self.budget {
                return;
            }
            // Either ends the wait; what ended it is looked at again above.
            drop(tokio::time::timeout(LOOK, moved).await);
        }
    }

    /// Says that the item with this number was handed to the vault.
    pub fn written(&self, turn: usize) {
        self.head.fetch_max(turn + 1, Ordering::AcqRel);
        self.moved.notify_waiters();
    }

    /// Bytes in the folder.
    pub fn used(&self) -> u64 {
        let used = folder_size(self.folder.path());
        self.peak.fetch_max(used, Ordering::Relaxed);
        used
    }

    /// The most bytes that were seen in the folder.
    pub fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }
}

/// Bytes of the files in a folder. A file that goes away while it is looked at
/// counts nothing.
fn folder_size(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.metadata().ok())
        .filter(std::fs::Metadata::is_file)
        .map(|metadata| metadata.len())
        .sum()
}

/// Removes scratch folders that a crash left behind: those older than `age`.
/// Runs of other processes are younger or have files in use that are younger.
pub fn sweep(parent: &Path, age: Duration) -> std::io::Result<Vec<PathBuf>> {
    let mut removed = Vec::new();
    let entries = match std::fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(removed),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let is_ours = entry.file_name().to_string_lossy().starts_with("run-");
        if is_ours && is_older(&entry.path(), age) {
            std::fs::remove_dir_all(entry.path())?;
            removed.push(entry.path());
        }
    }
    Ok(removed)
}

fn is_older(folder: &Path, age: Duration) -> bool {
    let old = |path: &Path| {
        path.metadata()
            .and_then(|metadata| metadata.modified())
            .ok()
            .and_then(|modified| modified.elapsed().ok())
            .is_some_and(|elapsed| elapsed >= age)
    };
    let Ok(entries) = std::fs::read_dir(folder) else {
        return false;
    };
    old(folder)
        && entries
            .filter_map(Result::ok)
            .all(|entry| old(&entry.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn full_scratch_waits_for_room_but_never_the_one_in_turn() {
        let parent = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(parent.path(), 10).unwrap();
        scratch.admit(3).await;
        let file = scratch.file("pack");
        std::fs::write(&file, [0; 20]).unwrap();
        scratch.admit(0).await;
        let waits = tokio::time::timeout(Duration::from_millis(250), scratch.admit(1)).await;
        assert!(waits.is_err(), "there was no room");
        scratch.written(0);
        scratch.admit(1).await;
        drop(file);
        scratch.admit(7).await;
        assert_eq!(scratch.peak(), 20);
    }

    #[test]
    fn only_old_leftovers_are_swept() {
        let parent = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(parent.path(), 10).unwrap();
        assert!(
            sweep(parent.path(), Duration::from_hours(1))
                .unwrap()
                .is_empty()
        );
        let removed = sweep(parent.path(), Duration::ZERO).unwrap();
        assert_eq!(removed, [scratch.path().to_path_buf()]);
        assert!(sweep(&parent.path().join("none"), Duration::ZERO).is_ok());
    }
}
