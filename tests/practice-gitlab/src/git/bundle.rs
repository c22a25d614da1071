//! Bundles, as project archives carry repositories: written and taken in by git
//! itself.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{GitError, repository};
use crate::server::Server;

/// Runs a git command and gives what it printed.
pub fn run(command: &mut Command, name: &'static str) -> Result<String, GitError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(GitError::NoGit)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(GitError::Command {
        command: name,
        message,
    })
}

/// Writes all refs of a repository, hidden ones too, into a bundle. `false` when
/// there is nothing to write.
pub fn create(server: &Server, repository: &Path, bundle: &Path) -> Result<bool, GitError> {
    let opened = git2::Repository::open_bare(repository)?;
    if opened.references()?.next().is_none() {
        return Ok(false);
    }
    let mut command = server.git.command();
    command
        .arg("-C")
        .arg(repository)
        .args(["bundle", "create", "--quiet", "--version=2"]);
    command.arg(bundle).arg("--all");
    run(&mut command, "bundle create")?;
    Ok(true)
}

/// Makes a repository from a bundle: all of its refs, whatever their names, with
/// objects checked as strictly as Gitaly checks them.
pub fn take_in(server: &Server, bundle: &Path, into: &Path) -> Result<(), GitError> {
    repository::init(into, "main")?;
    let mut command = server.git.command();
    command.arg("-C").arg(into).args([
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-write-fetch-head",
        "--atomic",
    ]);
    command.arg(bundle).arg("+refs/*:refs/*");
    run(&mut command, "fetch")?;
    Ok(())
}

/// The commit HEAD had when the bundle was written.
pub fn head(server: &Server, bundle: &Path) -> Result<Option<String>, GitError> {
    let mut command = server.git.command();
    command.args(["bundle", "list-heads"]).arg(bundle);
    let heads = run(&mut command, "bundle list-heads")?;
    let head = heads
        .lines()
        .filter_map(|line| line.split_once(' '))
        .find(|(_, name)| *name == "HEAD");
    Ok(head.map(|(id, _)| id.to_owned()))
}

/// Brings a branch of another repository here under `reference`.
pub fn fetch(
    server: &Server,
    into: &Path,
    from: &Path,
    source: &str,
    reference: &str,
) -> Result<(), GitError> {
    let mut command = server.git.command();
    command
        .arg("-C")
        .arg(into)
        .args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"]);
    command.arg(from).arg(format!("+{source}:{reference}"));
    run(&mut command, "fetch")?;
    Ok(())
}

/// Copies a repository with all branches and tags, as a fork does.
pub fn fork(server: &Server, from: &Path, into: &Path, head: &str) -> Result<(), GitError> {
    repository::init(into, head)?;
    let mut command = server.git.command();
    command
        .arg("-C")
        .arg(into)
        .args(["fetch", "--quiet", "--no-write-fetch-head"])
        .arg(from);
    command.args(["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]);
    run(&mut command, "fetch")?;
    Ok(())
}
