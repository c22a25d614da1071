//! Repairing a vault after damage was found.
//!
//! A damaged pack file must not stay in the index: its parts would be taken for
//! stored, and what is captured again would never be written again. So what can
//! still be read of it is written anew, and the index forgets it. The next
//! backup then stores what is lost, and old snapshots that need the same parts
//! are whole again. Nothing is removed but index files, which follow from the
//! pack files; a pack file that no index names is freed by a later prune.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rustic_core::repofile::{IndexBlob, IndexFile, IndexPack, PackId};
use rustic_core::{FileType, Id};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::backend::path_of;
use crate::copy::packs::Packs;
use crate::copy::source::is_part;
use crate::error::{Error, Result};
use crate::guard::guarded;
use crate::keyfile::{self, CipherKey};
use crate::progress::{OnProgress, Reporter, Unit};
use crate::storage::{Fault, FaultKind};
use crate::vault::Vault;

/// Bytes of an entry of a pack file's header: kind, length, name; and the
/// length before compression, where the kind says that there is one.
const ENTRY: usize = 37;
const COMPRESSED_ENTRY: usize = 41;

/// What a repair did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepairReport {
    /// Pack files that the index does not name any more.
    pub packs_dropped: u64,
    /// Parts of them that could still be read and were written anew.
    pub parts_saved: u64,
    /// Parts of them that are lost until they are captured again.
    pub parts_lost: u64,
    /// Sound pack files that no index named, and one does now.
    pub packs_adopted: u64,
    /// Index files that were damaged and are removed.
    pub indexes_removed: u64,
    /// Pack files that cannot be read, though they are there, as on a disk with
    /// a bad place. They are out of use until they can be read again.
    pub unreadable: Vec<String>,
    /// Pack files that cannot be read for a reason that may pass, or that this
    /// user may not read. They stay in use, though nobody knows what is in them.
    pub left_alone: Vec<String>,
}

/// An index file that could be read.
struct Index {
    id: Id,
    file: IndexFile,
}

/// What became of a pack file that was suspected.
enum Found {
    Sound,
    Unreadable,
    LeftAlone,
    Damaged(Vec<(IndexBlob, zeroize::Zeroizing<Vec<u8>>)>, u64),
}

impl Vault {
    /// Looks at pack files that a check found wanting, by their paths, and at
    /// every index file. What is damaged leaves the index, and what is sound and
    /// lies beside it is taken in. Waits for writers of this process and takes
    /// the lease; `owner` is shown to others who want it.
    pub fn repair(
        &self,
        suspects: &BTreeSet<String>,
        owner: &str,
        progress: OnProgress,
    ) -> Result<RepairReport> {
        let reporter = Reporter::new(progress);
        let _turn = self.turn_unless_stopped(&reporter)?;
        let lease = self.lease(owner)?;
        guarded("repairing the vault", || {
            let mut report = RepairReport::default();
            let (indexes, damaged) = self.indexes(&mut report)?;
            let known: HashSet<PackId> = indexes
                .iter()
                .flat_map(|index| index.file.packs.iter().chain(&index.file.packs_to_delete))
                .map(|pack| pack.id)
                .collect();
            let adopted = self.strays(&known, &reporter, &mut report)?;
            let mut packs = Packs::new(self)?;
            let dropped = self.rescue(suspects, &indexes, &mut packs, &reporter, &mut report)?;
            packs.finish()?;
            while packs.read_back()?.is_some() {
                reporter.go_on()?;
            }
            if !adopted.is_empty() {
                let index = IndexFile {
                    packs: adopted,
                    ..IndexFile::default()
                };
                packs.put(FileType::Index, &index)?;
            }
            // What takes their place is there, and stays, before anything goes.
            let mut outdated = damaged;
            for mut index in indexes {
                let named = |pack: &IndexPack| dropped.contains(&pack.id);
                if !index.file.packs.iter().any(named) {
                    continue;
                }
                index.file.packs.retain(|pack| !named(pack));
                if !index.file.packs.is_empty() || !index.file.packs_to_delete.is_empty() {
                    packs.put(FileType::Index, &index.file)?;
                }
                outdated.push(index.id);
            }
            self.0.storage.settle()?;
            for id in outdated {
                reporter.go_on()?;
                lease.check()?;
                self.0.storage.remove(&path_of(FileType::Index, &id))?;
            }
            self.0.storage.settle()?;
            Ok(report)
        })
    }

