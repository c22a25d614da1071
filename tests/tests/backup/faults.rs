//! Misbehaviour on every route of a backup: what passes is tried again and
//! nothing is missing; what stays is in the ledger with the reason and the
//! remedy, and the earlier version is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use labkeep_engine::kind::{Item, Kind, Sort};
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::LedgerState;
use labkeep_tests::furnish::{Furnished, furnish};
use labkeep_tests::honesty;
use labkeep_tests::saved::Saved;
use labkeep_tests::world::{Wish, World, many};
use practice_gitlab::{Action, FaultRule};
use serde_json::json;

use Kind::{Issues, Labels, Members, MergeRequests, Milestones};

const ISSUE: &str = "GET /projects/:id/issues/:issue_iid";
const REQUEST: &str = "GET /projects/:id/merge_requests/:merge_request_iid";

/// Every route that a backup reads documents from, with the kinds that cannot
/// do without it.
const ROUTES: [(&str, &str, &[Kind]); 29] = [
    ("GET /projects/:id/issues", "", &[Issues]),
    (ISSUE, "/discussions", &[Issues]),
    (ISSUE, "/notes/:note_id/award_emoji", &[Issues]),
    (ISSUE, "/award_emoji", &[Issues]),
    (ISSUE, "/links", &[Issues]),
    (ISSUE, "/resource_state_events", &[Issues]),
    (ISSUE, "/resource_label_events", &[Issues]),
    (ISSUE, "/resource_milestone_events", &[Issues]),
    ("GET /projects/:id/merge_requests", "", &[MergeRequests]),
    (REQUEST, "", &[MergeRequests]),
    (REQUEST, "/discussions", &[MergeRequests]),
    (REQUEST, "/notes/:note_id/award_emoji", &[MergeRequests]),
    (REQUEST, "/award_emoji", &[MergeRequests]),
    (REQUEST, "/versions", &[MergeRequests]),
    (REQUEST, "/versions/:version_id", &[MergeRequests]),
    (REQUEST, "/approvals", &[MergeRequests]),
    (REQUEST, "/reviewers", &[MergeRequests]),
    (REQUEST, "/resource_state_events", &[MergeRequests]),
    (REQUEST, "/resource_label_events", &[MergeRequests]),
    (REQUEST, "/resource_milestone_events", &[MergeRequests]),
    (
        "GET /projects/:id/labels",
        "",
        &[Issues, MergeRequests, Labels],
    ),
    ("GET /projects/:id/milestones", "", &[Milestones]),
    ("GET /projects/:id/members", "", &[Members]),
    ("GET /projects/:id/members/all", "", &[Members]),
    ("GET /groups/:id/labels", "", &[Labels]),
    ("GET /groups/:id/milestones", "", &[Milestones]),
    ("GET /groups/:id/members", "", &[Members]),
    ("GET /groups/:id/members/all", "", &[Members]),
    ("GET /users/:id", "", &[Members]),
];

/// Routes without which there is no backup at all.
const FIRST: [&str; 4] = [
    "GET /personal_access_tokens/self",
    "GET /metadata",
    "GET /groups",
    "GET /projects",
];

pub const GIT: &str = "POST git-upload-pack";

fn is_of_group(route: &str) -> bool {
    // The only member of the project itself shows the address elsewhere.
    route.starts_with("GET /groups/") || route == "GET /users/:id"
}

