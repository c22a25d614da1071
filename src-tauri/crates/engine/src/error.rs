//! What can go wrong when Labkeep is asked for something. Each error has a
//! sentence and a remedy ([`Error::advice`]) and, where a user interface acts
//! on it, a code of its own.

mod advice;
mod code;
mod what;

use thiserror::Error;

use crate::backup::job::BackupError;
use crate::pattern::PatternError;

pub use code::Code;
pub use what::What;

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
