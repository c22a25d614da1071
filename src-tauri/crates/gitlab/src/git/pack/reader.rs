//! Reads a pack as it streams by, from its beginning to its checksum, keeping
//! nothing but where entries begin.
//!
//! Seen here: the header, each entry's beginning, that its data decompresses to
//! the size it says, that deltas build on earlier entries, that there are as many
//! entries as announced, the checksum, and that nothing follows.
use flate2::{Decompress, FlushDecompress, Status};

use super::entry::{EntryHeader, EntryKind, LONGEST_HEADER};
use super::error::PackError;
use super::hasher::Hasher;
use super::offsets::Offsets;
use super::stop;
use super::verifier::PackFacts;
use crate::git::object_id::{ObjectFormat, ObjectId};

/// What else is to be done with a pack's entries while they are verified.
pub(crate) trait Sink {
    /// An entry begins. `base`: the number of the entry that a delta with a
    /// distance builds on.
    fn begin(&mut self, _header: &EntryHeader, _base: Option<usize>) {}
    /// A piece of it as it is stored, header included.
    fn stored(&mut self, _bytes: &[u8]) {}
    /// A piece of its data, decompressed.
    fn data(&mut self, _bytes: &[u8]) {}
    /// It ended and is sound.
    fn end(&mut self) -> Result<(), PackError> {
        Ok(())
    }
}

impl Sink for () {}

/// Bytes of the beginning: `PACK`, version, number of objects.
pub(crate) const PACK_HEADER: usize = 12;
/// Bytes decompressed at a time.
const OUTPUT: usize = 64 * 1024;

/// What comes next in the pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Beginning,
    Header,
    Data,
    Checksum,
    Nothing,
}

/// Takes a pack piece by piece. After an error it must not be fed any more.
pub(crate) struct PackReader<S> {
    format: ObjectFormat,
    next: Next,
    /// Bytes of something that is not whole yet.
    pending: Vec<u8>,
    hasher: Option<Hasher>,
    checksum: Option<ObjectId>,
    /// Bytes taken so far.
    position: u64,
    /// Entries still to come, the present one included.
    remaining: u32,
    objects: u32,
    entry: u64,
    declared: u64,
    produced: u64,
    inflate: Decompress,
    output: Box<[u8]>,
    offsets: Offsets,
    ref_deltas: u64,
    sink: S,
}

impl<S: Sink> PackReader<S> {
    pub(crate) fn new(format: ObjectFormat, sink: S) -> PackReader<S> {
        PackReader {
            format,
            next: Next::Beginning,
            pending: Vec::with_capacity(64),
            hasher: Some(Hasher::new(format)),
            checksum: None,
            position: 0,
            remaining: 0,
            objects: 0,
            entry: 0,
            declared: 0,
            produced: 0,
            inflate: Decompress::new(true),
            output: vec![0; OUTPUT].into_boxed_slice(),
            offsets: Offsets::default(),
            ref_deltas: 0,
            sink,
        }
    }

