//! Second copies: snapshots of one vault in another one.
//!
//! In this order, for every snapshot: the parts that the other vault lacks are
//! read, checked against their names and written; what was written is read
//! back; the whole tree is compared in the other vault; only then the snapshot
//! file is written, and read back. So a copy that can be seen is whole, and one
//! that is interrupted anywhere leaves nothing but data that the next one uses
//! or a prune frees.

mod compare;
pub(crate) mod mend;
mod origin;
pub(crate) mod packs;
pub(crate) mod source;

use std::collections::{BTreeSet, HashSet};

use rustic_core::repofile::{BlobType, SnapshotFile};
use rustic_core::{DataId, FileType, TreeId};

use crate::backend::path_of;
use crate::error::{Error, Result};
use crate::guard::{guarded, library};
use crate::id::SnapshotId;
use crate::progress::{OnProgress, Reporter, Unit};
use crate::snapshot::SnapshotFacts;
use crate::vault::{FullView, Vault};
use crate::veto::{Difference, Veto};
pub(crate) use origin::{Known, origin};
use packs::Packs;
use source::{Part, Source};

/// A snapshot and its copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopiedSnapshot {
    /// Its name in the vault that was copied.
    pub from: SnapshotId,
    /// Its name in the vault with the copy.
    pub to: SnapshotId,
}

/// What a copy did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CopyReport {
    /// Snapshots that were copied, oldest first.
    pub copied: Vec<CopiedSnapshot>,
    /// Snapshots that were there already.
    pub already_there: Vec<CopiedSnapshot>,
    /// Bytes that were read from the vault that was copied.
    pub bytes_read: u64,
    /// Bytes that were written to the other vault.
    pub bytes_stored: u64,
}

/// Why a snapshot was not copied, and whose fault it is.
enum Failure {
    /// What is copied cannot be read; other snapshots may be.
    Source(Error),
    /// Nothing more can be done.
    End(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::End(error)
    }
}

impl Vault {
    /// Snapshots of this vault that another one does not have and did not have
    /// and remove, oldest first. Changes nothing.
    ///
    /// Those that cannot be read are not among them; see
    /// [`Vault::snapshots_with_damage`].
    pub fn missing_in(&self, target: &Self) -> Result<Vec<SnapshotFacts>> {
        let known = Known::new(target.snapshot_files()?.0);
        let removed = target.removal_records()?;
        let mut missing: Vec<_> = self
            .snapshot_files()?
            .0
            .iter()
            .filter(|file| known.same_as(file).is_none() && !removed.contains(&origin(file)))
            .map(SnapshotFacts::of)
            .collect();
        missing.sort_by_key(|snapshot| (snapshot.time, snapshot.id));
        Ok(missing)
    }

    /// Copies snapshots into another vault, oldest first, with everything that
    /// they need and that vault lacks. Waits for its writers of this process.
    ///
    /// A snapshot that is there already, under whatever name, is not copied
    /// again; one that was removed there is, if it is asked for. A copy says
    /// the same about itself as the original, but for its name and its
    /// parent's. A snapshot that cannot be read whole is not copied: the others
    /// are, and the error is [`Error::NotCopied`].
    pub fn copy_to(
        &self,
        target: &Self,
        wanted: &[SnapshotId],
        progress: OnProgress,
    ) -> Result<CopyReport> {
        if self.id() == target.id() {
            return Err(Error::SameVault {
                path: target.location().to_string(),
            });
        }
        let reporter = Reporter::new(progress);
        let _turn = target.turn_unless_stopped(&reporter)?;
        guarded("copying snapshots", || {
            Copy::begin(self, target, reporter)?.run(wanted)
        })
    }
}

struct Copy<'a> {
    source: Source<'a>,
    files: Vec<SnapshotFile>,
    unreadable: Vec<(SnapshotId, Error)>,
    target: &'a Vault,
    known: Known,
    packs: Packs<'a>,
    /// The other vault as it is now.
    view: FullView,
    /// Folders that are whole in the other vault.
    whole: HashSet<TreeId>,
    reporter: Reporter,
    report: CopyReport,
}

impl<'a> Copy<'a> {
    fn begin(from: &'a Vault, target: &'a Vault, reporter: Reporter) -> Result<Self> {
        let (files, unreadable) = from.snapshot_files()?;
        Ok(Self {
            files,
            unreadable,
            known: Known::new(target.snapshot_files()?.0),
            packs: Packs::new(target)?,
            view: fresh(target, &reporter)?,
            source: Source::open(from, &reporter)?,
            target,
            whole: HashSet::new(),
            reporter,
            report: CopyReport::default(),
        })
    }

