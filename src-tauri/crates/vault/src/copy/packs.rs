//! Writing parts into the vault that gets the copy: pack files of the usual
//! size, and index files that name them (restic's `doc/design.rst`, "Pack
//! Format" and "Indexing").
//!
//! Not the library's packer, which is to be had with its own copy only: that
//! leaves out parts it does not find, saves the snapshots all the same, and
//! leaves threads behind when it fails.

use std::collections::HashSet;

use bytes::Bytes;
use jiff::Timestamp;
use rustic_core::repofile::{BlobType, IndexBlob, IndexFile, IndexPack, PackId};
use rustic_core::{FileType, Id};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::source::Part;
use crate::backend::path_of;
use crate::error::{Error, Result};
use crate::keyfile::{self, CipherKey};
use crate::open::{DATA_PACK, TREE_PACK};
use crate::vault::Vault;
use crate::veto::{Difference, Veto};

/// The most parts in a pack file, as the library has it.
const MOST_PARTS: usize = 10_000;
/// Pack files that are named by one index file; a copy that is killed begins
/// again after the last of them.
const MOST_PACKS: usize = 64;
/// What comes before a compressed file's content.
const COMPRESSED: u8 = 2;
const COMPRESSION_LEVEL: i32 = 3;
/// The repository version that knows compression.
const COMPRESSING: u32 = 2;

/// Writes parts into a vault.
pub(crate) struct Packs<'a> {
    vault: &'a Vault,
    key: CipherKey,
    content: Vec<u8>,
    blobs: Vec<IndexBlob>,
    /// Not named by an index file yet.
    unindexed: Vec<IndexPack>,
    /// Named by an index file, but not read back yet.
    unread: Vec<(PackId, u64)>,
    written: HashSet<Part>,
    /// Bytes that were written.
    pub(super) stored: u64,
}

impl<'a> Packs<'a> {
    pub(crate) fn new(vault: &'a Vault) -> Result<Self> {
        Ok(Self {
            key: vault.cipher_key()?,
            vault,
            content: Vec::new(),
            blobs: Vec::new(),
            unindexed: Vec::new(),
            unread: Vec::new(),
            written: HashSet::new(),
            stored: 0,
        })
    }

    /// Whether a part is on its way.
    pub(crate) fn has(&self, part: Part) -> bool {
        self.written.contains(&part)
    }

    /// Adds a part as it is kept in the other vault.
    pub(crate) fn add(&mut self, blob: &IndexBlob, kept: &[u8]) -> Result<()> {
        let full = match blob.tpe {
            BlobType::Data => DATA_PACK,
            BlobType::Tree => TREE_PACK,
        } as usize;
        if self.blobs.last().is_some_and(|last| last.tpe != blob.tpe) {
            self.finish_pack()?;
        }
        let mut location = blob.location;
        let content = match location.uncompressed_length {
            Some(length) if self.vault.0.config.version < COMPRESSING => {
                location.uncompressed_length = None;
                &zstd::bulk::decompress(kept, length.get() as usize)
                    .map_err(|_| self.unfit("a part cannot be decompressed"))?
            }
            _ => kept,
        };
        let sealed = keyfile::encrypt(&self.key, content);
        location.offset = self.fitting(self.content.len())?;
        location.length = self.fitting(sealed.len())?;
        self.content.extend_from_slice(&sealed);
        self.blobs.push(IndexBlob { location, ..*blob });
        self.written.insert((blob.tpe, blob.id));
        if self.content.len() >= full || self.blobs.len() >= MOST_PARTS {
            self.finish_pack()?;
        }
        Ok(())
    }

    /// Writes what is left, and the index file that names it.
    pub(crate) fn finish(&mut self) -> Result<()> {
        self.finish_pack()?;
        self.finish_index()
    }

    /// Reads back the next of the pack files that were written. Returns its
    /// size in bytes; `None` if there is none left.
    pub(crate) fn read_back(&mut self) -> Result<Option<u64>> {
        let Some((pack, size)) = self.unread.last().copied() else {
            return Ok(None);
        };
        let path = path_of(FileType::Pack, &pack);
        let content = self.vault.0.storage.read(&path)?;
        if hex::encode(Sha256::digest(&content)) != pack.to_hex().as_str() {
            let difference = Difference::Changed;
            return Err(Error::Vetoed(Veto::ReadBack { path, difference }));
        }
        self.unread.pop();
        Ok(Some(size))
    }

