//! `/projects`: lists with their filters, and one project.

use jiff::Timestamp;

use super::Refusal;
use super::call::Call;
use super::page::{keyset_page, page_limited, wants_keyset};
use super::principal::Boundary;
use super::reply::{Answer, ok};
use super::route::{Route, delete, get, post, put};
use crate::limits::LimitKey;
use crate::model::{AccessLevel, Project, World};
use crate::present::ProjectDetail;
use crate::server::Server;

use super::{project_changes as changes, project_creation as creation};

/// Routes about projects.
pub const ROUTES: &[Route] = &[
    get("/projects", "read_project", list).open(),
    post("/projects", "create_project", creation::create),
    get("/projects/:id", "read_project", one).open(),
    put("/projects/:id", "update_project", changes::update),
    delete("/projects/:id", "delete_project", changes::remove),
    post("/projects/:id/archive", "archive_project", changes::archive),
    post(
        "/projects/:id/unarchive",
        "unarchive_project",
        changes::unarchive,
    ),
    post("/projects/:id/restore", "restore_project", changes::restore),
    put(
        "/projects/:id/transfer",
        "transfer_project",
        changes::transfer,
    ),
    post("/projects/:id/fork", "create_fork", creation::fork),
    get("/projects/:id/forks", "read_fork", forks).open(),
    get("/users/:id/projects", "read_project", of_user).open(),
];

/// The filters of a list of projects.
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are GitLab's parameters"
)]
struct Filter {
    search: Option<String>,
    archived: Option<bool>,
    visibility: Option<&'static str>,
    owned: bool,
    membership: bool,
    least: Option<u64>,
    id_after: Option<u64>,
    id_before: Option<u64>,
    active_after: Option<Timestamp>,
    active_before: Option<Timestamp>,
    updated_after: Option<Timestamp>,
    updated_before: Option<Timestamp>,
    topics: Vec<String>,
    with_issues: bool,
    with_merge_requests: bool,
    marked: Option<bool>,
}

impl Filter {
    fn of(call: &Call) -> Result<Self, Refusal> {
        let params = &call.params;
        Ok(Self {
            search: params.filled("search").map(|text| text.to_lowercase()),
            archived: params.truth("archived")?,
            visibility: params.word("visibility", &["private", "internal", "public"])?,
            owned: params.truth("owned")?.unwrap_or(false),
            membership: params.truth("membership")?.unwrap_or(false),
            least: params.number("min_access_level")?,
            id_after: params.number("id_after")?,
            id_before: params.number("id_before")?,
            active_after: params.time("last_activity_after")?,
            active_before: params.time("last_activity_before")?,
            updated_after: params.time("updated_after")?,
            updated_before: params.time("updated_before")?,
            topics: params.list("topic").unwrap_or_default(),
            with_issues: params.truth("with_issues_enabled")?.unwrap_or(false),
            with_merge_requests: params
                .truth("with_merge_requests_enabled")?
                .unwrap_or(false),
            marked: params.truth("include_pending_delete")?,
        })
    }

    fn keeps(&self, project: &Project, member: AccessLevel) -> bool {
        self.archived
            .is_none_or(|archived| project.archived == archived)
            && self
                .visibility
                .is_none_or(|word| project.visibility.word() == word)
            && (!self.owned || member >= AccessLevel::OWNER)
            && (!self.membership || member > AccessLevel::NONE)
            && self.least.is_none_or(|least| u64::from(member.0) >= least)
            && self.id_after.is_none_or(|id| project.id > id)
            && self.id_before.is_none_or(|id| project.id < id)
            && self
                .active_after
                .is_none_or(|time| project.last_activity_at > time)
            && self
                .active_before
                .is_none_or(|time| project.last_activity_at < time)
            && self
                .updated_after
                .is_none_or(|time| project.updated_at > time)
            && self
                .updated_before
                .is_none_or(|time| project.updated_at < time)
            && self
                .topics
                .iter()
                .all(|topic| project.topics.contains(topic))
            && (!self.with_issues || project.features.enabled("issues"))
            && (!self.with_merge_requests || project.features.enabled("merge_requests"))
            && (self.marked != Some(false) || project.marked_for_deletion_on.is_none())
            && self.search.as_ref().is_none_or(|text| {
                [&project.name, &project.path]
                    .into_iter()
                    .chain(project.description.as_ref())
                    .any(|field| field.to_lowercase().contains(text.as_str()))
            })
    }
}

