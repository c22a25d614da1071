//! Checking a vault: is everything there, and is it what was written?
//!
//! Not the library's check, which stops at the first unreadable snapshot or
//! index, panics on some damaged packs, and reports in prose. Every finding is
//! in the report, with the files of the snapshots that it concerns.

pub(crate) mod affected;
mod data;
mod finding;
mod map;
mod trees;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustic_core::repofile::{PackId, SnapshotFile};
use rustic_core::{FileType, Id, TreeId};
use sha2::{Digest, Sha256};

use crate::backend::{Backend, FixedBackend, ShelfBackend, path_of};
use crate::error::{Error, Result};
use crate::guard::guarded;
use crate::id::SnapshotId;
use crate::progress::{OnProgress, Reporter, Unit};
use crate::storage::{FaultKind, Storage};
use crate::vault::{FullView, Vault};
pub use finding::{Finding, Severity};
use map::Map;

/// How often the index files are listed while others write them anew.
const LISTINGS: u32 = 8;

/// How much of the data a check reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadShare {
    /// None: only that everything is there.
    #[default]
    None,
    /// Every pack file.
    All,
    /// Every pack file in share `n` (from 0) of `of`. Which share a pack file
    /// is in never changes, so `of` checks with every `n` read everything.
    Share {
        /// Which share.
        n: u32,
        /// How many shares there are.
        of: u32,
    },
}

impl ReadShare {
    /// Part `part` of `of`, counted from 1. A check of each part in turn reads
    /// every pack file exactly once; those that were added meanwhile have their
    /// part from the start. A part beyond the last begins again with the first;
    /// of no parts, nothing is read.
    pub fn part(part: u32, of: u32) -> Self {
        Self::Share {
            n: part.saturating_sub(1) % of.max(1),
            of,
        }
    }

    fn covers(self, pack: &Id) -> bool {
        match self {
            Self::None | Self::Share { of: 0, .. } => false,
            Self::All => true,
            Self::Share { n, of } => pack.as_u32() % of == n % of,
        }
    }
}

/// What a check looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckOptions {
    /// How much of the data is read.
    pub read_data: ReadShare,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Snapshots that were looked through.
    pub snapshots: u64,
    /// Pack files that are listed.
    pub packs: u64,
    /// Pack files that were read.
    pub packs_read: u64,
    /// Bytes of them.
    pub bytes_read: u64,
    /// Everything that is not as it should be.
    pub findings: Vec<Finding>,
    /// Snapshots with something lost or damaged, and where: `projects/12`,
    /// `groups/3`, a document at the root, or nothing for the whole snapshot.
    pub affected: BTreeMap<SnapshotId, BTreeSet<String>>,
}

impl CheckReport {
    /// Whether everything that was looked at is as it should be; warnings,
    /// such as data that no snapshot needs, are nothing to worry about.
    pub fn is_sound(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.severity() == Severity::Warning)
    }

    /// Snapshots with something lost or damaged.
    pub fn affected_snapshots(&self) -> BTreeSet<SnapshotId> {
        self.affected.keys().copied().collect()
    }
}

impl Vault {
    /// Checks the vault. What is wrong with it is in the report; an error means
    /// that the check itself could not be done, as when the storage is gone.
    pub fn check(&self, options: CheckOptions, progress: OnProgress) -> Result<CheckReport> {
        let reporter = Reporter::new(progress);
        guarded("checking the vault", || {
            Check::new(self, options, reporter).run()
        })
    }

    /// Pack files that the index relies on and that are not there, or not of
    /// the size that it says. Reads nothing but the index files.
    pub(crate) fn packs_amiss(&self, reporter: &Reporter) -> Result<BTreeSet<String>> {
        let mut check = Check::new(self, CheckOptions::default(), reporter.clone());
        let map = check.index()?.map;
        let bad = check.packs(&map)?;
        Ok(map
            .packs()
            .filter(|pack| bad.contains(pack))
            .map(|pack| path_of(FileType::Pack, pack))
            .collect())
    }
}

