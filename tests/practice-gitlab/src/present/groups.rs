//! Groups and namespaces.

use serde_json::{Value, json};

use super::{View, date, time};
use crate::model::{AccessLevel, Group};

impl View<'_> {
    /// `API::Entities::NamespaceBasic` of any namespace.
    pub fn namespace_basic(&self, id: u64) -> Value {
        if let Some(group) = self.world.groups.get(&id) {
            return json!({
                "id": id,
                "name": group.name,
                "path": group.path,
                "kind": "group",
                "full_path": group.full_path,
                "parent_id": group.parent_id,
                "avatar_url": null,
                "web_url": self.web(&format!("groups/{}", group.full_path)),
            });
        }
        let user = self
            .world
            .personal
            .get(&id)
            .and_then(|user| self.world.users.get(user));
        user.map_or(Value::Null, |user| {
            json!({
                "id": id,
                "name": user.name,
                "path": user.username,
                "kind": "user",
                "full_path": user.username,
                "parent_id": null,
                "avatar_url": self.user_basic_of(user)["avatar_url"],
                "web_url": self.web(&user.username),
            })
        })
    }

    /// `API::Entities::Namespace`.
    pub fn namespace(&self, id: u64) -> Value {
        let mut shown = self.namespace_basic(id);
        if let Some(group) = self.world.groups.get(&id) {
            if self.viewer.group_role(self.world, id) >= AccessLevel::OWNER {
                shown["members_count_with_descendants"] = json!(group.members.len());
                shown["root_repository_size"] = json!(0);
                shown["projects_count"] = json!(
                    self.world
                        .projects
                        .values()
                        .filter(|project| project.namespace_id == id)
                        .count()
                );
            }
        } else {
            shown["members_count_with_descendants"] = json!(1);
        }
        if self.world.instance.enterprise() {
            shown["billable_members_count"] = json!(1);
            shown["plan"] = json!("default");
            shown["trial_ends_on"] = Value::Null;
            shown["trial"] = json!(false);
        }
        shown
    }

    /// `API::Entities::Group`.
    pub fn group(&self, group: &Group) -> Value {
        json!({
            "id": group.id,
            "web_url": self.web(&format!("groups/{}", group.full_path)),
            "name": group.name,
            "path": group.path,
            "description": group.description,
            "visibility": group.visibility.word(),
            "share_with_group_lock": false,
            "require_two_factor_authentication": false,
            "two_factor_grace_period": 48,
            "project_creation_level": group.project_creation_level,
            "auto_devops_enabled": null,
            "subgroup_creation_level": group.subgroup_creation_level,
            "emails_disabled": false,
            "emails_enabled": true,
            "show_diff_preview_in_email": true,
            "mentions_disabled": null,
            "lfs_enabled": true,
            "archived": false,
            "math_rendering_limits_enabled": true,
            "lock_math_rendering_limits_enabled": false,
            "default_branch": null,
            "default_branch_protection": 2,
            "default_branch_protection_defaults": {
                "allowed_to_push": [{ "access_level": 40 }],
                "allow_force_push": false,
                "allowed_to_merge": [{ "access_level": 40 }],
                "developer_can_initial_push": false,
                "code_owner_approval_required": false,
            },
            "avatar_url": null,
            "request_access_enabled": group.request_access_enabled,
            "full_name": self.world.namespace_name(group.id),
            "full_path": group.full_path,
            "created_at": time(Some(group.created_at)),
            "parent_id": group.parent_id,
            "organization_id": 1,
            "shared_runners_setting": "enabled",
            "max_artifacts_size": null,
            "marked_for_deletion_on": date(group.marked_for_deletion_on),
            "ldap_cn": null,
            "ldap_access": null,
            "wiki_access_level": "enabled",
        })
    }

    /// `API::Entities::GroupDetail`, without the projects.
    pub fn group_detail(&self, group: &Group) -> Value {
        let mut shown = self.group(group);
        shown["shared_with_groups"] = json!([]);
        if self.viewer.group_role(self.world, group.id) >= AccessLevel::OWNER {
            shown["runners_token"] = Value::Null;
            shown["enabled_git_access_protocol"] = json!("all");
            shown["prevent_sharing_groups_outside_hierarchy"] = json!(false);
        }
        shown
    }
}