/// Lists the projects that `keep` keeps among those the user may see.
pub fn list_projects(call: &Call, world: &World, keep: impl Fn(&Project) -> bool) -> Answer {
    let viewer = call.viewer();
    let reach = world.reach(viewer.user, viewer.admin);
    let filter = Filter::of(call)?;
    let mut projects: Vec<&Project> = world
        .projects
        .values()
        .filter(|project| {
            keep(project)
                && reach.sees_project(world, project)
                && filter.keeps(project, reach.project_member_level(world, project))
        })
        .collect();
    let order = call
        .params
        .word(
            "order_by",
            &[
                "id",
                "name",
                "path",
                "created_at",
                "updated_at",
                "last_activity_at",
                "star_count",
                "similarity",
            ],
        )?
        .unwrap_or("created_at");
    let descending = call.params.word("sort", &["asc", "desc"])? != Some("asc");
    projects.sort_by(|one, other| {
        let order = match order {
            "id" => one.id.cmp(&other.id),
            "name" => one.name.to_lowercase().cmp(&other.name.to_lowercase()),
            "path" => one.path.cmp(&other.path),
            "updated_at" => one.updated_at.cmp(&other.updated_at),
            "last_activity_at" => one.last_activity_at.cmp(&other.last_activity_at),
            _ => one.created_at.cmp(&other.created_at),
        };
        let order = order.then(one.id.cmp(&other.id));
        if descending { order.reverse() } else { order }
    });

    let view = call.view(world);
    let simple = call.params.truth("simple")?.unwrap_or(false) || viewer.user.is_none();
    let detail = ProjectDetail {
        statistics: call.params.truth("statistics")?.unwrap_or(false),
        permissions: true,
        single: false,
    };
    let show = |project: &&Project| {
        if simple {
            view.project_simple(project)
        } else {
            view.project(project, detail)
        }
    };
    if wants_keyset(call) {
        if order != "id" {
            return Err(Refusal::json(
                http::StatusCode::METHOD_NOT_ALLOWED,
                serde_json::json!({ "error": "Keyset pagination is not yet available for this type of request" }),
            ));
        }
        return keyset_page(call, &projects, descending, |project| project.id, show);
    }
    page_limited(call, "Project", &projects, show)
}

fn list(call: &Call) -> Answer {
    call.limited(LimitKey::ProjectsApi, 0)?;
    let world = call.server.read();
    call.granted(&world, Boundary::User)?;
    list_projects(call, &world, |_| true)
}

fn of_user(call: &Call) -> Answer {
    let world = call.server.read();
    call.granted(&world, Boundary::User)?;
    let user = world
        .find_user(call.part("id"))
        .ok_or_else(|| Refusal::not_found("User"))?;
    let namespace = user.namespace_id;
    list_projects(call, &world, |project| project.namespace_id == namespace)
}

fn one(call: &Call) -> Answer {
    call.limited(LimitKey::ProjectApi, 0)?;
    let world = call.server.read();
    let project = call.project(&world)?;
    let view = call.view(&world);
    if call.viewer().user.is_none() {
        return ok(view.project_simple(project));
    }
    let statistics = call.params.truth("statistics")?.unwrap_or(false);
    ok(view.project(
        project,
        ProjectDetail {
            statistics,
            permissions: true,
            single: true,
        },
    ))
}

fn forks(call: &Call) -> Answer {
    let world = call.server.read();
    let id = call.project(&world)?.id;
    list_projects(call, &world, |project| project.forked_from == Some(id))
}

/// Removes what a project had on disk.
pub fn remove_files(server: &Server, project: u64) {
    if let Err(error) = server.data.remove_project(project) {
        tracing::error!(%error, project, "a removed project's files are still there");
    }
}
