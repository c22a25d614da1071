//! `/projects/:id/issues`: lists with their filters, and one issue.

use jiff::Timestamp;

use super::Refusal;
use super::call::Call;
use super::page::{cursor_page, page, wants_keyset};
use super::reply::{Answer, ok};
use super::route::{Route, delete, get, post, put};
use super::target::Target;
use crate::model::{Issuable, Issue, Project, World};

use super::issue_changes as changes;

/// Routes about issues.
pub const ROUTES: &[Route] = &[
    get("/projects/:id/issues", "read_issue", list).open(),
    post("/projects/:id/issues", "create_issue", changes::create),
    get("/projects/:id/issues/:issue_iid", "read_issue", one).open(),
    put(
        "/projects/:id/issues/:issue_iid",
        "update_issue",
        changes::update,
    ),
    delete(
        "/projects/:id/issues/:issue_iid",
        "delete_issue",
        changes::remove,
    ),
    post(
        "/projects/:id/issues/:issue_iid/move",
        "update_issue",
        changes::move_away,
    ),
    get(
        "/projects/:id/issues/:issue_iid/closed_by",
        "read_issue",
        closed_by,
    )
    .open(),
    get(
        "/projects/:id/issues/:issue_iid/related_merge_requests",
        "read_issue",
        closed_by,
    )
    .open(),
];

/// Filters that issues and merge requests share.
pub struct IssuableFilter {
    iids: Option<Vec<u64>>,
    labels: Option<Vec<String>>,
    milestone: Option<String>,
    author: Option<u64>,
    assignee: Option<Assignee>,
    search: Option<String>,
    created_after: Option<Timestamp>,
    created_before: Option<Timestamp>,
    updated_after: Option<Timestamp>,
    updated_before: Option<Timestamp>,
    reaction: Option<String>,
    scope: Scope,
}

enum Assignee {
    Nobody,
    Anybody,
    User(u64),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    All,
    CreatedByMe(u64),
    AssignedToMe(u64),
}

impl IssuableFilter {
    /// Reads the parameters.
    pub fn of(call: &Call, world: &World) -> Result<Self, Refusal> {
        let params = &call.params;
        let user_named = |name: &str| {
            params
                .list(name)
                .and_then(|names| names.into_iter().next())
                .map(|name| world.user_named(&name).map_or(u64::MAX, |user| user.id))
        };
        let assignee = match params.filled("assignee_id").as_deref() {
            Some("None" | "none") => Some(Assignee::Nobody),
            Some("Any" | "any") => Some(Assignee::Anybody),
            Some(_) => params.number("assignee_id")?.map(Assignee::User),
            None => user_named("assignee_username").map(Assignee::User),
        };
        let me = call.viewer().user.unwrap_or(u64::MAX);
        let scope = match params.word(
            "scope",
            &[
                "created_by_me",
                "created-by-me",
                "assigned_to_me",
                "assigned-to-me",
                "all",
            ],
        )? {
            Some("created_by_me" | "created-by-me") => Scope::CreatedByMe(me),
            Some("assigned_to_me" | "assigned-to-me") => Scope::AssignedToMe(me),
            _ => Scope::All,
        };
        Ok(Self {
            iids: params.numbers("iids")?,
            labels: params.list("labels").filter(|labels| !labels.is_empty()),
            milestone: params.filled("milestone"),
            author: params
                .number("author_id")?
                .or_else(|| user_named("author_username")),
            assignee,
            search: params.filled("search").map(|text| text.to_lowercase()),
            created_after: params.time("created_after")?,
            created_before: params.time("created_before")?,
            updated_after: params.time("updated_after")?,
            updated_before: params.time("updated_before")?,
            reaction: params.filled("my_reaction_emoji"),
            scope,
        })
    }

    /// Whether the filters keep it.
    pub fn keeps(
        &self,
        world: &World,
        project: &Project,
        shared: &Issuable,
        me: Option<u64>,
    ) -> bool {
        self.iids.as_ref().is_none_or(|iids| iids.contains(&shared.iid))
            && self.labels.as_ref().is_none_or(|wanted| carries(world, project, shared, wanted))
            && self.milestone.as_ref().is_none_or(|wanted| in_milestone(world, project, shared, wanted))
            && self.author.is_none_or(|author| shared.author_id == author)
            && match self.assignee {
                None => true,
                Some(Assignee::Nobody) => shared.assignees.is_empty(),
                Some(Assignee::Anybody) => !shared.assignees.is_empty(),
                Some(Assignee::User(user)) => shared.assignees.contains(&user),
            }
            && self.search.as_ref().is_none_or(|text| {
                shared.title.to_lowercase().contains(text.as_str())
                    || shared
                        .description
                        .as_ref()
                        .is_some_and(|description| description.to_lowercase().contains(text.as_str()))
            })
            // GitLab compares with "at or after" and "at or before".
            && self.created_after.is_none_or(|time| shared.created_at >= time)
            && self.created_before.is_none_or(|time| shared.created_at <= time)
            && self.updated_after.is_none_or(|time| shared.updated_at >= time)
            && self.updated_before.is_none_or(|time| shared.updated_at <= time)
            && self.reaction.as_ref().is_none_or(|name| {
                shared.awards.iter().any(|award| award.name == *name && Some(award.user_id) == me)
            })
            && match self.scope {
                Scope::All => true,
                Scope::CreatedByMe(user) => shared.author_id == user,
                Scope::AssignedToMe(user) => shared.assignees.contains(&user),
            }
    }
}

