//! Checks a pack while it streams by.
//!
//! Whether its objects are those one wanted is not seen here: that takes their
//! names, and so an index.
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::error::PackError;
use super::hasher::Hasher;
use super::index::PackIndex;
use super::offsets::Offsets;
use super::reader::{PackReader, Sink};
use crate::git::object_id::{ObjectFormat, ObjectId};

/// Bytes read from a file at a time.
const INPUT: usize = 256 * 1024;

/// What is known of a pack that was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackFacts {
    /// Number of objects.
    pub objects: u64,
    /// Its length, in bytes.
    pub bytes: u64,
    /// The checksum at its end.
    pub checksum: ObjectId,
}

/// Verifies a pack of which it is fed piece by piece, with a few bytes of memory
/// for each object. After an error it must not be fed any more.
pub struct Verifier(PackReader<()>);

impl Verifier {
    /// Begins a pack of a repository of that format.
    pub fn new(format: ObjectFormat) -> Verifier {
        Verifier(PackReader::new(format, ()))
    }

    /// Takes the next bytes of the pack.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), PackError> {
        self.0.feed(bytes)
    }

    /// Deltas so far that name their base instead of pointing at it. A server
    /// that was asked for `ofs-delta` and no thin pack sends none; if it did,
    /// whether the bases are inside takes an index.
    pub fn ref_deltas(&self) -> u64 {
        self.0.ref_deltas()
    }

    /// Ends the pack.
    pub fn finish(self) -> Result<PackFacts, PackError> {
        self.0.finish().map(|(facts, ..)| facts)
    }
}

/// Verifies a pack in a file.
pub fn verify(path: &Path, format: ObjectFormat) -> Result<PackFacts, PackError> {
    read_pack(path, format, ()).map(|(facts, ..)| facts)
}

/// Reads a pack in a file.
pub(crate) fn read_pack<S: Sink>(
    path: &Path,
    format: ObjectFormat,
    sink: S,
) -> Result<(PackFacts, Offsets, S), PackError> {
    let mut file = File::open(path).map_err(PackError::io(path))?;
    let mut reader = PackReader::new(format, sink);
    let mut input = vec![0; INPUT];
    loop {
        match file.read(&mut input) {
            Ok(0) => return reader.finish(),
            Ok(length) => reader.feed(&input[..length])?,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(PackError::io(path)(error)),
        }
    }
}

/// Finds out whether deltas that name their bases find them in the pack.
pub(crate) fn check_bases(path: &Path, format: ObjectFormat) -> Result<(), PackError> {
    PackIndex::build(path, format, &mut ()).map(drop)
}

/// A pack without objects, as git writes it.
pub(crate) fn empty_pack(format: ObjectFormat) -> Vec<u8> {
    let mut pack = b"PACK\0\0\0\x02\0\0\0\0".to_vec();
    let mut hasher = Hasher::new(format);
    hasher.update(&pack);
    pack.extend_from_slice(hasher.finish().as_bytes());
    pack
}
