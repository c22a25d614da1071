//! Milestones of projects and groups.

use jiff::{Timestamp, civil::Date};

/// A milestone.
#[derive(Debug, Clone)]
pub struct Milestone {
    /// Number, unique in the instance.
    pub id: u64,
    /// Number in its project or group.
    pub iid: u64,
    /// Its name, unique in its project or group.
    pub title: String,
    /// A longer text.
    pub description: Option<String>,
    /// `active` or `closed`.
    pub closed: bool,
    /// First day.
    pub start_date: Option<Date>,
    /// Last day.
    pub due_date: Option<Date>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl Milestone {
    /// The word REST and exports use for the state.
    pub fn state_word(&self) -> &'static str {
        if self.closed { "closed" } else { "active" }
    }
}
