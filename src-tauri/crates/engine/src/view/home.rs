//! Am I protected? In one look.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{
    AccountView, CopyView, PlanView, RetentionPreset, RunProgress, Severity, Upcoming, VaultView,
};
use crate::outcome::Outcome;

/// The one honest state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// Nothing is set up yet.
    NotSetUp,
    /// Everything promised is saved.
    Protected,
    /// A run is under way.
    Running,
    /// Something needs the user.
    NeedsAttention,
    /// Paused by the user.
    Paused,
}

/// What the window needs before it can draw anything.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct Overview {
    /// Labkeep's version.
    pub version: String,
    /// Whether set-up was finished: an account, a vault and a plan.
    pub set_up: bool,
    /// The one state.
    pub protection: Protection,
    /// Accounts.
    pub accounts: Vec<AccountView>,
    /// Vaults.
    pub vaults: Vec<VaultView>,
    /// Plans.
    pub plans: Vec<PlanView>,
    /// Things that need the user.
    pub attention: u32,
    /// The run under way.
    pub running: Option<RunProgress>,
    /// Why secrets cannot be kept, and what helps; none if they can.
    pub keychain_problem: Option<String>,
    /// A folder to offer for the first vault.
    pub suggested_vault: String,
    /// Until when scheduled runs are paused.
    pub paused_until: Option<i64>,
    /// Second copies.
    pub copies: Vec<CopyView>,
    /// Retentions to choose from by name.
    pub retention_presets: Vec<RetentionPreset>,
}

/// What a button beside a remark does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Remedy {
    /// Ask for a new token of an account.
    RenewToken {
        /// The account.
        account: String,
    },
    /// Show the permission checklist.
    ShowPermissions {
        /// The account.
        account: String,
    },
    /// Show projects in a state.
    ShowProjects {
        /// The filter.
        filter: ProjectFilter,
    },
    /// Save the recovery kit.
    SaveRecoveryKit {
        /// The vault.
        vault: String,
    },
    /// Show a run.
    ShowRun {
        /// The run.
        run: String,
    },
    /// Go on with a run that stopped.
    Resume {
        /// The run.
        run: String,
    },
    /// Back up.
    BackUp {
        /// The plan.
        plan: String,
    },
    /// Say whether a loss at GitLab was meant.
    AnswerLoss {
        /// The plan.
        plan: String,
    },
    /// Rehearse a restore.
    Drill,
    /// Check a vault.
    CheckVault {
        /// The vault.
        vault: String,
    },
    /// Give up what is damaged in a vault and gone at GitLab.
    GiveUp {
        /// The vault.
        vault: String,
    },
    /// Go on after a pause.
    EndPause,
    /// Open the settings.
    ShowSettings,
}

/// A filter of the project list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ProjectFilter {
    /// Everything.
    All,
    /// No plan covers it, or it was never saved.
    Unprotected,
    /// Kept from an earlier snapshot.
    Stale,
    /// Something of it is not readable or failed.
    Partial,
    /// Deleted at GitLab.
    Gone,
}

/// Something that needs the user, with one remedy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct AttentionView {
    /// What it is about, the same for as long as it is the same thing.
    pub key: String,
    /// How bad.
    pub severity: Severity,
    /// What.
    pub title: String,
    /// Why, and what it means.
    pub detail: String,
    /// What helps.
    pub remedy: Option<Remedy>,
}

/// A day of the strip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct DayView {
    /// Midnight of that day, local time.
    pub at: i64,
    /// The worst outcome of the day's backups; none if there was none.
    pub outcome: Option<Outcome>,
    /// New bytes in the vault that day.
    pub new_bytes: u64,
    /// Backups that day.
    pub backups: u32,
}

/// The last backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct LastBackup {
    /// The run.
    pub run: String,
    /// When it ended.
    pub at: i64,
    /// How.
    pub outcome: Outcome,
    /// Milliseconds it took.
    pub took_ms: i64,
    /// New bytes in the vault.
    pub new_bytes: u64,
}

/// The last drill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct LastProof {
    /// The run.
    pub run: String,
    /// When.
    pub at: i64,
    /// Items that were rebuilt and checked.
    pub items: u32,
}

/// What the home screen shows.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct HomeView {
    /// The one state.
    pub protection: Protection,
    /// Projects in the last snapshots.
    pub projects: u32,
    /// Groups in the last snapshots.
    pub groups: u32,
    /// Items that a plan covers and that were never saved.
    pub never_saved: u32,
    /// Items kept from an earlier snapshot.
    pub stale: u32,
    /// Items with a kind that this token may not read.
    pub unreadable: u32,
    /// What this version of Labkeep does not save though it is there: "LFS
    /// objects of 3 projects".
    pub not_covered: Vec<String>,
    /// The last 30 days, oldest first.
    pub days: Vec<DayView>,
    /// The last backup that ended.
    pub last_backup: Option<LastBackup>,
    /// The last good drill.
    pub last_proof: Option<LastProof>,
    /// Items that were never rebuilt from the vault.
    pub never_proven: u32,
    /// When the next backup is due; none if only on demand.
    pub next_backup_at: Option<i64>,
    /// What Labkeep is going to do by itself, the next first.
    pub upcoming: Vec<Upcoming>,
    /// Until when scheduled runs are paused.
    pub paused_until: Option<i64>,
    /// Bytes in all vaults.
    pub stored_bytes: Option<u64>,
    /// Bytes without deduplication.
    pub total_bytes: Option<u64>,
    /// What needs the user, worst first.
    pub attention: Vec<AttentionView>,
    /// The run under way.
    pub running: Option<RunProgress>,
}

/// How the window looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Appearance {
    /// As the system.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}
