//! The whole instance: all users, tokens, groups and projects, and the finding
//! of them by number, path and role.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    AccessLevel, Group, Instance, IssueLink, Label, Milestone, Project, Token, User, Visibility,
};
use crate::notifications::Notifications;

/// The next number of each kind; the fields' names say of which.
#[derive(Debug, Clone)]
pub struct Numbers {
    pub user: u64,
    pub namespace: u64,
    pub project: u64,
    pub token: u64,
    pub member: u64,
    pub label: u64,
    pub milestone: u64,
    pub issue: u64,
    pub issue_link: u64,
    pub merge_request: u64,
    pub diff: u64,
    pub note: u64,
    pub award: u64,
    pub event: u64,
    pub protected: u64,
    pub failure: u64,
    pub relation_import: u64,
    pub discussion: u64,
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            user: 1,
            namespace: 1,
            project: 1,
            token: 1,
            member: 1,
            label: 1,
            milestone: 1,
            issue: 1,
            issue_link: 1,
            merge_request: 1,
            diff: 1,
            note: 1,
            award: 1,
            event: 1,
            protected: 1,
            failure: 1,
            relation_import: 1,
            discussion: 1,
        }
    }
}

/// Gives the number and moves on.
pub fn next(number: &mut u64) -> u64 {
    let given = *number;
    *number += 1;
    given
}

/// What lies at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A user's personal namespace.
    User(u64),
    /// A group.
    Group(u64),
    /// A project.
    Project(u64),
}

/// Everything the instance holds in memory.
#[derive(Debug)]
pub struct World {
    /// Settings of the instance.
    pub instance: Instance,
    /// Users by number.
    pub users: BTreeMap<u64, User>,
    /// Tokens by number.
    pub tokens: BTreeMap<u64, Token>,
    /// Tokens by their secret.
    pub token_values: HashMap<String, u64>,
    /// Groups by number.
    pub groups: BTreeMap<u64, Group>,
    /// Personal namespaces: number to user.
    pub personal: BTreeMap<u64, u64>,
    /// Projects by number.
    pub projects: BTreeMap<u64, Project>,
    /// What lies at which path, in lower case.
    pub paths: HashMap<String, Place>,
    /// Former paths of projects, in lower case.
    pub former_paths: HashMap<String, u64>,
    /// Links between issues by number.
    pub issue_links: BTreeMap<u64, IssueLink>,
    /// The next numbers.
    pub numbers: Numbers,
    /// What would have woken people up.
    pub notifications: Notifications,
}

impl World {
    /// An empty instance.
    pub fn new(instance: Instance) -> Self {
        Self {
            instance,
            users: BTreeMap::new(),
            tokens: BTreeMap::new(),
            token_values: HashMap::new(),
            groups: BTreeMap::new(),
            personal: BTreeMap::new(),
            projects: BTreeMap::new(),
            paths: HashMap::new(),
            former_paths: HashMap::new(),
            issue_links: BTreeMap::new(),
            numbers: Numbers::default(),
            notifications: Notifications::default(),
        }
    }

    /// What lies at `path`, whatever its case.
    pub fn place(&self, path: &str) -> Option<Place> {
        self.paths.get(&path.to_lowercase()).copied()
    }

    /// A user by name, whatever its case.
    pub fn user_named(&self, username: &str) -> Option<&User> {
        match self.place(username)? {
            Place::User(id) => self.users.get(&id),
            Place::Group(_) | Place::Project(_) => None,
        }
    }

    /// A project by its present path.
    pub fn project_at(&self, path: &str) -> Option<&Project> {
        match self.place(path)? {
            Place::Project(id) => self.projects.get(&id),
            Place::User(_) | Place::Group(_) => None,
        }
    }

    /// A project by a path it had before.
    pub fn project_formerly_at(&self, path: &str) -> Option<&Project> {
        self.former_paths
            .get(&path.to_lowercase())
            .and_then(|id| self.projects.get(id))
    }

    /// A group by its path.
    pub fn group_at(&self, path: &str) -> Option<&Group> {
        match self.place(path)? {
            Place::Group(id) => self.groups.get(&id),
            Place::User(_) | Place::Project(_) => None,
        }
    }

    /// A group and those above it, nearest first.
    pub fn ancestry(&self, group: u64) -> impl Iterator<Item = &Group> {
        std::iter::successors(self.groups.get(&group), |group| {
            group.parent_id.and_then(|parent| self.groups.get(&parent))
        })
    }

    /// Whether `group` is `ancestor` or lies below it.
    pub fn lies_in(&self, group: u64, ancestor: u64) -> bool {
        self.ancestry(group).any(|above| above.id == ancestor)
    }

