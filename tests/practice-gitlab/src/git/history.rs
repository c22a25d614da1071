//! Commits: reading them, and what lies between two of them.

use git2::Oid;
use jiff::Timestamp;

use super::GitError;
use crate::model::merge_request::DiffCommit;

fn moment(time: git2::Time) -> Timestamp {
    Timestamp::from_second(time.seconds()).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn person(signature: &git2::Signature<'_>) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(signature.name_bytes()), text(signature.email_bytes()))
}

/// A commit as the API and diff versions show it.
pub fn describe(commit: &git2::Commit<'_>) -> DiffCommit {
    let (author, committer) = (commit.author(), commit.committer());
    DiffCommit {
        sha: commit.id().to_string(),
        message: String::from_utf8_lossy(commit.message_raw_bytes()).into_owned(),
        authored_date: moment(author.when()),
        committed_date: moment(committer.when()),
        author: person(&author),
        committer: person(&committer),
        parents: commit.parent_ids().map(|id| id.to_string()).collect(),
    }
}

/// Commits reachable from `head` but not from `base`, newest first.
pub fn between(
    repository: &git2::Repository,
    base: Oid,
    head: Oid,
) -> Result<Vec<DiffCommit>, GitError> {
    let mut walk = repository.revwalk()?;
    walk.set_sorting(git2::Sort::TOPOLOGICAL | git2::Sort::TIME)?;
    walk.push(head)?;
    walk.hide(base)?;
    let mut commits = Vec::new();
    for id in walk {
        commits.push(describe(&repository.find_commit(id?)?));
    }
    Ok(commits)
}

/// Whether `ancestor` is reachable from `tip`.
pub fn contains(repository: &git2::Repository, tip: Oid, ancestor: Oid) -> Result<bool, GitError> {
    Ok(tip == ancestor || repository.graph_descendant_of(tip, ancestor)?)
}
