//! Changes to issues and merge requests, with the events, system notes and mails
//! that GitLab makes of them.

use jiff::Timestamp;

use crate::model::issuable::{LabelEvent, MilestoneEvent};
use crate::model::world::next;
use crate::model::{AccessLevel, Issuable, IssuableKind, Label, NoteKind, Project, World};
use crate::notifications::{Cause, reference};

/// An issue or merge request, and who changes it when.
#[derive(Debug, Clone, Copy)]
pub struct Deed {
    /// The project.
    pub project: u64,
    /// Issue or merge request.
    pub kind: IssuableKind,
    /// Number in the project.
    pub iid: u64,
    /// Who.
    pub by: u64,
    /// When.
    pub now: Timestamp,
}

impl Deed {
    /// The issue or merge request.
    pub fn of<'w>(&self, world: &'w World) -> Option<&'w Issuable> {
        world.issuable(self.project, self.kind, self.iid)
    }

    /// The same, to change.
    pub fn of_mut<'w>(&self, world: &'w mut World) -> Option<&'w mut Issuable> {
        world.issuable_mut(self.project, self.kind, self.iid)
    }

    /// How it is referred to from anywhere.
    pub fn about(&self, world: &World) -> String {
        let path = world
            .projects
            .get(&self.project)
            .map_or("", |project| &project.full_path);
        self.of(world)
            .map(|shared| reference(path, self.kind, shared))
            .unwrap_or_default()
    }

    /// Notes that it changed now, and the project's activity.
    pub fn touch(&self, world: &mut World) {
        if let Some(shared) = self.of_mut(world) {
            shared.updated_at = self.now;
            shared.updated_by = Some(self.by);
        }
        if let Some(project) = world.projects.get_mut(&self.project) {
            project.touch(self.now);
        }
    }

    /// Writes a note in GitLab's own name.
    pub fn system_note(&self, world: &mut World, action: &str, body: String) {
        let mut note = world.new_note(body, self.by, NoteKind::Individual, self.now);
        note.system = true;
        note.system_action = Some(action.to_owned());
        if let Some(shared) = self.of_mut(world) {
            shared.notes.push(note);
        }
    }

    /// Gives it these labels.
    pub fn set_labels(&self, world: &mut World, labels: Vec<u64>) {
        let Some(before) = self.of(world).map(|shared| shared.labels.clone()) else {
            return;
        };
        let added = labels
            .iter()
            .filter(|id| !before.contains(id))
            .map(|id| (*id, true));
        let removed = before
            .iter()
            .filter(|id| !labels.contains(id))
            .map(|id| (*id, false));
        let changes: Vec<(u64, bool)> = added.chain(removed).collect();
        if changes.is_empty() {
            return;
        }
        for (label, added) in changes {
            let event = LabelEvent {
                id: next(&mut world.numbers.event),
                user_id: self.by,
                created_at: self.now,
                label_id: Some(label),
                added,
            };
            if let Some(shared) = self.of_mut(world) {
                shared.label_events.push(event);
            }
        }
        if let Some(shared) = self.of_mut(world) {
            shared.labels = labels;
        }
        self.touch(world);
    }

    /// Puts it into a milestone, or takes it out of its own.
    pub fn set_milestone(&self, world: &mut World, milestone: Option<u64>) {
        let Some(before) = self.of(world).map(|shared| shared.milestone_id) else {
            return;
        };
        if before == milestone {
            return;
        }
        let event = MilestoneEvent {
            id: next(&mut world.numbers.event),
            user_id: self.by,
            created_at: self.now,
            milestone_id: milestone.or(before),
            added: milestone.is_some(),
            state: "opened".into(),
        };
        if let Some(shared) = self.of_mut(world) {
            shared.milestone_id = milestone;
            shared.milestone_events.push(event);
        }
        self.touch(world);
    }

    /// Gives it to these users.
    pub fn set_assignees(&self, world: &mut World, users: Vec<u64>) {
        let Some(before) = self.of(world).map(|shared| shared.assignees.clone()) else {
            return;
        };
        if before == users {
            return;
        }
        let name = |world: &World, id: u64| {
            world
                .users
                .get(&id)
                .map(|user| format!("@{}", user.username))
                .unwrap_or_default()
        };
        let came: Vec<u64> = users
            .iter()
            .copied()
            .filter(|user| !before.contains(user))
            .collect();
        let went: Vec<u64> = before
            .iter()
            .copied()
            .filter(|user| !users.contains(user))
            .collect();
        let names = |world: &World, ids: &[u64]| {
            ids.iter()
                .map(|id| name(world, *id))
                .collect::<Vec<_>>()
                .join(" and ")
        };
        let mut parts = Vec::new();
        if !came.is_empty() {
            parts.push(format!("assigned to {}", names(world, &came)));
        }
        if !went.is_empty() {
            parts.push(format!("unassigned {}", names(world, &went)));
        }
        if let Some(shared) = self.of_mut(world) {
            shared.assignees = users;
        }
        self.system_note(world, "assignee", parts.join(" and "));
        self.touch(world);
        let about = self.about(world);
        world.notify(Cause::Assigned, &came, self.by, &about);
    }

    /// Gives it another title.
    pub fn set_title(&self, world: &mut World, title: String) {
        let Some(before) = self.of(world).map(|shared| shared.title.clone()) else {
            return;
        };
        if before == title {
            return;
        }
        let body = format!("changed title from **{before}** to **{title}**");
        if let Some(shared) = self.of_mut(world) {
            shared.title = title;
            shared.last_edited_at = Some(self.now);
            shared.last_edited_by = Some(self.by);
        }
        self.system_note(world, "title", body);
        self.touch(world);
    }

    /// Gives it another text.
    pub fn set_description(&self, world: &mut World, text: Option<String>) {
        let Some(before) = self.of(world).map(|shared| shared.description.clone()) else {
            return;
        };
        if before == text {
            return;
        }
        let about = self.about(world);
        if let Some(text) = &text {
            world.notify_mentioned(text, self.by, &about);
        }
        if let Some(shared) = self.of_mut(world) {
            shared.description = text;
            shared.last_edited_at = Some(self.now);
            shared.last_edited_by = Some(self.by);
        }
        self.system_note(world, "description", "changed the description".into());
        self.touch(world);
    }

    /// Lets only members comment, or everybody again.
    pub fn set_locked(&self, world: &mut World, locked: bool) {
        let Some(before) = self.of(world).map(|shared| shared.discussion_locked) else {
            return;
        };
        if before == Some(locked) || (before.is_none() && !locked) {
            return;
        }
        if let Some(shared) = self.of_mut(world) {
            shared.discussion_locked = Some(locked);
        }
        let what = if self.kind == IssuableKind::Issue {
            "issue"
        } else {
            "merge request"
        };
        let verb = if locked { "locked" } else { "unlocked" };
        let action = if locked { "locked" } else { "unlocked" };
        self.system_note(
            world,
            action,
            format!("{verb} the discussion in this {what}"),
        );
        self.touch(world);
    }

    /// Tells those who watch the project, those it is assigned to and those its
    /// text mentions that it was opened.
    pub fn announce(&self, world: &mut World) {
        let Some(shared) = self.of(world) else { return };
        let (mut people, text) = (shared.assignees.clone(), shared.description.clone());
        for user in world.watchers(self.project) {
            if !people.contains(&user) {
                people.push(user);
            }
        }
        let about = self.about(world);
        world.notify(Cause::Opened, &people, self.by, &about);
        if let Some(text) = text {
            world.notify_mentioned(&text, self.by, &about);
        }
    }
}

