//! What Labkeep is going to do by itself, and its state in a few words.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{Protection, RunProgress};
use crate::outcome::RunKind;

/// A run that is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Upcoming {
    /// What it does.
    pub kind: RunKind,
    /// Plan or vault.
    pub subject: String,
    /// When. In the past: it waits.
    pub at: i64,
    /// What it waits for though it is due.
    pub waits_for: Option<String>,
}

/// For how long scheduled runs are paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum PauseFor {
    /// An hour.
    Hour,
    /// Until the next morning.
    UntilTomorrow,
}

/// A plan by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct PlanName {
    /// Labkeep's own ID.
    pub id: String,
    /// The name for people.
    pub name: String,
}

/// The state in a few words, for the tray.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct StatusView {
    /// The one state.
    pub protection: Protection,
    /// It in words: "Protected".
    pub title: String,
    /// What is worth knowing, a line each: last and next run, or how far the
    /// running one is, or the worst of what needs the user.
    pub detail: String,
    /// The run under way.
    pub running: Option<RunProgress>,
    /// The plans.
    pub plans: Vec<PlanName>,
    /// Until when scheduled runs are paused.
    pub paused_until: Option<i64>,
    /// Things that need the user.
    pub attention: u32,
}
