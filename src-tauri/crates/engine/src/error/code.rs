//! What an error is about, where a user interface acts on it.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::Error;
use crate::backup::job::BackupError;

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

impl Error {
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