struct Check<'a> {
    vault: &'a Vault,
    backend: Arc<Backend>,
    options: CheckOptions,
    reporter: Reporter,
    report: CheckReport,
    /// Files of the last kind that were removed between being listed and read.
    vanished: u64,
}

/// The vault by its index files.
struct Index {
    map: Map,
    packs: Arc<ShelfBackend>,
    view: FullView,
}

impl<'a> Check<'a> {
    fn new(vault: &'a Vault, options: CheckOptions, reporter: Reporter) -> Self {
        Self {
            backend: vault.backend(),
            vault,
            options,
            reporter,
            report: CheckReport::default(),
            vanished: 0,
        }
    }

    fn run(mut self) -> Result<CheckReport> {
        self.files(FileType::Key)?;
        // Snapshots first: whatever is saved meanwhile, the data of these is in
        // the index files that are listed after them.
        let mut roots = self.snapshots()?;
        let Index { map, packs, view } = self.index()?;
        // What was removed on purpose meanwhile may be in no index any more.
        let there = self.backend.all(FileType::Snapshot)?;
        let there: BTreeSet<Id> = there.into_iter().map(|(id, _)| id).collect();
        roots.retain(|(snapshot, _)| there.contains(&snapshot.to_rustic()));
        let mut bad = self.packs(&map)?;

        data::read(&mut self, &view, &packs, &map, &mut bad)?;

        self.report.snapshots = roots.len() as u64;
        let damaged = trees::walk(&mut self, &view, &map, &bad, &roots)?;
        self.report.affected = affected::find(&self.reporter, &view, &damaged, &roots)?;
        let unreadable = self
            .report
            .findings
            .iter()
            .filter_map(Finding::snapshot_file);
        for snapshot in unreadable {
            let paths = self.report.affected.entry(snapshot).or_default();
            paths.insert(String::new());
        }
        for path in self.foreign()? {
            self.report.findings.push(Finding::ForeignFile { path });
        }
        Ok(self.report)
    }

    /// The snapshots that can be read, with what they lead to. Their files are
    /// not needed after this: they may be removed on purpose meanwhile.
    fn snapshots(&mut self) -> Result<Vec<(SnapshotId, TreeId)>> {
        let view = self.vault.view(self.backend.clone())?;
        let mut roots = Vec::new();
        for id in self.files(FileType::Snapshot)? {
            match view.get_file::<SnapshotFile>(&id.into()) {
                Ok(file) => roots.push((SnapshotId::from_rustic(id), file.tree)),
                Err(_) if !self.is_listed(FileType::Snapshot, &id)? => {}
                Err(error) => self.report.findings.push(Finding::Undecodable {
                    path: path_of(FileType::Snapshot, &id),
                    detail: error.display_log(),
                }),
            }
            self.go_on()?;
        }
        Ok(roots)
    }

    fn is_listed(&self, kind: FileType, id: &Id) -> Result<bool> {
        Ok(self.backend.all(kind)?.iter().any(|(other, _)| other == id))
    }

    /// What the index files say. Those that others write anew meanwhile are read
    /// again.
    fn index(&mut self) -> Result<Index> {
        for _ in 0..LISTINGS {
            let found = self.report.findings.len();
            let indexes = self.files(FileType::Index)?;
            // From here on, only index files that are what they were.
            let delta = FixedBackend::with_indexes(Arc::clone(&self.backend), indexes.clone());
            let packs = ShelfBackend::new(delta);
            let open = self.vault.view(packs.clone())?;
            let mut map = Map::default();
            for id in &indexes {
                map.read_index(&open, *id, &mut self.report.findings);
                self.go_on()?;
            }
            let view = open
                .to_indexed()
                .map_err(|e| crate::guard::library("reading the index", e));
            let there = self.backend.all(FileType::Index)?;
            let are_there = |id: &Id| there.iter().any(|(other, _)| other == id);
            if self.vanished == 0 && indexes.iter().all(are_there) {
                let view = view?;
                return Ok(Index { map, packs, view });
            }
            self.vanished = 0;
            self.report.findings.truncate(found);
        }
        Err(Error::PlanOutdated)
    }