    fn run(mut self, wanted: &[SnapshotId]) -> Result<CopyReport> {
        let wanted: BTreeSet<_> = wanted.iter().copied().collect();
        let mut failed = Vec::new();
        let mut files = Vec::new();
        for id in wanted {
            let is_it = |file: &&SnapshotFile| SnapshotId::from_rustic(*file.id) == id;
            if let Some(file) = self.files.iter().find(is_it) {
                files.push(file.clone());
            } else if let Some(at) = self.unreadable.iter().position(|(one, _)| *one == id) {
                failed.push(self.unreadable.swap_remove(at));
            } else {
                return Err(Error::SnapshotNotFound { snapshot: id });
            }
        }
        files.sort_by_key(|file| (file.time.timestamp(), file.id));
        let total = files.len() as u64;
        for (done, file) in (0..).zip(files) {
            self.reporter.tell(Unit::Snapshots, done, Some(total));
            self.reporter.go_on()?;
            let from = SnapshotId::from_rustic(*file.id);
            if let Some(to) = self.known.same_as(&file) {
                self.report.already_there.push(CopiedSnapshot { from, to });
                continue;
            }
            match self.one(&file) {
                Ok(to) => self.report.copied.push(CopiedSnapshot { from, to }),
                Err(
                    Failure::End(error)
                    | Failure::Source(error @ (Error::Gone { .. } | Error::Aborted)),
                ) => {
                    return Err(error);
                }
                Err(Failure::Source(error)) => {
                    tracing::error!(snapshot = %from, %error, "a snapshot cannot be copied");
                    failed.push((from, error));
                }
            }
        }
        // Parts of snapshots that could not be copied; nothing if there are none.
        self.packs.finish()?;
        self.target.0.storage.settle()?;
        self.report.bytes_read = self.source.read;
        self.report.bytes_stored = self.packs.stored;
        if failed.is_empty() {
            Ok(self.report)
        } else {
            Err(Error::NotCopied {
                failed,
                report: Box::new(self.report),
            })
        }
    }

    fn one(&mut self, file: &SnapshotFile) -> Result<SnapshotId, Failure> {
        self.transfer(file.tree)?;
        self.packs.finish()?;
        self.read_back()?;
        self.view = fresh(self.target, &self.reporter)?;
        compare::compare(
            self.target,
            &self.view,
            file.tree,
            &mut self.whole,
            &self.reporter,
        )?;
        self.reporter.go_on()?;
        Ok(self.save(file)?)
    }

    /// Writes every part of a tree that the other vault lacks.
    fn transfer(&mut self, tree: TreeId) -> Result<(), Failure> {
        let (view, packs) = (&self.view, &self.packs);
        let has = |part: Part| packs.has(part) || is_indexed(view, part);
        let lacking = self.source.lacking(tree, &self.whole, has)?;
        let (mut done, total) = (0, lacking.bytes());
        // Better told now than when the disk is full.
        if let Some(free) = self.target.free_bytes()?
            && free < total
        {
            let path = self.target.location().to_string();
            return Err(Error::Full { path }.into());
        }
        for run in lacking.runs() {
            self.reporter.tell(Unit::Bytes, done, Some(total));
            self.reporter.go_on()?;
            for ((_, blob), kept) in self.source.read_run(&run).map_err(Failure::Source)? {
                self.packs.add(&blob, &kept)?;
                done += u64::from(blob.location.length);
            }
        }
        self.reporter.tell(Unit::Bytes, done, Some(total));
        Ok(())
    }

    fn read_back(&mut self) -> Result<()> {
        let (mut done, total) = (0, self.packs.unread_bytes());
        while let Some(size) = self.packs.read_back()? {
            done += size;
            self.reporter.tell(Unit::Bytes, done, Some(total));
            self.reporter.go_on()?;
        }
        Ok(())
    }

    /// Writes the snapshot file, and checks it.
    fn save(&mut self, file: &SnapshotFile) -> Result<SnapshotId> {
        let storage = &self.target.0.storage;
        storage.settle()?;
        let copy = self.copy_of(file);
        let id = self.packs.put(FileType::Snapshot, &copy)?;
        let name = SnapshotId::from_rustic(id);
        match self.check_saved(name, file) {
            Ok(saved) => {
                self.known.add(saved);
                Ok(name)
            }
            Err(reason) => {
                let removed = storage
                    .remove(&path_of(FileType::Snapshot, &id))
                    .and_then(|()| storage.settle());
                Err(match removed {
                    Ok(()) => reason,
                    Err(fault) => Error::NotRemoved {
                        snapshot: name,
                        reason: Box::new(reason),
                        source: Box::new(fault.into()),
                    },
                })
            }
        }
    }

    fn check_saved(&self, name: SnapshotId, file: &SnapshotFile) -> Result<SnapshotFile> {
        self.target.0.storage.settle()?;
        let saved = self.target.snapshot_file(name)?;
        let is_same = saved.tree == file.tree
            && saved.time.timestamp() == file.time.timestamp()
            && origin(&saved) == origin(file);
        if is_same {
            return Ok(saved);
        }
        Err(Error::Vetoed(Veto::ReadBack {
            path: "/".to_owned(),
            difference: Difference::OtherTree,
        }))
    }

    /// The copy's file: it names the first of its line, and its parents by
    /// their names in the other vault.
    fn copy_of(&self, file: &SnapshotFile) -> SnapshotFile {
        let there = |parent: &rustic_core::repofile::SnapshotId| {
            let parent = self.files.iter().find(|file| file.id == *parent)?;
            let there = self.known.of_origin(origin(parent))?;
            Some(there.to_rustic().into())
        };
        SnapshotFile {
            id: rustic_core::repofile::SnapshotId::default(),
            original: Some(origin(file).to_rustic().into()),
            parent: file.parent.as_ref().and_then(there),
            parents: file.parents.iter().filter_map(there).collect(),
            ..file.clone()
        }
    }
}

/// A vault with everything that was written to it by now.
fn fresh(vault: &Vault, reporter: &Reporter) -> Result<FullView> {
    vault
        .reported_view(vault.backend(), reporter.clone())?
        .to_indexed()
        .map_err(|e| library("reading the index", e))
}

fn is_indexed(view: &FullView, (kind, id): Part) -> bool {
    match kind {
        BlobType::Data => view.get_index_entry(&DataId::from(id)).is_ok(),
        BlobType::Tree => view.get_index_entry(&TreeId::from(id)).is_ok(),
    }
}