impl World {
    /// Users who watch everything in a project: here, its Maintainers and Owners.
    fn watchers(&self, project: u64) -> Vec<u64> {
        let Some(project) = self.projects.get(&project) else {
            return Vec::new();
        };
        let inherited = self
            .ancestry(project.namespace_id)
            .flat_map(|group| group.members.values());
        let mut users: Vec<u64> = project
            .members
            .values()
            .chain(inherited)
            .filter(|member| member.level >= AccessLevel::MAINTAINER)
            .map(|member| member.user_id)
            .collect();
        users.sort_unstable();
        users.dedup();
        users
    }

    /// Labels by title (or number); those that do not exist are made in the
    /// project.
    pub fn labels_named(&mut self, project: u64, titles: &[String], now: Timestamp) -> Vec<u64> {
        let mut ids = Vec::new();
        for title in titles {
            let Some(found) = self.projects.get(&project) else {
                break;
            };
            let known = self
                .labels_of(found)
                .into_iter()
                .find(|label| label.title == *title);
            let id = match known {
                Some(label) => label.id,
                None => self.add_label(project, title.clone(), "#6699cc".into(), now),
            };
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }

    /// Makes a label in a project and gives its number.
    pub fn add_label(&mut self, project: u64, title: String, color: String, now: Timestamp) -> u64 {
        let id = next(&mut self.numbers.label);
        let label = Label {
            id,
            title,
            color,
            description: None,
            priority: None,
            created_at: now,
            updated_at: now,
        };
        if let Some(project) = self.projects.get_mut(&project) {
            project.labels.push(label);
        }
        id
    }

    /// A milestone of a project or of a group above, by title.
    pub fn milestone_titled(&self, project: &Project, title: &str) -> Option<u64> {
        let milestones = self.milestones_of(project);
        milestones
            .into_iter()
            .find(|(milestone, _)| milestone.title == title)
            .map(|(milestone, _)| milestone.id)
    }
}