    /// Reads every file of a kind. Returns those that are what their name says.
    fn files(&mut self, kind: FileType) -> Result<Vec<Id>> {
        self.vanished = 0;
        let files = self.backend.all(kind)?;
        let total = files.len() as u64;
        let mut sound = Vec::new();
        for (done, (id, _)) in files.into_iter().enumerate() {
            let path = path_of(kind, &id);
            match self.content(&path)? {
                Ok(content) if hex::encode(Sha256::digest(&content)) == id.to_hex().as_str() => {
                    sound.push(id);
                }
                Ok(_) => self.report.findings.push(Finding::Changed { path }),
                // Somebody removed it since it was listed.
                Err(_) if !self.is_listed(kind, &id)? => self.vanished += 1,
                Err(finding) => self.report.findings.push(finding),
            }
            self.reporter
                .tell(Unit::Files, done as u64 + 1, Some(total));
            self.go_on()?;
        }
        Ok(sound)
    }

    /// A file's content; that it cannot be read is a finding, that nothing can
    /// be read is an error.
    fn content(&self, path: &str) -> Result<Result<bytes::Bytes, Finding>> {
        match self.vault.0.storage.read(path) {
            Ok(content) => Ok(Ok(content)),
            Err(fault) if fault.kind == FaultKind::Gone => Err(fault.into()),
            Err(fault) => Ok(Err(Finding::Unreadable {
                path: path.to_owned(),
                detail: fault.to_string(),
            })),
        }
    }

    /// Compares the pack files that are there with those in the index.
    /// Returns those that cannot be relied on.
    fn packs(&mut self, map: &Map) -> Result<BTreeSet<PackId>> {
        let mut bad = BTreeSet::new();
        let mut listed = BTreeSet::new();
        for (id, found) in self.backend.all(FileType::Pack)? {
            let pack = PackId::from(id);
            listed.insert(pack);
            match map.size_of(&pack) {
                Some(expected) if expected != found => {
                    bad.insert(pack);
                    self.report.findings.push(Finding::PackSize {
                        path: path_of(FileType::Pack, &id),
                        expected,
                        found,
                    });
                }
                None if !map.names(&pack) => {
                    self.report.findings.push(Finding::PackUnreferenced {
                        path: path_of(FileType::Pack, &id),
                        bytes: found,
                    });
                }
                _ => {}
            }
        }
        self.report.packs = listed.len() as u64;
        for pack in map.packs().filter(|pack| !listed.contains(pack)) {
            bad.insert(*pack);
            self.report.findings.push(Finding::PackMissing {
                path: path_of(FileType::Pack, pack),
            });
        }
        Ok(bad)
    }

    /// Files in restic's folders that no restic client would have made.
    fn foreign(&self) -> Result<Vec<String>> {
        let storage: &dyn Storage = &*self.vault.0.storage;
        let mut foreign = Vec::new();
        for kind in [
            FileType::Key,
            FileType::Index,
            FileType::Snapshot,
            FileType::Pack,
        ] {
            for file in storage.list(kind.dirname())? {
                if !crate::backend::is_in_layout(kind, &file.path) {
                    foreign.push(file.path);
                }
            }
        }
        Ok(foreign)
    }

    fn go_on(&self) -> Result<()> {
        self.reporter.go_on()
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;

    #[test]
    fn every_pack_is_in_exactly_one_part() {
        for _ in 0..2_000 {
            let name: [u8; 32] = rand::rng().random();
            let pack: Id = hex::encode(name).parse().unwrap();
            let of = rand::rng().random_range(1..=400);
            let parts: Vec<u32> = (1..=of)
                .filter(|part| ReadShare::part(*part, of).covers(&pack))
                .collect();
            assert_eq!(parts.len(), 1, "{of}: {parts:?}");
            // Turn after turn, the same part.
            assert!(ReadShare::part(parts[0] + of, of).covers(&pack));
            assert!(!ReadShare::part(1, 0).covers(&pack));
        }
    }
}
