//! Restoring: the request, the plan that is shown first.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::SnapshotView;
use super::run::Mark;
use crate::kind::{Item, Kind};

/// What to restore and where to. Everything but the item has a default. A
/// write token for this run alone travels beside it.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct RestoreRequest {
    /// The account the item belongs to.
    pub account: String,
    /// The item.
    pub item: Item,
    /// The snapshot; none means the latest in which the item is whole.
    pub snapshot: Option<String>,
    /// Full path `group/name`; none means the old group, and a free name when
    /// the old one is taken.
    pub destination: Option<String>,
    /// Kinds; none means everything that was saved.
    pub kinds: Option<Vec<Kind>>,
}

/// One line of a restore plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct PlanLine {
    /// Comes back, comes back changed, does not come back.
    pub mark: Mark,
    /// The sentence.
    pub text: String,
}

/// Whether and why the restore needs another token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "need", rename_all = "snake_case")]
pub enum TokenNeed {
    /// The account's own token, or the one given, is enough.
    None,
    /// A token that may write is needed.
    Write {
        /// Why, in a sentence.
        reason: String,
        /// The instance's token page with name and scopes filled in.
        page: String,
    },
}

/// What a restore is going to do; nothing was sent to GitLab yet but
/// questions.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct RestorePlanView {
    /// The request with every default filled in.
    pub request: RestoreRequest,
    /// The item's path in the snapshot.
    pub path: String,
    /// The snapshot it comes from.
    pub snapshot: SnapshotView,
    /// Other snapshots that hold the item, newest first.
    pub others: Vec<SnapshotView>,
    /// Full path that will be created.
    pub destination: String,
    /// Why it is not the old path, or what to know about it.
    pub destination_remark: Option<String>,
    /// What comes back, changed or not, and what does not.
    pub lines: Vec<PlanLine>,
    /// Requests, roughly.
    pub requests: u32,
    /// Milliseconds, roughly.
    pub duration_ms: i64,
    /// Bytes that will be sent.
    pub bytes: u64,
    /// The token.
    pub token: TokenNeed,
    /// Why it cannot start; none if it can once the token is there.
    pub blocker: Option<String>,
}
