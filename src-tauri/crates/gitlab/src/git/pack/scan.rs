//! The first pass over a pack that is to be indexed: everything that can be
//! known without resolving deltas, in one go from beginning to end.
use std::path::Path;

use flate2::Crc;

use super::entry::{EntryHeader, EntryKind, ObjectKind};
use super::error::PackError;
use super::hasher::Hasher;
use super::index::LARGEST_IN_MEMORY;
use super::offsets::Offsets;
use super::reader::Sink;
use super::verifier::{PackFacts, read_pack};
use crate::git::object_id::{ObjectFormat, ObjectId};

/// Sees every commit, tree and tag of a pack once, in no particular order.
pub(crate) trait Visitor {
    fn visit(&mut self, id: ObjectId, kind: ObjectKind, content: &[u8]) -> Result<(), PackError>;
}

impl Visitor for () {
    fn visit(&mut self, _: ObjectId, _: ObjectKind, _: &[u8]) -> Result<(), PackError> {
        Ok(())
    }
}

/// What an entry is known to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// An object with this kind and a name.
    Object(ObjectKind),
    /// A delta that is not resolved yet.
    Delta,
}

/// No entry: the base of an object that is stored whole.
pub(crate) const NO_ENTRY: u32 = u32::MAX;

/// The tables of a pack, one row an entry, in the order of the pack.
pub(crate) struct Scan {
    pub(crate) facts: PackFacts,
    pub(crate) offsets: Offsets,
    pub(crate) known: Vec<Known>,
    /// The entry that a delta builds on, or [`NO_ENTRY`].
    pub(crate) bases: Vec<u32>,
    /// CRC-32 of each entry as stored.
    pub(crate) checks: Vec<u32>,
    /// The names, one after the other; zeros for deltas.
    pub(crate) names: Vec<u8>,
    /// Deltas that name their base.
    pub(crate) named: Vec<(ObjectId, u32)>,
}

/// Reads and verifies the pack in a file.
pub(crate) fn scan(
    path: &Path,
    format: ObjectFormat,
    visitor: &mut dyn Visitor,
) -> Result<Scan, PackError> {
    let scanner = Scanner {
        format,
        visitor,
        known: Vec::new(),
        bases: Vec::new(),
        checks: Vec::new(),
        names: Vec::new(),
        named: Vec::new(),
        check: Crc::new(),
        hasher: None,
        content: Vec::new(),
        is_kept: false,
        size: 0,
    };
    let (facts, offsets, scanner) = read_pack(path, format, scanner)?;
    Ok(Scan {
        facts,
        offsets,
        known: scanner.known,
        bases: scanner.bases,
        checks: scanner.checks,
        names: scanner.names,
        named: scanner.named,
    })
}

struct Scanner<'a> {
    format: ObjectFormat,
    visitor: &'a mut dyn Visitor,
    known: Vec<Known>,
    bases: Vec<u32>,
    checks: Vec<u32>,
    names: Vec<u8>,
    named: Vec<(ObjectId, u32)>,
    check: Crc,
    /// The name of the present object, if it is stored whole.
    hasher: Option<Hasher>,
    /// Its content, if the visitor wants it.
    content: Vec<u8>,
    is_kept: bool,
    size: u64,
}

impl Sink for Scanner<'_> {
    fn begin(&mut self, header: &EntryHeader, base: Option<usize>) {
        self.check.reset();
        self.content.clear();
        self.size = header.size;
        self.hasher = None;
        self.is_kept = false;
        let entry = as_entry(self.known.len());
        self.bases.push(base.map_or(NO_ENTRY, as_entry));
        let known = match header.kind {
            EntryKind::Whole(kind) => {
                self.hasher = Some(Hasher::object(self.format, kind.as_str(), header.size));
                self.is_kept = kind != ObjectKind::Blob && header.size <= LARGEST_IN_MEMORY;
                Known::Object(kind)
            }
            EntryKind::OffsetDelta { .. } => Known::Delta,
            EntryKind::RefDelta { base } => {
                self.named.push((base, entry));
                Known::Delta
            }
        };
        self.known.push(known);
    }

    fn stored(&mut self, bytes: &[u8]) {
        self.check.update(bytes);
    }

    fn data(&mut self, bytes: &[u8]) {
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes);
        }
        if self.is_kept {
            self.content.extend_from_slice(bytes);
        }
    }

    fn end(&mut self) -> Result<(), PackError> {
        self.checks.push(self.check.sum());
        let id = match self.hasher.take() {
            None => self.format.zero(),
            Some(hasher) => hasher.finish(),
        };
        self.names.extend_from_slice(id.as_bytes());
        match self.known.last() {
            Some(&Known::Object(kind)) if self.is_kept => {
                self.visitor.visit(id, kind, &self.content)
            }
            Some(Known::Object(ObjectKind::Blob) | Known::Delta) | None => Ok(()),
            // A tree or commit of more than a gigabyte: nobody wrote that.
            Some(Known::Object(_)) => Err(PackError::ObjectTooLarge {
                offset: 0,
                size: self.size,
            }),
        }
    }
}

/// The number of an entry: a pack's own count of entries has 32 bits.
pub(crate) fn as_entry(number: usize) -> u32 {
    u32::try_from(number).expect("a pack has at most 2^32 - 1 entries")
}
