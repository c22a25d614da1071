//! Milestones of projects and groups.

use serde_json::{Value, json};

use super::Refusal;
use super::call::Call;
use super::holder::Holder;
use super::page::page;
use super::reply::{Answer, created, no_content, ok};
use super::route::{Route, delete, get, post, put};
use crate::model::world::next;
use crate::model::{AccessLevel, Milestone, World};

/// Routes about milestones.
pub const ROUTES: &[Route] = &[
    get("/projects/:id/milestones", "read_milestone", list).open(),
    post("/projects/:id/milestones", "create_milestone", create),
    get(
        "/projects/:id/milestones/:milestone_id",
        "read_milestone",
        one,
    )
    .open(),
    put(
        "/projects/:id/milestones/:milestone_id",
        "update_milestone",
        update,
    ),
    delete(
        "/projects/:id/milestones/:milestone_id",
        "delete_milestone",
        remove,
    ),
    get(
        "/projects/:id/milestones/:milestone_id/issues",
        "read_milestone",
        issues,
    )
    .open(),
    get(
        "/projects/:id/milestones/:milestone_id/merge_requests",
        "read_milestone",
        merge_requests,
    )
    .open(),
    get("/groups/:id/milestones", "read_milestone", list).open(),
    post("/groups/:id/milestones", "create_milestone", create),
    get(
        "/groups/:id/milestones/:milestone_id",
        "read_milestone",
        one,
    )
    .open(),
    put(
        "/groups/:id/milestones/:milestone_id",
        "update_milestone",
        update,
    ),
    delete(
        "/groups/:id/milestones/:milestone_id",
        "delete_milestone",
        remove,
    ),
    get(
        "/groups/:id/milestones/:milestone_id/issues",
        "read_milestone",
        issues,
    )
    .open(),
    get(
        "/groups/:id/milestones/:milestone_id/merge_requests",
        "read_milestone",
        merge_requests,
    )
    .open(),
];

fn shown(call: &Call, world: &World, holder: Holder, milestone: &Milestone) -> Value {
    let view = call.view(world);
    match holder {
        Holder::Project(id) => world.projects.get(&id).map_or(Value::Null, |project| {
            view.project_milestone(milestone, project)
        }),
        Holder::Group(id) => view.group_milestone(milestone, id),
    }
}

fn list(call: &Call) -> Answer {
    let params = &call.params;
    let world = call.server.read();
    let holder = Holder::of(call, &world)?;
    let iids = params.numbers("iids")?;
    let state = params.word("state", &["active", "closed", "all"])?;
    let title = params.filled("title");
    let search = params.filled("search").map(|text| text.to_lowercase());
    let (after, before) = (
        params.time("updated_after")?,
        params.time("updated_before")?,
    );
    let inherited = params
        .truth("include_ancestors")?
        .or(params.truth("include_parent_milestones")?);
    let above = world
        .ancestry(if inherited == Some(true) {
            holder.above(&world)
        } else {
            0
        })
        .flat_map(|group| {
            group
                .milestones
                .iter()
                .map(|milestone| (milestone, Holder::Group(group.id)))
        });
    let own = holder
        .milestones(&world)
        .iter()
        .map(|milestone| (milestone, holder));
    let mut milestones: Vec<(&Milestone, Holder)> = own
        .chain(above)
        .filter(|(milestone, _)| {
            iids.as_ref()
                .is_none_or(|iids| iids.is_empty() || iids.contains(&milestone.iid))
                && state.is_none_or(|state| state == "all" || milestone.state_word() == state)
                && title.as_ref().is_none_or(|title| milestone.title == *title)
                && search
                    .as_ref()
                    .is_none_or(|text| milestone.title.to_lowercase().contains(text.as_str()))
                && after.is_none_or(|time| milestone.updated_at > time)
                && before.is_none_or(|time| milestone.updated_at < time)
        })
        .collect();
    milestones.sort_by_key(|(milestone, _)| std::cmp::Reverse((milestone.due_date, milestone.id)));
    page(call, &milestones, |(milestone, of)| {
        shown(call, &world, *of, milestone)
    })
}

fn missing() -> Refusal {
    Refusal::record_not_found()
}

fn find<'w>(call: &Call, world: &'w World, holder: Holder) -> Result<&'w Milestone, Refusal> {
    let id = call.number("milestone_id")?;
    holder
        .milestones(world)
        .iter()
        .find(|milestone| milestone.id == id)
        .ok_or_else(missing)
}

fn one(call: &Call) -> Answer {
    let world = call.server.read();
    let holder = Holder::of(call, &world)?;
    let milestone = find(call, &world, holder)?;
    ok(shown(call, &world, holder, milestone))
}

fn title_taken(world: &World, holder: Holder, title: &str, except: u64) -> bool {
    holder
        .milestones(world)
        .iter()
        .any(|known| known.title == title && known.id != except)
        || world
            .ancestry(holder.above(world))
            .any(|group| group.milestones.iter().any(|known| known.title == title))
}

