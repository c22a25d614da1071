//! Plans: what, where, when.

use serde::{Deserialize, Serialize};
use specta::Type;

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
}

/// A plan as it is.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct PlanView {
    /// Labkeep's own ID.
    pub id: String,
    /// What was asked for.
    #[serde(flatten)]
    pub input: PlanInput,
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
    /// The items in the order of the snapshot.
    pub items: Vec<BackupPlanItem>,
    /// Paths of items that are gone at GitLab.
    pub gone: Vec<String>,
}
