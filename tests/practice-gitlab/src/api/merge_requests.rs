//! `/projects/:id/merge_requests`: lists, one, its commits, diffs and versions.

use serde_json::{Value, json};

use super::Refusal;
use super::call::Call;
use super::issues::IssuableFilter;
use super::page::page;
use super::reply::{Answer, ok};
use super::route::{Route, delete, get, post, put};
use crate::clock::stamp;
use crate::model::{MergeRequest, Project, World};
use crate::present::{View, diff_file};

use super::merge_request_changes as changes;

/// Routes about merge requests.
pub const ROUTES: &[Route] = &[
    get("/projects/:id/merge_requests", "read_merge_request", list).open(),
    post(
        "/projects/:id/merge_requests",
        "create_merge_request",
        changes::create,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid",
        "read_merge_request",
        one,
    )
    .open(),
    put(
        "/projects/:id/merge_requests/:merge_request_iid",
        "update_merge_request",
        changes::update,
    ),
    delete(
        "/projects/:id/merge_requests/:merge_request_iid",
        "delete_merge_request",
        changes::remove,
    ),
    put(
        "/projects/:id/merge_requests/:merge_request_iid/merge",
        "merge_merge_request",
        changes::merge,
    ),
    post(
        "/projects/:id/merge_requests/:merge_request_iid/approve",
        "approve_merge_request",
        changes::approve,
    ),
    post(
        "/projects/:id/merge_requests/:merge_request_iid/unapprove",
        "approve_merge_request",
        changes::unapprove,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/approvals",
        "read_merge_request",
        approvals,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/reviewers",
        "read_merge_request",
        reviewers,
    ),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/commits",
        "read_merge_request",
        commits,
    )
    .open(),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/diffs",
        "read_merge_request",
        diffs,
    )
    .open(),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/changes",
        "read_merge_request",
        with_changes,
    )
    .open(),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/versions",
        "read_merge_request",
        versions,
    )
    .open(),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/versions/:version_id",
        "read_merge_request",
        version,
    )
    .open(),
    get(
        "/projects/:id/merge_requests/:merge_request_iid/closes_issues",
        "read_merge_request",
        closes,
    )
    .open(),
];

fn list(call: &Call) -> Answer {
    let params = &call.params;
    let world = call.server.read();
    let project = call.project(&world)?;
    let viewer = call.viewer();
    if !viewer.reads_merge_requests(&world, project) {
        return Err(Refusal::forbidden());
    }
    let filter = IssuableFilter::of(call, &world)?;
    let state = params.word("state", &["opened", "closed", "locked", "merged", "all"])?;
    let (source, target) = (
        params.filled("source_branch"),
        params.filled("target_branch"),
    );
    let draft = params.word("wip", &["yes", "no"])?;
    let mut requests: Vec<&MergeRequest> = project
        .merge_requests
        .values()
        .filter(|request| {
            state.is_none_or(|state| state == "all" || request.state.word() == state)
                && source
                    .as_ref()
                    .is_none_or(|branch| request.source_branch == *branch)
                && target
                    .as_ref()
                    .is_none_or(|branch| request.target_branch == *branch)
                && draft.is_none_or(|draft| request.draft() == (draft == "yes"))
                && filter.keeps(&world, project, &request.shared, viewer.user)
        })
        .collect();
    let order = params
        .word(
            "order_by",
            &[
                "created_at",
                "updated_at",
                "merged_at",
                "title",
                "priority",
                "popularity",
            ],
        )?
        .unwrap_or("created_at");
    match order {
        "title" => requests.sort_by(|one, other| one.shared.title.cmp(&other.shared.title)),
        "updated_at" => {
            requests.sort_by_key(|request| (request.shared.updated_at, request.shared.id));
        }
        "merged_at" => requests.sort_by_key(|request| (request.merged_at, request.shared.id)),
        _ => requests.sort_by_key(|request| (request.shared.created_at, request.shared.id)),
    }
    if params.word("sort", &["asc", "desc"])? != Some("asc") {
        requests.reverse();
    }
    let view = call.view(&world);
    let details = params.truth("with_labels_details")?.unwrap_or(false);
    let simple = params.text("view").as_deref() == Some("simple");
    page(call, &requests, |request| {
        if simple {
            short(&view.merge_request(project, request, false))
        } else {
            view.merge_request(project, request, details)
        }
    })
}

