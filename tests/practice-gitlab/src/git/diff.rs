//! Diffs of merge requests: the versions GitLab keeps of them.

use std::cell::RefCell;

use git2::{Delta, DiffFindOptions, DiffOptions, Oid};
use jiff::Timestamp;

use super::{GitError, history};
use crate::model::merge_request::{DiffFile, DiffVersion};

/// Bytes of one file's diff above which GitLab does not keep it (200 KB).
const TOO_LARGE: usize = 200 * 1024;

/// Takes a version: from where `start` (the target branch) and `head` (the source
/// branch) parted, to `head`.
pub fn version(
    repository: &git2::Repository,
    id: u64,
    start: Oid,
    head: Oid,
    now: Timestamp,
) -> Result<DiffVersion, GitError> {
    let base = match repository.merge_base(start, head) {
        Ok(base) => base,
        Err(error) if error.code() == git2::ErrorCode::NotFound => start,
        Err(error) => return Err(error.into()),
    };
    let commits = history::between(repository, start, head)?;
    let files = files(repository, base, head)?;
    Ok(DiffVersion {
        id,
        base_sha: base.to_string(),
        start_sha: start.to_string(),
        head_sha: head.to_string(),
        created_at: now,
        state: if commits.is_empty() {
            "empty"
        } else {
            "collected"
        }
        .into(),
        commits,
        files,
    })
}

/// The files that differ between two commits, by path.
pub fn files(
    repository: &git2::Repository,
    base: Oid,
    head: Oid,
) -> Result<Vec<DiffFile>, GitError> {
    let before = repository.find_commit(base)?.tree()?;
    let after = repository.find_commit(head)?.tree()?;
    let mut options = DiffOptions::new();
    options.context_lines(3);
    let mut diff = repository.diff_tree_to_tree(Some(&before), Some(&after), Some(&mut options))?;
    diff.find_similar(Some(DiffFindOptions::new().renames(true)))?;

    let files: RefCell<Vec<DiffFile>> = RefCell::default();
    diff.foreach(
        &mut |delta, _| {
            files.borrow_mut().push(describe(&delta));
            true
        },
        Some(&mut |_, _| {
            if let Some(file) = files.borrow_mut().last_mut() {
                file.binary = true;
            }
            true
        }),
        Some(&mut |_, hunk| {
            if let Some(file) = files.borrow_mut().last_mut() {
                file.diff.push_str(&String::from_utf8_lossy(hunk.header()));
            }
            true
        }),
        Some(&mut |_, _, line| {
            if let Some(file) = files.borrow_mut().last_mut() {
                if matches!(line.origin(), ' ' | '+' | '-') {
                    file.diff.push(line.origin());
                }
                file.diff.push_str(&String::from_utf8_lossy(line.content()));
            }
            true
        }),
    )?;
    let mut files = files.into_inner();
    for file in &mut files {
        if file.diff.len() > TOO_LARGE {
            file.diff.clear();
            file.too_large = true;
        }
    }
    Ok(files)
}

fn describe(delta: &git2::DiffDelta<'_>) -> DiffFile {
    let path = |file: git2::DiffFile<'_>| {
        file.path_bytes()
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .unwrap_or_default()
    };
    let mode = |file: git2::DiffFile<'_>, absent: bool| {
        if absent {
            "0".to_owned()
        } else {
            format!("{:o}", u32::from(file.mode()))
        }
    };
    let (new_file, deleted_file) = (
        delta.status() == Delta::Added,
        delta.status() == Delta::Deleted,
    );
    DiffFile {
        old_path: path(delta.old_file()),
        new_path: path(delta.new_file()),
        a_mode: mode(delta.old_file(), new_file),
        b_mode: mode(delta.new_file(), deleted_file),
        new_file,
        renamed_file: delta.status() == Delta::Renamed,
        deleted_file,
        too_large: false,
        binary: false,
        diff: String::new(),
    }
}
