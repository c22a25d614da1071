//! Runs: what was done, how it ended, and whether it is still being done.

use jiff::Timestamp;
use serde_json::Value;

use super::value::names;
use crate::id::{AccountId, PlanId, RunId, VaultEntryId};

names! {
    /// What a run does.
    RunKind {
        /// From GitLab into a vault.
        Backup = "backup",
        /// From a vault into GitLab.
        Restore = "restore",
        /// A check of a vault.
        Verify = "verify",
        /// Freeing what a vault does not need any more.
        Prune = "prune",
        /// A rehearsal of a restore.
        Drill = "drill",
        /// From a vault into a folder.
        Export = "export",
        /// From a vault into another one.
        Copy = "copy",
    }
}

names! {
    /// Where a run stands.
    RunState {
        /// Waits for another run.
        Queued = "queued",
        /// Works.
        Running = "running",
        /// Was asked to stop and is doing so.
        Stopping = "stopping",
        /// Has an outcome.
        Ended = "ended",
    }
}

names! {
    /// How a run ended.
    RunOutcome {
        /// Everything was done.
        Complete = "complete",
        /// Something is missing.
        Partial = "partial",
        /// Stopped before its end.
        Aborted = "aborted",
        /// Nothing was done that counts.
        Failed = "failed",
    }
}

/// The process that does a run; what tells a crash from a run that goes on.
/// The column of the mark still has the name of the time that it once was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The machine's name.
    pub host: String,
    /// The process id.
    pub id: u32,
    /// Tells it apart from others that have the same id before or after it. 0
    /// if not known.
    pub mark: i64,
}

/// A run to be.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRun {
    /// Its id.
    pub id: RunId,
    /// What it does.
    pub kind: RunKind,
    /// What it is about, for people: a plan's name, an item's path.
    pub subject: String,
    /// The plan it belongs to.
    pub plan: Option<PlanId>,
    /// The vault it uses.
    pub vault: Option<VaultEntryId>,
    /// The account it uses.
    pub account: Option<AccountId>,
    /// When it was asked for.
    pub queued_at: Timestamp,
    /// The process that will do it.
    pub process: Process,
    /// What else is known of it.
    pub details: Value,
}

/// A run as the catalogue knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// What it does.
    pub kind: RunKind,
    /// What it is about, for people.
    pub subject: String,
    /// The plan it belongs to.
    pub plan: Option<PlanId>,
    /// The vault it uses.
    pub vault: Option<VaultEntryId>,
    /// The account it uses.
    pub account: Option<AccountId>,
    /// Where it stands.
    pub state: RunState,
    /// How it ended.
    pub outcome: Option<RunOutcome>,
    /// Why it ended so.
    pub reason: Option<String>,
    /// What helps.
    pub remedy: Option<String>,
    /// When it was asked for.
    pub queued_at: Timestamp,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The snapshot it made or read.
    pub snapshot: Option<String>,
    /// Numbers: items, bytes, requests.
    pub counts: Value,
    /// What else is known of it.
    pub details: Value,
    /// The process that does it.
    pub process: Process,
}

/// How a run ends.
#[derive(Clone, Debug, PartialEq)]
pub struct RunEnd {
    /// How.
    pub outcome: RunOutcome,
    /// Why.
    pub reason: Option<String>,
    /// What helps.
    pub remedy: Option<String>,
    /// When.
    pub at: Timestamp,
    /// The snapshot it made or read.
    pub snapshot: Option<String>,
    /// Numbers: items, bytes, requests.
    pub counts: Value,
}

/// Which runs are asked for; newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunQuery {
    /// Of this kind.
    pub kind: Option<RunKind>,
    /// Of this plan.
    pub plan: Option<PlanId>,
    /// Of this vault.
    pub vault: Option<VaultEntryId>,
    /// With this outcome.
    pub outcome: Option<RunOutcome>,
    /// Asked for before this time.
    pub before: Option<Timestamp>,
    /// At most so many.
    pub limit: Option<u32>,
    /// In the order in which they were written down, last first, and not by
    /// their dates: what a clock dated ahead would be the newest for ever.
    pub as_written: bool,
}
