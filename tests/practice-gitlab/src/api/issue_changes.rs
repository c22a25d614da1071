//! Opening, changing, moving and deleting issues (facts of `lib/api/issues.rs`
//! and `app/policies/project_policy.rb`).

use http::StatusCode;
use jiff::Timestamp;

use super::Refusal;
use super::call::Call;
use super::params::Wish;
use super::reply::{Answer, created, no_content, ok};
use crate::issuables::Deed;
use crate::limits::LimitKey;
use crate::model::issue::Issue;
use crate::model::world::next;
use crate::model::{AccessLevel, Issuable, IssuableKind, World};
use crate::quick_actions;

const KINDS: [&str; 8] = [
    "issue",
    "incident",
    "test_case",
    "task",
    "ticket",
    "requirement",
    "objective",
    "key_result",
];

/// A title of at most 255 characters.
pub fn checked_title(title: String) -> Result<String, Refusal> {
    if title.trim().is_empty() {
        return Err(Refusal::invalid_field("title", "can't be blank"));
    }
    if title.chars().count() > 255 {
        return Err(Refusal::invalid_field(
            "title",
            "is too long (maximum is 255 characters)",
        ));
    }
    Ok(title)
}

/// The milestone asked for: by number (0 takes it away) or by title.
pub fn wanted_milestone(call: &Call, world: &World, project: u64) -> Result<Wish<u64>, Refusal> {
    let Some(project) = world.projects.get(&project) else {
        return Ok(Wish::NotSent);
    };
    let found = if call.params.has("milestone_id") {
        let id = call.params.number("milestone_id")?;
        id.filter(|id| world.milestone_of(project, *id).is_some())
    } else if let Some(title) = call.params.filled("milestone") {
        world.milestone_titled(project, &title)
    } else {
        return Ok(Wish::NotSent);
    };
    Ok(found.map_or(Wish::Cleared, Wish::On))
}

/// The users asked for who may be assigned; the free tier allows one. `None` when
/// nothing was asked for.
pub fn wanted_assignees(
    call: &Call,
    world: &World,
    project: u64,
) -> Result<Option<Vec<u64>>, Refusal> {
    let ids = match call.params.numbers("assignee_ids")? {
        Some(ids) => ids,
        None if call.params.has("assignee_id") => {
            call.params.number("assignee_id")?.into_iter().collect()
        }
        None => return Ok(None),
    };
    let Some(project) = world.projects.get(&project) else {
        return Ok(None);
    };
    let mut users: Vec<u64> = ids
        .into_iter()
        .filter(|id| *id > 0 && world.project_access(*id, project) > AccessLevel::NONE)
        .collect();
    if !world.instance.premium() {
        users.truncate(1);
    }
    Ok(Some(users))
}

pub(super) fn create(call: &Call) -> Answer {
    call.limited(LimitKey::IssuesCreate, 0)?;
    let params = &call.params;
    let title = checked_title(params.required("title")?)?;
    let kind = params.word("issue_type", &KINDS)?.unwrap_or("issue");
    let (due, start) = (
        params.day("due_date")?.value(),
        params.day("start_date")?.value(),
    );
    let weight = params.number("weight")?;
    let (wanted_iid, wanted_time) = (params.number("iid")?, params.time("created_at")?);
    let confidential = params.truth("confidential")?.unwrap_or(false);

    let mut world = call.server.write();
    let project = call.project(&world)?;
    let role = call.viewer().role(&world, project);
    if !call.viewer().has_feature(&world, project, "issues") || project.archived {
        return Err(Refusal::forbidden());
    }
    let (id, author) = (project.id, call.user_id()?);
    // Dropped without a word for everybody but Owners and administrators.
    let owner = role >= AccessLevel::OWNER;
    let created_at = wanted_time.filter(|_| owner).unwrap_or(call.now);
    let iid = match wanted_iid.filter(|_| owner) {
        Some(iid) if project.issues.contains_key(&iid) => {
            return Err(Refusal::conflict("Duplicated issue"));
        }
        Some(iid) => iid,
        None => project.last_issue_iid + 1,
    };
    let parsed = quick_actions::parse(&params.text("description").unwrap_or_default());
    let number = next(&mut world.numbers.issue);
    let mut shared = Issuable::new(number, iid, title, author, created_at);
    shared.description = params.has("description").then_some(parsed.text);
    let mut issue = Issue::new(shared);
    kind.clone_into(&mut issue.kind);
    issue.confidential = confidential;
    issue.due_date = due;
    issue.start_date = start;
    issue.weight = weight.filter(|_| world.instance.premium());
    if let Some(project) = world.projects.get_mut(&id) {
        project.last_issue_iid = project.last_issue_iid.max(iid);
        project.issues.insert(iid, issue);
        project.touch(call.now);
    }
    let deed = Deed {
        project: id,
        kind: IssuableKind::Issue,
        iid,
        by: author,
        now: call.now,
    };
    if role >= AccessLevel::PLANNER {
        put_metadata(call, &mut world, deed)?;
    }
    quick_actions::carry_out(&mut world, deed, &parsed.commands);
    if created_at != call.now
        && let Some(shared) = deed.of_mut(&mut world)
    {
        shared.updated_at = created_at;
    }
    deed.announce(&mut world);
    created(shown(call, &world, id, iid)?)
}

