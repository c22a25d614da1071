//! Time tracking, participants and subscriptions of issues and merge requests.

use http::StatusCode;

use super::Refusal;
use super::call::Call;
use super::page::page;
use super::reply::{Answer, Reply, created, ok};
use super::route::{Route, get, post};
use super::target::Target;
use crate::duration;
use crate::model::issuable::Timelog;
use crate::model::{AccessLevel, IssuableKind, World};
use crate::present::time_stats;

/// Routes about time, participants and subscriptions.
pub const ROUTES: &[Route] = &[
    get(
        "/projects/:id/issues/:issue_iid/time_stats",
        "read_issue",
        stats,
    ),
    post(
        "/projects/:id/issues/:issue_iid/time_estimate",
        "update_issue",
        estimate,
    ),
    post(
        "/projects/:id/issues/:issue_iid/reset_time_estimate",
        "update_issue",
        reset_estimate,
    ),
    post(
        "/projects/:id/issues/:issue_iid/add_spent_time",
        "update_issue",
        spend,
    ),
    post(
        "/projects/:id/issues/:issue_iid/reset_spent_time",
        "update_issue",
        reset_spent,
    ),
    get(
        "/projects/:id/issues/:issue_iid/participants",
        "read_issue",
        participants,
    ),
    post(
        "/projects/:id/issues/:issue_iid/subscribe",
        "update_subscription",
        subscribe,
    ),
    post(
        "/projects/:id/issues/:issue_iid/unsubscribe",
        "update_subscription",
        unsubscribe,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/time_stats",
        "read_merge_request",
        stats,
    ),
    post(
        "/projects/:id/merge_requests/:merge_request_iid/time_estimate",
        "update_merge_request",
        estimate,
    ),
    post(
        "/projects/:id/merge_requests/:merge_request_iid/reset_time_estimate",
        "update_merge_request",
        reset_estimate,
    ),
    post(
        "/projects/:id/merge_requests/:merge_request_iid/add_spent_time",
        "update_merge_request",
        spend,
    ),
    post(
        "/projects/:id/merge_requests/:merge_request_iid/reset_spent_time",
        "update_merge_request",
        reset_spent,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/participants",
        "read_merge_request",
        participants,
    ),
    post(
        "/projects/:id/merge_requests/:merge_request_iid/subscribe",
        "update_subscription",
        subscribe,
    ),
    post(
        "/projects/:id/merge_requests/:merge_request_iid/unsubscribe",
        "update_subscription",
        unsubscribe,
    ),
];

fn stats(call: &Call) -> Answer {
    let world = call.server.read();
    let target = Target::of(call, &world)?;
    ok(time_stats(target.shared(&world)?))
}

/// The target, when the role allows planning.
fn planned(call: &Call, world: &World) -> Result<Target, Refusal> {
    let target = Target::of(call, world)?;
    if target.role(call, world)? >= AccessLevel::PLANNER {
        Ok(target)
    } else {
        Err(Refusal::forbidden())
    }
}

fn seconds(call: &Call) -> Result<i64, Refusal> {
    let text = call.params.required("duration")?;
    duration::parse(&text).ok_or_else(|| Refusal::bad_request("duration is invalid"))
}

fn estimate(call: &Call) -> Answer {
    let seconds =
        u64::try_from(seconds(call)?).map_err(|_| Refusal::bad_request("duration is invalid"))?;
    set_estimate(call, seconds)
}

fn reset_estimate(call: &Call) -> Answer {
    set_estimate(call, 0)
}

fn set_estimate(call: &Call, seconds: u64) -> Answer {
    let mut world = call.server.write();
    let target = planned(call, &world)?;
    target.shared_mut(&mut world)?.time_estimate = seconds;
    target.deed(call)?.touch(&mut world);
    ok(time_stats(target.shared(&world)?))
}

fn spend(call: &Call) -> Answer {
    let time_spent = seconds(call)?;
    let mut world = call.server.write();
    let target = planned(call, &world)?;
    let log = Timelog {
        time_spent,
        user_id: call.user_id()?,
        spent_at: call.now,
        created_at: call.now,
        summary: call.params.filled("summary"),
    };
    target.shared_mut(&mut world)?.timelogs.push(log);
    target.deed(call)?.touch(&mut world);
    created(time_stats(target.shared(&world)?))
}

fn reset_spent(call: &Call) -> Answer {
    let mut world = call.server.write();
    let target = planned(call, &world)?;
    target.shared_mut(&mut world)?.timelogs.clear();
    target.deed(call)?.touch(&mut world);
    ok(time_stats(target.shared(&world)?))
}

fn participants(call: &Call) -> Answer {
    let world = call.server.read();
    let target = Target::of(call, &world)?;
    let view = call.view(&world);
    page(call, &target.shared(&world)?.participants(), |user| {
        view.user_basic(*user)
    })
}

fn subscribe(call: &Call) -> Answer {
    set_subscribed(call, true)
}

fn unsubscribe(call: &Call) -> Answer {
    set_subscribed(call, false)
}

fn set_subscribed(call: &Call, wanted: bool) -> Answer {
    let mut world = call.server.write();
    let target = Target::of(call, &world)?;
    let user = call.user_id()?;
    if call.view(&world).subscribed(target.shared(&world)?) == wanted {
        return Ok(Reply::Empty(StatusCode::NOT_MODIFIED));
    }
    let subscriptions = &mut target.shared_mut(&mut world)?.subscriptions;
    subscriptions.retain(|(known, _)| *known != user);
    subscriptions.push((user, wanted));
    let (view, project) = (call.view(&world), target.project(&world)?);
    created(match target.kind {
        IssuableKind::Issue => {
            let issue = project
                .issues
                .get(&target.iid)
                .ok_or_else(Refusal::record_not_found)?;
            view.issue(project, issue, false, true)
        }
        IssuableKind::MergeRequest => {
            let request = project
                .merge_requests
                .get(&target.iid)
                .ok_or_else(Refusal::record_not_found)?;
            view.merge_request_detail(project, request)
        }
    })
}
