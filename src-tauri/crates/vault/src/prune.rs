//! Forgetting snapshots, and freeing what no snapshot needs any more.
//!
//! Planned first, executed second. Data is freed in two steps: one prune marks
//! it, another one, a day later at the earliest, removes it; whoever writes at
//! the same time cannot lose what he relies on.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Span, Timestamp};
use rustic_core::{FileType, Id, LimitOption, PruneOptions};

use crate::backend::{FixedBackend, RemovalBackend};
use crate::error::{Error, Result};
use crate::guard::{guarded, library};
use crate::id::SnapshotId;
use crate::progress::{OnProgress, Reporter};
use crate::storage::{FaultKind, TEMPORARY};
use crate::vault::Vault;

/// How long marked data stays.
const GRACE: SignedDuration = SignedDuration::from_hours(23);
/// How old a half-written file has to be to be nobody's any more.
const LEFTOVER: SignedDuration = SignedDuration::from_hours(24);

/// Days that no pack file is old.
const EVER: i64 = 36_500;

/// What a prune is going to do.
#[derive(Debug)]
pub struct PrunePlan {
    facts: PruneFacts,
    lists: Lists,
    options: PruneOptions,
    plan: rustic_core::PrunePlan,
}

/// What a prune is going to do, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PruneFacts {
    /// Snapshots that stay.
    pub snapshots: u64,
    /// Bytes that snapshots need.
    pub bytes_used: u64,
    /// Bytes that no snapshot needs.
    pub bytes_unused: u64,
    /// Pack files to be marked; they stay for a day.
    pub packs_to_mark: u64,
    /// Bytes to be marked.
    pub bytes_to_mark: u64,
    /// Pack files that are partly in use and will be written anew.
    pub packs_to_repack: u64,
    /// Bytes to be written anew.
    pub bytes_to_repack: u64,
    /// Pack files that were marked long enough ago and will be removed.
    pub packs_to_remove: u64,
    /// Bytes to be removed.
    pub bytes_to_remove: u64,
    /// Marked pack files that are needed again.
    pub packs_to_recover: u64,
}

impl PruneFacts {
    /// Whether a prune would change nothing.
    pub fn is_nothing(&self) -> bool {
        self.packs_to_mark == 0
            && self.packs_to_repack == 0
            && self.packs_to_remove == 0
            && self.packs_to_recover == 0
    }
}

/// What a prune did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PruneReport {
    /// What was planned and is done.
    pub done: PruneFacts,
    /// Pack files that were removed.
    pub packs_removed: u64,
    /// Half-written files of writers that ended long ago, removed as well.
    pub leftovers_removed: u64,
}

/// What a plan is made for.
#[derive(Debug, PartialEq, Eq)]
struct Lists {
    snapshots: Vec<Id>,
    indexes: Vec<Id>,
}

impl PrunePlan {
    /// The plan in numbers.
    pub fn facts(&self) -> &PruneFacts {
        &self.facts
    }
}

impl Vault {
    /// Refuses when a snapshot that the caller knows of is not listed and was
    /// not removed on purpose: a storage that hides snapshots would have their
    /// data removed.
    pub fn refuse_missing(&self, known: &[SnapshotId]) -> Result<()> {
        self.compare(&self.lists()?, known)
    }

    /// Plans a prune. Refuses missing snapshots first, and when a snapshot
    /// needs what the vault does not have any more: then nobody can tell what
    /// is needed.
    pub fn prune_plan(&self, known: &[SnapshotId]) -> Result<PrunePlan> {
        self.plan_with_grace(known, GRACE)
    }

    /// Plans to remove what was marked long enough ago, and nothing else: no
    /// pack file is marked or written anew, so that it works in a vault that is
    /// full.
    pub fn prune_plan_of_marked(&self, known: &[SnapshotId]) -> Result<PrunePlan> {
        self.plan_of_marked_with_grace(known, GRACE)
    }

    pub(crate) fn plan_with_grace(
        &self,
        known: &[SnapshotId],
        grace: SignedDuration,
    ) -> Result<PrunePlan> {
        self.plan(known, options(grace))
    }

    pub(crate) fn plan_of_marked_with_grace(
        &self,
        known: &[SnapshotId],
        grace: SignedDuration,
    ) -> Result<PrunePlan> {
        let mut options = options(grace);
        options.keep_pack = Span::new().days(EVER);
        options.max_repack = LimitOption::Percentage(0);
        let mut plan = self.plan(known, options)?;
        // Counted as needed no more, and too young to be touched.
        plan.facts.packs_to_mark = 0;
        plan.facts.bytes_to_mark = 0;
        Ok(plan)
    }