/// Labels, milestone and assignees of a new issue or merge request. Nothing is
/// noted for what it is opened with, but for its labels.
pub fn put_metadata(call: &Call, world: &mut World, deed: Deed) -> Result<(), Refusal> {
    if let Some(titles) = call
        .params
        .list("labels")
        .or_else(|| call.params.list("add_labels"))
    {
        let labels = world.labels_named(deed.project, &titles, call.now);
        deed.set_labels(world, labels);
    }
    let milestone = wanted_milestone(call, world, deed.project)?;
    let assignees = wanted_assignees(call, world, deed.project)?;
    if let Some(shared) = deed.of_mut(world) {
        milestone.put(&mut shared.milestone_id);
        if let Some(assignees) = assignees {
            shared.assignees = assignees;
        }
    }
    Ok(())
}

fn shown(call: &Call, world: &World, project: u64, iid: u64) -> Result<serde_json::Value, Refusal> {
    let project = world
        .projects
        .get(&project)
        .ok_or_else(|| Refusal::not_found("Project"))?;
    let issue = project
        .issues
        .get(&iid)
        .ok_or_else(Refusal::record_not_found)?;
    Ok(call.view(world).issue(project, issue, false, true))
}

/// Parameters of which one must be sent to change an issue.
const CHANGEABLE: [&str; 18] = [
    "assignee_id",
    "assignee_ids",
    "confidential",
    "created_at",
    "description",
    "discussion_locked",
    "due_date",
    "start_date",
    "labels",
    "add_labels",
    "remove_labels",
    "milestone_id",
    "milestone",
    "state_event",
    "title",
    "issue_type",
    "weight",
    "updated_at",
];

/// Refuses a change that changes nothing.
pub fn require_some(call: &Call, names: &[&str]) -> Result<(), Refusal> {
    if names.iter().any(|name| call.params.has(name)) {
        return Ok(());
    }
    Err(Refusal::invalid(&format!(
        "{} are missing, at least one parameter must be provided",
        names.join(", ")
    )))
}

