//! What the index files say: which part is in which pack file.

use std::collections::{BTreeMap, HashMap};

use rustic_core::repofile::{BlobType, IndexFile, IndexPack, PackId};
use rustic_core::{BlobId, FileType, Id, Open, Repository};

use super::finding::Finding;
use crate::backend::path_of;

/// What the index files say.
#[derive(Debug, Default)]
pub(super) struct Map {
    /// Pack files with their size in bytes and their parts.
    packs: BTreeMap<PackId, (u32, Vec<(BlobType, BlobId)>)>,
    /// Pack files that wait for their removal, with their size in bytes. Of
    /// one that no index named before, a prune does not say what is in it.
    marked: BTreeMap<PackId, Option<u32>>,
    /// Where a part is, and how many bytes it has.
    parts: HashMap<(BlobType, BlobId), (PackId, u32)>,
}

impl Map {
    /// Adds an index file.
    pub(super) fn read_index<S: Open>(
        &mut self,
        view: &Repository<S>,
        id: Id,
        findings: &mut Vec<Finding>,
    ) {
        match view.get_file::<IndexFile>(&id.into()) {
            Ok(index) => {
                for pack in index.packs {
                    self.add(pack);
                }
                for pack in index.packs_to_delete {
                    let is_known = pack.size.is_some() || !pack.blobs.is_empty();
                    let size = is_known.then(|| pack.pack_size());
                    self.marked.insert(pack.id, size);
                }
            }
            Err(error) => findings.push(Finding::Undecodable {
                path: path_of(FileType::Index, &id),
                detail: error.display_log(),
            }),
        }
    }

    fn add(&mut self, pack: IndexPack) {
        let size = pack.pack_size();
        let mut parts = Vec::with_capacity(pack.blobs.len());
        for blob in pack.blobs {
            parts.push((blob.tpe, blob.id));
            self.parts
                .entry((blob.tpe, blob.id))
                .or_insert((pack.id, blob.location.data_length()));
        }
        self.packs.insert(pack.id, (size, parts));
    }

    /// Whether the index files name a pack file at all.
    pub(super) fn names(&self, pack: &PackId) -> bool {
        self.packs.contains_key(pack) || self.marked.contains_key(pack)
    }

    /// The size that a pack file should have, if it is known.
    pub(super) fn size_of(&self, pack: &PackId) -> Option<u32> {
        match self.packs.get(pack) {
            Some((size, _)) => Some(*size),
            None => self.marked.get(pack).copied().flatten(),
        }
    }

    /// Pack files that must be there.
    pub(super) fn packs(&self) -> impl Iterator<Item = &PackId> {
        self.packs.keys()
    }

    /// Pack files that must be there, with their size and parts.
    pub(super) fn contents(&self) -> impl Iterator<Item = (&PackId, u32, &[(BlobType, BlobId)])> {
        self.packs
            .iter()
            .map(|(pack, (size, parts))| (pack, *size, parts.as_slice()))
    }

    /// Where a part is, and how many bytes it has.
    pub(super) fn part(&self, kind: BlobType, id: BlobId) -> Option<(PackId, u32)> {
        self.parts.get(&(kind, id)).copied()
    }
}
