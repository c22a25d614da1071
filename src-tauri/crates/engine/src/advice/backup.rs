//! Sentences for backups that made no snapshot.

use super::{Advice, of_gitlab, of_vault};
use crate::backup::job::BackupError;
use crate::words;

/// What to tell about a backup that made no snapshot.
pub fn of_backup(error: &BackupError) -> Advice {
    match error {
        BackupError::Gitlab(error) => of_gitlab(error),
        BackupError::Vault(error) => of_vault(error),
        BackupError::Scratch { source } => Advice::new(
            format!("The scratch folder cannot be used: {source}."),
            "Check that it may be written and has room.",
        ),
        BackupError::Cancelled => Advice::new(
            "It was cancelled.",
            "What was read is not lost: the next backup does not store it again.",
        ),
        BackupError::NothingVisible { left_out: 0 } => Advice::new(
            "This token sees no groups and no projects.",
            "Its user must be a member of at least one. A project or group token sees only its own.",
        ),
        BackupError::NothingVisible { left_out } => Advice::new(
            format!(
                "The plan covers none of the {left_out} groups and projects that this token sees."
            ),
            "Change what the plan includes.",
        ),
        BackupError::NoRoom { path, new, free } => Advice::new(
            format!(
                "There is too little room in {path}: what is to be saved takes {} at GitLab, and {} are free.",
                words::bytes(*new),
                words::bytes(*free)
            ),
            "Free some space there, choose a bigger drive, or let the plan include less. Nothing was written.",
        ),
        BackupError::NoApi => Advice::new(
            "This token may not use the API, so projects cannot be listed.",
            "Create a token with at least read_api and read_repository.",
        ),
        BackupError::NothingRead { advice, .. } => Advice::new(
            format!("Nothing could be read. {}", advice.message),
            advice.hint.clone(),
        ),
        BackupError::PreviousHead { source } => Advice::new(
            format!("The previous snapshot cannot be used: {source}."),
            "If a newer Labkeep wrote it, update; otherwise check the vault.",
        ),
        BackupError::PreviousLedger { source } => Advice::new(
            format!("The previous snapshot cannot be used: {source}."),
            "Check the vault.",
        ),
        BackupError::Fatal { trouble } => trouble.advice(),
        BackupError::Bug { message } => Advice::new(
            format!("Labkeep ran into a defect: {message}."),
            "Please report it.",
        ),
    }
}