/// `API::Entities::MergeRequestSimple`.
fn short(whole: &Value) -> Value {
    let names = [
        "id",
        "iid",
        "project_id",
        "title",
        "description",
        "state",
        "created_at",
        "updated_at",
        "web_url",
    ];
    names
        .into_iter()
        .map(|name| (name.to_owned(), whole[name].clone()))
        .collect()
}

/// The merge request of the request, if it may be read.
pub fn find<'w>(call: &Call, world: &'w World) -> Result<(&'w Project, &'w MergeRequest), Refusal> {
    let project = call.project(world)?;
    let iid = call.number("merge_request_iid")?;
    let readable = call.viewer().reads_merge_requests(world, project);
    let request = project.merge_requests.get(&iid).filter(|_| readable);
    Ok((project, request.ok_or_else(Refusal::record_not_found)?))
}

fn one(call: &Call) -> Answer {
    let world = call.server.read();
    let (project, request) = find(call, &world)?;
    ok(call.view(&world).merge_request_detail(project, request))
}

fn approvals(call: &Call) -> Answer {
    let world = call.server.read();
    let (project, request) = find(call, &world)?;
    ok(call.view(&world).approvals(project, request))
}

fn reviewers(call: &Call) -> Answer {
    let world = call.server.read();
    let (_, request) = find(call, &world)?;
    let view = call.view(&world);
    page(call, &request.reviewers, |reviewer| {
        json!({
            "user": view.user_basic(reviewer.user_id),
            "state": reviewer.state,
            "created_at": stamp(reviewer.created_at),
        })
    })
}

fn commits(call: &Call) -> Answer {
    let world = call.server.read();
    let (project, request) = find(call, &world)?;
    let view = call.view(&world);
    let commits = request
        .latest()
        .map(|version| version.commits.as_slice())
        .unwrap_or_default();
    page(call, commits, |commit| view.commit(project, commit))
}

fn diffs(call: &Call) -> Answer {
    let world = call.server.read();
    let (_, request) = find(call, &world)?;
    let files = request
        .latest()
        .map(|version| version.files.as_slice())
        .unwrap_or_default();
    page(call, files, diff_file)
}

fn with_changes(call: &Call) -> Answer {
    let world = call.server.read();
    let (project, request) = find(call, &world)?;
    let mut shown = call.view(&world).merge_request_detail(project, request);
    let files = request
        .latest()
        .map(|version| version.files.as_slice())
        .unwrap_or_default();
    shown["changes"] = files.iter().map(diff_file).collect();
    shown["overflow"] = json!(false);
    ok(shown)
}

fn versions(call: &Call) -> Answer {
    let world = call.server.read();
    let (_, request) = find(call, &world)?;
    let newest_first: Vec<_> = request.versions.iter().rev().collect();
    page(call, &newest_first, |version| {
        View::diff_version(request, version)
    })
}

fn version(call: &Call) -> Answer {
    let world = call.server.read();
    let (project, request) = find(call, &world)?;
    let id = call.number("version_id")?;
    let version = request.versions.iter().find(|version| version.id == id);
    ok(call.view(&world).diff_version_full(
        project,
        request,
        version.ok_or_else(Refusal::record_not_found)?,
    ))
}

fn closes(call: &Call) -> Answer {
    let world = call.server.read();
    let (project, request) = find(call, &world)?;
    let (view, viewer) = (call.view(&world), call.viewer());
    let issues: Vec<_> = request
        .closes
        .iter()
        .filter_map(|iid| project.issues.get(iid))
        .filter(|issue| viewer.reads_issue(&world, project, issue))
        .collect();
    page(call, &issues, |issue| {
        view.issue(project, issue, false, false)
    })
}
