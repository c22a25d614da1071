//! Who is who (facts of `lib/gitlab/import_export/members_mapper.rb`): only an
//! administrator's import maps users, by the public e-mail address of exported
//! members and a confirmed address here. Everybody else becomes the importer.

use std::collections::HashMap;
use std::path::Path;

use super::fields::{Document, day, number, object, text, time};
use super::{ImportError, tree};
use crate::model::world::next;
use crate::model::{AccessLevel, Member, World};
use crate::server::Server;

/// The map from users there to users here.
#[derive(Debug)]
pub struct People {
    known: HashMap<u64, u64>,
    importer: u64,
}

impl People {
    /// A map that knows nobody.
    pub fn nobody(importer: u64) -> Self {
        Self {
            known: HashMap::new(),
            importer,
        }
    }

    /// Makes the importer a member, then maps and adds exported members if the
    /// importer is an administrator.
    pub fn join(
        server: &Server,
        project: u64,
        user: u64,
        folder: &Path,
    ) -> Result<Self, ImportError> {
        let members = tree::documents(folder, "project_members")?;
        let mut world = server.write();
        let mut people = Self::nobody(user);
        add_importer(&mut world, project, user, server.clock.now());
        if world.users.get(&user).is_some_and(|user| user.admin) {
            for (member, _) in &members {
                people.add(&mut world, project, member, server.clock.now());
            }
        }
        Ok(people)
    }

    fn add(&mut self, world: &mut World, project: u64, member: &Document, now: jiff::Timestamp) {
        let Some(user) = object(member, "user") else {
            return;
        };
        let (Some(old), Some(email)) = (
            number(user, "id"),
            text(user, "public_email").or_else(|| text(user, "email")),
        ) else {
            return;
        };
        let found = world.users.values().find(|user| {
            user.confirmed && !email.is_empty() && user.email.eq_ignore_ascii_case(&email)
        });
        let Some(found) = found.map(|user| user.id) else {
            return;
        };
        let level = number(member, "access_level").and_then(AccessLevel::from_number);
        let level = level
            .unwrap_or(AccessLevel::GUEST)
            .min(AccessLevel::MAINTAINER);
        let id = next(&mut world.numbers.member);
        if let Some(project) = world.projects.get_mut(&project) {
            let added = Member {
                created_at: time(member, "created_at").unwrap_or(now),
                expires_at: day(member, "expires_at"),
                ..Member::new(id, found, level, Some(self.importer), now)
            };
            project.members.entry(found).or_insert(added);
        }
        self.known.insert(old, found);
    }

    /// Whether a user of there is known here.
    pub fn knows(&self, old: Option<u64>) -> bool {
        old.is_some_and(|old| self.known.contains_key(&old))
    }

    /// The user here for a user of there; the importer for strangers.
    pub fn user(&self, old: u64) -> u64 {
        self.known.get(&old).copied().unwrap_or(self.importer)
    }

    /// The user that an attribute refers to, if it refers to one.
    pub fn referred(&self, document: &Document, name: &str) -> Option<u64> {
        number(document, name).map(|old| self.user(old))
    }
}

/// The importer is Maintainer at least, and Owner of what is theirs.
fn add_importer(world: &mut World, project: u64, user: u64, now: jiff::Timestamp) {
    let Some(found) = world.projects.get(&project) else {
        return;
    };
    let owns = world.personal.get(&found.namespace_id) == Some(&user);
    let level = if owns {
        AccessLevel::OWNER
    } else {
        AccessLevel::MAINTAINER
    };
    if let Some(project) = world.projects.get_mut(&project) {
        project.members.clear();
    }
    world.set_project_member(project, user, level, None, now);
}
