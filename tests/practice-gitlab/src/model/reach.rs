//! What one user reaches, computed once for lists over thousands of groups and
//! projects.

use std::collections::{HashMap, HashSet};

use super::{AccessLevel, Project, Visibility, World};

/// The roles of one user in all groups, and the groups seen because something
/// below them is.
#[derive(Debug)]
pub struct Reach {
    user: Option<u64>,
    admin: bool,
    levels: HashMap<u64, AccessLevel>,
    above: HashSet<u64>,
}

impl World {
    /// Computes the reach of `user`; administrators count as Owners of all.
    pub fn reach(&self, user: Option<u64>, admin: bool) -> Reach {
        let mut levels = HashMap::with_capacity(self.groups.len());
        let mut above = HashSet::new();
        if let Some(user) = user {
            for id in self.groups.keys() {
                let level = self.group_access(user, *id);
                if level > AccessLevel::NONE {
                    levels.insert(*id, level);
                    above.extend(self.ancestry(*id).map(|group| group.id));
                }
            }
            for project in self
                .projects
                .values()
                .filter(|project| project.members.contains_key(&user))
            {
                above.extend(self.ancestry(project.namespace_id).map(|group| group.id));
            }
        }
        Reach {
            user,
            admin,
            levels,
            above,
        }
    }
}

impl Reach {
    /// The role in a group.
    pub fn group_level(&self, group: u64) -> AccessLevel {
        if self.admin {
            return AccessLevel::OWNER;
        }
        self.member_level(group)
    }

    /// The role in a group by membership alone.
    pub fn member_level(&self, group: u64) -> AccessLevel {
        self.levels
            .get(&group)
            .copied()
            .unwrap_or(AccessLevel::NONE)
    }

    /// Whether the user is a member of the group or of something below it.
    pub fn belongs(&self, group: u64) -> bool {
        self.above.contains(&group)
    }

    /// Whether a group can be seen.
    pub fn sees_group(&self, group: u64, visibility: Visibility) -> bool {
        self.sees(visibility) || self.belongs(group)
    }

    /// The role in a project by membership alone.
    pub fn project_member_level(&self, world: &World, project: &Project) -> AccessLevel {
        let Some(user) = self.user else {
            return AccessLevel::NONE;
        };
        if world.personal.get(&project.namespace_id) == Some(&user) {
            return AccessLevel::OWNER;
        }
        let direct = project
            .members
            .get(&user)
            .map_or(AccessLevel::NONE, |member| member.level);
        direct.max(self.member_level(project.namespace_id))
    }

    /// Whether a project can be seen.
    pub fn sees_project(&self, world: &World, project: &Project) -> bool {
        self.sees(project.visibility)
            || self.project_member_level(world, project) > AccessLevel::NONE
    }

    fn sees(&self, visibility: Visibility) -> bool {
        match visibility {
            Visibility::Public => true,
            Visibility::Internal => self.user.is_some(),
            Visibility::Private => self.admin,
        }
    }
}
