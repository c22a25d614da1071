//! `many:N`: N small projects in nested groups. The model is filled at once;
//! a repository is made when git first asks for it, always the same.

use std::path::Path;

use git2::Oid;

use super::{at, people::People};
use crate::git::{GitError, repository};
use crate::model::group::NewGroup;
use crate::model::issue::Issue;
use crate::model::new_project::NewProject;
use crate::model::note::NoteKind;
use crate::model::project::{Repository, RepositoryFacts};
use crate::model::world::next;
use crate::model::{Issuable, Label, Visibility, World};

/// Projects in one group, about.
const PER_GROUP: u64 = 500;

/// Commits in the repository of project `number`.
fn commits(number: u64) -> u64 {
    3 + number % 5
}

/// Fills the world with `count` projects.
pub fn fill(world: &mut World, people: &People, count: u64) {
    let groups = add_groups(world, people, count.div_ceil(PER_GROUP).max(1));
    for number in 1..=count {
        let group = usize::try_from((number - 1) / PER_GROUP).unwrap_or(0);
        add_project(world, people, groups[group.min(groups.len() - 1)], number);
    }
}

/// A tree in which every group has up to three subgroups.
fn add_groups(world: &mut World, people: &People, count: u64) -> Vec<u64> {
    let mut groups: Vec<u64> = Vec::new();
    for number in 0..count {
        let parent = number
            .checked_sub(1)
            .and_then(|before| usize::try_from(before / 3).ok());
        let (name, path) = if number == 0 {
            ("Fleet".to_owned(), "fleet".to_owned())
        } else {
            (
                format!("Squadron {number}"),
                format!("squadron-{number:03}"),
            )
        };
        let id = world.add_group(
            NewGroup {
                parent_id: parent.map(|parent| groups[parent]),
                name,
                path,
                description: "One of many".into(),
                visibility: Visibility::Private,
                owner: (number == 0).then_some(people.owner),
            },
            at(0, 0),
        );
        groups.push(id);
    }
    people.join(world, groups[0]);
    groups
}

fn add_project(world: &mut World, people: &People, group: u64, number: u64) {
    let minutes = i64::try_from(number).unwrap_or(0);
    let created = at(1, minutes % 1440);
    let id = world.add_project(
        NewProject {
            namespace_id: group,
            name: format!("Ship {number}"),
            path: format!("ship-{number:05}"),
            description: Some(format!("Small project number {number}")),
            visibility: Visibility::Private,
            creator_id: people.owner,
        },
        created,
    );
    let active = at(2 + minutes % 90, minutes % 600);
    let label = next(&mut world.numbers.label);
    let authors = [people.owner, people.maintainer, people.developer];
    let mut issues = Vec::new();
    for at_once in 0..=number % 4 {
        let mut shared = Issuable::new(
            next(&mut world.numbers.issue),
            at_once + 1,
            format!("Task {} of ship {number}", at_once + 1),
            authors[usize::try_from((number + at_once) % 3).unwrap_or(0)],
            created,
        );
        shared.updated_at = active;
        shared.description = Some("Something small that has to be done.".into());
        if at_once % 2 == 0 {
            shared.labels.push(label);
            let mut note =
                world.new_note("On it.".into(), authors[1], NoteKind::Individual, created);
            note.updated_at = active;
            shared.notes.push(note);
        }
        let mut issue = Issue::new(shared);
        if at_once == 3 {
            issue.closed = true;
            issue.shared.closed_at = Some(active);
            issue.shared.closed_by = Some(people.owner);
        }
        issues.push((at_once + 1, issue));
    }
    let Some(project) = world.projects.get_mut(&id) else {
        return;
    };
    project.last_issue_iid = issues.len() as u64;
    project.issues.extend(issues);
    project.labels.push(Label {
        id: label,
        title: "task".into(),
        color: "#428BCA".into(),
        description: None,
        priority: None,
        created_at: created,
        updated_at: created,
    });
    project.updated_at = created;
    project.last_activity_at = active;
    project.default_branch = Some("main".into());
    project.repository = Repository::Planned(number);
    project.facts = RepositoryFacts {
        commits: commits(number),
        bytes: 12_000 + 700 * commits(number),
    };
    world.protect_default_branch(id, created);
}

/// Makes the repository of project `number`.
pub fn build_repository(path: &Path, number: u64) -> Result<(), GitError> {
    let opened = repository::init(path, "main")?;
    let mut parent: Vec<Oid> = Vec::new();
    for step in 0..commits(number) {
        let log = format!("Entry {step} in the log of ship {number}.\n")
            .repeat(1 + usize::try_from(step).unwrap_or(0));
        let readme = format!("# Ship {number}\n\nOne small ship of many.\n");
        let mut files = vec![("log.txt", Some(log.as_bytes()))];
        if step == 0 {
            files.push(("README.md", Some(readme.as_bytes())));
        }
        let commit = repository::commit(
            &opened,
            &repository::NewCommit {
                reference: "refs/heads/main",
                parents: &parent,
                files: &files,
                message: &format!("Write log entry {step}\n"),
                author: ("Olivia Okafor", "olivia@example.com"),
                time: at(1 + i64::try_from(step).unwrap_or(0), 0),
            },
        )?;
        parent = vec![commit];
    }
    Ok(())
}
