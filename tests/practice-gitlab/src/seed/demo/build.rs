//! Small tools for writing history, threads and reviews.

use git2::Oid;
use jiff::Timestamp;

use super::super::people::People;
use crate::change::ChangeError;
use crate::git::{GitError, push, repository};
use crate::model::note::DiffAnchor;
use crate::model::world::next;
use crate::model::{Award, Issuable, NoteKind, World};
use crate::server::Server;

/// Somebody of the company, by the first letter of their name: o(livia), m(ax),
/// d(ana), r(emy), p(etra), g(us).
#[derive(Debug, Clone, Copy)]
pub struct Who(pub char);

impl Who {
    /// The user's number.
    pub fn id(self, people: &People) -> u64 {
        match self.0 {
            'm' => people.maintainer,
            'd' => people.developer,
            'r' => people.reporter,
            'p' => people.planner,
            'g' => people.guest,
            _ => people.owner,
        }
    }

    /// Name and address, as commits carry them.
    pub fn signature(self, world: &World, people: &People) -> (String, String) {
        let user = world.users.get(&self.id(people));
        user.map(|user| (user.name.clone(), user.email.clone()))
            .unwrap_or_default()
    }
}

/// A commit of the demo: branch (with what it starts from, if new), day, author,
/// message, files (an empty text removes the file).
pub type Step = (
    &'static str,
    i64,
    char,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// Writes commits into a repository. A branch written `new<old` starts at `old`;
/// a message that begins with `merge:` merges the branch named after it.
pub fn write_history(
    server: &Server,
    people: &People,
    opened: &git2::Repository,
    steps: &[Step],
) -> Result<(), GitError> {
    for (minute, (branch, day, who, message, files)) in (0..).zip(steps) {
        let (branch, start) = branch.split_once('<').unwrap_or((branch, branch));
        let reference = format!("refs/heads/{branch}");
        let mut parents: Vec<Oid> = Vec::new();
        if let Some(tip) = repository::tip(opened, &reference)? {
            parents.push(tip);
        } else if let Some(tip) = repository::branch_tip(opened, start)? {
            parents.push(tip);
        }
        let mut text = (*message).to_owned();
        if let Some(merged) = message.strip_prefix("merge:") {
            parents.extend(repository::branch_tip(opened, merged)?);
            text = format!("Merge branch '{merged}' into '{branch}'");
        }
        let signature = Who(*who).signature(&server.read(), people);
        let changes: Vec<(&str, Option<&[u8]>)> = files
            .iter()
            .map(|(path, text)| (*path, (!text.is_empty()).then_some(text.as_bytes())))
            .collect();
        repository::commit(
            opened,
            &repository::NewCommit {
                reference: &reference,
                parents: &parents,
                files: &changes,
                message: &format!("{text}\n"),
                author: (&signature.0, &signature.1),
                time: super::super::at(*day, minute),
            },
        )?;
    }
    Ok(())
}

/// Puts an annotated tag on a branch's tip.
pub fn tag(
    server: &Server,
    people: &People,
    opened: &git2::Repository,
    name: &str,
    branch: &str,
    when: Timestamp,
) -> Result<(), GitError> {
    let Some(tip) = repository::branch_tip(opened, branch)? else {
        return Ok(());
    };
    let (author, address) = Who('m').signature(&server.read(), people);
    let time = git2::Time::new(when.as_second(), 0);
    let tagger = git2::Signature::new(&author, &address, &time)?;
    let object = opened.find_object(tip, None)?;
    opened.tag(name, &object, &tagger, &format!("Release {name}\n"), true)?;
    Ok(())
}

/// A project's repository, made if there is none, and taken notice of when `write`
/// is done with it.
pub fn with_repository(
    server: &Server,
    project: u64,
    when: Timestamp,
    write: impl FnOnce(&git2::Repository) -> Result<(), GitError>,
) -> Result<(), ChangeError> {
    let opened = repository::open(server, project)?;
    write(&opened)?;
    Ok(push::settle_default_branch(server, project, &opened, when)?)
}

/// A comment of the demo.
pub struct Comment<'c> {
    /// Who says it.
    pub who: u64,
    /// When.
    pub when: Timestamp,
    /// What.
    pub text: &'c str,
    /// Alone, in a thread, on a diff.
    pub kind: NoteKind,
    /// Where on a diff.
    pub diff: Option<DiffAnchor>,
    /// The thread it answers.
    pub thread: Option<String>,
}

/// Adds a comment; gives its thread.
pub fn comment(
    world: &mut World,
    shared: fn(&mut World, (u64, u64)) -> Option<&mut Issuable>,
    on: (u64, u64),
    said: Comment<'_>,
) -> String {
    let mut note = world.new_note(said.text.to_owned(), said.who, said.kind, said.when);
    if let Some(thread) = said.thread {
        note.discussion_id = thread;
    }
    note.diff = said.diff.map(Box::new);
    let thread = note.discussion_id.clone();
    if let Some(shared) = shared(world, on) {
        shared.updated_at = shared.updated_at.max(said.when);
        shared.notes.push(note);
    }
    thread
}

/// A reaction.
pub fn award(world: &mut World, name: &str, user_id: u64, when: Timestamp) -> Award {
    Award {
        id: next(&mut world.numbers.award),
        name: name.to_owned(),
        user_id,
        created_at: when,
        updated_at: when,
    }
}