    /// All groups below `group`, and itself.
    pub fn family(&self, group: u64) -> BTreeSet<u64> {
        self.groups
            .keys()
            .copied()
            .filter(|id| self.lies_in(*id, group))
            .collect()
    }

    /// A namespace by its path.
    pub fn namespace_named(&self, path: &str) -> Option<u64> {
        match self.place(path)? {
            Place::User(id) => self.users.get(&id).map(|user| user.namespace_id),
            Place::Group(id) => Some(id),
            Place::Project(_) => None,
        }
    }

    /// The full path of a namespace.
    pub fn namespace_path(&self, namespace: u64) -> Option<&str> {
        if let Some(group) = self.groups.get(&namespace) {
            return Some(&group.full_path);
        }
        let user = self.personal.get(&namespace)?;
        self.users.get(user).map(|user| user.username.as_str())
    }

    /// The full name of a namespace, parts joined by " / ".
    pub fn namespace_name(&self, namespace: u64) -> String {
        if self.groups.contains_key(&namespace) {
            let mut names: Vec<&str> = self
                .ancestry(namespace)
                .map(|group| group.name.as_str())
                .collect();
            names.reverse();
            return names.join(" / ");
        }
        let user = self
            .personal
            .get(&namespace)
            .and_then(|user| self.users.get(user));
        user.map(|user| user.name.clone()).unwrap_or_default()
    }

    /// The role of `user` in `group`, inherited roles included.
    pub fn group_access(&self, user: u64, group: u64) -> AccessLevel {
        self.ancestry(group)
            .filter_map(|above| above.members.get(&user))
            .map(|member| member.level)
            .max()
            .unwrap_or(AccessLevel::NONE)
    }

    /// The role of `user` in `project`, inherited roles included. The owner of a
    /// personal namespace owns its projects.
    pub fn project_access(&self, user: u64, project: &Project) -> AccessLevel {
        let direct = project
            .members
            .get(&user)
            .map_or(AccessLevel::NONE, |member| member.level);
        let personal = self.personal.get(&project.namespace_id) == Some(&user);
        if personal {
            return AccessLevel::OWNER;
        }
        direct.max(self.group_access(user, project.namespace_id))
    }

    /// Whether `user` is a member of something in `group` or below, which lets
    /// them see the group.
    pub fn belongs_below(&self, user: u64, group: u64) -> bool {
        let family = self.family(group);
        family
            .iter()
            .any(|id| self.groups[id].members.contains_key(&user))
            || self.projects.values().any(|project| {
                family.contains(&project.namespace_id) && project.members.contains_key(&user)
            })
    }

    /// The visibility a namespace allows its projects at most.
    pub fn namespace_visibility(&self, namespace: u64) -> Visibility {
        self.groups
            .get(&namespace)
            .map_or(Visibility::Public, |group| group.visibility)
    }

    /// Labels that issues of `project` may carry: its own and those of the
    /// groups above.
    pub fn labels_of<'w>(&'w self, project: &'w Project) -> Vec<&'w Label> {
        let above = self
            .ancestry(project.namespace_id)
            .flat_map(|group| group.labels.iter());
        project.labels.iter().chain(above).collect()
    }

    /// A label that issues of `project` may carry.
    pub fn label_of<'w>(&'w self, project: &'w Project, id: u64) -> Option<&'w Label> {
        let above = || {
            self.ancestry(project.namespace_id)
                .flat_map(|group| group.labels.iter())
        };
        project
            .labels
            .iter()
            .chain(above())
            .find(|label| label.id == id)
    }

    /// Milestones that issues of `project` may carry, with the group they are of.
    pub fn milestones_of<'w>(&'w self, project: &'w Project) -> Vec<(&'w Milestone, Option<u64>)> {
        let above = self.ancestry(project.namespace_id).flat_map(|group| {
            group
                .milestones
                .iter()
                .map(|milestone| (milestone, Some(group.id)))
        });
        project
            .milestones
            .iter()
            .map(|milestone| (milestone, None))
            .chain(above)
            .collect()
    }

    /// A milestone that issues of `project` may carry, with the group it is of.
    pub fn milestone_of<'w>(
        &'w self,
        project: &'w Project,
        id: u64,
    ) -> Option<(&'w Milestone, Option<u64>)> {
        self.milestones_of(project)
            .into_iter()
            .find(|(milestone, _)| milestone.id == id)
    }

    /// The next discussion's 40 hexadecimal digits, the same in every run.
    pub fn next_discussion_id(&mut self) -> String {
        use sha1::{Digest, Sha1};
        let number = next(&mut self.numbers.discussion);
        hex::encode(Sha1::digest(format!("discussion {number}")))
    }
}
