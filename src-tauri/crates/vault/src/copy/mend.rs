//! Mending a copy: snapshots that are there already, and lack parts that they
//! need. Whatever the other vault has whole of them is sent again.
//!
//! Which snapshots the other vault has does not matter: a part is named by its
//! content, and may be needed by others there. Nothing is removed, and nothing
//! is written but what was read, decrypted and compared with its name.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use rustic_core::repofile::{BlobType, Node, NodeType, SnapshotFile, Tree};
use rustic_core::{DataId, FileType, TreeId};

use super::packs::Packs;
use super::source::{Lacking, Part, Place, Source, is_named};
use super::{Failure, fresh, is_indexed};
use crate::backend::path_of;
use crate::check::affected;
use crate::error::{Error, Result};
use crate::guard::{guarded, library};
use crate::id::SnapshotId;
use crate::progress::{OnProgress, Reporter, Unit};
use crate::vault::{FullView, Vault};
use crate::veto::{Difference, Veto};

/// Where something is in snapshots: `projects/12`, `groups/3`, a document at
/// the root, or nothing for the whole snapshot.
type Places = BTreeMap<SnapshotId, BTreeSet<String>>;

/// What became of lost parts of a copy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MendReport {
    /// Parts that were sent again.
    pub parts: u64,
    /// Bytes that were read from the vault that is copied.
    pub bytes_read: u64,
    /// Bytes that were written to the other vault.
    pub bytes_stored: u64,
    /// Snapshots of the other vault that got parts again, and where.
    pub mended: Places,
    /// Those that stay without parts, for the vault that is copied does not
    /// have them any more.
    pub not_there: Places,
    /// Those that stay without parts, for they are damaged there as well.
    pub unreadable: Places,
    /// Pack files of the other vault, by their paths, that its index relies on
    /// though they are missing or damaged. As long as there are any, nothing is
    /// sent: see [`Vault::repair`].
    pub suspects: BTreeSet<String>,
}

impl Vault {
    /// Sends another vault the parts that its snapshots need and that it has
    /// lost, as far as this one has them whole. Waits for its writers of this
    /// process. What stays lost is in the report. That this vault cannot be
    /// read for a reason that may pass is an error, and says nothing of what is
    /// lost; what was sent until then stays.
    pub fn mend(&self, target: &Self, progress: OnProgress) -> Result<MendReport> {
        if self.id() == target.id() {
            return Err(Error::SameVault {
                path: target.location().to_string(),
            });
        }
        let reporter = Reporter::new(progress);
        let _turn = target.turn_unless_stopped(&reporter)?;
        guarded("mending a copy", || {
            let suspects = target.packs_amiss(&reporter)?;
            if !suspects.is_empty() {
                return Ok(MendReport {
                    suspects,
                    ..MendReport::default()
                });
            }
            Mend {
                view: fresh(target, &reporter)?,
                source: Source::open(self, &reporter)?,
                packs: Packs::new(target)?,
                target,
                reporter,
                lacking: HashMap::new(),
                folders: HashMap::new(),
                report: MendReport::default(),
            }
            .run()
        })
    }
}

/// What can be done about a part that is lacking.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Remedy {
    /// It is there.
    At(Place),
    /// It was sent.
    Sent,
    /// The vault that is copied does not have it.
    NotThere,
    /// It is damaged there as well.
    Unreadable,
}

impl Remedy {
    /// What can be done about a part, by what the index of the vault that is
    /// copied says of it.
    fn indexed(place: Result<Place>) -> Result<Self> {
        match place {
            Ok(place) => Ok(Self::At(place)),
            Err(Error::Missing { .. }) => Ok(Self::NotThere),
            Err(error) => Err(error),
        }
    }

