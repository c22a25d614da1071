//! Projects: the short form, the form of lists, and the form of one with what
//! only Maintainers and Owners see.

use serde_json::{Value, json};

use super::{View, date, html};
use crate::clock::stamp;
use crate::model::transfer::ImportStatus;
use crate::model::world::World;
use crate::model::{AccessLevel, Project};

/// How much of a project to show.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProjectDetail {
    /// Also the numbers, to Reporters and above.
    pub statistics: bool,
    /// Also the user's roles (`ProjectWithAccess`).
    pub permissions: bool,
    /// The form of a single project.
    pub single: bool,
}

/// The roles of a user in a project, direct and through groups.
pub fn permissions(world: &World, user: Option<u64>, project: &Project) -> Value {
    let access = |level: AccessLevel| {
        if level == AccessLevel::NONE {
            Value::Null
        } else {
            json!({ "access_level": level, "notification_level": 3 })
        }
    };
    let direct = user
        .and_then(|user| project.members.get(&user))
        .map_or(AccessLevel::NONE, |member| member.level);
    let group = user.map_or(AccessLevel::NONE, |user| {
        world.group_access(user, project.namespace_id)
    });
    json!({ "project_access": access(direct), "group_access": access(group) })
}

fn put_all(shown: &mut Value, more: Value) {
    if let (Value::Object(shown), Value::Object(more)) = (shown, more) {
        shown.extend(more);
    }
}

