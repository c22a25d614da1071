//! Sentences for what can go wrong on this machine: settings, catalogue,
//! keychain.

use labkeep_settings::{CatalogueError, SecretsError, SettingsError};

use super::Advice;

/// What to tell about an error of the settings file.
pub fn of_settings(error: &SettingsError) -> Advice {
    match error {
        SettingsError::NoHome => Advice::new(
            "The system does not say where your files belong.",
            "Set the variable LABKEEP_HOME to a folder.",
        ),
        SettingsError::Damaged {
            path,
            line,
            column,
            backup,
            ..
        } => Advice::new(
            format!(
                "{} is damaged (line {line}, column {column}). It was left as it is.",
                path.display()
            ),
            match backup {
                Some(backup) => format!("Put {} in its place.", backup.display()),
                None => "Correct it by hand, or move it away and set Labkeep up again.".to_owned(),
            },
        ),
        SettingsError::Lost { path, backup } => Advice::new(
            format!("{} is gone.", path.display()),
            format!("Put the copy {} in its place.", backup.display()),
        ),
        SettingsError::Newer { path, .. } => Advice::new(
            format!("{} was written by a newer Labkeep.", path.display()),
            "Update Labkeep. The file was left as it is.",
        ),
        SettingsError::Busy { .. } => Advice::new(
            "Another Labkeep on this machine is changing the settings.",
            "Try again in a moment.",
        ),
        SettingsError::Folder { path, source }
        | SettingsError::Read { path, source }
        | SettingsError::Write { path, source } => Advice::new(
            format!("{} cannot be used: {source}.", path.display()),
            "Give your user the right to read and write there, and room on the disk.",
        ),
        SettingsError::Invalid(problem) => Advice::new(
            format!("The settings would not fit together: {problem}."),
            "Nothing was changed.",
        ),
    }
}

/// What to tell about an error of the catalogue.
pub fn of_catalogue(error: &CatalogueError) -> Advice {
    match error {
        CatalogueError::Newer { path, .. } => Advice::new(
            format!("{} was written by a newer Labkeep.", path.display()),
            "Update Labkeep. The file was left as it is.",
        ),
        CatalogueError::Damaged { path, .. } => Advice::new(
            format!("{} is damaged. It was left as it is.", path.display()),
            "Move it away; Labkeep makes a new one. History and unfinished restores are lost with it, copies in vaults are not.",
        ),
        CatalogueError::Full { path } => Advice::new(
            format!("There is no room left to write {}.", path.display()),
            "Free some space on that disk.",
        ),
        CatalogueError::ReadOnly { path } => Advice::new(
            format!("{} may not be written.", path.display()),
            "Give your user the right to write there.",
        ),
        CatalogueError::Busy { path } => Advice::new(
            format!("Another program keeps {} locked.", path.display()),
            "Try again in a moment.",
        ),
        other => Advice::new(
            format!("The catalogue of runs failed: {other}."),
            "The log has the details. Copies in vaults are not affected.",
        ),
    }
}

/// What to tell about an error of the keychain or what stands for it.
pub fn of_secrets(error: &SecretsError) -> Advice {
    match error {
        SecretsError::Locked { .. } => Advice::new(
            "The keychain is locked.",
            "Unlock it (it opens when you sign in to the desktop) and try again.",
        ),
        SecretsError::NoAnswer { after } => Advice::new(
            format!(
                "The keychain did not answer for {} seconds.",
                after.as_secs()
            ),
            "A window of the system may be waiting for its password.",
        ),
        SecretsError::Absent { .. } => Advice::new(
            "There is no keychain on this system, so the token and the vault's key cannot be kept safely.",
            "Install one (gnome-keyring, KWallet or KeePassXC), or start with --secrets FOLDER.",
        ),
        SecretsError::Denied { .. } => Advice::new(
            "The keychain refused.",
            "Allow Labkeep to use it and try again.",
        ),
        SecretsError::FolderMissing { path } => Advice::new(
            format!("There is no folder {} for secrets.", path.display()),
            "Create it with mode 0700.",
        ),
        SecretsError::NotAFolder { path } => Advice::new(
            format!("{} is not a folder.", path.display()),
            "Choose a folder for secrets.",
        ),
        SecretsError::TooOpen { path, mode } => Advice::new(
            format!("Others may read {} (mode {mode:03o}).", path.display()),
            "Secrets are refused there. Use mode 0700 for the folder and 0600 for its files.",
        ),
        SecretsError::NotOurs { path } => Advice::new(
            format!("{} belongs to another user.", path.display()),
            "Choose a folder of your own for secrets.",
        ),
        SecretsError::ReadOnly { path } => Advice::new(
            format!(
                "{} is read-only, so no secret can be kept there.",
                path.display()
            ),
            "Add accounts and vaults where it may be written.",
        ),
        SecretsError::Read { path, source } | SecretsError::Write { path, source } => Advice::new(
            format!("{} cannot be used: {source}.", path.display()),
            "Give your user the right to it.",
        ),
        other => Advice::new(
            format!("The keychain failed: {other}."),
            "Look at Labkeep's entries in the system's keychain.",
        ),
    }
}