/// Changes that issues and merge requests share.
pub fn change_shared(call: &Call, world: &mut World, deed: Deed) -> Result<(), Refusal> {
    let params = &call.params;
    if let Some(title) = params.text("title") {
        deed.set_title(world, checked_title(title)?);
    }
    if params.has("description") {
        let parsed = quick_actions::parse(&params.text("description").unwrap_or_default());
        let text = params.value("description").map(|_| parsed.text);
        deed.set_description(world, text);
        quick_actions::carry_out(world, deed, &parsed.commands);
    }
    let mut labels = deed
        .of(world)
        .map(|shared| shared.labels.clone())
        .unwrap_or_default();
    if let Some(titles) = params.list("labels") {
        labels = world.labels_named(deed.project, &titles, call.now);
    }
    if let Some(titles) = params.list("add_labels") {
        for label in world.labels_named(deed.project, &titles, call.now) {
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
    }
    if let Some(titles) = params.list("remove_labels") {
        let gone: Vec<u64> = world
            .projects
            .get(&deed.project)
            .map(|project| world.labels_of(project))
            .unwrap_or_default()
            .into_iter()
            .filter(|label| titles.contains(&label.title))
            .map(|label| label.id)
            .collect();
        labels.retain(|label| !gone.contains(label));
    }
    deed.set_labels(world, labels);
    match wanted_milestone(call, world, deed.project)? {
        Wish::NotSent => {}
        wish => deed.set_milestone(world, wish.value()),
    }
    if let Some(assignees) = wanted_assignees(call, world, deed.project)? {
        deed.set_assignees(world, assignees);
    }
    if let Some(locked) = params.truth("discussion_locked")? {
        deed.set_locked(world, locked);
    }
    Ok(())
}

pub(super) fn update(call: &Call) -> Answer {
    let params = &call.params;
    require_some(call, &CHANGEABLE)?;
    let (due, start) = (params.day("due_date")?, params.day("start_date")?);
    let kind = params.word("issue_type", &KINDS)?;
    let weight = params.number("weight")?;
    let event = params.word("state_event", &["close", "reopen"])?;
    let updated_at = params.time("updated_at")?;
    let mut world = call.server.write();
    let project = call.project(&world)?;
    let iid = call.number("issue_iid")?;
    let issue = project
        .issues
        .get(&iid)
        .filter(|issue| call.viewer().reads_issue(&world, project, issue))
        .ok_or_else(Refusal::record_not_found)?;
    let (id, user) = (project.id, call.user_id()?);
    let role = call.viewer().role(&world, project);
    let own = issue.shared.author_id == user || issue.shared.assignees.contains(&user);
    if role < AccessLevel::PLANNER && !own {
        return Err(Refusal::forbidden());
    }
    let now = updated_at
        .filter(|_| role >= AccessLevel::OWNER)
        .unwrap_or(call.now);
    let deed = Deed {
        project: id,
        kind: IssuableKind::Issue,
        iid,
        by: user,
        now,
    };
    change_shared(call, &mut world, deed)?;
    let premium = world.instance.premium();
    if let Some(issue) = world
        .projects
        .get_mut(&id)
        .and_then(|project| project.issues.get_mut(&iid))
    {
        due.put(&mut issue.due_date);
        start.put(&mut issue.start_date);
        if let Some(confidential) = params.truth("confidential")? {
            issue.confidential = confidential;
        }
        if let Some(kind) = kind {
            kind.clone_into(&mut issue.kind);
        }
        if params.has("weight") && premium {
            issue.weight = weight;
        }
    }
    deed.touch(&mut world);
    if let Some(event) = event {
        world.set_issue_state(id, iid, event == "close", user, now);
    }
    ok(shown(call, &world, id, iid)?)
}

pub(super) fn remove(call: &Call) -> Answer {
    let mut world = call.server.write();
    let project = call.project(&world)?;
    let iid = call.number("issue_iid")?;
    let issue = project
        .issues
        .get(&iid)
        .ok_or_else(|| Refusal::not_found("Issue"))?;
    let role = call.viewer().role(&world, project);
    if role < AccessLevel::OWNER && role != AccessLevel::PLANNER {
        return Err(Refusal::forbidden());
    }
    call.unmodified_since(issue.shared.updated_at)?;
    let id = project.id;
    if let Some(project) = world.projects.get_mut(&id) {
        project.issues.remove(&iid);
        project.touch(call.now);
    }
    world
        .issue_links
        .retain(|_, link| link.source != (id, iid) && link.target != (id, iid));
    no_content()
}

pub(super) fn move_away(call: &Call) -> Answer {
    let to = call
        .params
        .number("to_project_id")?
        .ok_or_else(|| Refusal::missing(&["to_project_id"]))?;
    let mut world = call.server.write();
    let project = call.project_as(&world, AccessLevel::PLANNER)?;
    let iid = call.number("issue_iid")?;
    let from = project.id;
    let issue = project
        .issues
        .get(&iid)
        .ok_or_else(|| Refusal::not_found("Issue"))?
        .clone();
    let target = call.named_project(&world, &to.to_string())?;
    if call.viewer().role(&world, target) < AccessLevel::PLANNER || to == from {
        return Err(Refusal::message(
            StatusCode::BAD_REQUEST,
            "Cannot move issue due to insufficient permissions!",
        ));
    }
    let titles: Vec<String> = issue
        .shared
        .labels
        .iter()
        .filter_map(|label| world.label_of(&world.projects[&from], *label))
        .map(|label| label.title.clone())
        .collect();
    let number = next(&mut world.numbers.issue);
    let labels = world.labels_named(to, &titles, call.now);
    let Some(target) = world.projects.get_mut(&to) else {
        return Err(Refusal::not_found("Project"));
    };
    let new_iid = target.next_issue_iid();
    let mut moved = issue;
    moved.shared.id = number;
    moved.shared.iid = new_iid;
    moved.shared.labels = labels;
    moved.shared.milestone_id = None;
    target.issues.insert(new_iid, moved);
    target.touch(call.now);
    if let Some(old) = world
        .projects
        .get_mut(&from)
        .and_then(|project| project.issues.get_mut(&iid))
    {
        old.moved_to_id = Some(number);
    }
    let (user, now): (u64, Timestamp) = (call.user_id()?, call.now);
    world.set_issue_state(from, iid, true, user, now);
    created(shown(call, &world, to, new_iid)?)
}