    /// The same of a part that the index names and that was not read. Only
    /// damage is an answer: content that is not what it must be, or a pack
    /// file that is not there. Everything else may pass, and is an error.
    fn not_read(error: Error) -> Result<Self> {
        match error {
            Error::Damaged { .. } | Error::Missing { .. } => {
                tracing::warn!(%error, "a lost part is damaged where it was copied from");
                Ok(Self::Unreadable)
            }
            error => Err(error),
        }
    }
}

struct Mend<'a> {
    source: Source<'a>,
    target: &'a Vault,
    packs: Packs<'a>,
    view: FullView,
    reporter: Reporter,
    lacking: HashMap<Part, Remedy>,
    /// Folders that lack parts: the names right in them, and the parts. An
    /// empty name is the folder itself.
    folders: HashMap<TreeId, Vec<(String, Part)>>,
    report: MendReport,
}

impl Mend<'_> {
    fn run(mut self) -> Result<MendReport> {
        let (files, _) = self.target.snapshot_files()?;
        self.walk(&files)?;
        if self.lacking.is_empty() || !self.report.suspects.is_empty() {
            return Ok(self.report);
        }
        self.send()?;
        let roots: Vec<_> = files
            .iter()
            .map(|file| (SnapshotId::from_rustic(*file.id), file.tree))
            .collect();
        self.report.mended = self.places(&roots, Remedy::Sent)?;
        self.report.not_there = self.places(&roots, Remedy::NotThere)?;
        self.report.unreadable = self.places(&roots, Remedy::Unreadable)?;
        self.report.bytes_read = self.source.read;
        self.report.bytes_stored = self.packs.stored;
        Ok(self.report)
    }

    /// Looks at every folder once, however many snapshots share it.
    fn walk(&mut self, files: &[SnapshotFile]) -> Result<()> {
        let mut seen = HashSet::new();
        for file in files {
            let mut waiting = vec![file.tree];
            while let Some(tree) = waiting.pop() {
                if !seen.insert(tree) {
                    continue;
                }
                self.reporter.tell(Unit::Files, seen.len() as u64, None);
                self.reporter.go_on()?;
                for node in self.folder(tree)? {
                    if node.node_type == NodeType::Dir {
                        waiting.extend(node.subtree);
                    } else {
                        self.file(tree, &node)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// What is in a folder, from wherever it is to be had.
    fn folder(&mut self, tree: TreeId) -> Result<Vec<Node>> {
        let part = (BlobType::Tree, tree.into());
        if is_indexed(&self.view, part) {
            return self.folder_here(tree);
        }
        let named = self.folders.entry(tree).or_default();
        named.push((String::new(), part));
        let mut remedy = Remedy::indexed(self.source.place(tree))?;
        let mut nodes = Vec::new();
        if remedy != Remedy::NotThere {
            match self.source.tree(tree) {
                Ok(there) => nodes = there.nodes,
                Err(error) => remedy = Remedy::not_read(error)?,
            }
        }
        self.lacking.insert(part, remedy);
        Ok(nodes)
    }

    fn folder_here(&mut self, tree: TreeId) -> Result<Vec<Node>> {
        let read = self
            .view
            .get_blob_cached(&tree.into(), BlobType::Tree)
            .map_err(|e| library("reading a folder of a copy", e));
        let content = match read {
            Err(error @ (Error::Gone { .. } | Error::Aborted)) => return Err(error),
            read => read.ok().filter(|content| is_named(content, tree.into())),
        };
        let read = content.and_then(|content| serde_json::from_slice::<Tree>(&content).ok());
        if let Some(tree) = read {
            return Ok(tree.nodes);
        }
        let entry = self
            .view
            .get_index_entry(&tree)
            .map_err(|e| library("reading the index", e))?;
        let path = path_of(FileType::Pack, &entry.pack);
        self.report.suspects.insert(path);
        Ok(Vec::new())
    }

    fn file(&mut self, tree: TreeId, node: &Node) -> Result<()> {
        for id in node.content.iter().flatten() {
            let part = (BlobType::Data, (*id).into());
            if is_indexed(&self.view, part) {
                continue;
            }
            let name = node.name().to_string_lossy().into_owned();
            self.folders.entry(tree).or_default().push((name, part));
            if !self.lacking.contains_key(&part) {
                let remedy = Remedy::indexed(self.source.place(DataId::from(part.1)))?;
                self.lacking.insert(part, remedy);
            }
        }
        Ok(())
    }

    /// Sends what is to be had, and sees that it came there.
    fn send(&mut self) -> Result<()> {
        let mut lacking = Lacking::default();
        for remedy in self.lacking.values() {
            if let Remedy::At(place) = remedy {
                match place.1.tpe {
                    BlobType::Data => lacking.data.push(*place),
                    BlobType::Tree => lacking.trees.push(*place),
                }
            }
        }
        let total = lacking.bytes();
        if let Some(free) = self.target.free_bytes()?
            && free < total
        {
            let path = self.target.location().to_string();
            return Err(Error::Full { path });
        }
        let mut done = 0;
        for run in lacking.runs() {
            match self.send_run(&run) {
                Ok(()) => {}
                Err(Failure::End(error)) => return Err(error),
                Err(Failure::Source(error)) => {
                    // What was sent stays there, and the next time goes on.
                    tracing::warn!(%error, "mending ends before everything is sent");
                    self.finish(done, total)?;
                    return Err(error);
                }
            }
            done += run
                .iter()
                .map(|(_, blob)| u64::from(blob.location.length))
                .sum::<u64>();
            self.reporter.tell(Unit::Bytes, done, Some(total));
            self.reporter.go_on()?;
        }
        self.finish(done, total)?;
        self.view = fresh(self.target, &self.reporter)?;
        let sent = self.lacking.iter().filter(|(_, r)| **r == Remedy::Sent);
        for (part, _) in sent {
            if !is_indexed(&self.view, *part) {
                return Err(Error::Vetoed(Veto::ReadBack {
                    path: part.1.to_hex().as_str().to_owned(),
                    difference: Difference::NotIndexed,
                }));
            }
        }
        Ok(())
    }

    /// Makes what was sent a part of the other vault, and reads it back.
    fn finish(&mut self, done: u64, total: u64) -> Result<()> {
        self.packs.finish()?;
        while self.packs.read_back()?.is_some() {
            self.reporter.tell(Unit::Bytes, done, Some(total));
            self.reporter.go_on()?;
        }
        Ok(self.target.0.storage.settle()?)
    }

    fn send_run(&mut self, run: &[Place]) -> Result<(), Failure> {
        let error = match self.source.read_run(run) {
            Ok(parts) => {
                for ((_, blob), kept) in parts {
                    self.packs.add(&blob, &kept)?;
                    self.report.parts += 1;
                    self.lacking.insert((blob.tpe, blob.id), Remedy::Sent);
                }
                return Ok(());
            }
            Err(error @ Error::Aborted) => return Err(Failure::End(error)),
            Err(error) => error,
        };
        let remedy = Remedy::not_read(error).map_err(Failure::Source)?;
        if let [(_, blob)] = run {
            self.lacking.insert((blob.tpe, blob.id), remedy);
        } else {
            // What lies beside a damaged part may be whole.
            for place in run {
                self.send_run(std::slice::from_ref(place))?;
            }
        }
        Ok(())
    }

    /// Where in which snapshots the parts are of which that came.
    fn places(&self, roots: &[(SnapshotId, TreeId)], became: Remedy) -> Result<Places> {
        let mut named: HashMap<TreeId, BTreeSet<String>> = HashMap::new();
        for (tree, parts) in &self.folders {
            for (name, part) in parts {
                if self.lacking.get(part) == Some(&became) {
                    named.entry(*tree).or_default().insert(name.clone());
                }
            }
        }
        affected::find(&self.reporter, &self.view, &named, roots)
    }
}
