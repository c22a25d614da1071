//! Which snapshots of two vaults are the same.
//!
//! A snapshot's name is the hash of its encrypted file, so a copy never has
//! the name of what it was copied from. As restic does, a copy names the first
//! of its line in `original`. Two snapshots are the same when they are of the
//! same moment, hold the same tree, and have the same origin; or, for copies
//! that another program made without naming the origin, the same host, label,
//! tags and paths.

use std::collections::HashMap;

use jiff::Timestamp;
use rustic_core::TreeId;
use rustic_core::repofile::SnapshotFile;

use crate::id::SnapshotId;

/// The snapshot that a snapshot is a copy of, however many vaults it went
/// through; itself if it is none.
pub(crate) fn origin(file: &SnapshotFile) -> SnapshotId {
    SnapshotId::from_rustic(*file.original.unwrap_or(file.id))
}

/// The snapshots of a vault, to be found from another one.
#[derive(Debug, Default)]
pub(crate) struct Known {
    files: HashMap<(Timestamp, TreeId), Vec<SnapshotFile>>,
    origins: HashMap<SnapshotId, SnapshotId>,
}

impl Known {
    pub(crate) fn new(files: Vec<SnapshotFile>) -> Self {
        let mut known = Self::default();
        for file in files {
            known.add(file);
        }
        known
    }

    pub(crate) fn add(&mut self, file: SnapshotFile) {
        let id = SnapshotId::from_rustic(*file.id);
        self.origins.insert(origin(&file), id);
        let key = (file.time.timestamp(), file.tree);
        self.files.entry(key).or_default().push(file);
    }

    /// The snapshot that is the same as the given one.
    pub(crate) fn same_as(&self, file: &SnapshotFile) -> Option<SnapshotId> {
        self.files
            .get(&(file.time.timestamp(), file.tree))?
            .iter()
            .find(|known| is_same(known, file))
            .map(|known| SnapshotId::from_rustic(*known.id))
    }

    /// The snapshot with an origin.
    pub(crate) fn of_origin(&self, origin: SnapshotId) -> Option<SnapshotId> {
        self.origins.get(&origin).copied()
    }
}

fn is_same(one: &SnapshotFile, other: &SnapshotFile) -> bool {
    origin(one) == origin(other)
        || (&one.hostname, &one.label, &one.tags, &one.paths)
            == (&other.hostname, &other.label, &other.tags, &other.paths)
}