fn carries(world: &World, project: &Project, shared: &Issuable, wanted: &[String]) -> bool {
    match wanted {
        [one] if one.eq_ignore_ascii_case("none") => shared.labels.is_empty(),
        [one] if one.eq_ignore_ascii_case("any") => !shared.labels.is_empty(),
        _ => wanted.iter().all(|title| {
            shared
                .labels
                .iter()
                .filter_map(|id| world.label_of(project, *id))
                .any(|label| label.title == *title)
        }),
    }
}

fn in_milestone(world: &World, project: &Project, shared: &Issuable, wanted: &str) -> bool {
    match wanted.to_lowercase().as_str() {
        "none" => shared.milestone_id.is_none(),
        "any" => shared.milestone_id.is_some(),
        _ => shared
            .milestone_id
            .and_then(|id| world.milestone_of(project, id))
            .is_some_and(|(milestone, _)| milestone.title == wanted),
    }
}

fn list(call: &Call) -> Answer {
    let params = &call.params;
    let world = call.server.read();
    let project = call.project(&world)?;
    let viewer = call.viewer();
    let filter = IssuableFilter::of(call, &world)?;
    let state = params.word("state", &["opened", "closed", "all"])?;
    let kind = params.filled("issue_type");
    let confidential = params.truth("confidential")?;
    let mut issues: Vec<&Issue> = project
        .issues
        .values()
        .filter(|issue| {
            viewer.reads_issue(&world, project, issue)
                && state.is_none_or(|state| state == "all" || issue.state_word() == state)
                && kind.as_ref().is_none_or(|kind| issue.kind == *kind)
                && confidential.is_none_or(|wanted| issue.confidential == wanted)
                && filter.keeps(&world, project, &issue.shared, viewer.user)
        })
        .collect();
    let order = params
        .word(
            "order_by",
            &[
                "created_at",
                "updated_at",
                "due_date",
                "title",
                "id",
                "weight",
                "relative_position",
                "priority",
                "label_priority",
                "milestone_due",
                "popularity",
            ],
        )?
        .unwrap_or("created_at");
    let descending = params.word("sort", &["asc", "desc"])? != Some("asc");
    let key = |issue: &Issue| match order {
        "updated_at" => issue.shared.updated_at.as_millisecond(),
        "id" => 0,
        "due_date" => issue.due_date.map_or(i64::MAX, |day| {
            i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
        }),
        "weight" => issue
            .weight
            .and_then(|weight| i64::try_from(weight).ok())
            .unwrap_or(-1),
        "relative_position" => issue.relative_position.unwrap_or(i64::MAX),
        "popularity" => i64::try_from(issue.shared.count_awards("thumbsup")).unwrap_or(0),
        _ => issue.shared.created_at.as_millisecond(),
    };
    if order == "title" {
        issues.sort_by(|one, other| one.shared.title.cmp(&other.shared.title));
    } else {
        issues.sort_by_key(|issue| (key(issue), issue.shared.id));
    }
    if descending {
        issues.reverse();
    }
    let view = call.view(&world);
    let details = params.truth("with_labels_details")?.unwrap_or(false);
    let show = |issue: &&Issue| view.issue(project, issue, details, false);
    if wants_keyset(call) && world.instance.at_least(18, 3) && order != "title" {
        return cursor_page(
            call,
            &issues,
            descending,
            |issue| (key(issue), issue.shared.id),
            show,
        );
    }
    page(call, &issues, show)
}

fn one(call: &Call) -> Answer {
    let world = call.server.read();
    let project = call.project(&world)?;
    let iid = call.number("issue_iid")?;
    let viewer = call.viewer();
    let issue = project
        .issues
        .get(&iid)
        .filter(|issue| viewer.reads_issue(&world, project, issue))
        .ok_or_else(Refusal::record_not_found)?;
    ok(call.view(&world).issue(project, issue, false, true))
}

fn closed_by(call: &Call) -> Answer {
    let world = call.server.read();
    let target = Target::of(call, &world)?;
    let project = target.project(&world)?;
    let view = call.view(&world);
    let readable = call.viewer().reads_merge_requests(&world, project);
    let requests: Vec<_> = project
        .merge_requests
        .values()
        .filter(|request| readable && request.closes.contains(&target.iid))
        .collect();
    page(call, &requests, |request| {
        view.merge_request(project, request, false)
    })
}
