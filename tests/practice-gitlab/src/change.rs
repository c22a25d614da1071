//! Changing the data directly, past all rights: for tests, seeds and faults.

use std::collections::BTreeMap;

use crate::faults::Change;
use crate::git::{GitError, push, repository};
use crate::model::issue::Issue;
use crate::model::new_project::NewProject;
use crate::model::note::NoteKind;
use crate::model::world::{Place, next};
use crate::model::{AccessLevel, Issuable, IssuableKind, Note, World};
use crate::server::Server;

/// A change that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is no such project.
    #[error("there is no project `{name}`")]
    NoProject {
        /// Number or path.
        name: String,
    },
    /// There is no such group.
    #[error("there is no group `{name}`")]
    NoGroup {
        /// Number or path.
        name: String,
    },
    /// There is no such user.
    #[error("there is no user `{name}`")]
    NoUser {
        /// Number or username.
        name: String,
    },
    /// There is no such issue.
    #[error("there is no issue {iid} in `{project}`")]
    NoIssue {
        /// Number or path.
        project: String,
        /// Number in the project.
        iid: u64,
    },
    /// There is no such token.
    #[error("there is no token named `{name}`")]
    NoToken {
        /// The token's name.
        name: String,
    },
    /// The path is taken.
    #[error("something lies at `{path}` already")]
    Taken {
        /// The full path.
        path: String,
    },
    /// Git refused.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Files could not be removed.
    #[error("files could not be removed")]
    Files(#[from] std::io::Error),
}

/// Makes one change.
pub fn apply(server: &Server, change: &Change) -> Result<(), ChangeError> {
    match change {
        Change::Push {
            project,
            branch,
            files,
        } => push_commit(
            server,
            project,
            branch,
            files,
            "Change made by the practice server",
        )
        .map(|_| ()),
        Change::DeleteBranch { project, branch } => delete_branch(server, project, branch),
        Change::DeleteProject { project } => delete_project(server, project),
        Change::RenameProject { project, path } => rename_project(server, project, path),
        Change::CreateIssue { project, title } => create_issue(server, project, title).map(|_| ()),
        Change::CreateNote {
            project,
            issue,
            body,
        } => create_note(server, project, *issue, body).map(|_| ()),
        Change::SetRole {
            project,
            user,
            level,
        } => set_role(server, user, project, *level),
        Change::RevokeToken { name } => revoke_token(server, name),
    }
}

/// A project's number by number or path.
pub fn project_id(world: &World, name: &str) -> Result<u64, ChangeError> {
    let found = match name.parse() {
        Ok(id) => world.projects.get(&id),
        Err(_) => world.project_at(name),
    };
    found
        .map(|project| project.id)
        .ok_or_else(|| ChangeError::NoProject {
            name: name.to_owned(),
        })
}

/// A group's number by number or path.
pub fn group_id(world: &World, name: &str) -> Result<u64, ChangeError> {
    let found = match name.parse() {
        Ok(id) => world.groups.get(&id),
        Err(_) => world.group_at(name),
    };
    found
        .map(|group| group.id)
        .ok_or_else(|| ChangeError::NoGroup {
            name: name.to_owned(),
        })
}

/// A user's number by number or username.
pub fn user_id(world: &World, name: &str) -> Result<u64, ChangeError> {
    world
        .find_user(name)
        .map(|user| user.id)
        .ok_or_else(|| ChangeError::NoUser {
            name: name.to_owned(),
        })
}

/// Pushes a commit that writes `files` to `branch`; gives its name.
pub fn push_commit(
    server: &Server,
    project: &str,
    branch: &str,
    files: &BTreeMap<String, String>,
    message: &str,
) -> Result<String, ChangeError> {
    let (id, author) = {
        let world = server.read();
        let id = project_id(&world, project)?;
        let creator = world.users.get(&world.projects[&id].creator_id);
        let author = creator.map(|user| (user.id, user.name.clone(), user.email.clone()));
        (
            id,
            author.unwrap_or((0, "Practice".into(), "practice@example.com".into())),
        )
    };
    let opened = repository::open(server, id)?;
    let reference = format!("refs/heads/{branch}");
    let parent = match repository::tip(&opened, &reference)? {
        Some(tip) => Some(tip),
        None => repository::tip(&opened, "HEAD")?,
    };
    let parents: Vec<git2::Oid> = parent.into_iter().collect();
    let files: Vec<(&str, Option<&[u8]>)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), Some(text.as_bytes())))
        .collect();
    let commit = repository::commit(
        &opened,
        &repository::NewCommit {
            reference: &reference,
            parents: &parents,
            files: &files,
            message,
            author: (&author.1, &author.2),
            time: server.clock.now(),
        },
    )?;
    push::after(server, id, false, author.0)?;
    Ok(commit.to_string())
}

