//! What the user has set up: accounts, vaults, plans, preferences.
//!
//! No secret is among it. Fields that a later version of the same format adds
//! are kept when an older program writes the file.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{AccountId, CopyId, PlanId, VaultEntryId};
use crate::plan::{Plan, Retention};
use crate::preferences::Preferences;

/// The version of the settings file.
pub const VERSION: u32 = 1;

/// What the user has set up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The file's version.
    pub version: u32,
    /// GitLab instances with a user's token each.
    #[serde(default)]
    pub accounts: Vec<Account>,
    /// Vaults that this machine knows.
    #[serde(default)]
    pub vaults: Vec<VaultEntry>,
    /// What is protected, where, when, and for how long.
    #[serde(default)]
    pub plans: Vec<Plan>,
    /// Which vaults are copied to which others.
    #[serde(default)]
    pub copies: Vec<VaultCopy>,
    /// How the program behaves.
    #[serde(default)]
    pub preferences: Preferences,
    /// What this version does not know.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: VERSION,
            accounts: Vec::new(),
            vaults: Vec::new(),
            plans: Vec::new(),
            copies: Vec::new(),
            preferences: Preferences::default(),
            rest: Map::new(),
        }
    }
}

impl Settings {
    /// The account with an id.
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id)
    }

    /// The vault with an id.
    pub fn vault(&self, id: VaultEntryId) -> Option<&VaultEntry> {
        self.vaults.iter().find(|vault| vault.id == id)
    }

    /// The plan with an id.
    pub fn plan(&self, id: PlanId) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.id == id)
    }

    /// The copy with an id.
    pub fn copy(&self, id: CopyId) -> Option<&VaultCopy> {
        self.copies.iter().find(|copy| copy.id == id)
    }
}

/// One GitLab instance and one user's token, without the token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its name for people.
    pub name: String,
    /// The instance's base address.
    pub url: String,
    /// The token's user; none if the token may not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<AccountUser>,
    /// What is known of the token.
    #[serde(default)]
    pub token: TokenFacts,
    /// A certificate authority of the user's own, in PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// When it was connected.
    pub added_at: Timestamp,
    /// What this version does not know.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A user of a GitLab instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountUser {
    /// GitLab's ID.
    pub id: u64,
    /// The name after the `@`.
    pub username: String,
    /// The name for people.
    pub name: String,
}

/// What is known of a token. The token itself is in the keychain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TokenFacts {
    /// The name that the user gave it at GitLab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `personal`, `project`, `group`, `oauth` or `unknown`.
    #[serde(default)]
    pub kind: String,
    /// GitLab's names of its scopes.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The day on which it stops to work; none if it never does or this is
    /// not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<Date>,
    /// When this was learned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<Timestamp>,
    /// What this version does not know.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A vault that this machine knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VaultEntry {
    /// Its id on this machine.
    pub id: VaultEntryId,
    /// Its name for people.
    pub name: String,
    /// Where it is, without secrets.
    pub location: String,
    /// The vault's own name, the restic repository id.
    pub vault_id: String,
    /// When it was made here, or opened here for the first time.
    pub created_at: Timestamp,
    /// Whether the vault's key is safe with the user.
    #[serde(default)]
    pub recovery_kit: RecoveryKit,
    /// What this version does not know.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Whether a vault's key is safe with the user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RecoveryKit {
    /// The user saved it.
    Saved {
        /// When.
        at: Timestamp,
        /// Where, if it went into a file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<PathBuf>,
    },
    /// The user put it off.
    Postponed {
        /// When to remind.
        until: Timestamp,
    },
    /// Never decided.
    #[default]
    Pending,
}

/// A vault that is copied to another one after each backup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VaultCopy {
    /// Its id.
    pub id: CopyId,
    /// The vault that is copied.
    pub from: VaultEntryId,
    /// The vault that gets the copies.
    pub to: VaultEntryId,
    /// How long snapshots are kept there.
    #[serde(default)]
    pub retention: Retention,
    /// When it was set up.
    pub created_at: Timestamp,
    /// What this version does not know.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}
