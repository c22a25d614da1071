//! The latest version of a merge request's diff.
use serde_json::{Value, json};

use super::value::{maybe_time, object};
use crate::rest::{Commit, DiffFile, VersionDetail};

/// The document of `merge_request_diff`.
pub(super) fn document(detail: &VersionDetail) -> Value {
    let version = &detail.version;
    let commits: Value = detail.commits.iter().enumerate().map(commit).collect();
    let files: Value = detail.diffs.iter().enumerate().map(file).collect();
    Value::Object(object([
        (
            "state",
            version
                .state
                .clone()
                .unwrap_or_else(|| "collected".to_owned())
                .into(),
        ),
        ("diff_type", "regular".into()),
        ("created_at", maybe_time(version.created_at)),
        ("base_commit_sha", version.base_commit_sha.clone().into()),
        ("head_commit_sha", version.head_commit_sha.clone().into()),
        ("start_commit_sha", version.start_commit_sha.clone().into()),
        ("real_size", version.real_size.clone().into()),
        ("commits_count", detail.commits.len().into()),
        ("files_count", detail.diffs.len().into()),
        ("merge_request_diff_commits", commits),
        ("merge_request_diff_files", files),
    ]))
}

fn commit((order, commit): (usize, &Commit)) -> Value {
    json!({
        "relative_order": order,
        "sha": commit.id,
        "message": commit.message.as_ref().or(commit.title.as_ref()),
        "authored_date": maybe_time(commit.authored_date),
        "committed_date": maybe_time(commit.committed_date),
        "trailers": commit.trailers,
        "commit_author": { "name": commit.author_name, "email": commit.author_email },
        "committer": { "name": commit.committer_name, "email": commit.committer_email },
    })
}

fn file((order, file): (usize, &DiffFile)) -> Value {
    // The importer fails on a diff that is no text; an empty one is fine.
    let diff = file.diff.clone().unwrap_or_default();
    json!({
        "relative_order": order,
        "new_path": file.new_path,
        "old_path": file.old_path,
        "a_mode": file.a_mode.as_deref().unwrap_or("0"),
        "b_mode": file.b_mode.as_deref().unwrap_or("0"),
        "new_file": file.new_file,
        "renamed_file": file.renamed_file,
        "deleted_file": file.deleted_file,
        "too_large": file.too_large.unwrap_or(false),
        "binary": diff.starts_with("Binary files "),
        "encoded_file_path": false,
        "utf8_diff": diff,
    })
}
