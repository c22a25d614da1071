//! Reading the parts of a snapshot that is copied: each is decrypted, and is
//! what its name says, before it goes anywhere.

use std::collections::HashSet;

use rustic_core::repofile::{BlobType, IndexBlob, NodeType, PackId, Tree};
use rustic_core::{BlobId, FileType, PackedId, TreeId};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::Failure;
use crate::backend::path_of;
use crate::error::{Error, Result};
use crate::guard::library;
use crate::keyfile::{self, CipherKey};
use crate::progress::{Reporter, Unit};
use crate::vault::{FullView, Vault};

/// The most that is read at a time; also the size of a usual pack file.
const MOST_READ: u32 = 16 * 1024 * 1024;

/// Where a part is: its pack file, and its place there.
pub(super) type Place = (PackId, IndexBlob);

/// Which part: data and folders may have the same content, and so the same
/// name.
pub(crate) type Part = (BlobType, BlobId);

/// The vault that is copied from.
pub(super) struct Source<'a> {
    vault: &'a Vault,
    view: FullView,
    key: CipherKey,
    reporter: Reporter,
    /// Bytes that were read.
    pub(super) read: u64,
}

/// What a snapshot needs and the other vault lacks, in the order of reading.
#[derive(Debug, Default)]
pub(super) struct Lacking {
    pub(super) data: Vec<Place>,
    pub(super) trees: Vec<Place>,
}

impl Lacking {
    /// Bytes to be read.
    pub(super) fn bytes(&self) -> u64 {
        let places = self.data.iter().chain(&self.trees);
        places
            .map(|(_, blob)| u64::from(blob.location.length))
            .sum()
    }

    /// Parts next to each other in the same pack file; data first, so that
    /// a folder is never there before what it names.
    pub(super) fn runs(mut self) -> Vec<Vec<Place>> {
        self.data.sort_unstable();
        self.trees.sort_unstable();
        let mut runs: Vec<Vec<Place>> = Vec::new();
        for places in [self.data, self.trees] {
            let mut run: Vec<Place> = Vec::new();
            for place in places {
                if !run
                    .last()
                    .is_some_and(|last| follows(&run[0], last, &place))
                {
                    runs.push(std::mem::take(&mut run));
                }
                run.push(place);
            }
            runs.push(run);
        }
        runs.retain(|run| !run.is_empty());
        runs
    }
}

fn follows(first: &Place, last: &Place, next: &Place) -> bool {
    let end = next
        .1
        .location
        .offset
        .saturating_add(next.1.location.length);
    last.0 == next.0
        && last
            .1
            .location
            .offset
            .saturating_add(last.1.location.length)
            == next.1.location.offset
        && end - first.1.location.offset <= MOST_READ
}

impl<'a> Source<'a> {
    pub(super) fn open(vault: &'a Vault, reporter: &Reporter) -> Result<Self> {
        Ok(Self {
            view: vault
                .reported_view(vault.backend(), reporter.clone())?
                .to_indexed()
                .map_err(|e| library("reading the index", e))?,
            key: vault.cipher_key()?,
            vault,
            reporter: reporter.clone(),
            read: 0,
        })
    }

    /// What a tree needs and `has` does not know. Folders in `whole` need
    /// nothing, and are not looked into.
    pub(super) fn lacking(
        &mut self,
        root: TreeId,
        whole: &HashSet<TreeId>,
        has: impl Fn(Part) -> bool,
    ) -> Result<Lacking, Failure> {
        let mut lacking = Lacking::default();
        let mut seen: HashSet<Part> = HashSet::new();
        let mut waiting = vec![root];
        let mut folders = 0;
        while let Some(tree) = waiting.pop() {
            if whole.contains(&tree) || !seen.insert((BlobType::Tree, tree.into())) {
                continue;
            }
            folders += 1;
            self.reporter.tell(Unit::Files, folders, None);
            self.reporter.go_on().map_err(Failure::End)?;
            let nodes = self.tree(tree).map_err(Failure::Source)?.nodes;
            if !has((BlobType::Tree, tree.into())) {
                lacking
                    .trees
                    .push(self.place(tree).map_err(Failure::Source)?);
            }
            for node in nodes {
                if node.node_type == NodeType::Dir {
                    waiting.extend(node.subtree);
                }
                for part in node.content.into_iter().flatten() {
                    let name = (BlobType::Data, part.into());
                    if seen.insert(name) && !has(name) {
                        lacking
                            .data
                            .push(self.place(part).map_err(Failure::Source)?);
                    }
                }
            }
        }
        Ok(lacking)
    }

