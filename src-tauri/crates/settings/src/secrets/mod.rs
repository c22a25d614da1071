//! Secrets: tokens and vault keys. They are in the system's keychain, or, where
//! there is none, in a folder that only this user can read; nowhere else.
//!
//! Every call blocks, some until a person has unlocked the keychain: from
//! async code, call them in `spawn_blocking`.

mod error;
mod folder;
mod keychain;
mod memory;

use std::fmt;
use std::str::FromStr;

use secrecy::SecretString;

use crate::id::{AccountId, NotAnId, VaultEntryId};
pub use error::SecretsError;
pub use folder::SecretsFolder;
pub use keychain::Keychain;
pub use memory::MemorySecrets;

/// The name of a secret. Shown, it is the name of its file or keychain entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretKey {
    /// An account's token.
    AccountToken(AccountId),
    /// What an OAuth account gets its next token with.
    AccountRefreshToken(AccountId),
    /// A token that one account needs for restores alone.
    RestoreToken(AccountId),
    /// A vault's key.
    VaultKey(VaultEntryId),
    /// An option of a vault's storage, such as a bucket's secret key.
    VaultOption(VaultEntryId, String),
    /// The secret of a way to tell people: "webhook", "email", "ntfy",
    /// "heartbeat".
    Channel(String),
}

impl fmt::Display for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccountToken(id) => write!(f, "account-token.{id}"),
            Self::AccountRefreshToken(id) => write!(f, "account-refresh-token.{id}"),
            Self::RestoreToken(id) => write!(f, "restore-token.{id}"),
            Self::VaultKey(id) => write!(f, "vault-key.{id}"),
            Self::VaultOption(id, name) => write!(f, "vault-option.{id}.{name}"),
            Self::Channel(name) => write!(f, "channel.{name}"),
        }
    }
}

impl FromStr for SecretKey {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let no = || NotAnId(text.to_owned());
        let (kind, id) = text.split_once('.').ok_or_else(no)?;
        Ok(match kind {
            "account-token" => Self::AccountToken(id.parse()?),
            "account-refresh-token" => Self::AccountRefreshToken(id.parse()?),
            "restore-token" => Self::RestoreToken(id.parse()?),
            "vault-key" => Self::VaultKey(id.parse()?),
            "vault-option" => {
                let (id, name) = id.split_once('.').ok_or_else(no)?;
                Self::VaultOption(id.parse()?, name.to_owned())
            }
            "channel" => Self::Channel(id.to_owned()),
            _ => return Err(no()),
        })
    }
}

/// Where secrets are kept.
pub trait Secrets: Send + Sync + fmt::Debug {
    /// A secret; `None` if there is none of this name.
    fn get(&self, key: &SecretKey) -> Result<Option<SecretString>, SecretsError>;

    /// Keeps a secret, in place of another one of this name. The label is what
    /// people see where the system shows its keychain: "Labkeep: token for
    /// gitlab.com (@mira)". What was kept is read back before this returns.
    fn set(&self, key: &SecretKey, label: &str, value: &SecretString) -> Result<(), SecretsError>;

    /// Removes a secret. That there is none is no error.
    fn delete(&self, key: &SecretKey) -> Result<(), SecretsError>;

    /// Where it is, for people.
    fn describe(&self) -> String;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        let (account, vault) = (AccountId::random(), VaultEntryId::random());
        for key in [
            SecretKey::AccountToken(account),
            SecretKey::AccountRefreshToken(account),
            SecretKey::RestoreToken(account),
            SecretKey::VaultKey(vault),
            SecretKey::VaultOption(vault, "secret_access_key".to_owned()),
            SecretKey::Channel("webhook".to_owned()),
        ] {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        assert!("account-token.x".parse::<SecretKey>().is_err());
        assert!("notes.txt".parse::<SecretKey>().is_err());
    }
}
