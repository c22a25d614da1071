//! Bare repositories on disk: made when first needed, written to for seeds and
//! tests.

use std::path::Path;

use git2::{ErrorCode, FileMode, ObjectType, Oid, RepositoryInitOptions, Signature, Time};
use jiff::Timestamp;

use super::GitError;
use crate::model::project::{Project, Repository, RepositoryFacts};
use crate::server::Server;

/// Makes an empty bare repository whose HEAD points to `branch`.
pub fn init(path: &Path, branch: &str) -> Result<git2::Repository, GitError> {
    let mut options = RepositoryInitOptions::new();
    options
        .bare(true)
        .external_template(false)
        .initial_head(branch);
    Ok(git2::Repository::init_opts(path, &options)?)
}

/// Makes sure that the repository of a project (or its wiki) is on disk. An
/// absent one is made only when `create` is set; `false` when it stays absent.
pub fn ensure(server: &Server, project: u64, wiki: bool, create: bool) -> Result<bool, GitError> {
    let state = |project: &Project| {
        if wiki {
            project.wiki
        } else {
            project.repository
        }
    };
    let known = server
        .read()
        .projects
        .get(&project)
        .map(state)
        .ok_or(GitError::NoProject)?;
    if known == Repository::Stored {
        return Ok(true);
    }
    // One is made at a time; whoever waited looks again.
    let _making = server.git.making();
    let (known, branch) = {
        let world = server.read();
        let project = world.projects.get(&project).ok_or(GitError::NoProject)?;
        (
            state(project),
            project
                .default_branch
                .clone()
                .unwrap_or_else(|| "main".into()),
        )
    };
    let path = if wiki {
        server.data.wiki(project)
    } else {
        server.data.repository(project)
    };
    match known {
        Repository::Stored => return Ok(true),
        Repository::Absent if !create => return Ok(false),
        Repository::Absent => {
            init(&path, &branch)?;
        }
        Repository::Planned(number) => crate::seed::many::build_repository(&path, number)?,
    }
    if let Some(project) = server.write().projects.get_mut(&project) {
        if wiki {
            project.wiki = Repository::Stored;
        } else {
            project.repository = Repository::Stored;
        }
    }
    Ok(true)
}

/// Opens a project's repository, making it first if it was only planned.
pub fn open(server: &Server, project: u64) -> Result<git2::Repository, GitError> {
    ensure(server, project, false, true)?;
    Ok(git2::Repository::open_bare(
        server.data.repository(project),
    )?)
}

/// What a commit changes: a path, and its new content or `None` to remove it.
pub type FileChange<'f> = (&'f str, Option<&'f [u8]>);

/// What a commit is made from.
pub struct NewCommit<'c> {
    /// The ref that moves to it; made if it does not exist.
    pub reference: &'c str,
    /// Parents; the first one's tree is the start.
    pub parents: &'c [Oid],
    /// Files that change.
    pub files: &'c [FileChange<'c>],
    /// The whole message.
    pub message: &'c str,
    /// Author's and committer's name and address.
    pub author: (&'c str, &'c str),
    /// When.
    pub time: Timestamp,
}

/// Writes a commit and moves its ref.
pub fn commit(repository: &git2::Repository, new: &NewCommit<'_>) -> Result<Oid, GitError> {
    let parents: Vec<git2::Commit<'_>> = new
        .parents
        .iter()
        .map(|id| repository.find_commit(*id))
        .collect::<Result<_, _>>()?;
    let base = match parents.first() {
        Some(parent) => parent.tree()?,
        None => repository.find_tree(repository.treebuilder(None)?.write()?)?,
    };
    let mut update = git2::build::TreeUpdateBuilder::new();
    for (path, content) in new.files {
        match content {
            Some(content) => {
                update.upsert(*path, repository.blob(content)?, FileMode::Blob);
            }
            None => {
                update.remove(*path);
            }
        }
    }
    let tree = repository.find_tree(update.create_updated(repository, &base)?)?;
    let signature = Signature::new(
        new.author.0,
        new.author.1,
        &Time::new(new.time.as_second(), 0),
    )?;
    let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
    let id = repository.commit(None, &signature, &signature, new.message, &tree, &parents)?;
    repository.reference(new.reference, id, true, "")?;
    Ok(id)
}

/// The commit a ref leads to.
pub fn tip(repository: &git2::Repository, reference: &str) -> Result<Option<Oid>, GitError> {
    match repository.find_reference(reference) {
        Ok(found) => Ok(Some(found.peel(ObjectType::Commit)?.id())),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The tip of a branch.
pub fn branch_tip(repository: &git2::Repository, branch: &str) -> Result<Option<Oid>, GitError> {
    tip(repository, &format!("refs/heads/{branch}"))
}

/// Names of all branches.
pub fn branches(repository: &git2::Repository) -> Result<Vec<String>, GitError> {
    let mut names = Vec::new();
    for name in repository.references_glob("refs/heads/*")?.names() {
        if let Some(branch) = name?.strip_prefix("refs/heads/") {
            names.push(branch.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The branch to show first: the one HEAD points to if it exists, else `main`,
/// `master`, or the first.
pub fn default_branch(repository: &git2::Repository) -> Result<Option<String>, GitError> {
    let branches = branches(repository)?;
    let head = repository.find_reference("HEAD")?;
    let head = head
        .symbolic_target()?
        .and_then(|target| target.strip_prefix("refs/heads/"));
    let wanted = [head, Some("main"), Some("master")].into_iter().flatten();
    for name in wanted {
        if branches.iter().any(|branch| branch == name) {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(branches.into_iter().next())
}

/// Counts commits and bytes.
pub fn facts(
    repository: &git2::Repository,
    default_branch: Option<&str>,
) -> Result<RepositoryFacts, GitError> {
    let mut commits = 0;
    if let Some(tip) = default_branch
        .map(|branch| branch_tip(repository, branch))
        .transpose()?
        .flatten()
    {
        let mut walk = repository.revwalk()?;
        walk.push(tip)?;
        commits = walk.count() as u64;
    }
    Ok(RepositoryFacts {
        commits,
        bytes: folder_size(repository.path()).map_err(GitError::Files)?,
    })
}

fn folder_size(folder: &Path) -> std::io::Result<u64> {
    let mut size = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        size += if metadata.is_dir() {
            folder_size(&entry.path())?
        } else {
            metadata.len()
        };
    }
    Ok(size)
}
