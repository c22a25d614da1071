//! Comparing a copy with what was copied, before it becomes a snapshot.
//!
//! A tree's name is the hash of all that is in it, so the copy is the same if
//! every folder is what its name says, and every part that it names is in the
//! index, of the size that the files say, in a pack file that is there.

use std::collections::{HashMap, HashSet};

use rustic_core::repofile::{BlobType, Node, NodeType, PackId, Tree};
use rustic_core::{FileType, PackedId, TreeId};

use super::source::is_named;
use crate::error::{Error, Result};
use crate::guard::library;
use crate::progress::{Reporter, Unit};
use crate::vault::{FullView, Vault};
use crate::veto::{Difference, Veto};

/// Compares a tree. Folders in `whole` were compared before; those of this
/// tree are added to them.
pub(super) fn compare(
    vault: &Vault,
    view: &FullView,
    root: TreeId,
    whole: &mut HashSet<TreeId>,
    reporter: &Reporter,
) -> Result<()> {
    let mut comparison = Comparison {
        view,
        packs: HashMap::new(),
    };
    let mut seen = HashSet::new();
    let mut waiting = vec![(root, String::new())];
    while let Some((tree, folder)) = waiting.pop() {
        if whole.contains(&tree) || !seen.insert(tree) {
            continue;
        }
        reporter.tell(Unit::Files, seen.len() as u64, None);
        reporter.go_on()?;
        for node in comparison.folder(tree, &folder)? {
            let name = node.name().to_string_lossy().into_owned();
            let path = if folder.is_empty() {
                name
            } else {
                format!("{folder}/{name}")
            };
            match (&node.node_type, node.subtree) {
                (NodeType::Dir, Some(tree)) => waiting.push((tree, path)),
                (NodeType::File, _) => comparison.file(&node, &path)?,
                // Links and devices, which only another program writes.
                _ => {}
            }
        }
    }
    let sizes: HashMap<_, _> = vault.backend().all(FileType::Pack)?.into_iter().collect();
    for (pack, (end, path)) in comparison.packs {
        if sizes.get(&*pack).is_none_or(|size| *size < end) {
            return Err(differs(&path, Difference::PackMissing));
        }
    }
    whole.extend(seen);
    Ok(())
}

struct Comparison<'a> {
    view: &'a FullView,
    /// The packs in use: how long they must be at least, and what for.
    packs: HashMap<PackId, (u32, String)>,
}

impl Comparison<'_> {
    fn folder(&mut self, tree: TreeId, path: &str) -> Result<Vec<Node>> {
        self.part(tree, path)?;
        let content = self
            .view
            .get_blob_cached(&tree.into(), BlobType::Tree)
            .map_err(|e| library("reading back", e))?;
        if !is_named(&content, tree.into()) {
            return Err(differs(path, Difference::Changed));
        }
        serde_json::from_slice(&content)
            .map(|tree: Tree| tree.nodes)
            .map_err(|_| differs(path, Difference::Changed))
    }

    fn file(&mut self, node: &Node, path: &str) -> Result<()> {
        let mut found = 0;
        for part in node.content.iter().flatten() {
            found += self.part(*part, path)?;
        }
        let written = node.meta.size;
        if found == written {
            Ok(())
        } else {
            Err(differs(path, Difference::Size { written, found }))
        }
    }

    /// A part is in the index. Returns its bytes.
    fn part<T: PackedId>(&mut self, id: T, path: &str) -> Result<u64> {
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
