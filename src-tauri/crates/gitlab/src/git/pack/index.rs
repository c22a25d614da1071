//! The names of the objects in a pack, and where each one is.
//!
//! Made by reading the pack once and resolving its deltas, as `git index-pack`
//! does. libgit2's indexer takes five times the processor time; gitoxide's keeps
//! whole objects in memory, however large, and cannot say which base is missing.
//! Here an object stored whole is hashed as it streams by, and a family of
//! deltas never holds more than a fixed amount of memory beside the object at
//! hand.
use std::path::{Path, PathBuf};

use super::error::PackError;
use super::offsets::Offsets;
use super::resolve::resolve;
use super::scan::{Visitor, as_entry, scan};
use super::verifier::PackFacts;
use crate::git::object_id::{ObjectFormat, ObjectId};

/// The largest object that is held in memory, in bytes: one that is stored as a
/// delta, or as a delta's base. Git makes no deltas of files above 512 MiB, and
/// GitLab of none above 50 MiB (`core.bigFileThreshold`).
pub(crate) const LARGEST_IN_MEMORY: u64 = 1 << 30;

/// A pack's objects. About forty bytes of memory an object (SHA-1).
pub(crate) struct PackIndex {
    path: PathBuf,
    format: ObjectFormat,
    facts: PackFacts,
    offsets: Offsets,
    checks: Vec<u32>,
    names: Vec<u8>,
    has_named_bases: bool,
    /// The entries sorted by name.
    sorted: Vec<u32>,
}

impl PackIndex {
    /// Reads, verifies and indexes the pack in a file.
    pub(crate) fn build(
        path: &Path,
        format: ObjectFormat,
        visitor: &mut dyn Visitor,
    ) -> Result<PackIndex, PackError> {
        let mut scan = scan(path, format, visitor)?;
        let has_named_bases = !scan.named.is_empty();
        resolve(path, format, &mut scan, visitor)?;
        let length = format.id_length();
        let mut sorted: Vec<u32> = (0..as_entry(scan.offsets.len())).collect();
        let names = &scan.names;
        // By name and, where a pack holds an object twice, by place.
        sorted.sort_unstable_by_key(|&entry| (name_at(names, length, entry), entry));
        Ok(PackIndex {
            path: path.to_owned(),
            format,
            facts: scan.facts,
            offsets: scan.offsets,
            checks: scan.checks,
            names: scan.names,
            has_named_bases,
            sorted,
        })
    }

    /// An index of a pack that is nowhere, with entries at those places.
    #[cfg(test)]
    pub(crate) fn of(entries: &[(ObjectId, u64)], bytes: u64) -> PackIndex {
        let format = ObjectFormat::Sha1;
        let mut offsets = Offsets::default();
        for &(_, offset) in entries {
            offsets.push(offset);
        }
        let mut sorted: Vec<u32> = (0..as_entry(entries.len())).collect();
        sorted.sort_unstable_by_key(|&entry| entries[entry as usize].0);
        PackIndex {
            path: PathBuf::new(),
            format,
            facts: PackFacts {
                objects: entries.len() as u64,
                bytes,
                checksum: format.zero(),
            },
            offsets,
            checks: (0..as_entry(entries.len())).collect(),
            names: entries
                .iter()
                .flat_map(|(id, _)| id.as_bytes().to_vec())
                .collect(),
            has_named_bases: false,
            sorted,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn format(&self) -> ObjectFormat {
        self.format
    }

    pub(crate) fn facts(&self) -> &PackFacts {
        &self.facts
    }

    /// Number of entries.
    pub(crate) fn len(&self) -> u32 {
        as_entry(self.offsets.len())
    }

    /// Whether deltas name their bases, rather than point at them.
    pub(crate) fn has_named_bases(&self) -> bool {
        self.has_named_bases
    }

    /// The entries sorted by name.
    pub(crate) fn sorted(&self) -> &[u32] {
        &self.sorted
    }

    pub(crate) fn id(&self, entry: u32) -> ObjectId {
        ObjectId::from_bytes(self.name(entry)).expect("names are as long as ids")
    }

    /// The bytes of an entry's name.
    pub(crate) fn name(&self, entry: u32) -> &[u8] {
        name_at(&self.names, self.format.id_length(), entry)
    }

    /// CRC-32 of an entry as stored.
    pub(crate) fn check(&self, entry: u32) -> u32 {
        self.checks[entry as usize]
    }

    /// Where an entry begins.
    pub(crate) fn offset(&self, entry: u32) -> u64 {
        self.offsets
            .get(entry as usize)
            .expect("an entry of this pack")
    }

    /// Where an entry ends.
    pub(crate) fn end(&self, entry: u32) -> u64 {
        let last = self.facts.bytes - self.format.id_length() as u64;
        self.offsets.get(entry as usize + 1).unwrap_or(last)
    }

    /// The entry that begins at `offset`.
    pub(crate) fn entry_at(&self, offset: u64) -> Option<u32> {
        self.offsets.find(offset).map(as_entry)
    }

    /// The first entry that holds an object.
    pub(crate) fn find(&self, id: &ObjectId) -> Option<u32> {
        let before = self
            .sorted
            .partition_point(|&entry| self.name(entry) < id.as_bytes());
        let entry = *self.sorted.get(before)?;
        (self.name(entry) == id.as_bytes()).then_some(entry)
    }
}

fn name_at(names: &[u8], length: usize, entry: u32) -> &[u8] {
    let start = entry as usize * length;
    &names[start..start + length]
}