impl View<'_> {
    /// `API::Entities::ProjectIdentity`.
    pub fn project_identity(&self, project: &Project) -> Value {
        json!({
            "id": project.id,
            "description": project.description,
            "name": project.name,
            "name_with_namespace":
                format!("{} / {}", self.world.namespace_name(project.namespace_id), project.name),
            "path": project.path,
            "path_with_namespace": project.full_path,
            "created_at": stamp(project.created_at),
        })
    }

    /// `API::Entities::BasicProjectDetails`, as `simple=true` gives it.
    pub fn project_simple(&self, project: &Project) -> Value {
        let host = self.url.split("://").nth(1).unwrap_or_default();
        let host = host.split(['/', ':']).next().unwrap_or_default();
        let mut shown = self.project_identity(project);
        put_all(
            &mut shown,
            json!({
                "tag_list": project.topics,
                "topics": project.topics,
                "ssh_url_to_repo": format!("git@{host}:{}.git", project.full_path),
                "http_url_to_repo": self.web(&format!("{}.git", project.full_path)),
                "web_url": self.web(&project.full_path),
                "avatar_url": null,
                "star_count": 0,
                "last_activity_at": stamp(project.last_activity_at),
                "visibility": project.visibility.word(),
                "namespace": self.namespace_basic(project.namespace_id),
            }),
        );
        if self.viewer.reads_code(self.world, project) {
            shown["default_branch"] = json!(project.default_branch.as_deref().unwrap_or("main"));
            shown["readme_url"] = Value::Null;
            shown["forks_count"] = json!(project.forks);
        }
        shown
    }

    /// `API::Entities::Project` and `ProjectWithAccess`.
    pub fn project(&self, project: &Project, detail: ProjectDetail) -> Value {
        let role = self.viewer.role(self.world, project);
        let maintains = role >= AccessLevel::MAINTAINER;
        let mut shown = self.project_simple(project);
        put_all(&mut shown, self.project_links(project));
        put_all(&mut shown, self.project_features(project));
        put_all(&mut shown, Self::project_settings(project));
        if !self.world.groups.contains_key(&project.namespace_id)
            && let Some(owner) = self.world.personal.get(&project.namespace_id)
        {
            shown["owner"] = self.user_basic(*owner);
        }
        if let Some(upstream) = project
            .forked_from
            .and_then(|id| self.world.projects.get(&id))
            && self.viewer.sees_project(self.world, upstream)
        {
            shown["forked_from_project"] = self.project_simple(upstream);
        }
        if self.viewer.has_feature(self.world, project, "issues") {
            shown["open_issues_count"] = json!(
                project
                    .issues
                    .values()
                    .filter(|issue| !issue.closed)
                    .count()
            );
        }
        if maintains {
            put_all(&mut shown, Self::project_secrets(project));
        }
        if detail.statistics && role >= AccessLevel::REPORTER {
            shown["statistics"] = Self::statistics(project);
        }
        if detail.permissions {
            shown["permissions"] = permissions(self.world, self.viewer.user, project);
        }
        if detail.single && self.world.instance.enterprise() {
            shown["repository_object_format"] = json!("sha1");
        }
        shown
    }

    fn project_links(&self, project: &Project) -> Value {
        let link = |what: &str| self.api(&format!("/projects/{}{what}", project.id));
        json!({
            "container_registry_image_prefix":
                format!("{}/{}", self.registry_host(), project.full_path.to_lowercase()),
            "_links": {
                "self": link(""),
                "issues": link("/issues"),
                "merge_requests": link("/merge_requests"),
                "repo_branches": link("/repository/branches"),
                "labels": link("/labels"),
                "events": link("/events"),
                "members": link("/members"),
                "cluster_agents": link("/cluster_agents"),
            },
            "marked_for_deletion_at": date(project.marked_for_deletion_on),
            "marked_for_deletion_on": date(project.marked_for_deletion_on),
            "packages_enabled": project.features.enabled("package_registry"),
            "empty_repo": project.empty_repository(),
            "archived": project.archived,
            "creator_id": project.creator_id,
            "import_url": null,
            "import_type": if project.import.status == ImportStatus::None { Value::Null } else { json!("gitlab_project") },
            "import_status": project.import.status.word(),
            "updated_at": stamp(project.updated_at),
            "description_html": html(project.description.as_deref().unwrap_or_default()),
            "shared_with_groups": [],
            "compliance_frameworks": [],
        })
    }

    /// The registry's host and port, for names of images.
    fn registry_host(&self) -> &str {
        self.url.split("://").nth(1).unwrap_or_default()
    }

    fn project_features(&self, project: &Project) -> Value {
        const LEVELS: [&str; 20] = [
            "issues",
            "repository",
            "merge_requests",
            "forking",
            "wiki",
            "builds",
            "snippets",
            "pages",
            "analytics",
            "container_registry",
            "security_and_compliance",
            "releases",
            "environments",
            "feature_flags",
            "infrastructure",
            "monitor",
            "model_experiments",
            "model_registry",
            "package_registry",
            "requirements",
        ];
        const ENABLED: [(&str, &str); 7] = [
            ("issues_enabled", "issues"),
            ("merge_requests_enabled", "merge_requests"),
            ("wiki_enabled", "wiki"),
            ("jobs_enabled", "builds"),
            ("snippets_enabled", "snippets"),
            ("container_registry_enabled", "container_registry"),
            ("requirements_enabled", "requirements"),
        ];
        let mut shown = serde_json::Map::new();
        for feature in LEVELS {
            shown.insert(
                format!("{feature}_access_level"),
                json!(project.features.word(feature)),
            );
        }
        for (name, feature) in ENABLED {
            shown.insert(
                name.into(),
                json!(self.viewer.has_feature(self.world, project, feature)),
            );
        }
        let role = self.viewer.role(self.world, project);
        let may_open = role >= AccessLevel::DEVELOPER
            || (self.viewer.user.is_some() && self.viewer.sees(project.visibility));
        shown.insert(
            "can_create_merge_request_in".into(),
            json!(may_open && !project.archived),
        );
        shown.insert("lfs_enabled".into(), json!(true));
        Value::Object(shown)
    }

    fn project_settings(project: &Project) -> Value {
        let (settings, ci) = (&project.settings, &project.ci_cd);
        json!({
            "resolve_outdated_diff_discussions": settings.resolve_outdated_diff_discussions,
            "container_expiration_policy": {
                "cadence": "1d", "enabled": false, "keep_n": 10, "older_than": "90d",
                "name_regex": ".*", "name_regex_keep": null,
                "next_run_at": stamp(project.created_at),
            },
            "service_desk_enabled": settings.service_desk_enabled,
            "service_desk_address": null,
            "emails_disabled": false,
            "emails_enabled": true,
            "shared_runners_enabled": settings.shared_runners_enabled,
            "group_runners_enabled": ci.group_runners_enabled,
            "resource_group_default_process_mode": ci.resource_group_default_process_mode,
            "ci_default_git_depth": ci.default_git_depth,
            "ci_delete_pipelines_in_seconds": ci.delete_pipelines_in_seconds,
            "ci_forward_deployment_enabled": ci.forward_deployment_enabled,
            "ci_forward_deployment_rollback_allowed": ci.forward_deployment_rollback_allowed,
            "ci_job_token_scope_enabled": ci.job_token_scope_enabled,
            "ci_separated_caches": ci.separated_caches,
            "ci_allow_fork_pipelines_to_run_in_parent_project": ci.allow_fork_pipelines_to_run_in_parent_project,
            "ci_id_token_sub_claim_components": ci.id_token_sub_claim_components,
            "ci_restrict_pipeline_cancellation_role": ci.restrict_pipeline_cancellation_role,
            "ci_pipeline_variables_minimum_override_role": ci.pipeline_variables_minimum_override_role,
            "ci_push_repository_for_job_token_allowed": ci.push_repository_for_job_token_allowed,
            "ci_config_path": "",
            "public_jobs": settings.public_builds,
            "build_timeout": settings.build_timeout,
            "auto_cancel_pending_pipelines": settings.auto_cancel_pending_pipelines,
            "only_allow_merge_if_pipeline_succeeds": settings.only_allow_merge_if_pipeline_succeeds,
            "allow_merge_on_skipped_pipeline": settings.allow_merge_on_skipped_pipeline,
            "restrict_user_defined_variables": true,
            "request_access_enabled": settings.request_access_enabled,
            "only_allow_merge_if_all_discussions_are_resolved":
                settings.only_allow_merge_if_all_discussions_are_resolved,
            "remove_source_branch_after_merge": settings.remove_source_branch_after_merge,
            "printing_merge_request_link_enabled": settings.printing_merge_request_link_enabled,
            "merge_method": settings.merge_method(),
            "merge_request_title_regex": null,
            "merge_request_title_regex_description": null,
            "squash_option": settings.squash_option,
            "enforce_auth_checks_on_uploads": true,
            "suggestion_commit_message": settings.suggestion_commit_message,
            "merge_commit_template": settings.merge_commit_template,
            "squash_commit_template": settings.squash_commit_template,
            "issue_branch_template": null,
            "warn_about_potentially_unwanted_characters": true,
            "autoclose_referenced_issues": settings.autoclose_referenced_issues,
            "max_artifacts_size": settings.max_artifacts_size,
            "keep_latest_artifact": ci.keep_latest_artifact,
            "auto_devops_enabled": false,
            "auto_devops_deploy_strategy": "continuous",
            "approvals_before_merge": settings.approvals_before_merge,
            "mirror": false,
            "external_authorization_classification_label":
                settings.external_authorization_classification_label,
            "issues_template": settings.issues_template,
            "merge_requests_template": settings.merge_requests_template,
            "merge_pipelines_enabled": ci.merge_pipelines_enabled.unwrap_or(false),
            "merge_trains_enabled": ci.merge_trains_enabled,
            "pre_receive_secret_detection_enabled": false,
            "secret_push_protection_enabled": false,
        })
    }

    /// What only Maintainers see.
    fn project_secrets(project: &Project) -> Value {
        json!({
            "import_error": project.import.error,
            "runners_token": null,
            "runner_token_expiration_interval": project.ci_cd.runner_token_expiration_interval,
            "build_git_strategy": if project.settings.build_allow_git_fetch { "fetch" } else { "clone" },
            "repository_storage": "default",
        })
    }

    /// `API::Entities::ProjectStatistics`.
    fn statistics(project: &Project) -> Value {
        let uploads: u64 = project.uploads.iter().map(|upload| upload.size).sum();
        let repository = project.facts.bytes;
        json!({
            "commit_count": project.facts.commits,
            "storage_size": repository + uploads,
            "repository_size": repository,
            "wiki_size": 0,
            "lfs_objects_size": 0,
            "job_artifacts_size": 0,
            "pipeline_artifacts_size": 0,
            "packages_size": 0,
            "snippets_size": 0,
            "uploads_size": uploads,
            "container_registry_size": 0,
        })
    }
}
