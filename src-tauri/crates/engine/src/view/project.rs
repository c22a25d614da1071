//! The list of what is protected, by item and kind.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::run::{LedgerLineView, LedgerState};
use super::{Severity, SnapshotView};
use crate::kind::{Item, Kind, Sort};

/// A kind of an item in the coverage matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Cell {
    /// The kind.
    pub kind: Kind,
    /// Its state at the last run.
    pub state: LedgerState,
    /// Time of the version that was kept because reading failed.
    pub stale_since: Option<i64>,
    /// Why, in a sentence.
    pub reason: Option<String>,
}

/// A short remark beside an item's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Remark {
    /// How bad.
    pub severity: Severity,
    /// "1 kind not readable".
    pub text: String,
}

/// A group or project in the list. Parents come before their children.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ProjectRow {
    /// The account it belongs to.
    pub account: String,
    /// The item.
    pub item: Item,
    /// Full path.
    pub path: String,
    /// Last part of the path.
    pub name: String,
    /// How deep in the tree, 0 at the top.
    pub depth: u32,
    /// The kinds; empty for a group that is only a place in the tree.
    pub cells: Vec<Cell>,
    /// When it was last saved whole; none if never.
    pub last_saved_at: Option<i64>,
    /// Bytes in its last snapshot.
    pub bytes: Option<u64>,
    /// Since when it is gone at GitLab.
    pub gone_since: Option<i64>,
    /// Remarks, worst first.
    pub remarks: Vec<Remark>,
    /// Whether a plan covers it.
    pub protected: bool,
    /// Last drill that rebuilt it with a good result.
    pub proven_at: Option<i64>,
    /// Whether every drill rebuilds it.
    pub important: bool,
    /// Since when what is saved of it is known to be damaged; the next backup
    /// reads it in full.
    pub distrusted_since: Option<i64>,
}

/// Everything the list needs.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ProjectsView {
    /// Groups and projects in tree order.
    pub rows: Vec<ProjectRow>,
    /// The kinds of the matrix, from left.
    pub kinds: Vec<Kind>,
    /// Number of projects in `rows`.
    pub projects: u32,
}

/// One version of an item in the vault.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct VersionView {
    /// The snapshot.
    pub snapshot: SnapshotView,
    /// The item's path at that time.
    pub path: String,
    /// The item's lines of that snapshot's ledger.
    pub ledger: Vec<LedgerLineView>,
}

/// One item with its history.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ProjectView {
    /// The row of the list.
    pub row: ProjectRow,
    /// Whether it is a group or a project.
    pub sort: Sort,
    /// Its page at GitLab.
    pub url: String,
    /// Paths it had before.
    pub previous_paths: Vec<String>,
    /// Versions, newest first.
    pub versions: Vec<VersionView>,
}
