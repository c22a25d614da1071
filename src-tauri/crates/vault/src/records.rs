//! Labkeep's own notes about snapshots: which are kept for ever, and which
//! were removed on purpose. Small files beside restic's folders, named for the
//! snapshot, which other programs do not look at.
//!
//! A note of removal is written before anything is removed, and pins are
//! looked at after that; a pin is written before notes of removal are looked
//! at. So of two machines that pin and remove the same snapshot at the same
//! moment, at least one sees the other.

use std::collections::BTreeSet;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::copy::origin;
use crate::error::{Error, Result};
use crate::id::SnapshotId;
use crate::storage::{FaultKind, Listed, PINNED, REMOVED};
use crate::vault::Vault;

/// How long it is known that a snapshot was removed.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(366 * 24);

/// How old a note of removal is that somebody left who did not get further.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(24);

/// A note's content. What counts is its name.
#[derive(Serialize)]
struct Note {
    at: Timestamp,
}

impl Vault {
    /// Keeps a snapshot for ever: nothing removes it until it is unpinned.
    /// This holds in this vault only, not for copies of the snapshot.
    pub fn pin(&self, id: SnapshotId) -> Result<()> {
        let path = format!("{PINNED}/{id}");
        self.note(&path)?;
        let refused = match self.snapshot_ids()?.contains(&id) {
            false => Error::SnapshotNotFound { snapshot: id },
            true if self.is_being_removed(id)? => Error::BeingRemoved { snapshot: id },
            true => return Ok(()),
        };
        self.0.storage.remove(&path)?;
        self.0.storage.settle()?;
        Err(refused)
    }

    /// Takes a pin away. That there is none is no error.
    pub fn unpin(&self, id: SnapshotId) -> Result<()> {
        self.0.storage.remove(&format!("{PINNED}/{id}"))?;
        Ok(self.0.storage.settle()?)
    }

    /// The snapshots that are kept for ever.
    pub fn pinned(&self) -> Result<BTreeSet<SnapshotId>> {
        Ok(self.pins()?.unwrap_or_default())
    }

    /// The same; none if the folder of these notes is not there, which says
    /// nothing: it may have been left out when the vault was copied by hand.
    pub fn pins(&self) -> Result<Option<BTreeSet<SnapshotId>>> {
        match self.0.storage.list(PINNED) {
            Ok(notes) => Ok(Some(ids(&notes))),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Snapshots that were removed on purpose within the last year, by
    /// whatever machine, and are not there any more. For a copy this names its
    /// origin, too, so that nobody copies it again.
    pub fn removed(&self) -> Result<BTreeSet<SnapshotId>> {
        let mut removed = self.removal_records()?;
        for there in self.snapshot_ids()? {
            removed.remove(&there);
        }
        Ok(removed)
    }

    /// Removes snapshots, and notes that this was meant. Their data stays until
    /// a prune. Nothing is removed if one of them is pinned, or is not there.
    pub fn forget(&self, ids: &[SnapshotId]) -> Result<()> {
        let there: BTreeSet<_> = self.snapshot_ids()?.into_iter().collect();
        if let Some(missing) = ids.iter().find(|id| !there.contains(id)) {
            return Err(Error::SnapshotNotFound { snapshot: *missing });
        }
        self.refuse_pinned(ids)?;
        let earlier = self.removal_records()?;
        let mut noted = Vec::new();
        for id in ids {
            // A snapshot that cannot be read can be removed all the same.
            let origin = self.snapshot_file(*id).map_or(*id, |file| origin(&file));
            let names = BTreeSet::from([*id, origin]);
            for name in names
                .iter()
                .filter(|name| *name == id || !there.contains(name))
            {
                let path = format!("{REMOVED}/{name}");
                self.note(&path)?;
                if !earlier.contains(name) {
                    noted.push(path);
                }
            }
        }
        if let Err(pinned) = self.refuse_pinned(ids) {
            for path in noted {
                self.0.storage.remove(&path)?;
            }
            self.0.storage.settle()?;
            return Err(pinned);
        }
        for id in ids {
            self.0.storage.remove(&format!("snapshots/{id}"))?;
        }
        Ok(self.0.storage.settle()?)
    }

    /// Snapshots with a note of removal, whether they are there or not.
    pub(crate) fn removal_records(&self) -> Result<BTreeSet<SnapshotId>> {
        Ok(ids(&self.notes(REMOVED)?))
    }

    /// Takes away notes of removal that are older than a year.
    pub(crate) fn sweep_removal_records(&self, now: Timestamp) -> Result<u64> {
        let mut swept = 0;
        for note in self.notes(REMOVED)? {
            if note.modified.is_some_and(|at| at + REMEMBERED < now) {
                self.0.storage.remove(&note.path)?;
                swept += 1;
            }
        }
        Ok(swept)
    }

    /// Whether somebody is removing a snapshot that is there. A note that was
    /// left long ago is taken away: the snapshot stayed.
    fn is_being_removed(&self, id: SnapshotId) -> Result<bool> {
        let path = format!("{REMOVED}/{id}");
        let notes = self.notes(REMOVED)?;
        let Some(note) = notes.iter().find(|note| note.path == path) else {
            return Ok(false);
        };
        if note
            .modified
            .is_none_or(|at| at + GIVEN_UP > Timestamp::now())
        {
            return Ok(true);
        }
        self.0.storage.remove(&path)?;
        Ok(false)
    }

    fn refuse_pinned(&self, ids: &[SnapshotId]) -> Result<()> {
        let pinned = self.pinned()?;
        match ids.iter().find(|id| pinned.contains(id)) {
            Some(id) => Err(Error::Pinned { snapshot: *id }),
            None => Ok(()),
        }
    }

    fn note(&self, path: &str) -> Result<()> {
        let note = Note {
            at: Timestamp::now(),
        };
        let content = Bytes::from(serde_json::to_vec(&note).expect("plain JSON"));
        self.0.storage.write(path, vec![content])?;
        Ok(self.0.storage.settle()?)
    }

    fn notes(&self, folder: &str) -> Result<Vec<Listed>> {
        match self.0.storage.list(folder) {
            Ok(notes) => Ok(notes),
            // There was none yet.
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(Vec::new()),
            Err(fault) => Err(fault.into()),
        }
    }
}

/// The snapshots that notes are about. What has another name is no note.
fn ids(notes: &[Listed]) -> BTreeSet<SnapshotId> {
    notes
        .iter()
        .filter_map(|note| note.path.rsplit('/').next()?.parse().ok())
        .collect()
}
