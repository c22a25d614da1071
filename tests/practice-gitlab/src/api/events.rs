//! Events of issues and merge requests: states, labels, milestones.

use super::Refusal;
use super::call::Call;
use super::page::page;
use super::reply::{Answer, ok};
use super::route::{Route, get};
use super::target::Target;

/// Routes about events.
pub const ROUTES: &[Route] = &[
    get(
        "/projects/:id/issues/:issue_iid/resource_state_events",
        "read_issue",
        states,
    ),
    get(
        "/projects/:id/issues/:issue_iid/resource_state_events/:event_id",
        "read_issue",
        state,
    ),
    get(
        "/projects/:id/issues/:issue_iid/resource_label_events",
        "read_issue",
        labels,
    ),
    get(
        "/projects/:id/issues/:issue_iid/resource_label_events/:event_id",
        "read_issue",
        label,
    ),
    get(
        "/projects/:id/issues/:issue_iid/resource_milestone_events",
        "read_issue",
        milestones,
    ),
    get(
        "/projects/:id/issues/:issue_iid/resource_milestone_events/:event_id",
        "read_issue",
        milestone,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/resource_state_events",
        "read_merge_request",
        states,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/resource_state_events/:event_id",
        "read_merge_request",
        state,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/resource_label_events",
        "read_merge_request",
        labels,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/resource_label_events/:event_id",
        "read_merge_request",
        label,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/resource_milestone_events",
        "read_merge_request",
        milestones,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/resource_milestone_events/:event_id",
        "read_merge_request",
        milestone,
    ),
];

fn states(call: &Call) -> Answer {
    let world = call.server.read();
    let target = Target::of(call, &world)?;
    let (view, shared) = (call.view(&world), target.shared(&world)?);
    page(call, &shared.state_events, |event| {
        view.state_event(event, target.kind, shared)
    })
}

fn state(call: &Call) -> Answer {
    let world = call.server.read();
    let target = Target::of(call, &world)?;
    let (shared, id) = (target.shared(&world)?, call.number("event_id")?);
    let event = shared.state_events.iter().find(|event| event.id == id);
    ok(call.view(&world).state_event(
        event.ok_or_else(Refusal::record_not_found)?,
        target.kind,
        shared,
    ))
}

fn labels(call: &Call) -> Answer {
    let world = call.server.read();
    let target = Target::of(call, &world)?;
    let (view, shared, project) = (
        call.view(&world),
        target.shared(&world)?,
        target.project(&world)?,
    );
    page(call, &shared.label_events, |event| {
        view.label_event(project, event, target.kind, shared)
    })
}

fn label(call: &Call) -> Answer {
    let world = call.server.read();
    let target = Target::of(call, &world)?;
    let (shared, project, id) = (
        target.shared(&world)?,
        target.project(&world)?,
        call.number("event_id")?,
    );
    let event = shared.label_events.iter().find(|event| event.id == id);
    let event = event.ok_or_else(Refusal::record_not_found)?;
    ok(call
        .view(&world)
        .label_event(project, event, target.kind, shared))
}

fn milestones(call: &Call) -> Answer {
    let world = call.server.read();
    let target = Target::of(call, &world)?;
    let (view, shared, project) = (
        call.view(&world),
        target.shared(&world)?,
        target.project(&world)?,
    );
    page(call, &shared.milestone_events, |event| {
        view.milestone_event(project, event, target.kind, shared)
    })
}

fn milestone(call: &Call) -> Answer {
    let world = call.server.read();
    let target = Target::of(call, &world)?;
    let (shared, project, id) = (
        target.shared(&world)?,
        target.project(&world)?,
        call.number("event_id")?,
    );
    let event = shared.milestone_events.iter().find(|event| event.id == id);
    let event = event.ok_or_else(Refusal::record_not_found)?;
    ok(call
        .view(&world)
        .milestone_event(project, event, target.kind, shared))
}
