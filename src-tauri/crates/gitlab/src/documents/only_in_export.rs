//! What only the relations export tells.
//!
//! A backup that reads over REST lacks these. The ledger says so, and a test
//! compares both ways: after [`super::normalise`] they differ in nothing else.
use serde_json::Value;

/// Attributes of one relation that REST does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnlyInExport {
    /// The relation.
    pub relation: &'static str,
    /// The part of the document, for example `notes/system_note_metadata`; empty
    /// for the document itself.
    pub part: &'static str,
    /// The attributes.
    pub attributes: &'static [&'static str],
}

const fn only(
    relation: &'static str,
    part: &'static str,
    attributes: &'static [&'static str],
) -> OnlyInExport {
    OnlyInExport {
        relation,
        part,
        attributes,
    }
}

const TIMES: &[&str] = &["created_at", "updated_at"];
const LABEL: &[&str] = &["created_at", "group_id", "priorities", "updated_at"];
const NOTE: &[&str] = &[
    "change_position",
    "events",
    "last_edited_at",
    "line_code",
    "note_diff_file",
    "original_position",
    "resolved_by_push",
    "suggestions",
    "updated_by_id",
];
const EDITS: &[&str] = &[
    "events",
    "last_edited_at",
    "last_edited_by_id",
    "timelogs",
    "updated_by_id",
];

/// Everything that is in the relations export alone. `line_code`,
/// `merge_user_id`, `target_branch_sha`, `timelogs` and times of system notes are made up from
/// what REST tells, as well as that can be; the others are left out.
pub const ONLY_IN_EXPORT: &[OnlyInExport] = &[
    only("labels", "", TIMES),
    only("labels", "priorities", TIMES),
    only("milestones", "", &["events"]),
    only("issues", "", EDITS),
    only(
        "issues",
        "",
        &[
            "design_versions",
            "designs",
            "epic_issue",
            "external_author",
            "issuable_sla",
            "iteration",
            "resource_iteration_events",
            "sentry_issue",
            "zoom_meetings",
        ],
    ),
    only("issues", "notes", NOTE),
    only("issues", "notes/system_note_metadata", TIMES),
    only("issues", "label_links", TIMES),
    only("issues", "label_links/label", LABEL),
    only("issues", "milestone", &["events"]),
    only("issues", "resource_label_events/label", LABEL),
    only("issues", "resource_milestone_events/milestone", &["events"]),
    only("issues", "resource_state_events", &["source_commit"]),
    only("merge_requests", "", EDITS),
    only(
        "merge_requests",
        "",
        &[
            "merge_user_id",
            "rebase_commit_sha",
            "source_branch_sha",
            "target_branch_sha",
        ],
    ),
    only("merge_requests", "notes", NOTE),
    only("merge_requests", "notes/system_note_metadata", TIMES),
    only("merge_requests", "label_links", TIMES),
    only("merge_requests", "label_links/label", LABEL),
    only("merge_requests", "milestone", &["events"]),
    only("merge_requests", "resource_label_events/label", LABEL),
    only(
        "merge_requests",
        "resource_milestone_events/milestone",
        &["events"],
    ),
    only(
        "merge_requests",
        "resource_state_events",
        &["source_commit"],
    ),
    only("merge_requests", "approvals", TIMES),
    only("merge_requests", "merge_request_assignees", &["created_at"]),
    only(
        "merge_requests",
        "merge_request_reviewers",
        &["created_at", "state"],
    ),
    only(
        "merge_requests",
        "merge_params",
        &[
            "auto_merge_strategy",
            "commit_message",
            "sha",
            "squash_commit_message",
        ],
    ),
    only(
        "merge_requests",
        "metrics",
        &[
            "added_lines",
            "commits_count",
            "created_at",
            "diff_size",
            "first_approved_at",
            "first_comment_at",
            "first_commit_at",
            "first_deployed_to_production_at",
            "first_reassigned_at",
            "last_commit_at",
            "latest_build_finished_at",
            "latest_build_started_at",
            "modified_paths_size",
            "removed_lines",
            "updated_at",
        ],
    ),
    only(
        "merge_requests",
        "merge_request_diff",
        &["sorted", "updated_at"],
    ),
    only(
        "merge_requests",
        "merge_request_diff/merge_request_diff_files",
        &["binary", "encoded_file_path", "too_large"],
    ),
    only(
        "project_members",
        "",
        &[
            "invite_accepted_at",
            "invite_email",
            "notification_level",
            "requested_at",
            "updated_at",
        ],
    ),
    only("project_feature", "", TIMES),
    only(
        "project_feature",
        "",
        &["metrics_dashboard_access_level", "operations_access_level"],
    ),
    // Merge trains and merged results are told over REST where the licence has
    // them, and exported anyhow.
    only(
        "ci_cd_settings",
        "",
        &[
            "allow_composite_identities_to_run_pipelines",
            "auto_rollback_enabled",
            "display_pipeline_variables",
            "inbound_job_token_scope_enabled",
            "merge_pipelines_enabled",
            "merge_trains_enabled",
            "merge_trains_skip_train_allowed",
        ],
    ),
    only(
        "project",
        "",
        &[
            "delete_error",
            "disable_overriding_approvers_per_merge_request",
            "has_external_issue_tracker",
            "has_external_wiki",
            "jobs_cache_index",
            "last_repository_check_failed",
            "merge_requests_author_approval",
            "merge_requests_disable_committers_approval",
            "pages_https_only",
            "pending_delete",
            "require_password_to_approve",
            "reset_approvals_on_push",
        ],
    ),
];

/// The normalised document without what is [`ONLY_IN_EXPORT`].
pub fn without_only_in_export(relation: &str, mut document: Value) -> Value {
    for only in ONLY_IN_EXPORT
        .iter()
        .filter(|only| only.relation == relation)
    {
        let part: Vec<&str> = only
            .part
            .split('/')
            .filter(|name| !name.is_empty())
            .collect();
        remove(&mut document, &part, only.attributes);
    }
    super::normalise(relation, document)
}

fn remove(value: &mut Value, part: &[&str], attributes: &[&str]) {
    match value {
        Value::Array(entries) => {
            for entry in entries {
                remove(entry, part, attributes);
            }
        }
        Value::Object(object) => match part.split_first() {
            Some((first, rest)) => {
                if let Some(inner) = object.get_mut(*first) {
                    remove(inner, rest, attributes);
                }
            }
            None => {
                for attribute in attributes {
                    object.remove(*attribute);
                }
            }
        },
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn attributes_go_from_their_part_alone() {
        let document = json!({
            "created_at": "2026-01-02T03:04:05.000Z",
            "updated_by_id": 3,
            "label_links": [{
                "created_at": "2026-01-02T03:04:05.000Z",
                "label": {"title": "a", "created_at": "2026-01-02T03:04:05.000Z"}
            }]
        });
        assert_eq!(
            without_only_in_export("issues", document),
            json!({
                "created_at": "2026-01-02T03:04:05.000Z",
                "label_links": [{"label": {"title": "a"}}]
            })
        );
    }
}