/// Deletes a branch.
pub fn delete_branch(server: &Server, project: &str, branch: &str) -> Result<(), ChangeError> {
    let id = project_id(&server.read(), project)?;
    let opened = repository::open(server, id)?;
    let mut reference = opened
        .find_reference(&format!("refs/heads/{branch}"))
        .map_err(GitError::from)?;
    reference.delete().map_err(GitError::from)?;
    Ok(push::after(server, id, false, 0)?)
}

/// Makes an empty project at a path whose namespace exists; gives its number.
pub fn create_project(server: &Server, path: &str, creator: &str) -> Result<u64, ChangeError> {
    let mut world = server.write();
    if world.place(path).is_some() {
        return Err(ChangeError::Taken {
            path: path.to_owned(),
        });
    }
    let (namespace, last) = path.rsplit_once('/').unwrap_or(("", path));
    let namespace_id = world
        .namespace_named(namespace)
        .ok_or_else(|| ChangeError::NoGroup {
            name: namespace.to_owned(),
        })?;
    let creator_id = user_id(&world, creator)?;
    let visibility = crate::model::Visibility::Private;
    let new = NewProject {
        namespace_id,
        name: last.to_owned(),
        path: last.to_owned(),
        description: None,
        visibility,
        creator_id,
    };
    Ok(world.add_project(new, server.clock.now()))
}

/// Deletes a project at once.
pub fn delete_project(server: &Server, project: &str) -> Result<(), ChangeError> {
    let id = {
        let mut world = server.write();
        let id = project_id(&world, project)?;
        world.remove_project(id);
        id
    };
    Ok(server.data.remove_project(id)?)
}

/// Gives a project another path in its namespace.
pub fn rename_project(server: &Server, project: &str, path: &str) -> Result<(), ChangeError> {
    let mut world = server.write();
    let id = project_id(&world, project)?;
    let namespace = world.projects[&id].namespace_id;
    let full = format!(
        "{}/{path}",
        world.namespace_path(namespace).unwrap_or_default()
    );
    if world.place(&full).is_some() {
        return Err(ChangeError::Taken { path: full });
    }
    world.relocate_project(id, namespace, path);
    Ok(())
}

/// Moves a project to another group.
pub fn move_project(server: &Server, project: &str, group: &str) -> Result<(), ChangeError> {
    let mut world = server.write();
    let (id, namespace) = (project_id(&world, project)?, group_id(&world, group)?);
    let path = world.projects[&id].path.clone();
    world.relocate_project(id, namespace, &path);
    Ok(())
}

/// Opens an issue; gives its number in the project. Nobody is notified.
pub fn create_issue(server: &Server, project: &str, title: &str) -> Result<u64, ChangeError> {
    let now = server.clock.now();
    let mut world = server.write();
    let id = project_id(&world, project)?;
    let number = next(&mut world.numbers.issue);
    let project = world.projects.get_mut(&id).ok_or(GitError::NoProject)?;
    let iid = project.next_issue_iid();
    let shared = Issuable::new(number, iid, title.to_owned(), project.creator_id, now);
    project.issues.insert(iid, Issue::new(shared));
    project.touch(now);
    Ok(iid)
}

/// Comments on an issue; gives the note's number. Nobody is notified.
pub fn create_note(
    server: &Server,
    project: &str,
    iid: u64,
    body: &str,
) -> Result<u64, ChangeError> {
    let now = server.clock.now();
    let mut world = server.write();
    let id = project_id(&world, project)?;
    let author = world.projects[&id].creator_id;
    let note = world.new_note(body.to_owned(), author, NoteKind::Individual, now);
    let number = note.id;
    let no_issue = || ChangeError::NoIssue {
        project: project.to_owned(),
        iid,
    };
    let issuable = world
        .issuable_mut(id, IssuableKind::Issue, iid)
        .ok_or_else(no_issue)?;
    issuable.updated_at = now;
    issuable.notes.push(note);
    if let Some(project) = world.projects.get_mut(&id) {
        project.touch(now);
    }
    Ok(number)
}

