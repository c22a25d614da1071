//! What Labkeep remembers on this machine: the settings file, the catalogue of
//! runs and items (SQLite), and secrets in the OS keychain.
//!
//! No secret is ever part of the settings file or the catalogue.
#![deny(missing_docs)]

mod catalogue;
mod error;
mod home;
mod id;
mod plan;
mod preferences;
mod secrets;
mod settings;
mod store;
mod validate;

pub use catalogue::{
    Begun, Catalogue, CatalogueError, ItemKey, ItemSort, KnownItem, KnownSnapshot, LedgerRow,
    LogLevel, LogLine, NewRun, Process, Run, RunEnd, RunItem, RunKind, RunOutcome, RunQuery,
    RunState, SeenItem, Sighting, Step, StepState,
};
pub use error::{Problem, SettingsError};
pub use home::Home;
pub use id::{AccountId, CopyId, NotAnId, PlanId, RunId, VaultEntryId};
pub use plan::{Kinds, Plan, Retention, Schedule};
pub use preferences::{
    Appearance, Email, Endpoint, Guard, MailSecurity, Notifications, Preferences, Proof, QuietHours,
};
pub use secrets::{Keychain, MemorySecrets, SecretKey, Secrets, SecretsError, SecretsFolder};
pub use settings::{
    Account, AccountUser, RecoveryKit, Settings, TokenFacts, VERSION, VaultCopy, VaultEntry,
};
pub use store::Store;
