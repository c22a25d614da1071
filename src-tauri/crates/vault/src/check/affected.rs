//! Which snapshots damage concerns, and where in them.
//!
//! The walk looks at every folder once, however many snapshots share it, and
//! remembers those with something lost. Only if there are any, the snapshots
//! are walked once more, to find who leads to them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use rustic_core::TreeId;
use rustic_core::repofile::NodeType;

use crate::error::Result;
use crate::guard::guarded;
use crate::id::SnapshotId;
use crate::progress::Reporter;
use crate::vault::FullView;

/// Parts of a path that are told: `projects/12`.
const DEPTH: usize = 2;

/// Paths below a folder, cut off at the depth.
type Paths = Arc<BTreeSet<String>>;

/// Snapshots with something lost, and the paths of it.
pub(crate) fn find(
    reporter: &Reporter,
    view: &FullView,
    damaged: &HashMap<TreeId, BTreeSet<String>>,
    roots: &[(SnapshotId, TreeId)],
) -> Result<BTreeMap<SnapshotId, BTreeSet<String>>> {
    let mut affected = BTreeMap::new();
    if damaged.is_empty() {
        return Ok(affected);
    }
    let mut search = Search {
        reporter,
        view,
        damaged,
        known: HashMap::new(),
        above: HashSet::new(),
    };
    for (snapshot, root) in roots {
        let paths = search.below(*root, 0)?;
        if !paths.is_empty() {
            affected.insert(*snapshot, (*paths).clone());
        }
    }
    Ok(affected)
}

struct Search<'a> {
    reporter: &'a Reporter,
    view: &'a FullView,
    damaged: &'a HashMap<TreeId, BTreeSet<String>>,
    /// By folder and how deep it lies, up to the depth.
    known: HashMap<(TreeId, usize), Paths>,
    /// The folders that are being looked into.
    above: HashSet<TreeId>,
}

impl Search<'_> {
    fn below(&mut self, tree: TreeId, depth: usize) -> Result<Paths> {
        let depth = depth.min(DEPTH);
        if let Some(paths) = self.known.get(&(tree, depth)) {
            return Ok(Arc::clone(paths));
        }
        self.reporter.go_on()?;
        let mut paths = BTreeSet::new();
        for name in self.damaged.get(&tree).into_iter().flatten() {
            // The folder itself, or something right in it.
            paths.insert(if depth < DEPTH {
                name.clone()
            } else {
                String::new()
            });
        }
        // A folder cannot be in itself, unless its name is a lie.
        if self.above.insert(tree) {
            for (name, folder) in self.folders(tree)? {
                for path in &*self.below(folder, depth + 1)? {
                    paths.insert(match (depth < DEPTH, path.is_empty()) {
                        (false, _) => String::new(),
                        (true, true) => name.clone(),
                        (true, false) => format!("{name}/{path}"),
                    });
                }
            }
            self.above.remove(&tree);
        }
        let paths = Arc::new(paths);
        self.known.insert((tree, depth), Arc::clone(&paths));
        Ok(paths)
    }

    /// The folders in a folder. One that is lost has none; the walk told so.
    fn folders(&self, tree: TreeId) -> Result<Vec<(String, TreeId)>> {
        let Ok(tree) = guarded("checking a folder", || Ok(self.view.get_tree(&tree)))? else {
            return Ok(Vec::new());
        };
        Ok(tree
            .nodes
            .into_iter()
            .filter(|node| node.node_type == NodeType::Dir)
            .filter_map(|node| {
                let name = node.name().to_string_lossy().into_owned();
                Some((name, node.subtree?))
            })
            .collect())
    }
}