    /// Reads parts that lie next to each other. They are given as they are
    /// kept: compressed, but not encrypted.
    pub(super) fn read_run(&mut self, run: &[Place]) -> Result<Vec<(Place, Zeroizing<Vec<u8>>)>> {
        let (Some((pack, first)), Some((_, last))) = (run.first(), run.last()) else {
            return Ok(Vec::new());
        };
        let start = first.location.offset;
        let length = last.location.offset + last.location.length - start;
        let path = path_of(FileType::Pack, pack);
        let content =
            self.vault
                .0
                .storage
                .read_range(&path, u64::from(start), u64::from(length))?;
        self.read += u64::from(length);
        let mut parts = Vec::with_capacity(run.len());
        for place in run {
            // A slow machine takes a while for all of them.
            self.reporter.tell(Unit::Bytes, self.read, None);
            self.reporter.go_on()?;
            let blob = &place.1;
            let from = (blob.location.offset - start) as usize;
            let sealed = &content[from..from + blob.location.length as usize];
            let kept = keyfile::decrypt(&self.key, sealed)
                .filter(|kept| is_part(kept, blob))
                .ok_or_else(|| self.damaged(&path))?;
            parts.push((*place, kept));
        }
        Ok(parts)
    }

    /// A folder of a snapshot.
    pub(super) fn tree(&mut self, id: TreeId) -> Result<Tree> {
        let place @ (pack, blob) = self.place(id)?;
        let path = path_of(FileType::Pack, &pack);
        let read = self
            .view
            .get_blob_cached(&id.into(), BlobType::Tree)
            .map_err(|e| library("reading a folder of a snapshot", e));
        let content = match read {
            Ok(content) => content,
            Err(Error::Damaged { .. }) => return Err(self.damaged(&path)),
            // It does not say whether the content is to blame; this does.
            Err(error @ Error::Repository { .. }) => {
                self.read_run(&[place])?;
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        self.read += u64::from(blob.location.length);
        if !is_named(&content, blob.id) {
            return Err(self.damaged(&path));
        }
        serde_json::from_slice(&content).map_err(|_| self.damaged(&path))
    }

    /// Where a part is.
    pub(super) fn place<T: PackedId>(&self, id: T) -> Result<Place> {
        let name: BlobId = id.into();
        let entry = self.view.get_index_entry(&id).map_err(|_| Error::Missing {
            path: format!(
                "part {} of {}",
                name.to_hex().as_str(),
                self.vault.location()
            ),
        })?;
        let blob = IndexBlob {
            id: name,
            tpe: T::TYPE,
            location: entry.location,
        };
        Ok((entry.pack, blob))
    }

    fn damaged(&self, path: &str) -> Error {
        Error::Damaged {
            path: format!("{}/{path}", self.vault.location()),
            detail: "a part of it is not what was written".to_owned(),
        }
    }
}

/// Whether content is what its name says.
pub(super) fn is_named(content: &[u8], name: BlobId) -> bool {
    hex::encode(Sha256::digest(content)) == name.to_hex().as_str()
}

/// Whether what is kept of a part is what its name says.
pub(crate) fn is_part(kept: &[u8], blob: &IndexBlob) -> bool {
    let Some(length) = blob.location.uncompressed_length else {
        return is_named(kept, blob.id);
    };
    zstd::bulk::decompress(kept, length.get() as usize)
        .is_ok_and(|content| content.len() == length.get() as usize && is_named(&content, blob.id))
}
