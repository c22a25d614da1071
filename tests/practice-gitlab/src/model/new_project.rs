//! Making, moving and removing projects.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::project::{ProtectedBranch, Repository, RepositoryFacts};
use super::settings::{CiCdSettings, Features, ProjectSettings};
use super::transfer::ImportState;
use super::world::{Place, next};
use super::{AccessLevel, Member, Project, Visibility, World};

/// What a new project is made from.
#[derive(Debug, Clone)]
pub struct NewProject {
    /// The namespace it is to lie in.
    pub namespace_id: u64,
    /// The name shown.
    pub name: String,
    /// The last part of its path.
    pub path: String,
    /// A longer text.
    pub description: Option<String>,
    /// Who may see it.
    pub visibility: Visibility,
    /// Who makes it. Outside a group of theirs this user becomes a member.
    pub creator_id: u64,
}

impl World {
    /// Makes a project without a repository and gives its number.
    pub fn add_project(&mut self, new: NewProject, now: Timestamp) -> u64 {
        let id = next(&mut self.numbers.project);
        let namespace = self.namespace_path(new.namespace_id).unwrap_or_default();
        let full_path = format!("{namespace}/{}", new.path);
        self.paths
            .insert(full_path.to_lowercase(), Place::Project(id));
        self.former_paths.remove(&full_path.to_lowercase());
        let personal = self.personal.get(&new.namespace_id).copied();
        let mut members = BTreeMap::new();
        let role = match personal {
            Some(owner) if owner == new.creator_id => Some(AccessLevel::OWNER),
            _ if self.group_access(new.creator_id, new.namespace_id) < AccessLevel::MAINTAINER => {
                Some(AccessLevel::MAINTAINER)
            }
            _ => None,
        };
        if let Some(role) = role {
            let number = next(&mut self.numbers.member);
            members.insert(
                new.creator_id,
                Member::new(number, new.creator_id, role, None, now),
            );
        }
        self.projects.insert(
            id,
            Project {
                id,
                namespace_id: new.namespace_id,
                name: new.name,
                path: new.path,
                full_path,
                description: new.description,
                visibility: new.visibility,
                created_at: now,
                updated_at: now,
                last_activity_at: now,
                creator_id: new.creator_id,
                archived: false,
                topics: Vec::new(),
                default_branch: None,
                settings: ProjectSettings::default(),
                ci_cd: CiCdSettings::default(),
                features: Features::default(),
                members,
                labels: Vec::new(),
                milestones: Vec::new(),
                issues: BTreeMap::new(),
                merge_requests: BTreeMap::new(),
                last_issue_iid: 0,
                last_merge_request_iid: 0,
                protected_branches: Vec::new(),
                protected_tags: Vec::new(),
                forked_from: None,
                forks: 0,
                repository: Repository::Absent,
                wiki: Repository::Absent,
                facts: RepositoryFacts::default(),
                uploads: Vec::new(),
                lfs_objects: BTreeMap::new(),
                import: ImportState::default(),
                exports: BTreeMap::new(),
                relation_exports: BTreeMap::new(),
                relation_imports: Vec::new(),
                carried: BTreeMap::new(),
                marked_for_deletion_on: None,
            },
        );
        id
    }

    /// Makes `user` a direct member, or changes the role.
    pub fn set_project_member(
        &mut self,
        project: u64,
        user: u64,
        level: AccessLevel,
        by: Option<u64>,
        now: Timestamp,
    ) {
        let number = &mut self.numbers.member;
        if let Some(project) = self.projects.get_mut(&project) {
            project
                .members
                .entry(user)
                .and_modify(|member| member.level = level)
                .or_insert_with(|| Member::new(next(number), user, level, by, now));
        }
    }

    /// Gives a project another place or path; the old path keeps leading to it.
    pub fn relocate_project(&mut self, id: u64, namespace_id: u64, path: &str) {
        let Some(namespace) = self.namespace_path(namespace_id) else {
            return;
        };
        let full_path = format!("{namespace}/{path}");
        let Some(project) = self.projects.get_mut(&id) else {
            return;
        };
        if project.full_path == full_path {
            return;
        }
        let before = project.full_path.to_lowercase();
        project.namespace_id = namespace_id;
        path.clone_into(&mut project.path);
        project.full_path.clone_from(&full_path);
        self.paths.remove(&before);
        self.former_paths.insert(before, id);
        self.former_paths.remove(&full_path.to_lowercase());
        self.paths
            .insert(full_path.to_lowercase(), Place::Project(id));
    }

    /// Removes a project and every link to its issues.
    pub fn remove_project(&mut self, id: u64) {
        if let Some(project) = self.projects.remove(&id) {
            self.paths.remove(&project.full_path.to_lowercase());
            if let Some(upstream) = project
                .forked_from
                .and_then(|id| self.projects.get_mut(&id))
            {
                upstream.forks -= 1;
            }
        }
        self.former_paths.retain(|_, project| *project != id);
        self.issue_links
            .retain(|_, link| link.source.0 != id && link.target.0 != id);
        for other in self.projects.values_mut() {
            if other.forked_from == Some(id) {
                other.forked_from = None;
            }
        }
    }

    /// Notes that `fork` was forked from `upstream`.
    pub fn relate_fork(&mut self, fork: u64, upstream: u64) {
        if let Some(upstream) = self.projects.get_mut(&upstream) {
            upstream.forks += 1;
        }
        if let Some(fork) = self.projects.get_mut(&fork) {
            fork.forked_from = Some(upstream);
        }
    }

    /// Protects the default branch as GitLab does when it first appears:
    /// Maintainers push and merge, nobody forces.
    pub fn protect_default_branch(&mut self, project: u64, now: Timestamp) {
        let number = &mut self.numbers.protected;
        let Some(project) = self.projects.get_mut(&project) else {
            return;
        };
        let Some(branch) = project.default_branch.clone() else {
            return;
        };
        if project
            .protected_branches
            .iter()
            .any(|rule| rule.name == branch)
        {
            return;
        }
        project.protected_branches.push(ProtectedBranch {
            id: next(number),
            name: branch,
            push_levels: vec![AccessLevel::MAINTAINER.0],
            merge_levels: vec![AccessLevel::MAINTAINER.0],
            allow_force_push: false,
            code_owner_approval_required: false,
            created_at: now,
        });
    }
}
