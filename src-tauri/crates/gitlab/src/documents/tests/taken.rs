//! What the importer takes of each part of a document.
use serde_json::Value;

/// What the importer takes (import_export.yml of GitLab 19.1); it ignores
/// everything else without a word.
const TAKEN: [(&str, &[&str]); 18] = [
    (
        "issues",
        &[
            "title",
            "author_id",
            "project_id",
            "created_at",
            "updated_at",
            "description",
            "state",
            "iid",
            "confidential",
            "closed_at",
            "closed_by_id",
            "due_date",
            "weight",
            "time_estimate",
            "external_author",
            "discussion_locked",
            "health_status",
            "issue_type",
            "work_item_type",
            "timelogs",
            "notes",
            "label_links",
            "milestone",
            "resource_label_events",
            "resource_milestone_events",
            "resource_state_events",
            "issue_assignees",
            "award_emoji",
        ],
    ),
    (
        "merge_requests",
        &[
            "target_branch",
            "source_branch",
            "source_project_id",
            "author_id",
            "title",
            "created_at",
            "updated_at",
            "state",
            "target_project_id",
            "iid",
            "description",
            "merge_params",
            "merge_user_id",
            "merge_commit_sha",
            "squash_commit_sha",
            "approvals_before_merge",
            "time_estimate",
            "squash",
            "discussion_locked",
            "allow_maintainer_to_push",
            "draft",
            "diff_head_sha",
            "target_branch_sha",
            "approvals",
            "metrics",
            "award_emoji",
            "merge_request_assignees",
            "merge_request_reviewers",
            "notes",
            "merge_request_diff",
            "timelogs",
            "label_links",
            "milestone",
            "resource_label_events",
            "resource_milestone_events",
            "resource_state_events",
        ],
    ),
    (
        "notes",
        &[
            "note",
            "noteable_type",
            "author_id",
            "created_at",
            "updated_at",
            "project_id",
            "line_code",
            "commit_id",
            "system",
            "type",
            "position",
            "original_position",
            "resolved_at",
            "resolved_by_id",
            "discussion_id",
            "confidential",
            "author",
            "award_emoji",
            "system_note_metadata",
            "suggestions",
        ],
    ),
    (
        "award_emoji",
        &[
            "user_id",
            "name",
            "awardable_type",
            "created_at",
            "updated_at",
        ],
    ),
    ("label_links", &["target_type", "label"]),
    (
        "label",
        &[
            "title",
            "color",
            "project_id",
            "group_id",
            "description",
            "type",
            "priorities",
        ],
    ),
    ("priorities", &["project_id", "priority"]),
    (
        "milestone",
        &[
            "iid",
            "title",
            "project_id",
            "group_id",
            "description",
            "due_date",
            "created_at",
            "updated_at",
            "start_date",
            "state",
        ],
    ),
    (
        "resource_label_events",
        &["action", "user_id", "created_at", "label"],
    ),
    (
        "resource_milestone_events",
        &["action", "user_id", "created_at", "state", "milestone"],
    ),
    (
        "resource_state_events",
        &["user_id", "state", "created_at", "source_commit"],
    ),
    (
        "timelogs",
        &[
            "time_spent",
            "user_id",
            "project_id",
            "spent_at",
            "created_at",
            "updated_at",
            "summary",
        ],
    ),
    ("approvals", &["user_id", "created_at", "updated_at"]),
    (
        "merge_request_reviewers",
        &["user_id", "created_at", "state"],
    ),
    (
        "merge_request_diff",
        &[
            "state",
            "created_at",
            "base_commit_sha",
            "real_size",
            "head_commit_sha",
            "start_commit_sha",
            "commits_count",
            "files_count",
            "diff_type",
            "merge_request_diff_commits",
            "merge_request_diff_files",
        ],
    ),
    (
        "merge_request_diff_commits",
        &[
            "relative_order",
            "sha",
            "authored_date",
            "committed_date",
            "message",
            "trailers",
            "commit_author",
            "committer",
        ],
    ),
    (
        "merge_request_diff_files",
        &[
            "relative_order",
            "new_file",
            "renamed_file",
            "deleted_file",
            "new_path",
            "old_path",
            "a_mode",
            "b_mode",
            "too_large",
            "binary",
            "encoded_file_path",
            "utf8_diff",
        ],
    ),
    (
        "suggestions",
        &["relative_order", "applied", "from_content", "to_content"],
    ),
];

/// Fails on an attribute that the importer would ignore.
pub fn assert_taken(part: &str, value: &Value) {
    if let Some(entries) = value.as_array() {
        for entry in entries {
            assert_taken(part, entry);
        }
        return;
    }
    let (Some(attributes), Some((_, taken))) = (
        value.as_object(),
        TAKEN.iter().find(|(name, _)| *name == part),
    ) else {
        return;
    };
    for (name, value) in attributes {
        assert!(
            taken.contains(&name.as_str()),
            "{part}.{name} is not taken by the importer"
        );
        assert_taken(name, value);
    }
}
