//! Reading back a tree that is about to become a snapshot.
//!
//! Fresh from the storage, with an index that includes what was just written:
//! every file is there with its size, every part of it is in the index, and
//! every pack file that the index names is there and long enough.

use std::collections::HashMap;

use rustic_core::repofile::{BlobType, NodeType, PackId};
use rustic_core::{FileType, TreeId};

use super::compare;
use super::piece::WrittenPiece;
use crate::error::{Error, Result};
use crate::guard::library;
use crate::vault::{FullView, Vault};
use crate::veto::{Difference, Veto};

/// Compares the tree with what was written.
pub(super) fn verify(vault: &Vault, tree: TreeId, written: &[WrittenPiece]) -> Result<()> {
    let backend = vault.backend();
    let view = vault
        .view(backend.clone())?
        .to_indexed()
        .map_err(|e| library("reading the index", e))?;
    let mut check = Check {
        view: &view,
        written: written.iter(),
        packs: HashMap::new(),
    };
    check.folder(tree, "")?;
    if let Some(piece) = check.written.next() {
        return Err(differs(&piece.path, Difference::Missing));
    }
    let sizes: HashMap<_, _> = backend.all(FileType::Pack)?.into_iter().collect();
    for (pack, (end, path)) in check.packs {
        if sizes.get(&*pack).is_none_or(|size| *size < end) {
            return Err(differs(&path, Difference::PackMissing));
        }
    }
    Ok(())
}

struct Check<'a> {
    view: &'a FullView,
    /// What still has to come; the tree is walked in the same order.
    written: std::slice::Iter<'a, WrittenPiece>,
    /// The packs in use: how long they must be at least, and what for.
    packs: HashMap<PackId, (u32, String)>,
}

impl Check<'_> {
    fn folder(&mut self, tree: TreeId, path: &str) -> Result<()> {
        self.part(BlobType::Tree, tree, path)?;
        let nodes = self
            .view
            .get_tree(&tree)
            .map_err(|e| library("reading back", e))?
            .nodes;
        for node in nodes {
            let name = node.name().to_string_lossy().into_owned();
            let path = if path.is_empty() {
                name
            } else {
                format!("{path}/{name}")
            };
            match (&node.node_type, node.subtree) {
                (NodeType::Dir, Some(tree)) => self.folder(tree, &path)?,
                (NodeType::File, _) => {
                    let mut found = 0;
                    for part in node.content.iter().flatten() {
                        found += self.part(BlobType::Data, *part, &path)?;
                    }
                    self.file(&path, node.meta.size, found)?;
                }
                _ => return Err(differs(&path, Difference::Surplus)),
            }
        }
        Ok(())
    }

    /// A file comes exactly when it is next, with exactly its size.
    fn file(&mut self, path: &str, size: u64, found: u64) -> Result<()> {
        let Some(piece) = self.written.next() else {
            return Err(differs(path, Difference::Surplus));
        };
        match compare(&piece.path, path) {
            std::cmp::Ordering::Less => return Err(differs(&piece.path, Difference::Missing)),
            std::cmp::Ordering::Greater => return Err(differs(path, Difference::Surplus)),
            std::cmp::Ordering::Equal => {}
        }
        for found in [size, found] {
            if found != piece.size {
                let written = piece.size;
                return Err(differs(path, Difference::Size { written, found }));
            }
        }
        Ok(())
    }

    /// A part is in the index. Returns its bytes.
    fn part<T>(&mut self, _kind: BlobType, id: T, path: &str) -> Result<u64>
    where
        T: rustic_core::PackedId,
    {
        let entry = self
            .view
            .get_index_entry(&id)
            .map_err(|_| differs(path, Difference::NotIndexed))?;
        let end = entry.location.offset.saturating_add(entry.location.length);
        let pack = self
            .packs
            .entry(entry.pack)
            .or_insert_with(|| (end, path.to_owned()));
        pack.0 = pack.0.max(end);
        Ok(u64::from(entry.data_length()))
    }
}

fn differs(path: &str, difference: Difference) -> Error {
    Error::Vetoed(Veto::ReadBack {
        path: path.to_owned(),
        difference,
    })
}
