//! A membership in a group or project.

use jiff::{Timestamp, civil::Date};

use super::AccessLevel;

/// One direct membership.
#[derive(Debug, Clone)]
pub struct Member {
    /// Number, unique in the instance.
    pub id: u64,
    /// Who.
    pub user_id: u64,
    /// With which role.
    pub level: AccessLevel,
    /// Since when.
    pub created_at: Timestamp,
    /// Added by whom.
    pub created_by: Option<u64>,
    /// Until when.
    pub expires_at: Option<Date>,
}

impl Member {
    /// A membership without an end.
    pub fn new(
        id: u64,
        user_id: u64,
        level: AccessLevel,
        created_by: Option<u64>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            user_id,
            level,
            created_at: now,
            created_by,
            expires_at: None,
        }
    }
}
