//! Why a restore, an export or a drill cannot begin or go on.

use std::io;
use std::path::Path;

use labkeep_gitlab::archive::ArchiveError;
use labkeep_gitlab::git::pack::PackError;
use thiserror::Error;

use crate::advice::{self, Advice};
use crate::error::Code;
use crate::refs::RefsError;

/// What helps where a file or folder of this machine cannot be used.
const USABLE: &str = "Check that it exists, may be written and has room.";

/// Why a restore, an export or a drill cannot begin or go on.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// GitLab, or the way to it.
    #[error(transparent)]
    Gitlab(#[from] labkeep_gitlab::Error),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] labkeep_vault::Error),
    /// The catalogue, which holds the journal.
    #[error(transparent)]
    Catalogue(#[from] labkeep_settings::CatalogueError),
    /// The archive that is to be sent.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The packs of a repository.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The scratch folder, or the folder of an export.
    #[error("{path}: {source}")]
    File {
        /// The file or folder.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A folder that is to be written to holds something.
    #[error("{path} is not empty")]
    NotEmpty {
        /// The folder.
        path: String,
    },
    /// A file that is to be written is there already.
    #[error("{path} exists")]
    Exists {
        /// The file.
        path: String,
    },
    /// The item is not in the snapshot.
    #[error("{item} is not in the snapshot")]
    NotInSnapshot {
        /// Path or ID.
        item: String,
    },
    /// Groups are not restored.
    #[error("{path} is a group")]
    IsAGroup {
        /// Its path.
        path: String,
    },
    /// A piece that the ledger names is not there.
    #[error("{path} is missing from the snapshot")]
    Missing {
        /// The piece.
        path: String,
    },
    /// A list of refs cannot be read.
    #[error("{path}: {source}")]
    Refs {
        /// The piece.
        path: String,
        /// What is wrong with it.
        #[source]
        source: RefsError,
    },
    /// A document cannot be read.
    #[error("{path}, line {line}: {source}")]
    Document {
        /// The piece.
        path: String,
        /// Line number, from 1.
        line: u64,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The token may not write.
    #[error("the token may not write")]
    TokenCannotWrite,
    /// The group to restore into is not there.
    #[error("there is no group {path}")]
    NoSuchGroup {
        /// Its path.
        path: String,
    },
    /// A destination that is none.
    #[error("{path} is no path of a project")]
    BadDestination {
        /// What was given.
        path: String,
    },
    /// There is something at the destination already.
    #[error("{path} is taken")]
    Taken {
        /// The path.
        path: String,
    },
    /// GitLab does not take imports of this sort, or not from this user.
    #[error("GitLab does not allow the import: {message}")]
    ImportOff {
        /// GitLab's sentence.
        message: String,
    },
    /// The token's user may not create projects by import in the group.
    #[error("the role in {namespace} is too small for an import")]
    RoleTooSmall {
        /// The group's path.
        namespace: String,
    },
    /// The archive is larger than the server takes.
    #[error("the archive is too large for the server: {message}")]
    ArchiveTooLarge {
        /// The server's sentence.
        message: String,
    },
    /// GitLab's import ended with an error.
    #[error("GitLab could not import the project: {message}")]
    ImportFailed {
        /// GitLab's sentence.
        message: String,
        /// Full path of the project that was begun.
        path: String,
        /// Whether what was begun was removed again.
        is_removed: bool,
    },
    /// GitLab's import does not move on.
    #[error("GitLab's import does not move on")]
    ImportStuck {
        /// The project's page.
        url: String,
    },
    /// Somebody asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// A thread died.
    #[error("a defect in Labkeep: {message}")]
    Bug {
        /// What it said.
        message: String,
    },
}

impl RestoreError {
    /// Whether somebody asked to stop.
    pub fn is_cancelled(&self) -> bool {
        matches!(
            self,
            Self::Cancelled
                | Self::Gitlab(labkeep_gitlab::Error::Cancelled)
                | Self::Vault(labkeep_vault::Error::Aborted)
        )
    }

    /// Whether it tells of what is saved, so that it is a finding. Anything
    /// else, such as a full disk or a drive that was taken away, says nothing
    /// of it.
    pub(crate) fn is_of_what_is_saved(&self) -> bool {
        match self {
            // A defect is what damage looks like where nobody thought of it.
            Self::Vault(error) => {
                advice::is_damage(error) || matches!(error, labkeep_vault::Error::Bug { .. })
            }
            Self::Pack(error) | Self::Archive(ArchiveError::Bundle { source: error, .. }) => {
                !error.is_of_machine()
            }
            Self::Archive(ArchiveError::Io { .. } | ArchiveError::Changed { .. }) => false,
            Self::Archive(ArchiveError::Documents { source, .. }) => {
                source.raw_os_error().is_none()
            }
            Self::Archive(_)
            | Self::Missing { .. }
            | Self::Refs { .. }
            | Self::Document { .. }
            | Self::NotInSnapshot { .. } => true,
            _ => false,
        }
    }

    /// A file of this machine that cannot be used.
    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.display().to_string();
        move |source| Self::File { path, source }
    }

    /// Whether GitLab refused the import, so that nothing came of it.
    pub(super) const fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::TokenCannotWrite
                | Self::NoSuchGroup { .. }
                | Self::Taken { .. }
                | Self::ImportOff { .. }
                | Self::RoleTooSmall { .. }
                | Self::ArchiveTooLarge { .. }
                | Self::Gitlab(
                    labkeep_gitlab::Error::Invalid { .. }
                        | labkeep_gitlab::Error::Unauthorized { .. }
                        | labkeep_gitlab::Error::TokenExpired
                        | labkeep_gitlab::Error::TokenRevoked
                        | labkeep_gitlab::Error::RateLimited { .. }
                )
        )
    }

    /// The sentence and the remedy.
    pub fn advice(&self) -> Advice {
        match self {
            Self::Gitlab(error) => advice::of_gitlab(error),
            Self::Vault(error) => advice::of_vault(error),
            Self::Catalogue(error) => advice::of_catalogue(error),
            // A full disk says nothing about the vault.
            Self::Pack(PackError::Io { path, source })
            | Self::Archive(ArchiveError::Io { path, source }) => of_file(path, source),
            Self::Archive(error) => Advice::new(
                format!("The project archive could not be built: {error}."),
                "Check the vault. An export still gives the repository and the documents.",
            ),
            Self::Pack(error) if error.is_of_machine() => Advice::new(
                format!("A folder of this machine cannot be used: {error}."),
                USABLE,
            ),
            Self::Pack(error) => Advice::new(
                format!("The saved repository is not sound: {error}."),
                "Check the vault, and restore from an earlier snapshot. A thorough backup reads it anew.",
            ),
            Self::File { path, source } => of_file(Path::new(path), source),
            Self::NotEmpty { path } => Advice::new(
                format!("There are things in {path} already, and nothing is ever overwritten."),
                "Choose an empty folder, or one that does not exist yet.",
            ),
            Self::Exists { path } => Advice::new(
                format!("There is a file {path} already, and nothing is ever overwritten."),
                "Choose another folder, or move the file away.",
            ),
            Self::NotInSnapshot { item } => Advice::new(
                format!("{item} is not in this snapshot."),
                "Choose another snapshot; the project's page lists those that hold it.",
            ),
            Self::IsAGroup { path } => Advice::new(
                format!("{path} is a group, and this version of Labkeep restores projects."),
                "Create the group at GitLab, then restore its projects into it. Its labels, milestones and members can be exported.",
            ),
            Self::Missing { path } => Advice::new(
                format!("{path} is missing from the snapshot."),
                "Check the vault, and restore from another snapshot.",
            ),
            Self::Refs { path, source } => Advice::new(
                format!("{path} cannot be read: {source}."),
                "Check the vault, and restore from another snapshot.",
            ),
            Self::Document { path, line, source } => Advice::new(
                format!("{path}, line {line}, cannot be read: {source}."),
                "Check the vault, and restore from another snapshot.",
            ),
            Self::TokenCannotWrite => Advice::new(
                "This token may not write.",
                "Create one with the scope api. It is used for this restore only and not kept.",
            ),
            Self::NoSuchGroup { path } => Advice::new(
                format!("There is no group {path} at GitLab, or this token does not see it."),
                "Create it there, or choose another destination.",
            ),
            Self::BadDestination { path } => Advice::new(
                format!("“{path}” is not the path of a project."),
                "Write it as group/name; letters, digits, dots, dashes and underscores are allowed.",
            ),
            Self::Taken { path } => Advice::new(
                format!("There is something at {path} already, and nothing is ever overwritten."),
                "Choose another name.",
            ),
            Self::ImportOff { message } => Advice::new(
                format!("GitLab does not allow the import: {message}"),
                "An administrator allows “GitLab export” as an import source in GitLab's settings (Admin, Settings, General, Import and export settings). Nothing was created.",
            ),
            Self::RoleTooSmall { namespace } => Advice::new(
                format!("The token's user may not import projects into {namespace}."),
                "It takes the role Maintainer or Owner in that group. Ask its Owner, or choose a destination in a group of your own. Nothing was created.",
            ),
            Self::ArchiveTooLarge { message } => Advice::new(
                format!("The project's archive is larger than this GitLab accepts: {message}"),
                "An administrator raises the maximum import size in GitLab's settings, or the limit of the proxy in front of it. An export gives the repository, to be pushed by hand. Nothing was created.",
            ),
            Self::ImportFailed {
                message,
                path,
                is_removed,
            } => Advice::new(
                format!("GitLab could not import the project: {message}"),
                if *is_removed {
                    "The project that GitLab had begun was removed again; everything is as it was. Resume to try again; an export gives everything without GitLab's import.".to_owned()
                } else {
                    format!(
                        "An unfinished project is left at {path}, for it could not be removed. Remove it there, or resume: that removes it and tries again."
                    )
                },
            ),
            Self::ImportStuck { url } => Advice::new(
                format!("GitLab's import of {url} does not move on."),
                "GitLab may be busy. Resume this restore later; it looks at the import again and creates nothing twice.",
            ),
            Self::Cancelled => Advice::new(
                "It was cancelled.",
                "Resume it to go on where it stopped. What GitLab has begun is not taken back.",
            ),
            Self::Bug { message } => Advice::new(
                format!("Labkeep ran into a defect: {message}."),
                "Please report it.",
            ),
        }
    }

    /// What it is about.
    pub const fn code(&self) -> Code {
        match self {
            Self::TokenCannotWrite => Code::Token,
            Self::NotInSnapshot { .. } => Code::NotFound,
            Self::IsAGroup { .. }
            | Self::NoSuchGroup { .. }
            | Self::BadDestination { .. }
            | Self::RoleTooSmall { .. }
            | Self::NotEmpty { .. }
            | Self::Exists { .. }
            | Self::Taken { .. } => Code::Refused,
            Self::Bug { .. } => Code::Bug,
            _ => Code::Failed,
        }
    }
}

