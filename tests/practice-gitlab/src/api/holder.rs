//! The project or group of a route, where both have the same routes: members,
//! labels, milestones.

use super::Refusal;
use super::call::Call;
use crate::model::{AccessLevel, Label, Milestone, Project, World};

/// A project or a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// A project.
    Project(u64),
    /// A group.
    Group(u64),
}

impl Holder {
    /// The project or group of the request, if it may be seen.
    pub fn of(call: &Call, world: &World) -> Result<Self, Refusal> {
        if call.template.starts_with("/groups/") {
            call.group(world).map(|group| Self::Group(group.id))
        } else {
            call.project(world).map(|project| Self::Project(project.id))
        }
    }

    /// The same, when the role in it is at least `level`.
    pub fn managed(call: &Call, world: &World, level: AccessLevel) -> Result<Self, Refusal> {
        let holder = Self::of(call, world)?;
        if holder.role(call, world) >= level {
            Ok(holder)
        } else {
            Err(Refusal::forbidden())
        }
    }

    /// The role of whoever asks.
    pub fn role(self, call: &Call, world: &World) -> AccessLevel {
        match self {
            Self::Project(id) => world
                .projects
                .get(&id)
                .map_or(AccessLevel::NONE, |project| {
                    call.viewer().role(world, project)
                }),
            Self::Group(id) => call.viewer().group_role(world, id),
        }
    }

    /// Its path.
    pub fn path(self, world: &World) -> String {
        match self {
            Self::Project(id) => world
                .projects
                .get(&id)
                .map(|project| project.full_path.clone()),
            Self::Group(id) => world.groups.get(&id).map(|group| group.full_path.clone()),
        }
        .unwrap_or_default()
    }

    /// Its own labels.
    pub fn labels(self, world: &World) -> &[Label] {
        match self {
            Self::Project(id) => world
                .projects
                .get(&id)
                .map(|project| project.labels.as_slice()),
            Self::Group(id) => world.groups.get(&id).map(|group| group.labels.as_slice()),
        }
        .unwrap_or_default()
    }

    /// Its own labels, to change.
    pub fn labels_mut(self, world: &mut World) -> Option<&mut Vec<Label>> {
        match self {
            Self::Project(id) => world
                .projects
                .get_mut(&id)
                .map(|project| &mut project.labels),
            Self::Group(id) => world.groups.get_mut(&id).map(|group| &mut group.labels),
        }
    }

    /// Its own milestones.
    pub fn milestones(self, world: &World) -> &[Milestone] {
        match self {
            Self::Project(id) => world
                .projects
                .get(&id)
                .map(|project| project.milestones.as_slice()),
            Self::Group(id) => world
                .groups
                .get(&id)
                .map(|group| group.milestones.as_slice()),
        }
        .unwrap_or_default()
    }

    /// Its own milestones, to change.
    pub fn milestones_mut(self, world: &mut World) -> Option<&mut Vec<Milestone>> {
        match self {
            Self::Project(id) => world
                .projects
                .get_mut(&id)
                .map(|project| &mut project.milestones),
            Self::Group(id) => world.groups.get_mut(&id).map(|group| &mut group.milestones),
        }
    }

    /// The projects in it: itself, or those in the group and below.
    pub fn projects(self, world: &World) -> Vec<&Project> {
        match self {
            Self::Project(id) => world.projects.get(&id).into_iter().collect(),
            Self::Group(id) => {
                let family = world.family(id);
                world
                    .projects
                    .values()
                    .filter(|project| family.contains(&project.namespace_id))
                    .collect()
            }
        }
    }

    /// The namespace above it, whose labels and milestones it inherits.
    pub fn above(self, world: &World) -> u64 {
        match self {
            Self::Project(id) => world.projects.get(&id).map(|project| project.namespace_id),
            Self::Group(id) => world.groups.get(&id).and_then(|group| group.parent_id),
        }
        .unwrap_or(0)
    }
}
