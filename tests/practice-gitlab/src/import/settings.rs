//! Settings of the project, protected refs, features, and relations that are
//! only carried.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::failure::Unfit;
use super::fields::{Document, filled, number, objects, text, time, truth};
use super::{Import, ImportError};
use crate::model::project::{ProtectedBranch, ProtectedTag};
use crate::model::settings::{FEATURES, overlay};
use crate::model::world::next;
use crate::model::{AccessLevel, Visibility, World};

/// Applies `tree/project.json`. Path and namespace come from the request;
/// visibility is lowered to what the group allows.
pub fn apply(import: &Import<'_>, attributes: &Document) -> Result<(), ImportError> {
    let mut world = import.server.write();
    let namespace = import.project(&world)?.namespace_id;
    let limit = world.namespace_visibility(namespace);
    let Some(project) = world.projects.get_mut(&import.project) else {
        return Err(ImportError::NoProject);
    };
    if let Some(settings) = overlay(&project.settings, attributes) {
        project.settings = settings;
    }
    if attributes.contains_key("description") {
        project.description = text(attributes, "description");
    }
    if let Some(visibility) =
        number(attributes, "visibility_level").and_then(Visibility::from_number)
    {
        project.visibility = visibility.min(limit);
    }
    project.archived = truth(attributes, "archived").unwrap_or(false);
    if let Some(Value::Array(topics)) = attributes.get("topics") {
        project.topics = topics
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
    }
    Ok(())
}

impl Import<'_> {
    /// Roles of protected refs: nobody and Maintainers stay, others become
    /// Maintainers unless the importer owns the root group.
    fn levels(&self, world: &World, document: &Document, name: &str) -> Vec<u8> {
        let root = world
            .projects
            .get(&self.project)
            .and_then(|project| world.ancestry(project.namespace_id).last())
            .map(|group| group.id);
        let owner =
            root.is_some_and(|root| world.group_access(self.user, root) >= AccessLevel::OWNER);
        objects(document, name)
            .filter_map(|level| number(level, "access_level"))
            .filter_map(|level| u8::try_from(level).ok())
            .map(|level| {
                if owner || level == 0 {
                    level
                } else {
                    AccessLevel::MAINTAINER.0
                }
            })
            .collect()
    }

    /// One line of `protected_branches.ndjson`.
    pub fn protected_branch(&self, world: &mut World, document: &Document) -> Result<(), Unfit> {
        let name = filled(document, "name").ok_or_else(|| Unfit::invalid("Name can't be blank"))?;
        let push_levels = self.levels(world, document, "push_access_levels");
        let merge_levels = self.levels(world, document, "merge_access_levels");
        let branch = ProtectedBranch {
            id: next(&mut world.numbers.protected),
            name,
            push_levels,
            merge_levels,
            allow_force_push: truth(document, "allow_force_push").unwrap_or(false),
            code_owner_approval_required: truth(document, "code_owner_approval_required")
                .unwrap_or(false),
            created_at: time(document, "created_at").unwrap_or_else(|| self.server.clock.now()),
        };
        if let Some(project) = world.projects.get_mut(&self.project) {
            project
                .protected_branches
                .retain(|known| known.name != branch.name);
            project.protected_branches.push(branch);
        }
        Ok(())
    }

    /// One line of `protected_tags.ndjson`.
    pub fn protected_tag(&self, world: &mut World, document: &Document) -> Result<(), Unfit> {
        let name = filled(document, "name").ok_or_else(|| Unfit::invalid("Name can't be blank"))?;
        let tag = ProtectedTag {
            name,
            create_levels: self.levels(world, document, "create_access_levels"),
            created_at: time(document, "created_at").unwrap_or_else(|| self.server.clock.now()),
        };
        if let Some(project) = world.projects.get_mut(&self.project) {
            project
                .protected_tags
                .retain(|known| known.name != tag.name);
            project.protected_tags.push(tag);
        }
        Ok(())
    }

    /// `project_feature.ndjson`.
    pub fn features(&self, world: &mut World, document: &Document) {
        let Some(project) = world.projects.get_mut(&self.project) else {
            return;
        };
        for (feature, _) in FEATURES {
            if let Some(level) = number(document, &format!("{feature}_access_level")) {
                project.features.set(feature, level);
            }
        }
    }

    /// `ci_cd_settings.ndjson`.
    pub fn ci_cd(&self, world: &mut World, document: &Document) {
        let Some(project) = world.projects.get_mut(&self.project) else {
            return;
        };
        if let Some(settings) = overlay(&project.ci_cd, document) {
            project.ci_cd = settings;
        }
    }

    /// A document that is only kept, changed as GitLab changes it: schedules stop
    /// and are the importer's, pipelines under way are canceled, users are mapped.
    pub fn carry(&self, world: &mut World, relation: &str, document: &Document) {
        let mut document = document.clone();
        self.map_users(&mut document);
        if relation == "pipeline_schedules" {
            document.insert("active".into(), false.into());
            document.insert("owner_id".into(), self.user.into());
        }
        if relation == "ci_pipelines" {
            cancel_unfinished(&mut document);
        }
        if let Some(project) = world.projects.get_mut(&self.project) {
            let carried: &mut BTreeMap<String, Vec<Value>> = &mut project.carried;
            carried
                .entry(relation.to_owned())
                .or_default()
                .push(Value::Object(document));
        }
    }

    /// Maps every reference to a user, at any depth.
    fn map_users(&self, document: &mut Map<String, Value>) {
        const REFERENCES: [&str; 12] = [
            "author_id",
            "assignee_id",
            "updated_by_id",
            "merged_by_id",
            "latest_closed_by_id",
            "user_id",
            "created_by_id",
            "last_edited_by_id",
            "merge_user_id",
            "resolved_by_id",
            "closed_by_id",
            "owner_id",
        ];
        for (name, value) in document.iter_mut() {
            match value {
                Value::Number(old) if REFERENCES.contains(&name.as_str()) => {
                    if let Some(old) = old.as_u64() {
                        *value = self.people.user(old).into();
                    }
                }
                Value::Object(nested) => self.map_users(nested),
                Value::Array(items) => {
                    for item in items {
                        if let Value::Object(nested) = item {
                            self.map_users(nested);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// Statuses that are not final become `canceled`, in stages and jobs too.
fn cancel_unfinished(document: &mut Map<String, Value>) {
    const FINAL: [&str; 4] = ["success", "failed", "canceled", "skipped"];
    for (name, value) in document.iter_mut() {
        match value {
            Value::String(status) if name == "status" && !FINAL.contains(&status.as_str()) => {
                *value = "canceled".into();
            }
            Value::Array(items) => {
                for item in items {
                    if let Value::Object(nested) = item {
                        cancel_unfinished(nested);
                    }
                }
            }
            _ => {}
        }
    }
}
