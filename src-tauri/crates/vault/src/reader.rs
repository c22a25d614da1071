//! Reading a snapshot: folders, files, contents.
//!
//! Contents are read through the library's `dump`, never through its restore,
//! which panics on storage errors, and what comes out is counted.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rustic_core::repofile::{Node, SnapshotFile};
use rustic_core::{FileType, TreeId};

use crate::backend::path_of;
use crate::error::{Error, Result};
use crate::guard::{guarded, library};
use crate::id::SnapshotId;
use crate::snapshot::SnapshotFacts;
use crate::vault::{FullView, Vault};

/// Nodes of folders that are kept for the next look.
const MOST_KEPT: usize = 200_000;

/// Whether reading is to end.
type Stop = Arc<dyn Fn() -> bool + Send + Sync>;

/// A snapshot that is being read. Cheap to clone.
#[derive(Clone)]
pub struct SnapshotReader {
    inner: Arc<Inner>,
    stop: Option<Stop>,
}

struct Inner {
    root: String,
    view: Arc<FullView>,
    file: SnapshotFile,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    folders: HashMap<TreeId, Arc<Folder>>,
    nodes: usize,
}

/// A folder's nodes, sorted by name.
struct Folder(Vec<(String, Node)>);

/// A file or folder of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, without the folders around it.
    pub name: String,
    /// Whether it is a folder.
    pub is_dir: bool,
    /// Bytes; 0 for a folder.
    pub size: u64,
    /// For a file, when its content was captured; `Content::AsBefore` wants
    /// this and the size.
    pub modified: Option<Timestamp>,
}

impl std::fmt::Debug for SnapshotReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SnapshotReader({})", self.id())
    }
}

impl Vault {
    /// Opens a snapshot for reading. Blocking, like all that comes of it.
    pub fn read(&self, id: &SnapshotId) -> Result<SnapshotReader> {
        let file = self.snapshot_file(*id)?;
        Ok(SnapshotReader {
            inner: Arc::new(Inner {
                root: self.location().to_string(),
                view: self.full_view()?,
                file,
                kept: Mutex::default(),
            }),
            stop: None,
        })
    }
}

impl SnapshotReader {
    /// The same, ending with `Error::Aborted` in the middle of a file when it is
    /// asked to.
    #[must_use]
    pub fn stoppable(mut self, stop: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.stop = Some(Arc::new(stop));
        self
    }

    /// The snapshot's name.
    pub fn id(&self) -> SnapshotId {
        SnapshotId::from_rustic(*self.inner.file.id)
    }

    /// What the snapshot says about itself.
    pub fn facts(&self) -> SnapshotFacts {
        SnapshotFacts::of(&self.inner.file)
    }

    /// A folder's entries, sorted by name; `""` is the root. A folder that is
    /// not there has none.
    pub fn list(&self, folder: &str) -> Result<Vec<Entry>> {
        guarded("reading a snapshot", || {
            let tree = match self.node(folder)? {
                Found::Root => self.inner.file.tree,
                Found::Nothing => return Ok(Vec::new()),
                Found::Node(node) => node.subtree.ok_or_else(|| Error::IsAFile {
                    path: folder.to_owned(),
                })?,
            };
            let folder = self.folder(tree)?;
            Ok(folder
                .0
                .iter()
                .map(|(name, node)| entry(name, node))
                .collect())
        })
    }

    /// The entry at a path; `None` if there is none.
    pub fn entry(&self, path: &str) -> Result<Option<Entry>> {
        guarded("reading a snapshot", || {
            Ok(match self.node(path)? {
                Found::Root | Found::Nothing => None,
                Found::Node(node) => Some(entry(&node.name().to_string_lossy(), &node)),
            })
        })
    }

    /// Whether the file at a path is there and the index knows where each of
    /// its parts is. Says nothing about what is in the pack files.
    pub fn has_all_parts(&self, path: &str) -> Result<bool> {
        guarded("reading a snapshot", || {
            let node = match self.node(path) {
                Ok(Found::Node(node)) if node.is_file() => node,
                Ok(_)
                | Err(Error::Missing { .. } | Error::Damaged { .. } | Error::Repository { .. }) => {
                    return Ok(false);
                }
                Err(error) => return Err(error),
            };
            let mut parts = node.content.iter().flatten();
            Ok(parts.all(|part| self.inner.view.get_index_entry(part).is_ok()))
        })
    }

    /// The pack files, by their paths in the vault, that the index names for a
    /// folder and everything below it. What is lost there has none.
    pub fn pack_files(&self, folder: &str) -> Result<BTreeSet<String>> {
        guarded("reading a snapshot", || {
            let view = &self.inner.view;
            let mut packs = BTreeSet::new();
            let mut waiting = match self.node(folder)? {
                Found::Root => vec![self.inner.file.tree],
                Found::Node(node) => node.subtree.into_iter().collect(),
                Found::Nothing => Vec::new(),
            };
            while let Some(tree) = waiting.pop() {
                packs.extend(view.get_index_entry(&tree).ok().map(|entry| entry.pack));
                let Ok(tree) = view.get_tree(&tree) else {
                    continue;
                };
                for node in tree.nodes {
                    waiting.extend(node.subtree);
                    for part in node.content.iter().flatten() {
                        packs.extend(view.get_index_entry(part).ok().map(|entry| entry.pack));
                    }
                }
            }
            let packs = packs.iter();
            Ok(packs.map(|pack| path_of(FileType::Pack, pack)).collect())
        })
    }

