//! Imports of project archives, with the rules of GitLab's importer and not with
//! more convenient ones (facts of `lib/gitlab/import_export/`): what is checked,
//! who becomes author, what one bad document costs.

mod failure;
mod fields;
mod files;
mod issuables;
mod issues;
mod members;
mod merge_requests;
mod notes;
mod planning;
mod relation;
mod repositories;
mod settings;
mod tree;
mod unpack;

use std::path::Path;
use std::sync::Arc;

pub use relation::{RELATIONS, start as start_relation};

pub use self::fields::Document;
use self::members::People;
use crate::git::GitError;
use crate::model::transfer::ImportStatus;
use crate::model::{Project, World};
use crate::server::Server;

/// An import that was given up.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file is no gzipped tar, or holds what it may not.
    #[error("Unable to decompress archive: {reason}")]
    Archive {
        /// What is wrong with it.
        reason: String,
    },
    /// A file in it is linked to another one.
    #[error("File shares hard link")]
    HardLink,
    /// The file that says the format's version is not there or says another.
    #[error(
        "Import version mismatch: Required {} but was {found}",
        crate::export::VERSION
    )]
    Version {
        /// What it says.
        found: String,
    },
    /// `tree/project.json` is not there, or a line is no JSON.
    #[error("{what}")]
    Tree {
        /// GitLab's sentence.
        what: &'static str,
    },
    /// A bundle could not be taken in.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Files could not be read or written.
    #[error("files could not be read or written")]
    Files(#[from] std::io::Error),
    /// The project went away meanwhile.
    #[error("the project is gone")]
    NoProject,
}

/// One import on its way.
struct Import<'s> {
    server: &'s Server,
    project: u64,
    /// Who imports, and whom authors become that cannot be found.
    user: u64,
    /// Who is who.
    people: People,
}

impl Import<'_> {
    /// The project in the world at hand.
    fn project<'w>(&self, world: &'w World) -> Result<&'w Project, ImportError> {
        world
            .projects
            .get(&self.project)
            .ok_or(ImportError::NoProject)
    }

    fn set_status(server: &Server, project: u64, status: ImportStatus, error: Option<String>) {
        if let Some(project) = server.write().projects.get_mut(&project) {
            project.import.status = status;
            project.import.error = error;
        }
    }
}

/// Imports `archive` into the new project in the background. `overrides` stand in
/// place of attributes of the archive's project.
pub fn start(
    server: &Arc<Server>,
    archive: tempfile::TempPath,
    project: u64,
    user: u64,
    overrides: Document,
) {
    let server = Arc::clone(server);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = run(&server, &archive, project, user, overrides) {
            tracing::info!(%error, project, "an import failed");
        }
    });
}

/// Imports `archive` into the new project and notes how it went.
pub fn run(
    server: &Server,
    archive: &Path,
    project: u64,
    user: u64,
    overrides: Document,
) -> Result<(), ImportError> {
    Import::set_status(server, project, ImportStatus::Started, None);
    let done = restore(server, archive, project, user, overrides);
    match &done {
        Ok(()) => Import::set_status(server, project, ImportStatus::Finished, None),
        Err(error) => {
            Import::set_status(
                server,
                project,
                ImportStatus::Failed,
                Some(error.to_string()),
            );
        }
    }
    done
}

/// The restorers in GitLab's order; the first that fails ends the import.
fn restore(
    server: &Server,
    archive: &Path,
    project: u64,
    user: u64,
    overrides: Document,
) -> Result<(), ImportError> {
    let folder = tempfile::tempdir_in(server.data.incoming())?;
    unpack::unpack(archive, folder.path())?;
    unpack::check_version(folder.path())?;
    repositories::restore_code(server, project, folder.path())?;
    repositories::restore_wiki(server, project, folder.path())?;
    let mut attributes = tree::attributes(folder.path())?;
    attributes.extend(overrides);
    let people = People::join(server, project, user, folder.path())?;
    let import = Import {
        server,
        project,
        user,
        people,
    };
    settings::apply(&import, &attributes)?;
    tree::restore(&import, folder.path())?;
    repositories::restore_design(server, project, folder.path())?;
    files::restore_uploads(&import, folder.path())?;
    files::restore_lfs(&import, folder.path())?;
    repositories::settle(server, project, &attributes)
}
