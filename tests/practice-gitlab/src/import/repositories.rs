//! Repositories from bundles (facts of `repo_restorer.rb`): all refs are taken,
//! with GitLab's own; a missing or empty bundle is no repository.

use std::io::Read;
use std::path::Path;

use super::ImportError;
use super::fields::{Document, text};
use crate::git::{GitError, bundle, push, repository};
use crate::model::project::Repository;
use crate::server::Server;

/// The first line of a bundle GitLab accepts.
const SIGNATURE: &[u8] = b"# v2 git bundle\n";

/// Takes a bundle in; `false` when there is none.
fn restore(server: &Server, bundle: &Path, into: &Path) -> Result<bool, ImportError> {
    let size = match std::fs::metadata(bundle) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    if size == 0 {
        return Ok(false);
    }
    let mut first = Vec::new();
    std::fs::File::open(bundle)?
        .take(SIGNATURE.len() as u64)
        .read_to_end(&mut first)?;
    if first != SIGNATURE {
        return Err(ImportError::Archive {
            reason: "invalid git bundle".into(),
        });
    }
    match std::fs::remove_dir_all(into) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    bundle::take_in(server, bundle, into)?;
    Ok(true)
}

/// The code, from `project.bundle`.
pub fn restore_code(server: &Server, project: u64, folder: &Path) -> Result<(), ImportError> {
    let (bundle, into) = (
        folder.join("project.bundle"),
        server.data.repository(project),
    );
    if !restore(server, &bundle, &into)? {
        return Ok(());
    }
    point_head(server, &bundle, &into)?;
    if let Some(project) = server.write().projects.get_mut(&project) {
        project.repository = Repository::Stored;
    }
    Ok(())
}

/// Points HEAD to the branch that had the bundle's HEAD, `main` and `master`
/// before others, as `git clone` guesses.
fn point_head(server: &Server, bundle: &Path, path: &Path) -> Result<(), ImportError> {
    let Some(head) = bundle::head(server, bundle)? else {
        return Ok(());
    };
    let opened = git2::Repository::open_bare(path).map_err(GitError::from)?;
    let mut branches = repository::branches(&opened)?;
    branches.sort_by_key(|name| match name.as_str() {
        "main" => 0,
        "master" => 1,
        _ => 2,
    });
    for branch in branches {
        if repository::branch_tip(&opened, &branch)?.is_some_and(|tip| tip.to_string() == head) {
            opened
                .set_head(&format!("refs/heads/{branch}"))
                .map_err(GitError::from)?;
            break;
        }
    }
    Ok(())
}

/// The wiki, from `project.wiki.bundle`.
pub fn restore_wiki(server: &Server, project: u64, folder: &Path) -> Result<(), ImportError> {
    let (bundle, into) = (
        folder.join("project.wiki.bundle"),
        server.data.wiki(project),
    );
    if restore(server, &bundle, &into)? {
        point_head(server, &bundle, &into)?;
        if let Some(project) = server.write().projects.get_mut(&project) {
            project.wiki = Repository::Stored;
        }
    }
    Ok(())
}

/// The designs, from `project.design.bundle`.
pub fn restore_design(server: &Server, project: u64, folder: &Path) -> Result<(), ImportError> {
    restore(
        server,
        &folder.join("project.design.bundle"),
        &server.data.design(project),
    )
    .map(|_| ())
}

/// What GitLab does after an import: the exported default branch is set, and
/// protected if no rule of the archive covers it.
pub fn settle(server: &Server, project: u64, attributes: &Document) -> Result<(), ImportError> {
    let stored = server
        .read()
        .projects
        .get(&project)
        .map(|project| project.repository);
    if stored != Some(Repository::Stored) {
        return Ok(());
    }
    let opened = repository::open(server, project)?;
    if let Some(branch) = text(attributes, "default_branch")
        && repository::branch_tip(&opened, &branch)?.is_some()
    {
        opened
            .set_head(&format!("refs/heads/{branch}"))
            .map_err(GitError::from)?;
    }
    push::settle_default_branch(server, project, &opened, server.clock.now())?;
    Ok(())
}
