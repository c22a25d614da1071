//! Vaults and the folders they may lie in.

use serde::{Deserialize, Serialize};
use specta::Type;

/// What was found at a folder that the user chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum FolderState {
    /// It does not exist and can be made.
    New,
    /// It exists and is empty.
    Empty,
    /// It holds other things; a folder inside it is offered.
    NotEmpty,
    /// It is a vault already.
    Vault,
    /// It is a vault of a newer Labkeep.
    NewerVault,
    /// It cannot be written to.
    NotWritable,
    /// Not a usable path at all.
    Invalid,
}

/// A folder, looked at before anything is made there.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct FolderView {
    /// The path as it will be used.
    pub path: String,
    /// What is there.
    pub state: FolderState,
    /// Free space on its disk, in bytes.
    pub free_bytes: Option<u64>,
    /// What is wrong and what helps; none if it can be used.
    pub problem: Option<String>,
    /// A better path to offer, such as a new folder inside it.
    pub suggestion: Option<String>,
}

/// Whether the vault's key is safe with the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum RecoveryKitState {
    /// Saved by the user.
    Saved,
    /// Put off for now; Labkeep reminds.
    Postponed,
    /// Never decided.
    Pending,
}

/// A vault that this machine knows.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct VaultView {
    /// Labkeep's own ID of the entry.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Where it is, without secrets.
    pub location: String,
    /// Whether it can be reached now.
    pub reachable: bool,
    /// Why not, and what helps.
    pub problem: Option<String>,
    /// Bytes it takes up; none if not known yet.
    pub stored_bytes: Option<u64>,
    /// Snapshots in it; none if not known yet.
    pub snapshots: Option<u32>,
    /// Free bytes at its place.
    pub free_bytes: Option<u64>,
    /// The recovery kit.
    pub recovery_kit: RecoveryKitState,
    /// Last check with a good result.
    pub last_checked_at: Option<i64>,
    /// Everything that it held then was read and found sound since this time.
    pub all_read_at: Option<i64>,
    /// When its next check is due; none if there are to be none.
    pub next_check_at: Option<i64>,
}

/// A snapshot in a vault.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SnapshotView {
    /// The snapshot's ID in the vault, hex.
    pub id: String,
    /// The vault it is in.
    pub vault: String,
    /// Name of the plan.
    pub plan: String,
    /// When the run began that made it.
    pub at: i64,
    /// How that run ended.
    pub outcome: crate::outcome::Outcome,
    /// Groups in it.
    pub groups: u32,
    /// Projects in it.
    pub projects: u32,
    /// Bytes that were new to the vault.
    pub new_bytes: u64,
    /// Bytes that it would take without deduplication.
    pub total_bytes: u64,
    /// Last time something of it was rebuilt and checked.
    pub proven_at: Option<i64>,
    /// The run that made it, where this machine made it.
    pub run: Option<String>,
    /// Items that were kept from an earlier snapshot because they failed.
    pub stale: u32,
    /// Whether it is kept for ever.
    pub pinned: bool,
    /// Whether something of it is known to be damaged.
    pub damaged: bool,
}
