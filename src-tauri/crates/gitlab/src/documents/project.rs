//! The settings of a project as `tree/project.json` holds them.
use serde_json::{Map, Value, json};

use super::normalise::normalise;

/// Attributes whose name and value are the same in REST and in the export.
const SAME: [&str; 24] = [
    "allow_merge_on_skipped_pipeline",
    "approvals_before_merge",
    "archived",
    "auto_cancel_pending_pipelines",
    "autoclose_referenced_issues",
    "build_timeout",
    "default_branch",
    "description",
    "external_authorization_classification_label",
    "issues_template",
    "max_artifacts_size",
    "merge_commit_template",
    "merge_requests_template",
    "only_allow_merge_if_all_discussions_are_resolved",
    "only_allow_merge_if_pipeline_succeeds",
    "printing_merge_request_link_enabled",
    "remove_source_branch_after_merge",
    "request_access_enabled",
    "resolve_outdated_diff_discussions",
    "service_desk_enabled",
    "shared_runners_enabled",
    "squash_commit_template",
    "squash_option",
    "suggestion_commit_message",
];

/// The document `project.json` from a project's REST answer (with the settings
/// that only Maintainers are told, as far as they are in it). Name, path and
/// visibility of a new project are said by whoever imports it; the visibility
/// stands here as well.
pub fn project(project: &Value) -> Value {
    let mut document = Map::new();
    for name in SAME {
        if let Some(value) = project.get(name) {
            document.insert(name.into(), value.clone());
        }
    }
    let text = |name: &str| project.get(name).and_then(Value::as_str);
    if let Some(visibility) = text("visibility") {
        document.insert(
            "visibility_level".into(),
            visibility_level(visibility).into(),
        );
    }
    if let Some(value) = project
        .get("public_jobs")
        .or_else(|| project.get("public_builds"))
    {
        document.insert("public_builds".into(), value.clone());
    }
    if let Some(strategy) = text("build_git_strategy") {
        document.insert("build_allow_git_fetch".into(), json!(strategy == "fetch"));
    }
    // `merge_method` is made of two switches (app/models/project.rb).
    if let Some(method) = text("merge_method") {
        document.insert(
            "merge_requests_ff_only_enabled".into(),
            json!(method == "ff"),
        );
        document.insert(
            "merge_requests_rebase_enabled".into(),
            json!(matches!(method, "ff" | "rebase_merge")),
        );
    }
    normalise("project", Value::Object(document))
}

/// GitLab's number of a visibility; private where it is not known.
fn visibility_level(visibility: &str) -> u64 {
    match visibility {
        "public" => 20,
        "internal" => 10,
        _ => 0,
    }
}
