//! Plans: what is protected, where it is kept, when, and for how long. Plain
//! data; what follows from it is decided in the engine.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use specta::Type;

use crate::id::{AccountId, PlanId, VaultEntryId};

const MINUTES_A_DAY: u32 = 24 * 60;

/// What is protected, where it is kept, when, and for how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// Its name for people.
    pub name: String,
    /// The account to read with.
    pub account: AccountId,
    /// The vault to keep copies in.
    pub vault: VaultEntryId,
    /// Patterns of full paths; empty means everything that the token sees,
    /// projects created later included.
    #[serde(default)]
    pub include: Vec<String>,
    /// Patterns of full paths to leave out.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// The kinds of data.
    #[serde(default)]
    pub kinds: Kinds,
    /// When it runs.
    #[serde(default)]
    pub schedule: Schedule,
    /// How long its snapshots are kept.
    #[serde(default)]
    pub retention: Retention,
    /// Whether nobody chose that yet: it is only proposed, and nothing is
    /// removed by it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retention_open: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// What this version does not know.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Which kinds of data a plan saves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kinds {
    /// Every kind, those that a later version learns to save included.
    #[default]
    All,
    /// These kinds, by their names.
    Only(Vec<String>),
}

/// When a plan runs, in local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "every", rename_all = "snake_case")]
pub enum Schedule {
    /// Only when asked.
    Manual,
    /// Every so many hours.
    Hours {
        /// How many, 1 to 168.
        hours: u32,
    },
    /// Every day.
    Daily {
        /// Minutes since midnight.
        minute: u32,
    },
    /// Every week.
    Weekly {
        /// 0 is Monday.
        weekday: u32,
        /// Minutes since midnight.
        minute: u32,
    },
}

impl Default for Schedule {
    /// Daily at half past twelve: the machine is on, and nobody is working.
    fn default() -> Self {
        Self::Daily {
            minute: 12 * 60 + 30,
        }
    }
}

impl Schedule {
    /// Whether it can happen at all.
    pub fn is_possible(self) -> bool {
        match self {
            Self::Manual => true,
            Self::Hours { hours } => (1..=168).contains(&hours),
            Self::Daily { minute } => minute < MINUTES_A_DAY,
            Self::Weekly { weekday, minute } => weekday < 7 && minute < MINUTES_A_DAY,
        }
    }
}

/// How many snapshots of a plan are kept: the last of so many days, weeks and
/// so on that have one. What several rules keep is kept once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(default)]
pub struct Retention {
    /// The last so many, whenever they were made.
    pub last: u32,
    /// All of so many days before the newest.
    pub within_days: u32,
    /// One each of so many hours.
    pub hourly: u32,
    /// One each of so many days.
    pub daily: u32,
    /// One each of so many weeks.
    pub weekly: u32,
    /// One each of so many months.
    pub monthly: u32,
    /// One each of so many years.
    pub yearly: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            last: 0,
            within_days: 0,
            hourly: 0,
            daily: 30,
            weekly: 12,
            monthly: 24,
            yearly: 0,
        }
    }
}

impl Retention {
    /// Whether every snapshot would go.
    pub fn keeps_nothing(self) -> bool {
        let Self {
            last,
            within_days,
            hourly,
            daily,
            weekly,
            monthly,
            yearly,
        } = self;
        [last, within_days, hourly, daily, weekly, monthly, yearly]
            .iter()
            .all(|count| *count == 0)
    }
}