pub fn limited(headers: &[(&str, &str)]) -> Action {
    Action::Status {
        code: 429,
        body: Some(json!({ "message": { "error": "Too many requests. Try again later." } })),
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

/// What is over as soon as it is tried again.
fn passing() -> Vec<Action> {
    vec![
        Action::status(500),
        Action::status(502),
        Action::status(503),
        limited(&[]),
        limited(&[("Retry-After", "0")]),
        Action::Reset { after_bytes: 0 },
        Action::Reset { after_bytes: 1 },
        Action::Truncate { after_bytes: 1 },
    ]
}

/// A furnished GitLab with what is true of it.
struct Site {
    world: World,
    made: Furnished,
}

impl Site {
    async fn new() -> Result<Self> {
        let world = World::new(many(1))?;
        let made = furnish(&world).await?;
        Ok(Self { world, made })
    }

    fn item(&self, sort: Sort) -> Item {
        match sort {
            Sort::Group => self.made.group(),
            Sort::Project => self.made.item(),
        }
    }

    fn failing(&self, route: &str, kinds: &[Kind]) -> BTreeSet<(Item, Kind)> {
        let sort = if is_of_group(route) {
            Sort::Group
        } else {
            Sort::Project
        };
        kinds.iter().map(|kind| (self.item(sort), *kind)).collect()
    }
}

fn failed(saved: &Saved) -> BTreeSet<(Item, Kind)> {
    saved
        .ledger
        .lines()
        .filter(|line| line.state == LedgerState::Failed)
        .map(|line| (line.item(), line.kind))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_routes_put_to_the_test_are_those_of_a_backup() -> Result<()> {
    let site = Site::new().await?;
    site.world.gitlab.reset_requests();
    site.world.back_up(Wish::default()).await?;
    let asked: BTreeSet<String> = site
        .world
        .gitlab
        .requests()
        .routes
        .into_keys()
        .filter(|route| route != GIT)
        .collect();
    let mut known: BTreeSet<String> = FIRST.map(str::to_owned).into();
    known.extend(ROUTES.map(|(base, rest, _)| format!("{base}{rest}")));
    assert_eq!(asked, known);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_tried_again_and_nothing_is_missing() -> Result<()> {
    let site = Site::new().await?;
    let world = &site.world;
    let truth = world.truth(&Wish::default()).await?;
    let routes = ROUTES.map(|(base, rest, _)| format!("{base}{rest}"));
    for (number, action) in passing().into_iter().enumerate() {
        let first = FIRST.iter().copied();
        let every = first.chain(routes.iter().map(String::as_str));
        let mut rules: Vec<_> = every
            .map(|route| FaultRule::new(route, action.clone()).first(1))
            .collect();
        // The list of refs and the pack of both repositories.
        rules.push(FaultRule::new(GIT, action.clone()).nth(1));
        rules.push(FaultRule::new(GIT, action.clone()).nth(3));
        world.gitlab.set_faults(rules);
        let wish = Wish::default().for_plan(&format!("passing-{number}"));
        let result = world
            .back_up(wish)
            .await
            .with_context(|| format!("{action:?}"))?;
        assert_eq!(result.outcome, Outcome::Complete, "{action:?}");
        honesty::check(world, &result, &truth, None).with_context(|| format!("{action:?}"))?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_that_the_server_asks_for_end_complete() -> Result<()> {
    let site = Site::new().await?;
    let world = &site.world;
    let truth = world.truth(&Wish::default()).await?;
    let discussions = format!("{ISSUE}/discussions");
    let routes = ["GET /projects", &discussions, GIT];
    let wish = Wish {
        idle: Some(Duration::from_millis(700)),
        ..Wish::default()
    };
    for (number, action) in [
        Action::Throttle { retry_after: 1 },
        Action::ApplicationLimit { retry_after: 1 },
        Action::Delay { milliseconds: 1200 },
    ]
    .into_iter()
    .enumerate()
    {
        let rules = routes.map(|route| FaultRule::new(route, action.clone()).first(1));
        world.gitlab.set_faults(rules.into());
        let wish = wish.clone().for_plan(&format!("wait-{number}"));
        let result = world.back_up(wish).await?;
        assert_eq!(result.outcome, Outcome::Complete, "{action:?}");
        honesty::check(world, &result, &truth, None).with_context(|| format!("{action:?}"))?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_list_there_is_no_snapshot() -> Result<()> {
    let site = Site::new().await?;
    let world = &site.world;
    world.back_up(Wish::default()).await?;
    for route in FIRST {
        for action in passing() {
            let is_told = route == "GET /metadata";
            world
                .gitlab
                .set_faults(vec![FaultRule::new(route, action.clone())]);
            let wish = Wish {
                patience: Some(Duration::from_millis(200)),
                ..Wish::default()
            };
            let result = world.back_up(wish).await;
            ensure!(result.is_err() || is_told, "{route} {action:?}: {result:?}");
        }
    }
    assert_eq!(world.snapshots(&Wish::default())?.len(), 1);
    Ok(())
}

/// Lets a fault stay on a route, and looks at two backups: one that has an
/// earlier version and one that has none.
async fn stays(site: &Site, route: &str, kinds: &[Kind], truth: &Saved) -> Result<()> {
    let world = &site.world;
    let plan = impatient(kinds).for_plan(route);
    let mut before = world.saved(&world.back_up(plan.clone()).await?)?;
    let failing = site.failing(route, kinds);
    for action in [
        Action::status(500),
        limited(&[]),
        Action::Reset { after_bytes: 1 },
        Action::Truncate { after_bytes: 1 },
        Action::ApplicationLimit { retry_after: 3600 },
    ] {
        world
            .gitlab
            .set_faults(vec![FaultRule::new(route, action.clone())]);
        let result = world.back_up(plan.clone().thorough()).await?;
        ensure!(result.outcome == Outcome::Partial, "{action:?}: {result:?}");
        honesty::check(world, &result, truth, Some(&before))
            .with_context(|| format!("{action:?}"))?;
        before = world.saved(&result)?;
        let failed = failed(&before);
        ensure!(failed == failing, "{action:?}: {failed:?} failed");
    }
    let first = plan.clone().for_plan(&format!("first {route}"));
    let result = world.back_up(first).await?;
    ensure!(result.outcome == Outcome::Partial, "{result:?}");
    honesty::check(world, &result, truth, None)?;

    // What failed is asked for again as soon as it may be there.
    world.gitlab.set_faults(Vec::new());
    let result = world.back_up(plan).await?;
    ensure!(result.outcome == Outcome::Complete, "{result:?}");
    honesty::check(world, &result, truth, None)
}

fn impatient(kinds: &[Kind]) -> Wish {
    Wish {
        patience: Some(Duration::from_millis(200)),
        ..Wish::of(kinds)
    }
}

async fn stay(which: impl Fn(&[Kind]) -> bool) -> Result<()> {
    let site = Site::new().await?;
    let routes = ROUTES.iter().filter(|(_, _, kinds)| which(kinds));
    let mut truths = BTreeMap::new();
    for (base, rest, kinds) in routes {
        let route = format!("{base}{rest}");
        if !truths.contains_key(kinds) {
            truths.insert(kinds, site.world.truth(&Wish::of(kinds)).await?);
        }
        stays(&site, &route, kinds, &truths[kinds])
            .await
            .context(route)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_on_a_route_of_issues_is_told_and_the_earlier_version_kept() -> Result<()> {
    stay(|kinds| kinds == [Issues]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_on_a_route_of_merge_requests_is_told_and_the_earlier_version_kept() -> Result<()>
{
    stay(|kinds| kinds == [MergeRequests]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_on_any_other_route_is_told_and_the_earlier_version_kept() -> Result<()> {
    stay(|kinds| kinds != [Issues] && kinds != [MergeRequests]).await
}