fn check_days(milestone: &Milestone) -> Result<(), Refusal> {
    match (milestone.start_date, milestone.due_date) {
        (Some(start), Some(due)) if due < start => Err(Refusal::invalid_field(
            "due_date",
            "must be greater than start date",
        )),
        _ => Ok(()),
    }
}

fn create(call: &Call) -> Answer {
    let title = call.params.required("title")?;
    let (start, due) = (
        call.params.day("start_date")?.value(),
        call.params.day("due_date")?.value(),
    );
    let mut world = call.server.write();
    let holder = Holder::managed(call, &world, AccessLevel::PLANNER)?;
    if title_taken(&world, holder, &title, 0) {
        return Err(Refusal::validation(
            json!({ "title": ["already being used for another group or project milestone."] }),
        ));
    }
    let iid = holder
        .milestones(&world)
        .iter()
        .map(|known| known.iid)
        .max()
        .unwrap_or(0)
        + 1;
    let milestone = Milestone {
        id: next(&mut world.numbers.milestone),
        iid,
        title,
        description: call.params.text("description"),
        closed: false,
        start_date: start,
        due_date: due,
        created_at: call.now,
        updated_at: call.now,
    };
    check_days(&milestone)?;
    let answer = shown(call, &world, holder, &milestone);
    if let Some(milestones) = holder.milestones_mut(&mut world) {
        milestones.push(milestone);
    }
    created(answer)
}

fn update(call: &Call) -> Answer {
    let params = &call.params;
    let (start, due) = (params.day("start_date")?, params.day("due_date")?);
    let event = params.word("state_event", &["close", "activate"])?;
    let mut world = call.server.write();
    let holder = Holder::managed(call, &world, AccessLevel::PLANNER)?;
    let mut milestone = find(call, &world, holder)?.clone();
    if let Some(title) = params.filled("title") {
        if title_taken(&world, holder, &title, milestone.id) {
            return Err(Refusal::validation(
                json!({ "title": ["already being used for another group or project milestone."] }),
            ));
        }
        milestone.title = title;
    }
    if params.has("description") {
        milestone.description = params.text("description");
    }
    start.put(&mut milestone.start_date);
    due.put(&mut milestone.due_date);
    check_days(&milestone)?;
    if let Some(event) = event {
        milestone.closed = event == "close";
    }
    milestone.updated_at = call.now;
    let answer = shown(call, &world, holder, &milestone);
    if let Some(slot) = holder
        .milestones_mut(&mut world)
        .and_then(|milestones| milestones.iter_mut().find(|known| known.id == milestone.id))
    {
        *slot = milestone;
    }
    ok(answer)
}

fn remove(call: &Call) -> Answer {
    let mut world = call.server.write();
    let holder = Holder::managed(call, &world, AccessLevel::PLANNER)?;
    let id = find(call, &world, holder)?.id;
    if let Some(milestones) = holder.milestones_mut(&mut world) {
        milestones.retain(|milestone| milestone.id != id);
    }
    let affected: Vec<u64> = holder
        .projects(&world)
        .iter()
        .map(|project| project.id)
        .collect();
    for project in affected {
        let Some(project) = world.projects.get_mut(&project) else {
            continue;
        };
        let issues = project.issues.values_mut().map(|issue| &mut issue.shared);
        let requests = project
            .merge_requests
            .values_mut()
            .map(|request| &mut request.shared);
        for shared in issues.chain(requests) {
            if shared.milestone_id == Some(id) {
                shared.milestone_id = None;
            }
        }
    }
    no_content()
}

fn issues(call: &Call) -> Answer {
    let world = call.server.read();
    let holder = Holder::of(call, &world)?;
    let id = find(call, &world, holder)?.id;
    let (viewer, view) = (call.viewer(), call.view(&world));
    let mut found = Vec::new();
    for project in holder.projects(&world) {
        let issues = project.issues.values().filter(|issue| {
            issue.shared.milestone_id == Some(id) && viewer.reads_issue(&world, project, issue)
        });
        found.extend(issues.map(|issue| (project, issue)));
    }
    page(call, &found, |(project, issue)| {
        view.issue(project, issue, false, false)
    })
}

fn merge_requests(call: &Call) -> Answer {
    let world = call.server.read();
    let holder = Holder::of(call, &world)?;
    let id = find(call, &world, holder)?.id;
    let (viewer, view) = (call.viewer(), call.view(&world));
    let mut found = Vec::new();
    for project in holder.projects(&world) {
        if viewer.reads_merge_requests(&world, project) {
            let requests = project.merge_requests.values();
            found.extend(
                requests
                    .filter(|request| request.shared.milestone_id == Some(id))
                    .map(|request| (project, request)),
            );
        }
    }
    page(call, &found, |(project, request)| {
        view.merge_request(project, request, false)
    })
}
