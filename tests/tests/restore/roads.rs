//! Both roads of an archive import, and where a project comes back to.

use anyhow::{Context, Result};
use labkeep_engine::kind::Item;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::Mark;
use labkeep_tests::furnish::furnish;
use labkeep_tests::keeper::Keeper;
use labkeep_tests::restored::{self, Authors};
use labkeep_tests::world::{World, many, seeded};
use practice_gitlab::Seed;
use serde_json::Value;

use super::told;

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_gets_a_deleted_project_back_as_it_was() -> Result<()> {
    let world = World::new(many(1))?;
    let made = furnish(&world).await?;
    let token = world.gitlab.tokens.minimal.clone();
    let keeper = Keeper::keep(world, &token, &[]).await?;
    let snapshot = keeper.back_up().await?;
    keeper.world.gitlab.delete_project(&made.path)?;

    let admin = keeper.world.gitlab.tokens.admin.clone();
    let detail = keeper
        .restore(&keeper.request(made.project), &admin)
        .await?;
    assert_eq!(
        detail.run.outcome,
        Some(Outcome::Complete),
        "{}",
        told(&detail)
    );
    let saved = keeper.saved(&snapshot)?;
    let item = made.item();
    restored::check(&keeper.world, &saved, item, &made.path, Authors::Kept).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_gets_a_deleted_project_back_with_authors_named() -> Result<()> {
    let world = World::new(many(1))?;
    let made = furnish(&world).await?;
    let token = world.gitlab.tokens.minimal.clone();
    let keeper = Keeper::keep(world, &token, &[]).await?;
    let snapshot = keeper.back_up().await?;
    keeper.world.gitlab.delete_project(&made.path)?;

    let owner = keeper.world.gitlab.tokens.owner.clone();
    let detail = keeper
        .restore(&keeper.request(made.project), &owner)
        .await?;
    assert_eq!(
        detail.run.outcome,
        Some(Outcome::Complete),
        "{}",
        told(&detail)
    );
    let saved = keeper.saved(&snapshot)?;
    let item = made.item();
    restored::check(&keeper.world, &saved, item, &made.path, Authors::Named).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_project_of_the_demo_comes_back() -> Result<()> {
    let keeper = Keeper::new(seeded(Seed::Demo)).await?;
    let snapshot = keeper.back_up().await?;
    let saved = keeper.saved(&snapshot)?;
    let maintainer = keeper.world.gitlab.tokens.maintainer.clone();
    for (id, path) in keeper.world.gitlab.projects() {
        let item = Item::project(id);
        if saved.ledger.of(item).next().is_none() {
            continue;
        }
        // Beside the old one, for others are linked to its issues.
        let detail = keeper
            .restore(&keeper.request(id), &maintainer)
            .await
            .context(path.clone())?;
        assert_eq!(
            detail.run.outcome,
            Some(Outcome::Complete),
            "{path}: {}",
            told(&detail)
        );
        let back = format!("{path}-restored");
        restored::check(&keeper.world, &saved, item, &back, Authors::Named)
            .await
            .context(path)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_keeps_authors_whose_address_is_hidden() -> Result<()> {
    let world = World::new(seeded(Seed::Demo))?;
    let token = world.gitlab.tokens.minimal.clone();
    let paths = [
        "tidewater/platform/api-server",
        "tidewater/devices/firmware/buoy",
        "tidewater/research/tide-model",
    ];
    let keeper = Keeper::keep(world, &token, &paths).await?;
    let snapshot = keeper.back_up().await?;
    let saved = keeper.saved(&snapshot)?;
    let admin = keeper.world.gitlab.tokens.admin.clone();
    for path in paths {
        let id = keeper.world.project(path)?;
        let detail = keeper.restore(&keeper.request(id), &admin).await?;
        assert_eq!(
            detail.run.outcome,
            Some(Outcome::Complete),
            "{}",
            told(&detail)
        );
        let back = format!("{path}-restored");
        let item = Item::project(id);
        restored::check(&keeper.world, &saved, item, &back, Authors::Kept).await?;
        // Direct members are members again.
        let client = keeper.world.client(&admin)?;
        let new = keeper.world.project(&back)?;
        let members: Vec<Value> = client.get(&format!("projects/{new}/members"), &[]).await?;
        for member in saved.documents(item, "project_members")? {
            let name = &member["user"]["username"];
            let is_back = members.iter().any(|other| other["username"] == *name);
            assert!(is_back, "{name} is no member of {back}: {members:?}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_is_never_overwritten() -> Result<()> {
    let keeper = Keeper::new(many(2)).await?;
    let (id, path) = keeper.world.gitlab.projects().swap_remove(0);
    let snapshot = keeper.back_up().await?;
    let owner = keeper.world.gitlab.tokens.owner.clone();
    let before = keeper.shown(&path).await?;
    for expected in [format!("{path}-restored"), format!("{path}-restored-2")] {
        let plan = keeper.plan(&keeper.request(id), Some(&owner)).await?;
        assert_eq!(plan.destination, expected);
        assert!(plan.destination_remark.is_some());
        let detail = keeper.restore(&keeper.request(id), &owner).await?;
        assert_eq!(
            detail.run.outcome,
            Some(Outcome::Complete),
            "{}",
            told(&detail)
        );
        let url = format!("{}/{expected}", keeper.world.gitlab.url);
        assert_eq!(detail.run.result_url.as_ref(), Some(&url));
        let saved = keeper.saved(&snapshot)?;
        let item = Item::project(id);
        restored::check(&keeper.world, &saved, item, &expected, Authors::Named).await?;
    }
    assert_eq!(keeper.shown(&path).await?, before);
    // A destination that was asked for is not changed either.
    let mut request = keeper.request(id);
    request.destination = Some(path.clone());
    let refused = keeper
        .labkeep
        .start_restore(request, Some(owner.as_str().into()))
        .await;
    let error = refused.expect_err("the path is taken");
    assert!(
        error.advice().message.contains("ever overwritten"),
        "{error}"
    );
    assert_eq!(keeper.shown(&path).await?, before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_can_come_back_elsewhere() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let (id, path) = keeper.world.gitlab.projects().swap_remove(0);
    keeper.world.gitlab.create_groups("attic/2026", "olivia")?;
    let snapshot = keeper.back_up().await?;
    let owner = keeper.world.gitlab.tokens.owner.clone();
    let name = path.rsplit('/').next().context("a name")?;
    for (wanted, expected) in [
        ("attic/2026/", format!("attic/2026/{name}")),
        ("attic/2026/other", "attic/2026/other".to_owned()),
        ("olivia/mine", "olivia/mine".to_owned()),
    ] {
        let mut request = keeper.request(id);
        request.destination = Some(wanted.to_owned());
        let detail = keeper.restore(&request, &owner).await?;
        assert_eq!(
            detail.run.outcome,
            Some(Outcome::Complete),
            "{}",
            told(&detail)
        );
        let saved = keeper.saved(&snapshot)?;
        let new = Authors::Named;
        restored::check(&keeper.world, &saved, Item::project(id), &expected, new).await?;
    }
    let mut request = keeper.request(id);
    request.destination = Some("nowhere/web".to_owned());
    let plan = keeper.plan(&request, Some(&owner)).await?;
    assert!(plan.blocker.is_some_and(|why| why.contains("nowhere")));
    let bad = detail_of_bad(&keeper, id, &owner).await;
    assert_eq!(bad, ["web", "attic/-web", "attic/we b", "attic/web.git"]);
    Ok(())
}

/// Destinations that are refused.
async fn detail_of_bad(keeper: &Keeper, id: u64, token: &str) -> Vec<&'static str> {
    let mut refused = Vec::new();
    for path in ["web", "attic/-web", "attic/we b", "attic/web.git"] {
        let mut request = keeper.request(id);
        request.destination = Some(path.to_owned());
        if keeper.plan(&request, Some(token)).await.is_err() {
            refused.push(path);
        }
    }
    refused
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_says_what_came_back() -> Result<()> {
    let world = World::new(many(1))?;
    let made = furnish(&world).await?;
    let token = world.gitlab.tokens.minimal.clone();
    let keeper = Keeper::keep(world, &token, &[]).await?;
    keeper.back_up().await?;
    keeper.world.gitlab.delete_project(&made.path)?;
    let owner = keeper.world.gitlab.tokens.owner.clone();
    let detail = keeper
        .restore(&keeper.request(made.project), &owner)
        .await?;
    assert!(detail.report.iter().all(|line| line.mark != Mark::Bad));
    let report: Vec<&str> = detail
        .report
        .iter()
        .map(|line| line.text.as_str())
        .collect();
    for expected in [
        "Issues: all 4 are",
        "Merge requests: all 2 are",
        "Wiki: the one branch or tag is",
        "1 link between issues was made again",
    ] {
        assert!(
            report.iter().any(|line| line.contains(expected)),
            "{report:#?}"
        );
    }
    // What an archive import changes is said afterwards as it was before.
    let changed = |line: &&labkeep_engine::view::ReportLine| line.mark == Mark::Changed;
    assert!(
        detail
            .report
            .iter()
            .filter(changed)
            .any(|line| line.text.contains("Authors become you")),
        "{report:#?}"
    );
    Ok(())
}