    /// A file's content; `None` if there is no such file. For small files.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let mut content = Vec::new();
        let copied = self.copy(path, &mut content)?;
        Ok(copied.map(|_| content))
    }

    /// Writes a file's content somewhere and returns its bytes. A file that is
    /// not there is an error.
    pub fn copy_to(&self, path: &str, destination: &mut dyn Write) -> Result<u64> {
        self.copy(path, destination)?.ok_or_else(|| Error::Missing {
            path: format!("{path} in snapshot {}", self.id()),
        })
    }

    /// Visits everything below a folder in the order of the snapshot, each
    /// entry with its whole path. The visitor's error ends the walk.
    pub fn walk<E: From<Error>>(
        &self,
        folder: &str,
        visit: &mut dyn FnMut(&str, &Entry) -> Result<(), E>,
    ) -> Result<(), E> {
        for entry in self.list(folder)? {
            let path = if folder.is_empty() {
                entry.name.clone()
            } else {
                format!("{folder}/{}", entry.name)
            };
            visit(&path, &entry)?;
            if entry.is_dir {
                self.walk(&path, visit)?;
            }
        }
        Ok(())
    }

    fn copy(&self, path: &str, destination: &mut dyn Write) -> Result<Option<u64>> {
        guarded("reading a snapshot", || {
            let node = match self.node(path)? {
                Found::Nothing => return Ok(None),
                Found::Node(node) if node.is_file() => node,
                _ => {
                    return Err(Error::IsAFolder {
                        path: path.to_owned(),
                    });
                }
            };
            let mut counted = Counted {
                destination,
                bytes: 0,
                failure: None,
                stop: self.stop.as_deref(),
                has_stopped: false,
            };
            let result = self.inner.view.dump(&node, &mut counted);
            if counted.has_stopped {
                return Err(Error::Aborted);
            }
            if let Some(source) = counted.failure {
                return Err(Error::Destination {
                    path: path.to_owned(),
                    source,
                });
            }
            result.map_err(|e| library("reading a file of a snapshot", e))?;
            if counted.bytes != node.meta.size {
                return Err(Error::Damaged {
                    path: format!("{path} in snapshot {} of {}", self.id(), self.inner.root),
                    detail: format!("{} bytes instead of {}", counted.bytes, node.meta.size),
                });
            }
            Ok(Some(counted.bytes))
        })
    }

    fn node(&self, path: &str) -> Result<Found> {
        let mut found = Found::Root;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            let tree = match &found {
                Found::Root => self.inner.file.tree,
                Found::Nothing => return Ok(Found::Nothing),
                Found::Node(node) => match node.subtree {
                    Some(tree) => tree,
                    None => return Ok(Found::Nothing),
                },
            };
            found = match self.folder(tree)?.find(part) {
                Some(node) => Found::Node(Box::new(node.clone())),
                None => Found::Nothing,
            };
        }
        Ok(found)
    }

    fn folder(&self, tree: TreeId) -> Result<Arc<Folder>> {
        let kept = &self.inner.kept;
        {
            let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(folder) = kept.folders.get(&tree) {
                return Ok(Arc::clone(folder));
            }
        }
        let nodes = self
            .inner
            .view
            .get_tree(&tree)
            .map_err(|e| library("reading a folder of a snapshot", e))?
            .nodes;
        let folder = Arc::new(Folder::new(nodes));
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.nodes + folder.0.len() > MOST_KEPT {
            *kept = Kept::default();
        }
        kept.nodes += folder.0.len();
        kept.folders.insert(tree, Arc::clone(&folder));
        Ok(folder)
    }
}

enum Found {
    Root,
    Nothing,
    Node(Box<Node>),
}

impl Folder {
    fn new(nodes: Vec<Node>) -> Self {
        let mut nodes: Vec<_> = nodes
            .into_iter()
            .map(|node| (node.name().to_string_lossy().into_owned(), node))
            .collect();
        // Sorted already, unless another program wrote it.
        nodes.sort_by(|one, other| one.0.cmp(&other.0));
        Self(nodes)
    }

    fn find(&self, name: &str) -> Option<&Node> {
        let place = self
            .0
            .binary_search_by(|(n, _)| n.as_str().cmp(name))
            .ok()?;
        Some(&self.0[place].1)
    }
}

fn entry(name: &str, node: &Node) -> Entry {
    Entry {
        name: name.to_owned(),
        is_dir: node.is_dir(),
        size: node.meta.size,
        modified: node.meta.mtime,
    }
}

/// Counts what goes through, ends it when asked to, and keeps the destination's
/// error, which the library would wrap.
struct Counted<'a> {
    destination: &'a mut dyn Write,
    bytes: u64,
    failure: Option<io::Error>,
    stop: Option<&'a (dyn Fn() -> bool + Send + Sync)>,
    has_stopped: bool,
}

impl Write for Counted<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if self.stop.is_some_and(|stop| stop()) {
            self.has_stopped = true;
            return Err(io::Error::other("reading was stopped"));
        }
        match self.destination.write(buffer) {
            Ok(size) => {
                self.bytes += size as u64;
                Ok(size)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.failure = Some(error);
                Err(io::Error::other("the destination failed"))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.destination.flush()
    }
}
