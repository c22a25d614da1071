//! Pruning: the plan that is shown first.

use serde::{Deserialize, Serialize};
use specta::Type;

/// A snapshot in the plan of a prune.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct PruneLine {
    /// The snapshot.
    pub id: String,
    /// Name of its plan.
    pub plan: String,
    /// When the run began that made it.
    pub at: i64,
    /// Whether it stays.
    pub stays: bool,
    /// Why it stays or goes.
    pub why: String,
}

/// What a prune is going to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct PrunePlanView {
    /// The vault.
    pub vault: String,
    /// Every snapshot in it, newest first.
    pub snapshots: Vec<PruneLine>,
    /// Bytes that no snapshot needs already; what goes now is not among them.
    /// None while nobody can tell, because something is damaged.
    pub bytes_unused: Option<u64>,
}

impl PrunePlanView {
    /// The snapshots that go.
    pub fn goes(&self) -> impl Iterator<Item = &PruneLine> {
        self.snapshots.iter().filter(|line| !line.stays)
    }
}
