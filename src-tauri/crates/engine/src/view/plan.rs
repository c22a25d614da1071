//! Plans: what, where, when.

use serde::{Deserialize, Serialize};
use specta::Type;

use labkeep_settings::Retention;

/// When a plan runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "every", rename_all = "snake_case")]
pub enum ScheduleView {
    /// Only when asked.
    Manual,
    /// Every so many hours.
    Hours {
        /// How many, at least 1.
        hours: u32,
    },
    /// Every day at a time of day.
    Daily {
        /// Minutes since midnight, local time.
        minute: u32,
    },
    /// Every week.
    Weekly {
        /// 0 is Monday.
        weekday: u32,
        /// Minutes since midnight, local time.
        minute: u32,
    },
}

/// A plan to be made or changed.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct PlanInput {
    /// Name for people; a default is taken when empty.
    pub name: String,
    /// The account to read with.
    pub account: String,
    /// The vault to keep copies in.
    pub vault: String,
    /// Patterns of full paths (`acme/**`); empty means everything visible,
    /// projects created later included.
    pub include: Vec<String>,
    /// Patterns of full paths to leave out.
    pub exclude: Vec<String>,
    /// Kinds to save; none means every kind.
    pub kinds: Option<Vec<crate::kind::Kind>>,
    /// When.
    pub schedule: ScheduleView,
    /// For how long.
    pub retention: Retention,
    /// Whether nobody chose that yet, for the vault that the plan is known from
    /// does not say it: nothing is removed by it then.
    pub retention_open: bool,
}

/// What to say of a plan whose retention nobody chose.
pub const RETENTION_OPEN: &str = "The vault does not say how long this plan keeps its snapshots; nothing is removed until you choose.";

/// A plan as it is.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct PlanView {
    /// Labkeep's own ID.
    pub id: String,
    /// What was asked for.
    #[serde(flatten)]
    pub input: PlanInput,
    /// When it is due next; none if only when asked.
    pub next_at: Option<i64>,
    /// What it waits for though it is due: "for the drive of the vault".
    pub waits_for: Option<String>,
    /// A loss at GitLab that nobody has answered for.
    pub loss: Option<LossAlarm>,
}

/// An alarm of the deletion guard. Until somebody says that it was meant,
/// nothing is pruned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct LossAlarm {
    /// The first snapshot that lacks what is gone.
    pub snapshot: String,
    /// When the run began that saw it.
    pub at: i64,
    /// When the run began that saw the last of it: an answer is about what is
    /// shown, not about what is lost meanwhile.
    pub last: i64,
    /// What is gone, the worst first.
    pub losses: Vec<Loss>,
}

/// A plan with an alarm, maybe one of another machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct PlanLoss {
    /// The plan's ID.
    pub plan: String,
    /// Its name.
    pub name: String,
    /// What is gone.
    #[serde(flatten)]
    pub alarm: LossAlarm,
}

/// What came of an answer to the alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct LossAnswer {
    /// Whether the alarm is over.
    pub ended: bool,
    /// The snapshot that is kept for ever now.
    pub pinned: Option<String>,
    /// What was done, and what to do now.
    pub advice: crate::advice::Advice,
}

/// What is gone at GitLab since the snapshot before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Loss {
    /// The item that lost something; none if whole items are gone.
    pub path: Option<String>,
    /// What of it.
    pub of: LossOf,
    /// How many there were.
    pub before: u64,
    /// How many of them are gone.
    pub gone: u64,
}

/// What can be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum LossOf {
    /// Projects, or groups, each counted by themselves.
    Items,
    /// Branches, tags and other refs.
    Refs,
    /// Refs of the wiki.
    WikiRefs,
    /// Issues.
    Issues,
    /// Merge requests.
    MergeRequests,
}

/// Numbers that people choose by a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct RetentionPreset {
    /// "light", "standard", "long".
    pub name: String,
    /// The numbers.
    pub retention: Retention,
}

/// An item in the plan of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct BackupPlanItem {
    /// The item.
    pub item: crate::kind::Item,
    /// Its full path now.
    pub path: String,
    /// Kinds that would be asked for; none if the item is known to be as
    /// before.
    pub kinds: Vec<crate::kind::Kind>,
}

/// What a backup would do. Only GitLab's lists were asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct BackupPlanView {
    /// The plan's name.
    pub plan: String,
    /// Whether everything is asked for, whatever GitLab's marks say.
    pub thorough: bool,
    /// Items.
    pub total: u64,
    /// Items of which nothing would be asked.
    pub unchanged: u64,
    /// Bytes on GitLab's disk of repositories and wikis that were never saved,
    /// as far as it tells.
    pub new_bytes: u64,
    /// Bytes of room where the vault is, where that can be known.
    pub free_bytes: Option<u64>,
    /// The items in the order of the snapshot.
    pub items: Vec<BackupPlanItem>,
    /// Paths of items that are gone at GitLab.
    pub gone: Vec<String>,
}