impl World {
    /// A new note in a discussion of its own.
    pub fn new_note(
        &mut self,
        body: String,
        author_id: u64,
        kind: NoteKind,
        now: jiff::Timestamp,
    ) -> Note {
        Note {
            id: next(&mut self.numbers.note),
            body,
            author_id,
            kind,
            discussion_id: self.next_discussion_id(),
            created_at: now,
            updated_at: now,
            system: false,
            system_action: None,
            commit_count: None,
            internal: false,
            resolved_at: None,
            resolved_by: None,
            resolved_by_push: None,
            diff: None,
            updated_by: None,
            last_edited_at: None,
            awards: Vec::new(),
            imported: false,
        }
    }

    /// What an issue or merge request shares, by project and number in it.
    pub fn issuable(&self, project: u64, kind: IssuableKind, iid: u64) -> Option<&Issuable> {
        let project = self.projects.get(&project)?;
        match kind {
            IssuableKind::Issue => project.issues.get(&iid).map(|issue| &issue.shared),
            IssuableKind::MergeRequest => project
                .merge_requests
                .get(&iid)
                .map(|request| &request.shared),
        }
    }

    /// The same, to change.
    pub fn issuable_mut(
        &mut self,
        project: u64,
        kind: IssuableKind,
        iid: u64,
    ) -> Option<&mut Issuable> {
        let project = self.projects.get_mut(&project)?;
        match kind {
            IssuableKind::Issue => project.issues.get_mut(&iid).map(|issue| &mut issue.shared),
            IssuableKind::MergeRequest => project
                .merge_requests
                .get_mut(&iid)
                .map(|request| &mut request.shared),
        }
    }
}

/// Sets a user's direct role in a project; level 0 ends the membership.
pub fn set_role(server: &Server, user: &str, project: &str, level: u8) -> Result<(), ChangeError> {
    let now = server.clock.now();
    let mut world = server.write();
    let (user, id) = (user_id(&world, user)?, project_id(&world, project)?);
    if level == 0 {
        world
            .projects
            .get_mut(&id)
            .and_then(|project| project.members.remove(&user));
    } else {
        world.set_project_member(id, user, AccessLevel(level), None, now);
    }
    Ok(())
}

/// Sets a user's direct role in a group; level 0 ends the membership.
pub fn set_group_role(
    server: &Server,
    user: &str,
    group: &str,
    level: u8,
) -> Result<(), ChangeError> {
    let now = server.clock.now();
    let mut world = server.write();
    let (user, id) = (user_id(&world, user)?, group_id(&world, group)?);
    if level == 0 {
        world
            .groups
            .get_mut(&id)
            .and_then(|group| group.members.remove(&user));
    } else {
        world.set_group_member(id, user, AccessLevel(level), None, now);
    }
    Ok(())
}

/// Makes the groups of a path that do not exist yet; gives the last one's number.
pub fn ensure_groups(
    world: &mut World,
    path: &str,
    owner: u64,
    now: jiff::Timestamp,
) -> Result<u64, ChangeError> {
    let mut parent_id = None;
    let mut full = String::new();
    for part in path.split('/') {
        full = if full.is_empty() {
            part.to_owned()
        } else {
            format!("{full}/{part}")
        };
        parent_id = Some(match world.place(&full) {
            Some(Place::Group(id)) => id,
            Some(_) => return Err(ChangeError::Taken { path: full }),
            None => world.add_group(
                crate::model::group::NewGroup {
                    parent_id,
                    name: part.to_owned(),
                    path: part.to_owned(),
                    description: String::new(),
                    visibility: crate::model::Visibility::Private,
                    owner: Some(owner),
                },
                now,
            ),
        });
    }
    parent_id.ok_or_else(|| ChangeError::NoGroup {
        name: path.to_owned(),
    })
}

/// Revokes the tokens of that name.
pub fn revoke_token(server: &Server, name: &str) -> Result<(), ChangeError> {
    let mut world = server.write();
    let mut found = false;
    for token in world.tokens.values_mut().filter(|token| token.name == name) {
        token.revoked = true;
        found = true;
    }
    if found {
        Ok(())
    } else {
        Err(ChangeError::NoToken {
            name: name.to_owned(),
        })
    }
}
