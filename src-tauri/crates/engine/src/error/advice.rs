//! The sentence and the remedy of everything that can go wrong.

use std::io::ErrorKind;

use super::{Error, What};
use crate::advice::{self, Advice};

impl Error {
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
}
