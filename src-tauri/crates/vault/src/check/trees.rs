//! Walking the snapshots' folders: every part of every file is in the index,
//! in a pack file that can be relied on.

use std::collections::{BTreeSet, HashMap, HashSet};

use rustic_core::repofile::{BlobType, Node, NodeType, PackId};
use rustic_core::{BlobId, TreeId};

use super::{Check, Finding, Map};
use crate::error::Result;
use crate::guard::guarded;
use crate::id::SnapshotId;
use crate::progress::Unit;
use crate::vault::FullView;

/// Walks every folder once, however many snapshots share it. Returns the
/// folders with something lost, and the names of what is lost right in them;
/// an empty name is the folder itself.
pub(super) fn walk(
    check: &mut Check<'_>,
    view: &FullView,
    map: &Map,
    bad: &BTreeSet<PackId>,
    roots: &[(SnapshotId, TreeId)],
) -> Result<HashMap<TreeId, BTreeSet<String>>> {
    let mut walk = Walk {
        view,
        map,
        bad,
        seen: HashSet::new(),
        findings: Vec::new(),
        damaged: HashMap::new(),
    };
    let total = roots.len() as u64;
    for (done, (snapshot, root)) in roots.iter().enumerate() {
        let mut waiting = vec![(*root, String::new())];
        while let Some((tree, folder)) = waiting.pop() {
            if walk.seen.insert(tree) {
                walk.folder(*snapshot, tree, &folder, &mut waiting)?;
            }
            check.go_on()?;
        }
        check
            .reporter
            .tell(Unit::Files, done as u64 + 1, Some(total));
    }
    check.report.findings.append(&mut walk.findings);
    Ok(walk.damaged)
}

struct Walk<'a> {
    view: &'a FullView,
    map: &'a Map,
    bad: &'a BTreeSet<PackId>,
    seen: HashSet<TreeId>,
    findings: Vec<Finding>,
    damaged: HashMap<TreeId, BTreeSet<String>>,
}

impl Walk<'_> {
    fn folder(
        &mut self,
        snapshot: SnapshotId,
        tree: TreeId,
        folder: &str,
        waiting: &mut Vec<(TreeId, String)>,
    ) -> Result<()> {
        let lost = Finding::FolderLost {
            snapshot,
            folder: folder.to_owned(),
        };
        if self.size(BlobType::Tree, tree.into()).is_none() {
            self.found(tree, "", lost);
            return Ok(());
        }
        // A pack that was not read may still be damaged where this tree is.
        let nodes = match guarded("checking a folder", || Ok(self.view.get_tree(&tree)))? {
            Ok(tree) => tree.nodes,
            Err(error) => {
                tracing::warn!(folder, error = error.display_log(), "a folder is lost");
                self.found(tree, "", lost);
                return Ok(());
            }
        };
        for node in nodes {
            let name = node.name().to_string_lossy().into_owned();
            let path = if folder.is_empty() {
                name
            } else {
                format!("{folder}/{name}")
            };
            let lost = match (&node.node_type, node.subtree) {
                (NodeType::Dir, Some(tree)) => {
                    waiting.push((tree, path));
                    None
                }
                (NodeType::Dir, None) => Some(Finding::FolderLost {
                    snapshot,
                    folder: path,
                }),
                (NodeType::File, _) => self.file(snapshot, &node, path),
                // Links and devices, which only another program writes.
                _ => None,
            };
            if let Some(lost) = lost {
                self.found(tree, &node.name().to_string_lossy(), lost);
            }
        }
        Ok(())
    }

    fn found(&mut self, tree: TreeId, name: &str, lost: Finding) {
        self.findings.push(lost);
        self.damaged
            .entry(tree)
            .or_default()
            .insert(name.to_owned());
    }

    fn file(&self, snapshot: SnapshotId, node: &Node, file: String) -> Option<Finding> {
        let mut found = 0;
        for part in node.content.iter().flatten() {
            let Some(size) = self.size(BlobType::Data, (*part).into()) else {
                return Some(Finding::FileLost { snapshot, file });
            };
            found += u64::from(size);
        }
        (found != node.meta.size).then_some(Finding::FileSize {
            snapshot,
            file,
            expected: node.meta.size,
            found,
        })
    }

    /// A part's size, if it is in a pack file that can be relied on.
    fn size(&self, kind: BlobType, id: BlobId) -> Option<u32> {
        self.map
            .part(kind, id)
            .filter(|(pack, _)| !self.bad.contains(pack))
            .map(|(_, size)| size)
    }
}
