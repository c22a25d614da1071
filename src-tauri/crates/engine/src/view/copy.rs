//! Second copies: a vault in another vault.

use labkeep_settings::Retention;
use serde::{Deserialize, Serialize};
use specta::Type;

/// A second copy to be set up or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct CopyInput {
    /// The vault that is copied.
    pub from: String,
    /// The vault that gets the copies.
    pub to: String,
    /// How long snapshots are kept there.
    pub retention: Retention,
}

/// A second copy as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct CopyView {
    /// Labkeep's own ID.
    pub id: String,
    /// What was asked for.
    #[serde(flatten)]
    pub input: CopyInput,
    /// When everything that there was had been copied.
    pub copied_at: Option<i64>,
    /// Snapshots that this machine knows in the one vault and not in the other.
    pub behind: u32,
    /// What it waits for: "the drive of Backup disk".
    pub waits_for: Option<String>,
    /// What is wrong, if the last one did not go well.
    pub problem: Option<String>,
}
