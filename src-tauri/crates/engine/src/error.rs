//! What can go wrong when Labkeep is asked for something. Each error has a
//! sentence and a remedy ([`Error::advice`]) and, where a user interface acts
//! on it, a code of its own.

use std::io::ErrorKind;

use serde::{Deserialize, Serialize};
use specta::Type;
use thiserror::Error;

use crate::advice::{self, Advice};
use crate::backup::job::BackupError;
use crate::pattern::PatternError;

/// What an error is about, where a user interface acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The address of the GitLab is wrong, or nobody answers there.
    Address,
    /// The token is empty, unknown, expired, revoked, or allows too little.
    Token,
    /// The certificate of the GitLab is not trusted.
    Certificate,
    /// The folder of the vault cannot be used.
    Folder,
    /// The vault's key does not fit.
    Key,
    /// The keychain is locked or absent.
    Keychain,
    /// It is not there any more.
    NotFound,
    /// What was asked for cannot be done; the sentence says why.
    Refused,
    /// Something failed; the sentence says what.
    Failed,
    /// A defect in Labkeep.
    Bug,
}

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

/// What can go wrong.
#[derive(Debug, Error)]
pub enum Error {
    /// GitLab, or the way to it.
    #[error(transparent)]
    Gitlab(#[from] labkeep_gitlab::Error),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] labkeep_vault::Error),
    /// The settings.
    #[error(transparent)]
    Settings(#[from] labkeep_settings::SettingsError),
    /// The catalogue.
    #[error(transparent)]
    Catalogue(#[from] labkeep_settings::CatalogueError),
    /// The keychain or what stands for it.
    #[error(transparent)]
    Secrets(#[from] labkeep_settings::SecretsError),
    /// A backup that made no snapshot.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// A restore that cannot begin or go on.
    #[error(transparent)]
    Restore(#[from] crate::restore::RestoreError),
    /// A snapshot's own documents.
    #[error(transparent)]
    Head(#[from] crate::head::HeadError),
    /// A snapshot's ledger.
    #[error(transparent)]
    Ledger(#[from] crate::ledger::LedgerError),
    /// A pattern of paths.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// There is no such thing.
    #[error("there is no {} {name}", what.words())]
    Unknown {
        /// What was looked for.
        what: What,
        /// By which name or ID.
        name: String,
    },
    /// The name fits several things.
    #[error("there are several {}s called {name}", what.words())]
    Ambiguous {
        /// What was looked for.
        what: What,
        /// By which name.
        name: String,
    },
    /// There is none of them at all.
    #[error("there is no {} yet", what.words())]
    NoneYet {
        /// What was looked for.
        what: What,
    },
    /// There are several, and none was named.
    #[error("which {}: {}", what.words(), names.join(", "))]
    Which {
        /// What was looked for.
        what: What,
        /// Their names.
        names: Vec<String>,
    },
    /// Much is gone at GitLab, and nobody has said that it was meant.
    #[error("the plan {plan} lost {lost}, and nobody has answered")]
    LossUnanswered {
        /// The plan's name.
        plan: String,
        /// The worst of it: "12 of 14 projects".
        lost: String,
    },
    /// The token of an account is not in the keychain.
    #[error("no token is kept for {account}")]
    TokenMissing {
        /// The account's name.
        account: String,
    },
    /// The key of a vault is not in the keychain.
    #[error("no key is kept for the vault {vault}")]
    KeyMissing {
        /// The vault's name.
        vault: String,
    },
    /// The vault at that place is another one than it was.
    #[error("the vault in {location} is not the one that was there")]
    OtherVault {
        /// Where.
        location: String,
    },
    /// The vault is attached already.
    #[error("the vault in {location} is known already")]
    KnownVault {
        /// Where.
        location: String,
    },
    /// Plans still use it.
    #[error("{} is used by the plan {plan}", what.words())]
    InUse {
        /// The thing.
        what: What,
        /// The plan's name.
        plan: String,
    },
    /// There is no kind of that name.
    #[error("{name} is no kind")]
    UnknownKind {
        /// The name.
        name: String,
    },
    /// No browser could be opened.
    #[error("no browser could be opened")]
    NoBrowser {
        /// The page that was to be shown.
        page: String,
    },
    /// The vault's key would be lost with its entry.
    #[error("the recovery kit of the vault {vault} was never saved")]
    KitNotSaved {
        /// The vault's name.
        vault: String,
    },
    /// A name that cannot be printed.
    #[error("there are letters that cannot be printed")]
    KitLetters,
    /// Not an address of a web server.
    #[error("this is no address of a web server")]
    NoAddress,
    /// A setting that cannot be meant.
    #[error("{setting} must be {allowed}")]
    ImpossibleSetting {
        /// What is set.
        setting: &'static str,
        /// What it may be.
        allowed: &'static str,
    },
    /// The vault is copied there already.
    #[error("{from} is copied to {to} already")]
    CopiedAlready {
        /// The vault that is copied.
        from: String,
        /// The vault with the copies.
        to: String,
    },
    /// A second copy needs the vault.
    #[error("the vault {vault} belongs to a second copy")]
    HasCopy {
        /// The vault's name.
        vault: String,
    },
    /// A copy into the vault is under way or waiting.
    #[error("{vault} is being copied to already")]
    Copying {
        /// The vault's name.
        vault: String,
    },
    /// A run of the plan is under way or waiting.
    #[error("{plan} is being backed up already")]
    AlreadyRunning {
        /// The plan's name.
        plan: String,
    },
    /// The run is not under way.
    #[error("the run has ended")]
    HasEnded,
    /// The run cannot be taken up again.
    #[error("the run cannot be resumed")]
    NotResumable,
    /// The token cannot be used for backups.
    #[error("the token allows no backup")]
    TokenTooSmall {
        /// The scopes that it has.
        scopes: String,
    },
    /// A file of this machine.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It takes longer than anybody should wait.
    #[error("{what} does not answer")]
    Silent {
        /// What was asked.
        what: String,
    },
    /// A thread died.
    #[error("a defect in Labkeep: {message}")]
    Bug {
        /// What it said.
        message: String,
    },
}

impl Error {
    /// Whether somebody asked to stop.
    pub fn is_cancelled(&self) -> bool {
        match self {
            Self::Restore(error) => error.is_cancelled(),
            Self::Gitlab(labkeep_gitlab::Error::Cancelled)
            | Self::Vault(labkeep_vault::Error::Aborted) => true,
            _ => false,
        }
    }

    /// The sentence and the remedy.
    pub fn advice(&self) -> Advice {
        match self {
            Self::Gitlab(error) => advice::of_gitlab(error),
            Self::Vault(error) => advice::of_vault(error),
            Self::Settings(error) => advice::of_settings(error),
            Self::Catalogue(error) => advice::of_catalogue(error),
            Self::Secrets(error) => advice::of_secrets(error),
            Self::Backup(error) => advice::of_backup(error),
            Self::Restore(error) => error.advice(),
            Self::Head(error) => Advice::new(
                format!("The snapshot cannot be used: {error}."),
                "If a newer Labkeep wrote it, update; otherwise check the vault.",
            ),
            Self::Ledger(error) => Advice::new(
                format!("The snapshot cannot be used: {error}."),
                "Check the vault.",
            ),
            Self::Pattern(error) => Advice::new(
                format!("{error}."),
                "Write full paths; * stands for one part, ** for everything below.",
            ),
            Self::Unknown { what, name } => Advice::new(
                format!("There is no {} “{name}”.", what.words()),
                "It may have been removed. Look at the list again.",
            ),
            Self::Ambiguous { what, name } => Advice::new(
                format!("There are several {}s called “{name}”.", what.words()),
                "Use the ID from the list.",
            ),
            Self::NoneYet { what } => Advice::new(
                format!("There is no {} yet.", what.words()),
                match what {
                    What::Account => "Connect a GitLab first (labkeep-cli account add).",
                    What::Vault => "Make a vault first (labkeep-cli vault create).",
                    What::Plan => "Make a plan first (labkeep-cli plan create).",
                    What::Copy => "Set a second copy up first, in the settings of the vault.",
                    What::Run | What::Snapshot | What::Item => {
                        "Back up first (labkeep-cli backup)."
                    }
                },
            ),
            Self::Which { what, names } => Advice::new(
                format!("There are several {}s: {}.", what.words(), names.join(", ")),
                "Say which one.",
            ),
            Self::LossUnanswered { plan, lost } => Advice::new(
                format!(
                    "Much is gone at GitLab in the backups of {plan}: {lost}. Nothing is removed from the vault until somebody says that it was meant."
                ),
                "Look whether it was. If so, say so in the window, or with labkeep-cli plan loss --meant.",
            ),
            Self::TokenMissing { account } => Advice::new(
                format!("No token is kept for {account}."),
                "Enter a token for this account again.",
            ),
            Self::KeyMissing { vault } => Advice::new(
                format!("The key of the vault {vault} is not in the keychain of this machine."),
                "Open the vault again with the key from its recovery kit.",
            ),
            Self::OtherVault { location } => Advice::new(
                format!("The vault in {location} is not the one that was there before."),
                "If it is on a removable drive, connect the right one.",
            ),
            Self::KnownVault { location } => Advice::new(
                format!("The vault in {location} is known to Labkeep already."),
                "Choose it from the list.",
            ),
            Self::InUse { what, plan } => Advice::new(
                format!("The {} is used by the plan {plan}.", what.words()),
                "Change or remove the plan first.",
            ),
            Self::UnknownKind { name } => Advice::new(
                format!("“{name}” is not a kind that Labkeep saves."),
                "The kinds are repository, wiki, issues, merge_requests, labels, milestones and members.",
            ),
            Self::NoBrowser { page } => Advice::new(
                "The browser could not be opened.",
                format!("Open this page yourself: {page}"),
            ),
            Self::KitNotSaved { vault } => Advice::new(
                format!(
                    "The key of the vault {vault} is only in this machine's keychain and would be lost."
                ),
                "Save its recovery kit first.",
            ),
            Self::KitLetters => Advice::new(
                "The vault's name or place has letters that Labkeep cannot print.",
                "Save the recovery kit as a text file, with a name that ends in .txt.",
            ),
            Self::NoAddress => Advice::new(
                "This is no web address.",
                "It begins with https:// and names a host.",
            ),
            Self::ImpossibleSetting { setting, allowed } => Advice::new(
                format!("This is no value for {setting}."),
                format!("It can be {allowed}."),
            ),
            Self::CopiedAlready { from, to } => Advice::new(
                format!("The vault {from} is copied to {to} already."),
                "Change that second copy, or choose another vault.",
            ),
            Self::HasCopy { vault } => Advice::new(
                format!("The vault {vault} belongs to a second copy."),
                "Remove the second copy first; what was copied stays.",
            ),
            Self::Copying { vault } => Advice::new(
                format!("{vault} is being copied to already."),
                "Wait for it, or cancel it.",
            ),
            Self::AlreadyRunning { plan } => Advice::new(
                format!("{plan} is being backed up already."),
                "Wait for it, or cancel it.",
            ),
            Self::HasEnded => Advice::new("The run has ended already.", "Look at its page."),
            Self::NotResumable => Advice::new(
                "This run cannot be taken up again.",
                "Start it anew; what is there already is not done twice.",
            ),
            Self::TokenTooSmall { scopes } => Advice::new(
                if scopes.is_empty() {
                    "This token cannot list projects; it has no scope.".to_owned()
                } else {
                    format!("This token cannot list projects; it has only {scopes}.")
                },
                "Create a token with at least read_api and read_repository.",
            ),
            Self::File { path, source } if source.kind() == ErrorKind::AlreadyExists => {
                Advice::new(
                    format!("There is a file {path} already, and nothing is ever overwritten."),
                    "Choose another name.",
                )
            }
            Self::File { path, source } => Advice::new(
                format!("{path} cannot be used: {source}."),
                "Check that it exists and that your user has the right to it.",
            ),
            Self::Silent { what } => Advice::new(
                format!("{} does not answer.", advice::capital(what)),
                "If it is on a network share, see whether its server is on and the network is there.",
            ),
            Self::Bug { message } => Advice::new(
                format!("Labkeep ran into a defect: {message}."),
                "Please report it.",
            ),
        }
    }

    /// What it is about.
    pub fn code(&self) -> Code {
        use labkeep_gitlab::Error as Gitlab;
        use labkeep_vault::Error as Vault;
        match self {
            Self::Gitlab(error) | Self::Backup(BackupError::Gitlab(error)) => match error {
                Gitlab::Tls { .. } | Gitlab::InvalidCa { .. } => Code::Certificate,
                Gitlab::TokenMalformed { .. }
                | Gitlab::TokenMissing { .. }
                | Gitlab::Unauthorized { .. }
                | Gitlab::TokenExpired
                | Gitlab::TokenRevoked
                | Gitlab::UserBlocked { .. }
                | Gitlab::InsufficientScope { .. }
                | Gitlab::InsufficientGranularScope { .. } => Code::Token,
                Gitlab::Address(_)
                | Gitlab::Resolve { .. }
                | Gitlab::Connect { .. }
                | Gitlab::NotGitlab { .. }
                | Gitlab::Moved { .. }
                | Gitlab::Redirected { .. }
                | Gitlab::Timeout { .. } => Code::Address,
                _ => Code::Failed,
            },
            Self::Vault(error) | Self::Backup(BackupError::Vault(error)) => match error {
                Vault::KeyEmpty
                | Vault::KeyLength { .. }
                | Vault::KeyCharacter { .. }
                | Vault::KeyMistyped
                | Vault::WrongKey { .. } => Code::Key,
                Vault::LocationEmpty
                | Vault::LocationUnsupported { .. }
                | Vault::NoSuchFolder { .. }
                | Vault::NotAFolder { .. }
                | Vault::NotEmpty { .. }
                | Vault::AlreadyAVault { .. }
                | Vault::NotAVault { .. }
                | Vault::NewerFormat { .. }
                | Vault::NotWritable { .. }
                | Vault::ReadOnly { .. }
                | Vault::Full { .. } => Code::Folder,
                Vault::SnapshotNotFound { .. } => Code::NotFound,
                Vault::Bug { .. } => Code::Bug,
                _ => Code::Failed,
            },
            Self::Secrets(_) => Code::Keychain,
            Self::TokenMissing { .. } | Self::TokenTooSmall { .. } => Code::Token,
            Self::KeyMissing { .. } => Code::Key,
            Self::Unknown { .. } => Code::NotFound,
            Self::Backup(BackupError::NoRoom { .. })
            | Self::OtherVault { .. }
            | Self::KnownVault { .. }
            | Self::Silent { .. } => Code::Folder,
            Self::Pattern(_)
            | Self::Ambiguous { .. }
            | Self::NoneYet { .. }
            | Self::Which { .. }
            | Self::InUse { .. }
            | Self::KitNotSaved { .. }
            | Self::NoBrowser { .. }
            | Self::UnknownKind { .. }
            | Self::KitLetters
            | Self::NoAddress
            | Self::ImpossibleSetting { .. }
            | Self::CopiedAlready { .. }
            | Self::HasCopy { .. }
            | Self::Copying { .. }
            | Self::AlreadyRunning { .. }
            | Self::HasEnded
            | Self::NotResumable => Code::Refused,
            Self::Bug { .. } => Code::Bug,
            Self::Restore(error) => error.code(),
            Self::Settings(_)
            | Self::Catalogue(_)
            | Self::Backup(_)
            | Self::Head(_)
            | Self::Ledger(_)
            | Self::LossUnanswered { .. }
            | Self::File { .. } => Code::Failed,
        }
    }
}

/// The result of what Labkeep is asked for.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error with its causes, for the log.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
