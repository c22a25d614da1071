//! A project's settings, under the names export documents use
//! (`tree/project.json`, `project_feature.ndjson`, `ci_cd_settings.ndjson`).

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// The attributes of `tree/project.json` that are settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "they are GitLab's columns")]
pub struct ProjectSettings {
    pub allow_merge_on_skipped_pipeline: Option<bool>,
    pub approvals_before_merge: u64,
    pub auto_cancel_pending_pipelines: String,
    pub autoclose_referenced_issues: bool,
    pub build_allow_git_fetch: bool,
    pub build_timeout: u64,
    pub delete_error: Option<String>,
    pub disable_overriding_approvers_per_merge_request: bool,
    pub external_authorization_classification_label: Option<String>,
    pub has_external_issue_tracker: bool,
    pub has_external_wiki: bool,
    pub issues_template: Option<String>,
    pub jobs_cache_index: Option<u64>,
    pub last_repository_check_failed: Option<bool>,
    pub max_artifacts_size: Option<u64>,
    pub merge_commit_template: Option<String>,
    pub merge_requests_author_approval: bool,
    pub merge_requests_disable_committers_approval: bool,
    pub merge_requests_ff_only_enabled: bool,
    pub merge_requests_rebase_enabled: bool,
    pub merge_requests_template: Option<String>,
    pub only_allow_merge_if_all_discussions_are_resolved: bool,
    pub only_allow_merge_if_pipeline_succeeds: bool,
    pub pages_https_only: bool,
    pub pending_delete: bool,
    pub printing_merge_request_link_enabled: bool,
    pub public_builds: bool,
    pub remove_source_branch_after_merge: bool,
    pub request_access_enabled: bool,
    pub require_password_to_approve: bool,
    pub reset_approvals_on_push: bool,
    pub resolve_outdated_diff_discussions: bool,
    pub service_desk_enabled: bool,
    pub shared_runners_enabled: bool,
    pub squash_commit_template: Option<String>,
    pub squash_option: String,
    pub suggestion_commit_message: Option<String>,
}

impl Default for ProjectSettings {
    fn default() -> Self {
        Self {
            allow_merge_on_skipped_pipeline: None,
            approvals_before_merge: 0,
            auto_cancel_pending_pipelines: "enabled".into(),
            autoclose_referenced_issues: true,
            build_allow_git_fetch: true,
            build_timeout: 3600,
            delete_error: None,
            disable_overriding_approvers_per_merge_request: false,
            external_authorization_classification_label: None,
            has_external_issue_tracker: false,
            has_external_wiki: false,
            issues_template: None,
            jobs_cache_index: None,
            last_repository_check_failed: None,
            max_artifacts_size: None,
            merge_commit_template: None,
            merge_requests_author_approval: false,
            merge_requests_disable_committers_approval: false,
            merge_requests_ff_only_enabled: false,
            merge_requests_rebase_enabled: false,
            merge_requests_template: None,
            only_allow_merge_if_all_discussions_are_resolved: false,
            only_allow_merge_if_pipeline_succeeds: false,
            pages_https_only: true,
            pending_delete: false,
            printing_merge_request_link_enabled: true,
            public_builds: true,
            remove_source_branch_after_merge: true,
            request_access_enabled: true,
            require_password_to_approve: false,
            reset_approvals_on_push: true,
            resolve_outdated_diff_discussions: false,
            service_desk_enabled: false,
            shared_runners_enabled: true,
            squash_commit_template: None,
            squash_option: "default_off".into(),
            suggestion_commit_message: None,
        }
    }
}

impl ProjectSettings {
    /// `merge`, `rebase_merge` or `ff`, as REST says it.
    pub fn merge_method(&self) -> &'static str {
        match (
            self.merge_requests_ff_only_enabled,
            self.merge_requests_rebase_enabled,
        ) {
            (true, _) => "ff",
            (false, true) => "rebase_merge",
            (false, false) => "merge",
        }
    }

    /// Takes the word REST uses; `false` when it is none.
    pub fn set_merge_method(&mut self, word: &str) -> bool {
        let (ff, rebase) = match word {
            "merge" => (false, false),
            "rebase_merge" => (false, true),
            "ff" => (true, true),
            _ => return false,
        };
        self.merge_requests_ff_only_enabled = ff;
        self.merge_requests_rebase_enabled = rebase;
        true
    }
}

/// The attributes of `ci_cd_settings.ndjson`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "they are GitLab's columns")]
pub struct CiCdSettings {
    pub allow_composite_identities_to_run_pipelines: bool,
    pub allow_fork_pipelines_to_run_in_parent_project: bool,
    pub auto_rollback_enabled: bool,
    pub default_git_depth: u64,
    pub delete_pipelines_in_seconds: Option<u64>,
    pub display_pipeline_variables: bool,
    pub forward_deployment_enabled: bool,
    pub forward_deployment_rollback_allowed: bool,
    pub group_runners_enabled: bool,
    pub id_token_sub_claim_components: Vec<String>,
    pub inbound_job_token_scope_enabled: bool,
    pub job_token_scope_enabled: bool,
    pub keep_latest_artifact: bool,
    pub merge_pipelines_enabled: Option<bool>,
    pub merge_trains_enabled: bool,
    pub merge_trains_skip_train_allowed: bool,
    pub pipeline_variables_minimum_override_role: String,
    pub push_repository_for_job_token_allowed: bool,
    pub resource_group_default_process_mode: String,
    pub restrict_pipeline_cancellation_role: String,
    pub runner_token_expiration_interval: Option<u64>,
    pub separated_caches: bool,
}

