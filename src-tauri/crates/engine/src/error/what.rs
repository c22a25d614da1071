//! What an error says is not there.

/// The kinds of things that are known by an ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// An account.
    Account,
    /// A vault.
    Vault,
    /// A plan.
    Plan,
    /// A run.
    Run,
    /// A snapshot.
    Snapshot,
    /// A group or project.
    Item,
    /// A second copy of a vault.
    Copy,
}

impl What {
    /// As a sentence calls it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Vault => "vault",
            Self::Plan => "plan",
            Self::Run => "run",
            Self::Snapshot => "snapshot",
            Self::Item => "group or project",
            Self::Copy => "second copy",
        }
    }
}
