//! Packs written by hand, right or wrong in ways that git never is.
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::git::object_id::{ObjectFormat, ObjectId};
use crate::git::pack::entry::{ObjectKind, write_distance};
use crate::git::pack::hasher::Hasher;

/// A pack in the making.
pub(crate) struct Forge {
    bytes: Vec<u8>,
    pub(crate) entries: u32,
}

impl Forge {
    pub(crate) fn new() -> Forge {
        Forge {
            bytes: b"PACK\0\0\0\x02\0\0\0\0".to_vec(),
            entries: 0,
        }
    }

    /// Adds an object as a whole; answers where.
    pub(crate) fn whole(&mut self, kind: u8, content: &[u8]) -> usize {
        self.entry(kind, content.len() as u64, &[], &deflated(content))
    }

    pub(crate) fn blob(&mut self, content: &[u8]) -> usize {
        self.whole(3, content)
    }

    /// Adds a delta on the entry at `base`.
    pub(crate) fn delta(&mut self, base: usize, delta: &[u8]) -> usize {
        let mut distance = Vec::new();
        write_distance((self.bytes.len() - base) as u64, &mut distance);
        self.entry(6, delta.len() as u64, &distance, &deflated(delta))
    }

    /// Adds a delta on the object of that name.
    pub(crate) fn named_delta(&mut self, base: &ObjectId, delta: &[u8]) -> usize {
        self.entry(7, delta.len() as u64, base.as_bytes(), &deflated(delta))
    }

    pub(crate) fn entry(&mut self, kind: u8, size: u64, base: &[u8], stored: &[u8]) -> usize {
        let offset = self.bytes.len();
        let mut rest = size >> 4;
        let mut byte = kind << 4 | u8::try_from(size & 0x0f).unwrap();
        while rest > 0 {
            self.bytes.push(byte | 0x80);
            byte = u8::try_from(rest & 0x7f).unwrap();
            rest >>= 7;
        }
        self.bytes.push(byte);
        self.bytes.extend_from_slice(base);
        self.bytes.extend_from_slice(stored);
        self.entries += 1;
        offset
    }

    /// The pack, with a true checksum.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes[8..12].copy_from_slice(&self.entries.to_be_bytes());
        let mut hasher = Hasher::new(ObjectFormat::Sha1);
        hasher.update(&self.bytes);
        self.bytes.extend_from_slice(hasher.finish().as_bytes());
        self.bytes
    }

    pub(crate) fn write(self, folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, self.finish()).unwrap();
        path
    }
}

pub(crate) fn deflated(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// The name of a blob.
pub(crate) fn blob_id(content: &[u8]) -> ObjectId {
    let mut hasher = Hasher::object(
        ObjectFormat::Sha1,
        ObjectKind::Blob.as_str(),
        content.len() as u64,
    );
    hasher.update(content);
    hasher.finish()
}

/// A delta that replaces the base's first byte, for bases of at least two bytes
/// and below 128.
pub(crate) fn new_first_byte(base: &[u8], first: u8) -> Vec<u8> {
    let length = u8::try_from(base.len()).unwrap();
    vec![length, length, 1, first, 0b1001_0001, 1, length - 1]
}
