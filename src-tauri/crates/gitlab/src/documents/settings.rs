//! Features and pipeline settings of a project, which are relations of their own.
use serde_json::{Map, Value};

use super::normalise::normalise;

/// Features that REST names as the export does, each followed by
/// `_access_level`.
const FEATURES: [&str; 20] = [
    "analytics",
    "builds",
    "container_registry",
    "environments",
    "feature_flags",
    "forking",
    "infrastructure",
    "issues",
    "merge_requests",
    "model_experiments",
    "model_registry",
    "monitor",
    "package_registry",
    "pages",
    "releases",
    "repository",
    "requirements",
    "security_and_compliance",
    "snippets",
    "wiki",
];

/// Pipeline settings: the name in REST, the name in the export.
const PIPELINES: [(&str, &str); 20] = [
    (
        "ci_allow_fork_pipelines_to_run_in_parent_project",
        "allow_fork_pipelines_to_run_in_parent_project",
    ),
    ("ci_default_git_depth", "default_git_depth"),
    (
        "ci_delete_pipelines_in_seconds",
        "delete_pipelines_in_seconds",
    ),
    (
        "ci_display_pipeline_variables",
        "display_pipeline_variables",
    ),
    (
        "ci_forward_deployment_enabled",
        "forward_deployment_enabled",
    ),
    (
        "ci_forward_deployment_rollback_allowed",
        "forward_deployment_rollback_allowed",
    ),
    (
        "ci_id_token_sub_claim_components",
        "id_token_sub_claim_components",
    ),
    (
        "ci_inbound_job_token_scope_enabled",
        "inbound_job_token_scope_enabled",
    ),
    ("ci_job_token_scope_enabled", "job_token_scope_enabled"),
    (
        "ci_pipeline_variables_minimum_override_role",
        "pipeline_variables_minimum_override_role",
    ),
    (
        "ci_push_repository_for_job_token_allowed",
        "push_repository_for_job_token_allowed",
    ),
    (
        "ci_restrict_pipeline_cancellation_role",
        "restrict_pipeline_cancellation_role",
    ),
    ("ci_separated_caches", "separated_caches"),
    ("group_runners_enabled", "group_runners_enabled"),
    ("keep_latest_artifact", "keep_latest_artifact"),
    ("merge_pipelines_enabled", "merge_pipelines_enabled"),
    ("merge_trains_enabled", "merge_trains_enabled"),
    (
        "merge_trains_skip_train_allowed",
        "merge_trains_skip_train_allowed",
    ),
    (
        "resource_group_default_process_mode",
        "resource_group_default_process_mode",
    ),
    (
        "runner_token_expiration_interval",
        "runner_token_expiration_interval",
    ),
];

/// The document of `project_feature` from a project's REST answer.
pub fn project_feature(project: &Value) -> Value {
    let mut document = Map::new();
    if let Some(id) = project.get("id") {
        document.insert("project_id".into(), id.clone());
    }
    for feature in FEATURES {
        let name = format!("{feature}_access_level");
        if let Some(level) = project
            .get(&name)
            .and_then(Value::as_str)
            .and_then(feature_level)
        {
            document.insert(name, level.into());
        }
    }
    normalise("project_feature", Value::Object(document))
}

/// The document of `ci_cd_settings` from a project's REST answer.
pub fn ci_cd_settings(project: &Value) -> Value {
    let document = PIPELINES
        .iter()
        .filter_map(|(told, kept)| Some(((*kept).to_owned(), project.get(told)?.clone())))
        .collect();
    normalise("ci_cd_settings", Value::Object(document))
}

/// GitLab's number of a feature's level (app/models/concerns/featurable.rb).
fn feature_level(level: &str) -> Option<u64> {
    Some(match level {
        "disabled" => 0,
        "private" => 10,
        "enabled" => 20,
        "public" => 30,
        _ => return None,
    })
}