impl Default for CiCdSettings {
    fn default() -> Self {
        Self {
            allow_composite_identities_to_run_pipelines: false,
            allow_fork_pipelines_to_run_in_parent_project: true,
            auto_rollback_enabled: false,
            default_git_depth: 20,
            delete_pipelines_in_seconds: None,
            display_pipeline_variables: false,
            forward_deployment_enabled: true,
            forward_deployment_rollback_allowed: true,
            group_runners_enabled: true,
            id_token_sub_claim_components: ["project_path", "ref_type", "ref"]
                .map(str::to_owned)
                .to_vec(),
            inbound_job_token_scope_enabled: true,
            job_token_scope_enabled: false,
            keep_latest_artifact: true,
            merge_pipelines_enabled: None,
            merge_trains_enabled: false,
            merge_trains_skip_train_allowed: false,
            pipeline_variables_minimum_override_role: "no_one_allowed".into(),
            push_repository_for_job_token_allowed: false,
            resource_group_default_process_mode: "unordered".into(),
            restrict_pipeline_cancellation_role: "developer".into(),
            runner_token_expiration_interval: None,
            separated_caches: true,
        }
    }
}

/// Overlays `defaults` with the attributes of `document` that it knows and whose
/// type fits; everything else is ignored, as GitLab's attribute permitter does.
pub fn overlay<T: Serialize + DeserializeOwned>(
    defaults: &T,
    document: &Map<String, Value>,
) -> Option<T> {
    let Value::Object(mut merged) = serde_json::to_value(defaults).ok()? else {
        return None;
    };
    for (name, value) in document {
        if let Some(known) = merged.get(name) {
            let before = known.clone();
            merged.insert(name.clone(), value.clone());
            if serde_json::from_value::<T>(Value::Object(merged.clone())).is_err() {
                merged.insert(name.clone(), before);
            }
        }
    }
    serde_json::from_value(Value::Object(merged)).ok()
}

/// Features and their default levels in `project_feature.ndjson`: 0 disabled,
/// 10 members only, 20 everyone with access, 30 everyone.
pub const FEATURES: [(&str, u8); 22] = [
    ("analytics", 20),
    ("builds", 20),
    ("container_registry", 20),
    ("environments", 20),
    ("feature_flags", 20),
    ("forking", 20),
    ("infrastructure", 20),
    ("issues", 20),
    ("merge_requests", 20),
    ("metrics_dashboard", 10),
    ("model_experiments", 20),
    ("model_registry", 20),
    ("monitor", 20),
    ("operations", 20),
    ("package_registry", 20),
    ("pages", 10),
    ("releases", 20),
    ("repository", 20),
    ("requirements", 20),
    ("security_and_compliance", 10),
    ("snippets", 20),
    ("wiki", 20),
];

/// Which features a project has, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Features([u8; FEATURES.len()]);

impl Default for Features {
    fn default() -> Self {
        Self(FEATURES.map(|(_, level)| level))
    }
}

impl Features {
    fn index(name: &str) -> Option<usize> {
        FEATURES.iter().position(|(known, _)| *known == name)
    }

    /// The level's number; an unknown feature is disabled.
    pub fn level(&self, name: &str) -> u8 {
        Self::index(name).map_or(0, |at| self.0[at])
    }

    /// Sets a level; `false` when there is no such feature or level.
    pub fn set(&mut self, name: &str, level: u64) -> bool {
        let (Some(at), Ok(level)) = (Self::index(name), u8::try_from(level)) else {
            return false;
        };
        if ![0, 10, 20, 30].contains(&level) {
            return false;
        }
        self.0[at] = level;
        true
    }

    /// The word REST uses.
    pub fn word(&self, name: &str) -> &'static str {
        match self.level(name) {
            0 => "disabled",
            10 => "private",
            20 => "enabled",
            _ => "public",
        }
    }

    /// Sets a level by the word REST uses.
    pub fn set_word(&mut self, name: &str, word: &str) -> bool {
        let level = match word {
            "disabled" => 0,
            "private" => 10,
            "enabled" => 20,
            "public" => 30,
            _ => return false,
        };
        self.set(name, level)
    }

    /// Whether anybody has the feature.
    pub fn enabled(&self, name: &str) -> bool {
        self.level(name) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn overlay_takes_what_it_knows_and_ignores_the_rest() {
        let document = json!({
            "squash_option": "always", "build_timeout": "soon", "unheard_of": 1,
            "suggestion_commit_message": null, "public_builds": false,
        });
        let Value::Object(document) = document else {
            panic!("an object")
        };
        let settings = overlay(&ProjectSettings::default(), &document).expect("settings");
        assert_eq!(settings.squash_option, "always");
        assert_eq!(settings.build_timeout, 3600);
        assert!(!settings.public_builds);
    }
}