    fn plan(&self, known: &[SnapshotId], options: PruneOptions) -> Result<PrunePlan> {
        let lists = self.lists()?;
        self.compare(&lists, known)?;
        // The plan is made from the lists that were just compared.
        let backend = Arc::new(FixedBackend::with_lists(
            self.backend(),
            lists.indexes.clone(),
            lists.snapshots.clone(),
        ));
        guarded("planning a prune", || {
            let plan = self
                .view(backend)?
                .prune_plan(&options)
                .map_err(|e| library("planning a prune", e))?;
            Ok(PrunePlan {
                facts: facts(&plan, lists.snapshots.len()),
                lists,
                options,
                plan,
            })
        })
    }

    /// Executes a plan. Takes the lease, and waits for writers of this process.
    /// A vault whose snapshots or index changed since the plan was made is left alone.
    /// `owner` is shown to other machines that want to prune meanwhile.
    pub fn prune(&self, plan: PrunePlan, owner: &str, progress: OnProgress) -> Result<PruneReport> {
        let reporter = Reporter::new(progress);
        let _turn = self.turn_unless_stopped(&reporter)?;
        let lease = Arc::new(self.lease(owner)?);
        if self.lists()? != plan.lists {
            return Err(Error::PlanOutdated);
        }
        let backend = Arc::new(RemovalBackend::new(
            self.backend(),
            Arc::clone(&lease),
            reporter.clone(),
        ));
        let result = guarded("pruning", || {
            let view = self.reported_view(backend.clone(), reporter)?;
            view.prune(&plan.options, plan.plan)
                .map_err(|e| library("pruning", e))
        });
        if let Some(error) = backend.trouble() {
            return Err(error);
        }
        result?;
        let now = Timestamp::now();
        let leftovers_removed = self.remove_leftovers(now)?;
        let swept = self.sweep_removal_records(now)?;
        tracing::debug!(swept, "notes of removal older than a year");
        self.0.storage.settle()?;
        lease.check()?;
        Ok(PruneReport {
            done: plan.facts,
            packs_removed: backend.removed(),
            leftovers_removed,
        })
    }

    fn compare(&self, lists: &Lists, known: &[SnapshotId]) -> Result<()> {
        let there: BTreeSet<_> = lists
            .snapshots
            .iter()
            .copied()
            .map(SnapshotId::from_rustic)
            .collect();
        let mut absent = known.iter().filter(|id| !there.contains(id)).peekable();
        let removed = match absent.peek() {
            Some(_) => self.removal_records()?,
            None => BTreeSet::new(),
        };
        let missing: Vec<_> = absent.filter(|id| !removed.contains(id)).copied().collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Error::SnapshotsMissing { missing })
        }
    }

    fn lists(&self) -> Result<Lists> {
        let backend = self.backend();
        let ids = |kind| -> Result<Vec<Id>> {
            let mut ids: Vec<_> = backend.all(kind)?.into_iter().map(|(id, _)| id).collect();
            ids.sort_unstable();
            Ok(ids)
        };
        Ok(Lists {
            snapshots: ids(FileType::Snapshot)?,
            indexes: ids(FileType::Index)?,
        })
    }

    /// Removes what writers that were killed left half-written.
    fn remove_leftovers(&self, now: Timestamp) -> Result<u64> {
        let files = match self.0.storage.list(TEMPORARY) {
            Ok(files) => files,
            // A vault that was made by another program.
            Err(fault) if fault.kind == FaultKind::NotFound => return Ok(0),
            Err(fault) => return Err(fault.into()),
        };
        let mut removed = 0;
        for file in files {
            if file.modified.is_some_and(|at| at + LEFTOVER < now) {
                self.0.storage.remove(&file.path)?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

fn options(grace: SignedDuration) -> PruneOptions {
    let mut options = PruneOptions::default();
    options.keep_delete = Span::try_from(grace).expect("some hours can be written as a span");
    options.instant_delete = false;
    options
}

fn facts(plan: &rustic_core::PrunePlan, snapshots: usize) -> PruneFacts {
    let stats = &plan.stats;
    let size = stats.size_sum();
    // The library marks unreferenced packs only when it rewrites an index.
    let (packs_unref, size_unref) = if stats.index_files_rebuild > 0 {
        (stats.packs_unref, stats.size_unref)
    } else {
        (0, 0)
    };
    PruneFacts {
        snapshots: snapshots as u64,
        bytes_used: size.used,
        bytes_unused: size.unused + stats.size_unref,
        packs_to_mark: stats.packs.unused + packs_unref,
        bytes_to_mark: size.remove + size_unref,
        packs_to_repack: stats.packs.repack,
        bytes_to_repack: size.repack,
        packs_to_remove: stats.packs_to_delete.remove,
        bytes_to_remove: stats.size_to_delete.remove,
        packs_to_recover: stats.packs_to_delete.recover,
    }
}