/// What to tell about a file of this machine that cannot be used.
fn of_file(path: &Path, source: &io::Error) -> Advice {
    let is_full = matches!(
        source.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    );
    if is_full {
        return Advice::new(
            format!("There is no room left on the disk of {}.", path.display()),
            "Free some space there, and try again. What is in the vault is not affected.",
        );
    }
    Advice::new(
        format!("{} cannot be used: {source}.", path.display()),
        USABLE,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_tells_of_what_is_saved_is_a_finding() {
        use labkeep_vault::Error as Vault;
        let path = || std::path::PathBuf::from("/scratch/pack");
        let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
        let (place, io) = ("vault/data/00".to_owned(), || PackError::Io {
            path: path(),
            source: full(),
        });
        let of_machine = [
            RestoreError::Vault(Vault::Destination {
                path: place.clone(),
                source: full(),
            }),
            RestoreError::Vault(Vault::Storage {
                operation: "reading",
                path: place.clone(),
                source: None,
            }),
            RestoreError::Vault(Vault::NotReadable {
                path: place.clone(),
                source: None,
            }),
            RestoreError::Vault(Vault::Gone {
                path: place.clone(),
            }),
            RestoreError::Pack(io()),
            RestoreError::Archive(ArchiveError::Io {
                path: path(),
                source: full(),
            }),
            RestoreError::Archive(ArchiveError::Bundle {
                path: place.clone(),
                source: io(),
            }),
            RestoreError::file(&path())(full()),
        ];
        for error in of_machine {
            assert!(!error.is_of_what_is_saved(), "{error:?}");
        }
        let of_what_is_saved = [
            RestoreError::Vault(Vault::Damaged {
                path: place.clone(),
                detail: String::new(),
            }),
            RestoreError::Vault(Vault::Missing {
                path: place.clone(),
            }),
            RestoreError::Pack(PackError::Signature),
            RestoreError::Archive(ArchiveError::Bundle {
                path: place.clone(),
                source: PackError::Signature,
            }),
            RestoreError::Missing { path: place },
        ];
        for error in of_what_is_saved {
            assert!(error.is_of_what_is_saved(), "{error:?}");
        }
    }

    #[test]
    fn a_full_disk_is_not_called_a_damaged_vault() {
        let source = || std::io::Error::from(std::io::ErrorKind::StorageFull);
        let path = std::path::PathBuf::from("/mnt/stick/out");
        let errors = [
            RestoreError::Pack(PackError::Io {
                path: path.clone(),
                source: source(),
            }),
            RestoreError::Archive(ArchiveError::Io {
                path: path.clone(),
                source: source(),
            }),
            RestoreError::file(&path)(source()),
        ];
        for error in errors {
            let advice = error.advice();
            let said = "There is no room left on the disk of /mnt/stick/out.";
            assert_eq!(advice.message, said);
            assert!(advice.hint.starts_with("Free some space there"));
            assert!(!error.is_of_what_is_saved());
        }
    }
}