    /// Takes the next bytes of the pack.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> Result<(), PackError> {
        stop::check()?;
        while !bytes.is_empty() {
            // What was not hashed yet begins here; the checksum is not hashed.
            let whole = bytes;
            while !bytes.is_empty() && !matches!(self.next, Next::Checksum | Next::Nothing) {
                let before = bytes.len();
                match self.next {
                    Next::Beginning => self.take_beginning(&mut bytes)?,
                    Next::Header => self.take_header(&mut bytes)?,
                    Next::Data => self.take_data(&mut bytes)?,
                    Next::Checksum | Next::Nothing => {}
                }
                self.position += (before - bytes.len()) as u64;
            }
            if let Some(hasher) = &mut self.hasher {
                hasher.update(&whole[..whole.len() - bytes.len()]);
            }
            match self.next {
                Next::Checksum => self.take_checksum(&mut bytes)?,
                Next::Nothing if !bytes.is_empty() => {
                    return Err(PackError::TrailingData {
                        offset: self.position,
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Deltas so far that name their base.
    pub(crate) fn ref_deltas(&self) -> u64 {
        self.ref_deltas
    }

    /// Ends the pack; answers what is known of it and where its entries begin.
    pub(crate) fn finish(self) -> Result<(PackFacts, Offsets, S), PackError> {
        let truncated = PackError::Truncated {
            offset: self.position,
        };
        match self.checksum {
            Some(checksum) if self.next == Next::Nothing => {
                let facts = PackFacts {
                    objects: u64::from(self.objects),
                    bytes: self.position,
                    checksum,
                };
                Ok((facts, self.offsets, self.sink))
            }
            _ => Err(truncated),
        }
    }

    fn take_beginning(&mut self, bytes: &mut &[u8]) -> Result<(), PackError> {
        let Some(beginning) = gather(&mut self.pending, bytes, PACK_HEADER) else {
            // Said as early as possible: an error page is no truncated pack.
            let start = &self.pending[..self.pending.len().min(4)];
            return if b"PACK".starts_with(start) {
                Ok(())
            } else {
                Err(PackError::Signature)
            };
        };
        let number = |at: usize| {
            u32::from_be_bytes([
                beginning[at],
                beginning[at + 1],
                beginning[at + 2],
                beginning[at + 3],
            ])
        };
        if !beginning.starts_with(b"PACK") {
            return Err(PackError::Signature);
        }
        let version = number(4);
        if !matches!(version, 2 | 3) {
            return Err(PackError::Version { version });
        }
        self.objects = number(8);
        self.remaining = self.objects;
        self.pending.clear();
        self.next = if self.objects == 0 {
            Next::Checksum
        } else {
            Next::Header
        };
        Ok(())
    }

    fn take_header(&mut self, bytes: &mut &[u8]) -> Result<(), PackError> {
        if self.pending.is_empty() {
            self.entry = self.position;
            if let Some(header) = self.read_header(bytes)? {
                let (stored, rest) = bytes.split_at(header.length);
                self.begin_entry(&header)?;
                self.sink.stored(stored);
                *bytes = rest;
                return Ok(());
            }
            self.pending.extend_from_slice(bytes);
            *bytes = &[];
            return Ok(());
        }
        let held = self.pending.len();
        let added = bytes.len().min(LONGEST_HEADER - held);
        self.pending.extend_from_slice(&bytes[..added]);
        match self.read_header(&self.pending)? {
            None => {
                *bytes = &bytes[added..];
                Ok(())
            }
            Some(header) => {
                *bytes = &bytes[header.length - held..];
                self.begin_entry(&header)?;
                self.sink.stored(&self.pending[..header.length]);
                self.pending.clear();
                Ok(())
            }
        }
    }

    fn read_header(&self, bytes: &[u8]) -> Result<Option<EntryHeader>, PackError> {
        EntryHeader::read(bytes, self.format)
            .map_err(|_| PackError::EntryHeader { offset: self.entry })
    }

    fn begin_entry(&mut self, header: &EntryHeader) -> Result<(), PackError> {
        let base = match header.kind {
            EntryKind::Whole(_) => None,
            EntryKind::RefDelta { .. } => {
                self.ref_deltas += 1;
                None
            }
            EntryKind::OffsetDelta { distance } => {
                let base = self.entry.checked_sub(distance);
                let base = base.and_then(|base| self.offsets.find(base));
                Some(base.ok_or(PackError::BaseOffset {
                    offset: self.entry,
                    distance,
                })?)
            }
        };
        self.sink.begin(header, base);
        self.offsets.push(self.entry);
        self.declared = header.size;
        self.produced = 0;
        self.inflate.reset(true);
        self.next = Next::Data;
        Ok(())
    }

    fn take_data(&mut self, bytes: &mut &[u8]) -> Result<(), PackError> {
        loop {
            let (read, written) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self
                .inflate
                .decompress(bytes, &mut self.output, FlushDecompress::None)
                .map_err(|_| PackError::Deflate { offset: self.entry })?;
            let read = as_length(self.inflate.total_in() - read);
            let written = as_length(self.inflate.total_out() - written);
            let (stored, rest) = bytes.split_at(read);
            *bytes = rest;
            self.produced += written as u64;
            let wrong_size = PackError::EntrySize {
                offset: self.entry,
                declared: self.declared,
            };
            if self.produced > self.declared {
                return Err(wrong_size);
            }
            self.sink.stored(stored);
            self.sink.data(&self.output[..written]);
            if status == Status::StreamEnd {
                if self.produced != self.declared {
                    return Err(wrong_size);
                }
                self.sink.end()?;
                self.remaining -= 1;
                self.next = if self.remaining == 0 {
                    Next::Checksum
                } else {
                    Next::Header
                };
                return Ok(());
            }
            if bytes.is_empty() && written < self.output.len() {
                return Ok(());
            }
            if read == 0 && written == 0 {
                return Err(PackError::Deflate { offset: self.entry });
            }
        }
    }

    fn take_checksum(&mut self, bytes: &mut &[u8]) -> Result<(), PackError> {
        let before = bytes.len();
        let expected = gather(&mut self.pending, bytes, self.format.id_length())
            .map(|checksum| ObjectId::from_bytes(checksum).expect("as long as an id"));
        self.position += (before - bytes.len()) as u64;
        let Some(expected) = expected else {
            return Ok(());
        };
        let actual = self
            .hasher
            .take()
            .expect("the checksum comes once")
            .finish();
        if actual != expected {
            return Err(PackError::Checksum { expected, actual });
        }
        self.checksum = Some(actual);
        self.next = Next::Nothing;
        Ok(())
    }
}

/// Moves bytes into `pending` until there are `length` of them.
fn gather<'a>(pending: &'a mut Vec<u8>, bytes: &mut &[u8], length: usize) -> Option<&'a [u8]> {
    let taken = bytes.len().min(length - pending.len());
    let (head, rest) = bytes.split_at(taken);
    pending.extend_from_slice(head);
    *bytes = rest;
    (pending.len() == length).then_some(pending.as_slice())
}

fn as_length(bytes: u64) -> usize {
    usize::try_from(bytes).expect("within one buffer")
}