    /// Bytes that were written and not read back yet.
    pub(super) fn unread_bytes(&self) -> u64 {
        self.unread.iter().map(|(_, size)| size).sum()
    }

    /// Writes a file that is named by its content. Returns its name.
    pub(crate) fn put(&mut self, kind: FileType, value: &impl Serialize) -> Result<Id> {
        let mut plain = serde_json::to_vec(value).expect("the vault's files are plain JSON");
        if self.vault.0.config.version >= COMPRESSING {
            let compressed = zstd::bulk::compress(&plain, COMPRESSION_LEVEL)
                .map_err(|_| self.unfit("a file cannot be compressed"))?;
            plain = [&[COMPRESSED], &compressed[..]].concat();
        }
        let sealed = Bytes::from(keyfile::encrypt(&self.key, &plain));
        let id = name_of(&[&sealed]);
        self.stored += sealed.len() as u64;
        self.vault
            .0
            .storage
            .write(&path_of(kind, &id), vec![sealed])?;
        Ok(id)
    }

    fn finish_pack(&mut self) -> Result<()> {
        if self.blobs.is_empty() {
            return Ok(());
        }
        let blobs = std::mem::take(&mut self.blobs);
        let mut content = std::mem::take(&mut self.content);
        let header = keyfile::encrypt(&self.key, &header(&blobs));
        let length = self.fitting(header.len())?;
        content.extend_from_slice(&header);
        content.extend_from_slice(&length.to_le_bytes());
        let size = content.len() as u64;
        let content = Bytes::from(content);
        let id = name_of(&[&content]);
        self.vault
            .0
            .storage
            .write(&path_of(FileType::Pack, &id), vec![content])?;
        self.stored += size;
        self.unread.push((id.into(), size));
        self.unindexed.push(IndexPack {
            id: id.into(),
            blobs,
            time: Some(Timestamp::now()),
            size: None,
        });
        if self.unindexed.len() >= MOST_PACKS {
            self.finish_index()?;
        }
        Ok(())
    }

    /// An index makes pack files visible: they have to be there first.
    fn finish_index(&mut self) -> Result<()> {
        if self.unindexed.is_empty() {
            return Ok(());
        }
        self.vault.0.storage.settle()?;
        let index = IndexFile {
            packs: std::mem::take(&mut self.unindexed),
            ..IndexFile::default()
        };
        self.put(FileType::Index, &index)?;
        Ok(())
    }

    fn fitting(&self, size: usize) -> Result<u32> {
        u32::try_from(size).map_err(|_| self.unfit("a part is larger than a pack file may be"))
    }

    fn unfit(&self, detail: &str) -> Error {
        Error::Damaged {
            path: self.vault.location().to_string(),
            detail: detail.to_owned(),
        }
    }
}

/// A file's name: the hash of its content.
fn name_of(content: &[&Bytes]) -> Id {
    let mut hash = Sha256::new();
    for part in content {
        hash.update(part);
    }
    hex::encode(hash.finalize())
        .parse()
        .expect("a hash is 64 hexadecimal digits")
}

/// A pack file's own list of its parts.
fn header(blobs: &[IndexBlob]) -> Vec<u8> {
    let mut header = Vec::with_capacity(blobs.len() * 41);
    for blob in blobs {
        let uncompressed = blob.location.uncompressed_length;
        header.push(match (blob.tpe, uncompressed) {
            (BlobType::Data, None) => 0,
            (BlobType::Tree, None) => 1,
            (BlobType::Data, Some(_)) => 2,
            (BlobType::Tree, Some(_)) => 3,
        });
        header.extend_from_slice(&blob.location.length.to_le_bytes());
        if let Some(length) = uncompressed {
            header.extend_from_slice(&length.get().to_le_bytes());
        }
        let name = hex::decode(blob.id.to_hex().as_str()).expect("an id is hexadecimal");
        header.extend_from_slice(&name);
    }
    header
}
