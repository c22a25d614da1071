//! Runs: live progress, history and the ledger.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::kind::{Item, Kind};
use crate::outcome::{Outcome, RunKind};

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Waits for another run on the same vault.
    Queued,
    /// Works.
    Running,
    /// Was asked to stop and is doing so.
    Stopping,
    /// Has an outcome.
    Ended,
}

/// How many items a run had and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ItemCounts {
    /// All items of the plan.
    pub total: u64,
    /// Read from GitLab in this run.
    pub captured: u64,
    /// Known to be as before.
    pub unchanged: u64,
    /// Kept from an earlier snapshot because they failed now.
    pub stale: u64,
    /// Failed with nothing to keep.
    pub failed: u64,
}

/// Bytes moved by a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ByteCounts {
    /// Received from GitLab.
    pub received: u64,
    /// New in the vault, after deduplication and compression.
    pub stored: u64,
}

/// Requests made by a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct RequestCountsView {
    /// REST.
    pub api: u64,
    /// Git over HTTP.
    pub git: u64,
    /// Container registry.
    pub registry: u64,
    /// LFS.
    pub lfs: u64,
}

/// One run in the history, or a running one.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct RunView {
    /// The run.
    pub id: String,
    /// What it does.
    pub kind: RunKind,
    /// Plan name or item path: `Everything`, `acme/web`.
    pub subject: String,
    /// The plan, if it belongs to one.
    pub plan: Option<String>,
    /// Where it stands.
    pub state: RunState,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Why, when it did not end Complete; or what is worth knowing.
    pub reason: Option<String>,
    /// What helps.
    pub remedy: Option<String>,
    /// When it began.
    pub started_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// The snapshot it made or read.
    pub snapshot: Option<String>,
    /// Items.
    pub items: ItemCounts,
    /// Bytes.
    pub bytes: ByteCounts,
    /// Requests.
    pub requests: RequestCountsView,
    /// Ledger lines that are not saved, unchanged, empty or off.
    pub missing: u32,
    /// Whether `resume` would go on from where it stopped.
    pub resumable: bool,
    /// Address of what a restore created.
    pub result_url: Option<String>,
    /// The machine that made it, if it was another one and this one knows of it
    /// from a vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[specta(optional)]
    pub elsewhere: Option<String>,
}

/// What became of one kind of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum LedgerState {
    /// Read and stored.
    Saved,
    /// Known to be as in the previous snapshot, and kept.
    Unchanged,
    /// There is nothing of this kind.
    Empty,
    /// The feature is switched off at GitLab.
    FeatureOff,
    /// The token's scope or the user's role does not allow to read it.
    NoRight,
    /// This GitLab (tier, version) does not hand it out.
    NotOffered,
    /// It could not be read; `stale_since` tells whether an earlier version
    /// was kept.
    Failed,
}

/// One line of a run's ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct LedgerLineView {
    /// The item.
    pub item: Item,
    /// Its full path at that time.
    pub path: String,
    /// The kind.
    pub kind: Kind,
    /// What became of it.
    pub state: LedgerState,
    /// Time of the version that was kept instead.
    pub stale_since: Option<i64>,
    /// Refs, issues, labels, …
    pub count: Option<u64>,
    /// Bytes of it in the snapshot.
    pub bytes: Option<u64>,
    /// Why it is not saved, or what to know about it.
    pub reason: Option<String>,
    /// What helps.
    pub remedy: Option<String>,
}

/// A line of a run's log.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct LogLineView {
    /// When.
    pub at: i64,
    /// `info`, `warn`, `error`.
    pub level: String,
    /// What.
    pub message: String,
}

/// A run with everything that is known of it.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct RunDetail {
    /// The run.
    pub run: RunView,
    /// Its ledger.
    pub ledger: Vec<LedgerLineView>,
    /// Its log, oldest first.
    pub log: Vec<LogLineView>,
    /// The same as a command line.
    pub command_line: String,
    /// What a restore, drill or export created or found, a line each.
    pub report: Vec<ReportLine>,
}

/// One line of a restore's, drill's or export's report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ReportLine {
    /// Good, worth knowing, or wrong.
    pub mark: Mark,
    /// The sentence.
    pub text: String,
    /// Where to look at it.
    pub url: Option<String>,
}

/// How a line of a plan or report is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// It will be, or is, as it was.
    Good,
    /// It comes back changed, or is worth knowing.
    Changed,
    /// It does not come back, or is wrong.
    Bad,
}

/// What a number of a progress counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Items of the plan.
    Items,
    /// Bytes.
    Bytes,
    /// Issues, merge requests, labels, …
    Things,
}

/// The part of a run that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Waits for its turn.
    Waiting,
    /// Signs in and lists what there is.
    Discovering,
    /// Reads from GitLab and writes to the vault.
    Capturing,
    /// Saves the snapshot and reads it back.
    Sealing,
    /// Reads from the vault.
    Reading,
    /// Builds an archive or a folder.
    Building,
    /// Sends to GitLab.
    Uploading,
    /// GitLab works on what it was sent.
    Importing,
    /// Adds what the archive cannot carry.
    Completing,
    /// Compares the result with the snapshot.
    Comparing,
    /// Checks the vault.
    Checking,
}

/// An item that is being worked on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ActiveItem {
    /// Full path.
    pub path: String,
    /// The kind being read, if one is.
    pub kind: Option<Kind>,
    /// How far.
    pub done: u64,
    /// Of how much; none if not known.
    pub total: Option<u64>,
    /// Of what.
    pub unit: Unit,
}

/// A pause that somebody else asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct WaitView {
    /// Until when.
    pub until: i64,
    /// "GitLab asks for a pause (2,000 requests a minute)".
    pub reason: String,
}

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct RunProgress {
    /// The run.
    pub run: String,
    /// What it does.
    pub kind: RunKind,
    /// Plan name or item path.
    pub subject: String,
    /// Where it stands.
    pub state: RunState,
    /// What it is doing.
    pub phase: Phase,
    /// When it began.
    pub started_at: i64,
    /// Items done, of all.
    pub items_done: u64,
    /// All items; none while they are being listed.
    pub items_total: Option<u64>,
    /// Bytes so far.
    pub bytes: ByteCounts,
    /// From 0 to 1; none if nothing honest can be said.
    pub share: Option<f64>,
    /// Milliseconds left; none if nothing honest can be said.
    pub left_ms: Option<i64>,
    /// A pause under way.
    pub wait: Option<WaitView>,
    /// What is being worked on, at most eight.
    pub active: Vec<ActiveItem>,
}

/// A hint that something about runs changed; `list_runs` is the truth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RunEvent {
    /// A run began or was queued.
    Started {
        /// The run.
        run: String,
    },
    /// A run moved on; at most ten a second over all runs.
    Progress {
        /// How far.
        progress: RunProgress,
    },
    /// A run ended.
    Ended {
        /// The run.
        run: String,
        /// How.
        outcome: Outcome,
    },
    /// Accounts, plans, vaults or items changed.
    Changed,
}