    /// The index files that can be understood, and those that are damaged or
    /// cannot be read.
    fn indexes(&self, report: &mut RepairReport) -> Result<(Vec<Index>, Vec<Id>)> {
        let view = self.view(self.backend())?;
        let (mut indexes, mut damaged) = (Vec::new(), Vec::new());
        for (id, _) in self.backend().all(FileType::Index)? {
            let path = path_of(FileType::Index, &id);
            let is_named = match self.0.storage.read(&path) {
                Ok(content) => hex::encode(Sha256::digest(&content)) == id.to_hex().as_str(),
                Err(fault) if is_lasting(&fault) => false,
                Err(fault) => return Err(fault.into()),
            };
            let file = is_named
                .then(|| view.get_file::<IndexFile>(&id.into()).ok())
                .flatten();
            if let Some(file) = file {
                indexes.push(Index { id, file });
            } else {
                tracing::warn!(path, "a damaged index file");
                report.indexes_removed += 1;
                damaged.push(id);
            }
        }
        Ok((indexes, damaged))
    }

    /// Writes anew what can still be read of the suspects. Returns those that
    /// are damaged indeed.
    fn rescue(
        &self,
        suspects: &BTreeSet<String>,
        indexes: &[Index],
        packs: &mut Packs<'_>,
        reporter: &Reporter,
        report: &mut RepairReport,
    ) -> Result<HashSet<PackId>> {
        let key = self.cipher_key()?;
        let mut entries: BTreeMap<PackId, &IndexPack> = BTreeMap::new();
        for pack in indexes.iter().flat_map(|index| &index.file.packs) {
            if suspects.contains(&path_of(FileType::Pack, &pack.id)) {
                entries.insert(pack.id, pack);
            }
        }
        let total = entries.len() as u64;
        let mut dropped = HashSet::new();
        for (done, pack) in entries.into_values().enumerate() {
            reporter.go_on()?;
            match self.look_into(pack, &key)? {
                Found::Sound => {}
                Found::Unreadable => {
                    // In the index, its parts would be taken for stored.
                    let path = path_of(FileType::Pack, &pack.id);
                    report.unreadable.push(path);
                    report.parts_lost += pack.blobs.len() as u64;
                    report.packs_dropped += 1;
                    dropped.insert(pack.id);
                }
                Found::LeftAlone => {
                    let path = path_of(FileType::Pack, &pack.id);
                    report.left_alone.push(path);
                }
                Found::Damaged(parts, lost) => {
                    for (blob, kept) in parts {
                        if !packs.has((blob.tpe, blob.id)) {
                            packs.add(&blob, &kept)?;
                        }
                        report.parts_saved += 1;
                    }
                    report.parts_lost += lost;
                    report.packs_dropped += 1;
                    dropped.insert(pack.id);
                }
            }
            reporter.tell(Unit::Files, done as u64 + 1, Some(total));
        }
        Ok(dropped)
    }

