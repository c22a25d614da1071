//! Makes one pack of a chain of packs, without unpacking anything.
//!
//! Entries are copied byte for byte; only the distances of deltas to their bases
//! are written anew. Of an object that is in several packs the first is kept.
//! That never makes a circle: each pack stands alone, so what an entry builds on
//! is in the same pack before it, or in an earlier one.
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::closure::Closure;
use super::entry::{EntryKind, write_distance};
use super::error::PackError;
use super::hasher::Hasher;
use super::index::PackIndex;
use super::reader::PACK_HEADER;
use super::verifier::PackFacts;
use super::window::Window;
use crate::git::object_id::{ObjectFormat, ObjectId};

/// Makes one pack of a chain. The chain must be complete: what its objects refer
/// to must be in it, or the error names what is missing. Memory is bounded by the
/// number of objects, not by their size. `into` exists only when all went well.
pub fn join(packs: &[PathBuf], into: &Path, format: ObjectFormat) -> Result<PackFacts, PackError> {
    let joined = Joined::plan(packs, format, &[])?;
    let folder = into.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".pack-")
        .tempfile_in(folder)
        .map_err(PackError::io(into))?;
    let mut out = BufWriter::with_capacity(256 * 1024, file.as_file_mut());
    let facts = joined.write(&mut out)?;
    out.flush().map_err(PackError::io(into))?;
    drop(out);
    file.persist(into)
        .map_err(|error| PackError::io(into)(error.error))?;
    Ok(facts)
}

/// An entry of one of the packs.
type Place = (usize, u32);

/// A chain of packs as one, ready to be written.
pub(crate) struct Joined {
    format: ObjectFormat,
    indexes: Vec<PackIndex>,
    /// Entries that are left out, and those that are kept in their place.
    duplicates: HashMap<Place, Place>,
    objects: u32,
}

impl Joined {
    /// Indexes the packs and checks that they, and `tips`, are complete.
    pub(crate) fn plan(
        packs: &[PathBuf],
        format: ObjectFormat,
        tips: &[ObjectId],
    ) -> Result<Joined, PackError> {
        let mut closure = Closure::new(format);
        let mut indexes = Vec::with_capacity(packs.len());
        for path in packs {
            indexes.push(PackIndex::build(path, format, &mut closure)?);
            closure.strike(&indexes);
        }
        for &tip in tips {
            closure.expect(tip);
        }
        closure.strike(&indexes);
        closure.finish()?;
        let duplicates = duplicates(&indexes)?;
        let entries: u64 = indexes.iter().map(|index| u64::from(index.len())).sum();
        let objects = entries - duplicates.len() as u64;
        let objects = u32::try_from(objects).map_err(|_| PackError::TooManyObjects { objects })?;
        Ok(Joined {
            format,
            indexes,
            duplicates,
            objects,
        })
    }

    /// Writes the pack.
    pub(crate) fn write(&self, into: &mut impl Write) -> Result<PackFacts, PackError> {
        let mut out = Output {
            into,
            hasher: Hasher::new(self.format),
            position: 0,
        };
        let mut beginning = [0; PACK_HEADER];
        beginning[..4].copy_from_slice(b"PACK");
        beginning[4..8].copy_from_slice(&2_u32.to_be_bytes());
        beginning[8..].copy_from_slice(&self.objects.to_be_bytes());
        out.write(&beginning)?;
        // Where each entry came to lie.
        let mut placed: Vec<Vec<u64>> = Vec::with_capacity(self.indexes.len());
        for (pack, index) in self.indexes.iter().enumerate() {
            let mut window = Window::open(index.path(), self.format)?;
            placed.push(Vec::with_capacity(index.len() as usize));
            for entry in 0..index.len() {
                let place = out.position;
                placed[pack].push(place);
                if self.duplicates.contains_key(&(pack, entry)) {
                    continue;
                }
                let (offset, end) = (index.offset(entry), index.end(entry));
                let header = window.header(offset)?;
                let mut start = offset;
                if let EntryKind::OffsetDelta { distance } = header.kind {
                    let base = index
                        .entry_at(offset - distance)
                        .ok_or(PackError::BaseOffset { offset, distance })?;
                    let base = (pack, base);
                    let (base_pack, base) = *self.duplicates.get(&base).unwrap_or(&base);
                    let mut beginning = Vec::with_capacity(header.length);
                    let sized = offset + header.size_length as u64;
                    window.copy(offset, sized, |bytes| {
                        beginning.extend_from_slice(bytes);
                        Ok(())
                    })?;
                    write_distance(place - placed[base_pack][base as usize], &mut beginning);
                    out.write(&beginning)?;
                    start = offset + header.length as u64;
                }
                window.copy(start, end, |bytes| out.write(bytes))?;
            }
        }
        out.finish(self.objects)
    }
}

/// Finds the objects that are there more than once; the first is kept.
fn duplicates(indexes: &[PackIndex]) -> Result<HashMap<Place, Place>, PackError> {
    let mut duplicates = HashMap::new();
    let next = |pack: usize, position: usize| {
        let index = &indexes[pack];
        let entry = *index.sorted().get(position)?;
        Some(Reverse((index.name(entry), pack, entry, position)))
    };
    let mut heap: BinaryHeap<_> = (0..indexes.len())
        .filter_map(|pack| next(pack, 0))
        .collect();
    let mut kept: Option<(&[u8], Place)> = None;
    while let Some(Reverse((name, pack, entry, position))) = heap.pop() {
        heap.extend(next(pack, position + 1));
        match kept {
            Some((kept_name, place)) if kept_name == name => {
                if place.0 == pack && indexes[pack].has_named_bases() {
                    let id = indexes[pack].id(entry);
                    return Err(PackError::DuplicateObject { id });
                }
                duplicates.insert((pack, entry), place);
            }
            _ => kept = Some((name, (pack, entry))),
        }
    }
    Ok(duplicates)
}

/// Counts and hashes what goes through.
struct Output<'a, W> {
    into: &'a mut W,
    hasher: Hasher,
    position: u64,
}

impl<W: Write> Output<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), PackError> {
        self.hasher.update(bytes);
        self.position += bytes.len() as u64;
        self.into
            .write_all(bytes)
            .map_err(|source| PackError::Write { source })
    }

    fn finish(self, objects: u32) -> Result<PackFacts, PackError> {
        let checksum = self.hasher.finish();
        self.into
            .write_all(checksum.as_bytes())
            .map_err(|source| PackError::Write { source })?;
        Ok(PackFacts {
            objects: u64::from(objects),
            bytes: self.position + checksum.as_bytes().len() as u64,
            checksum,
        })
    }
}
