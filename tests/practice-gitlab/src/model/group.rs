//! Groups and subgroups.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};

use super::world::{Place, next};
use super::{AccessLevel, Label, Member, Milestone, Visibility, World};

/// A group.
#[derive(Debug, Clone)]
pub struct Group {
    /// Number among namespaces.
    pub id: u64,
    /// The group it lies in.
    pub parent_id: Option<u64>,
    /// The name shown.
    pub name: String,
    /// The last part of its path.
    pub path: String,
    /// All parts of its path.
    pub full_path: String,
    /// A longer text.
    pub description: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// When it was made.
    pub created_at: Timestamp,
    /// The day it is going to be removed.
    pub marked_for_deletion_on: Option<Date>,
    /// `noone`, `owner`, `maintainer` or `developer`.
    pub project_creation_level: String,
    /// `owner` or `maintainer`.
    pub subgroup_creation_level: String,
    /// Whether people may ask to join.
    pub request_access_enabled: bool,
    /// Direct members by user.
    pub members: BTreeMap<u64, Member>,
    /// Its labels.
    pub labels: Vec<Label>,
    /// Its milestones.
    pub milestones: Vec<Milestone>,
}

/// What a new group is made from.
#[derive(Debug, Clone)]
pub struct NewGroup {
    /// The group it lies in.
    pub parent_id: Option<u64>,
    /// The name shown.
    pub name: String,
    /// The last part of its path.
    pub path: String,
    /// A longer text.
    pub description: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// Its first Owner; a subgroup inherits instead.
    pub owner: Option<u64>,
}

impl World {
    /// Makes a group and gives its number.
    pub fn add_group(&mut self, new: NewGroup, now: Timestamp) -> u64 {
        let id = next(&mut self.numbers.namespace);
        let full_path = match new.parent_id.and_then(|parent| self.groups.get(&parent)) {
            Some(parent) => format!("{}/{}", parent.full_path, new.path),
            None => new.path.clone(),
        };
        self.paths
            .insert(full_path.to_lowercase(), Place::Group(id));
        self.groups.insert(
            id,
            Group {
                id,
                parent_id: new.parent_id,
                name: new.name,
                path: new.path,
                full_path,
                description: new.description,
                visibility: new.visibility,
                created_at: now,
                marked_for_deletion_on: None,
                project_creation_level: "developer".into(),
                subgroup_creation_level: "maintainer".into(),
                request_access_enabled: true,
                members: BTreeMap::new(),
                labels: Vec::new(),
                milestones: Vec::new(),
            },
        );
        if let Some(owner) = new.owner {
            self.set_group_member(id, owner, AccessLevel::OWNER, None, now);
        }
        id
    }

    /// Makes `user` a direct member, or changes the role.
    pub fn set_group_member(
        &mut self,
        group: u64,
        user: u64,
        level: AccessLevel,
        by: Option<u64>,
        now: Timestamp,
    ) {
        let number = &mut self.numbers.member;
        if let Some(group) = self.groups.get_mut(&group) {
            group
                .members
                .entry(user)
                .and_modify(|member| member.level = level)
                .or_insert_with(|| Member::new(next(number), user, level, by, now));
        }
    }

    /// Gives a group another place or path and moves everything below it along.
    pub fn relocate_group(&mut self, id: u64, parent_id: Option<u64>, path: &str) {
        let Some(group) = self.groups.get_mut(&id) else {
            return;
        };
        group.parent_id = parent_id;
        path.clone_into(&mut group.path);
        // Parents are settled before their children: repeat until nothing moves.
        let family = self.family(id);
        loop {
            let mut moved = false;
            for member in &family {
                let group = &self.groups[member];
                let wanted = match group.parent_id.and_then(|parent| self.groups.get(&parent)) {
                    Some(parent) => format!("{}/{}", parent.full_path, group.path),
                    None => group.path.clone(),
                };
                if wanted != group.full_path {
                    let before = group.full_path.to_lowercase();
                    self.paths.remove(&before);
                    self.paths
                        .insert(wanted.to_lowercase(), Place::Group(*member));
                    if let Some(group) = self.groups.get_mut(member) {
                        group.full_path = wanted;
                    }
                    moved = true;
                }
            }
            if !moved {
                break;
            }
        }
        let inside: Vec<(u64, u64, String)> = self
            .projects
            .values()
            .filter(|project| family.contains(&project.namespace_id))
            .map(|project| (project.id, project.namespace_id, project.path.clone()))
            .collect();
        for (project, namespace, path) in inside {
            self.relocate_project(project, namespace, &path);
        }
    }

    /// Removes a group with everything below it. Gives the projects that went.
    pub fn remove_group(&mut self, id: u64) -> Vec<u64> {
        let family = self.family(id);
        let projects: Vec<u64> = self
            .projects
            .values()
            .filter(|project| family.contains(&project.namespace_id))
            .map(|project| project.id)
            .collect();
        for project in &projects {
            self.remove_project(*project);
        }
        for group in family {
            if let Some(group) = self.groups.remove(&group) {
                self.paths.remove(&group.full_path.to_lowercase());
            }
        }
        projects
    }
}