    fn look_into(&self, pack: &IndexPack, key: &CipherKey) -> Result<Found> {
        let path = path_of(FileType::Pack, &pack.id);
        let content = match self.0.storage.read(&path) {
            Ok(content) => content,
            Err(fault) => match fault.kind {
                FaultKind::NotFound => {
                    return Ok(Found::Damaged(Vec::new(), pack.blobs.len() as u64));
                }
                FaultKind::Gone => return Err(fault.into()),
                _ => {
                    let is_lasting = is_lasting(&fault);
                    tracing::warn!(path, error = %Error::from(fault), "it cannot be read");
                    return Ok(if is_lasting {
                        Found::Unreadable
                    } else {
                        Found::LeftAlone
                    });
                }
            },
        };
        let is_named = hex::encode(Sha256::digest(&content)) == pack.id.to_hex().as_str();
        let mut parts = Vec::new();
        for blob in &pack.blobs {
            parts.extend(part(&content, blob, key).map(|kept| (*blob, kept)));
        }
        let lost = (pack.blobs.len() - parts.len()) as u64;
        Ok(if is_named && lost == 0 {
            Found::Sound
        } else {
            Found::Damaged(parts, lost)
        })
    }

    /// Pack files that no index names and that are sound: those of a damaged
    /// index, and those that were away for a while.
    fn strays(
        &self,
        known: &HashSet<PackId>,
        reporter: &Reporter,
        report: &mut RepairReport,
    ) -> Result<Vec<IndexPack>> {
        let key = self.cipher_key()?;
        let mut strays = Vec::new();
        for (id, _) in self.backend().all(FileType::Pack)? {
            if known.contains(&PackId::from(id)) {
                continue;
            }
            reporter.go_on()?;
            let path = path_of(FileType::Pack, &id);
            let content = match self.0.storage.read(&path) {
                Ok(content) => content,
                Err(fault) if fault.kind == FaultKind::Gone => return Err(fault.into()),
                Err(_) => {
                    report.unreadable.push(path);
                    continue;
                }
            };
            if hex::encode(Sha256::digest(&content)) != id.to_hex().as_str() {
                continue;
            }
            let Some(blobs) = header(&content, &key) else {
                continue;
            };
            if blobs
                .iter()
                .all(|blob| part(&content, blob, &key).is_some())
            {
                report.packs_adopted += 1;
                strays.push(IndexPack {
                    id: id.into(),
                    blobs,
                    time: None,
                    size: None,
                });
            }
        }
        Ok(strays)
    }
}

/// Whether a file that is there cannot be read, and will not be able to be.
fn is_lasting(fault: &Fault) -> bool {
    matches!(
        fault.kind,
        FaultKind::Other { passing: false } | FaultKind::Length { .. }
    )
}

/// A part of a pack file as it is kept, if it is what the index says.
fn part(content: &[u8], blob: &IndexBlob, key: &CipherKey) -> Option<zeroize::Zeroizing<Vec<u8>>> {
    let from = blob.location.offset as usize;
    let sealed = content.get(from..from.checked_add(blob.location.length as usize)?)?;
    keyfile::decrypt(key, sealed).filter(|kept| is_part(kept, blob))
}

/// A pack file's own list of its parts.
fn header(content: &[u8], key: &CipherKey) -> Option<Vec<IndexBlob>> {
    let (rest, length) = content.split_last_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    let plain = keyfile::decrypt(key, rest.get(rest.len().checked_sub(length)?..)?)?;
    let (mut plain, mut offset, mut blobs) = (&plain[..], 0_u32, Vec::new());
    while let Some(kind) = plain.first() {
        let number = |at: usize| {
            let bytes = plain.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_le_bytes(bytes))
        };
        let (size, uncompressed) = match kind {
            0 | 1 => (ENTRY, None),
            2 | 3 => (COMPRESSED_ENTRY, Some(number(5)?)),
            _ => return None,
        };
        let length = number(1)?;
        let blob = json!({
            "id": hex::encode(plain.get(size - 32..size)?),
            "type": if kind % 2 == 0 { "data" } else { "tree" },
            "offset": offset,
            "length": length,
            "uncompressed_length": uncompressed,
        });
        blobs.push(serde_json::from_value(blob).ok()?);
        offset = offset.checked_add(length)?;
        plain = &plain[size..];
    }
    Some(blobs)
}
