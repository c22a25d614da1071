//! Earlier snapshots, stale ones, and projects of unusual shapes.

use anyhow::{Context, Result};
use labkeep_engine::keep::BackupWish;
use labkeep_engine::kind::Item;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::Mark;
use labkeep_tests::furnish::clone;
use labkeep_tests::git::git;
use labkeep_tests::keeper::Keeper;
use labkeep_tests::restored::{self, Authors};
use labkeep_tests::world::many;
use practice_gitlab::{Action, FaultRule};

use super::told;

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_snapshot_survives_a_force_push() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let gitlab = &keeper.world.gitlab;
    let (id, path) = gitlab.projects().swap_remove(0);
    gitlab.push_commit(&path, "topic", &[("topic.txt", "dear to somebody")])?;
    let old = keeper.back_up().await?;
    let folder = tempfile::tempdir()?;
    let repository = gitlab.repository(&path)?;
    let work = clone(&keeper.world, &path, folder.path())?;
    git(&work, &["checkout", "-q", "--orphan", "blank"])?;
    git(&work, &["commit", "-q", "--allow-empty", "-m", "All new"])?;
    let all_new = git(&work, &["rev-parse", "HEAD"])?;
    // As a Maintainer who may force-push has done it.
    let objects = work.join(".git").display().to_string();
    git(
        &repository,
        &["fetch", "-q", &objects, "+blank:refs/heads/topic"],
    )?;
    let new = keeper.back_up().await?;
    let plan = keeper.plan(&keeper.request(id), None).await?;
    assert_eq!(plan.snapshot.id, new.id, "the latest is the default");
    assert!(plan.others.iter().any(|other| other.id == old.id));

    let owner = gitlab.tokens.owner.clone();
    for (snapshot, is_new) in [(&old, false), (&new, true)] {
        let mut request = keeper.request(id);
        request.snapshot = Some(snapshot.id.clone());
        let detail = keeper.restore(&request, &owner).await?;
        assert_eq!(
            detail.run.outcome,
            Some(Outcome::Complete),
            "{}",
            told(&detail)
        );
        let url = detail.run.result_url.context("a page")?;
        let back = url.replacen(&format!("{}/", gitlab.url), "", 1);
        let saved = keeper.saved(snapshot)?;
        restored::check(
            &keeper.world,
            &saved,
            Item::project(id),
            &back,
            Authors::Named,
        )
        .await?;
        let tip = git(
            &gitlab.repository(&back)?,
            &["rev-parse", "refs/heads/topic"],
        )?;
        assert_eq!(tip == all_new, is_new);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_whole_snapshot_is_chosen_and_a_stale_part_is_told() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let gitlab = &keeper.world.gitlab;
    let (id, path) = gitlab.projects().swap_remove(0);
    let whole = keeper.back_up().await?;
    gitlab.create_issue(&path, "Too late")?;
    let rule = FaultRule::new("GET /projects/:id/issues", Action::status(403));
    gitlab.set_faults(vec![rule]);
    let wish = BackupWish { thorough: true };
    let run = keeper.labkeep.start_backup(&keeper.plan, wish)?;
    let partial = keeper.ended(run).await?;
    assert_eq!(
        partial.run.outcome,
        Some(Outcome::Partial),
        "{}",
        told(&partial)
    );
    gitlab.set_faults(Vec::new());
    let plan = keeper.plan(&keeper.request(id), None).await?;
    assert_eq!(plan.snapshot.id, whole.id);

    let stale = partial.run.snapshot.context("a snapshot")?;
    let mut request = keeper.request(id);
    request.snapshot = Some(stale.clone());
    let owner = gitlab.tokens.owner.clone();
    let plan = keeper.plan(&request, Some(&owner)).await?;
    let is_told = |text: &str| text.contains("Issues: the version of");
    assert!(
        plan.lines
            .iter()
            .any(|line| line.mark == Mark::Changed && is_told(&line.text))
    );
    let detail = keeper.restore(&request, &owner).await?;
    assert_eq!(
        detail.run.outcome,
        Some(Outcome::Complete),
        "{}",
        told(&detail)
    );
    assert!(
        detail.report.iter().any(|line| is_told(&line.text)),
        "{:#?}",
        detail.report
    );
    let saved = keeper.saved(&keeper.labkeep.find_snapshot(&stale)?)?;
    let back = plan.destination;
    restored::check(
        &keeper.world,
        &saved,
        Item::project(id),
        &back,
        Authors::Named,
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_saved_at_all_makes_the_restore_partial() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let gitlab = &keeper.world.gitlab;
    let (id, _) = gitlab.projects().swap_remove(0);
    let rule = FaultRule::new("GET /projects/:id/issues", Action::status(400));
    gitlab.set_faults(vec![rule]);
    let wish = BackupWish { thorough: true };
    let run = keeper.labkeep.start_backup(&keeper.plan, wish)?;
    assert_eq!(keeper.ended(run).await?.run.outcome, Some(Outcome::Partial));
    gitlab.set_faults(Vec::new());
    let owner = gitlab.tokens.owner.clone();
    let plan = keeper.plan(&keeper.request(id), Some(&owner)).await?;
    let is_told = |text: &str| text.contains("Issues: not in this snapshot");
    assert!(
        plan.lines
            .iter()
            .any(|line| line.mark == Mark::Bad && is_told(&line.text))
    );
    let detail = keeper.restore(&keeper.request(id), &owner).await?;
    assert_eq!(
        detail.run.outcome,
        Some(Outcome::Partial),
        "{}",
        told(&detail)
    );
    assert!(detail.report.iter().any(|line| is_told(&line.text)));
    assert!(
        detail
            .run
            .reason
            .is_some_and(|why| why.contains("not everything"))
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn projects_without_code_or_with_many_issues_come_back() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let gitlab = &keeper.world.gitlab;
    let empty = gitlab.create_project("fleet/empty", "olivia")?;
    let busy = gitlab.create_project("fleet/busy", "olivia")?;
    for number in 0..230 {
        gitlab.create_issue("fleet/busy", &format!("Issue {number}"))?;
    }
    let snapshot = keeper.back_up().await?;
    let saved = keeper.saved(&snapshot)?;
    let owner = gitlab.tokens.owner.clone();
    for (id, path) in [(empty, "fleet/empty"), (busy, "fleet/busy")] {
        gitlab.delete_project(path)?;
        let detail = keeper.restore(&keeper.request(id), &owner).await?;
        assert_eq!(
            detail.run.outcome,
            Some(Outcome::Complete),
            "{}",
            told(&detail)
        );
        restored::check(
            &keeper.world,
            &saved,
            Item::project(id),
            path,
            Authors::Named,
        )
        .await?;
    }
    // The next one gets the number after the last that was there.
    assert_eq!(gitlab.create_issue("fleet/busy", "One more")?, 231);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_was_renamed_since_comes_back_under_its_old_name() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let gitlab = &keeper.world.gitlab;
    let (id, path) = gitlab.projects().swap_remove(0);
    let snapshot = keeper.back_up().await?;
    gitlab.rename_project(&path, "renamed")?;
    let owner = gitlab.tokens.owner.clone();
    let plan = keeper.plan(&keeper.request(id), Some(&owner)).await?;
    assert_eq!(plan.destination, path);
    let detail = keeper.restore(&keeper.request(id), &owner).await?;
    assert_eq!(
        detail.run.outcome,
        Some(Outcome::Complete),
        "{}",
        told(&detail)
    );
    let saved = keeper.saved(&snapshot)?;
    restored::check(
        &keeper.world,
        &saved,
        Item::project(id),
        &path,
        Authors::Named,
    )
    .await?;
    assert_eq!(
        gitlab.project_id("fleet/renamed")?,
        id,
        "it is where it was"
    );
    assert_ne!(gitlab.project_id(&path)?, id);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_machine_with_the_key_restores_what_this_one_saved() -> Result<()> {
    let keeper = Keeper::new(many(2)).await?;
    let gitlab = &keeper.world.gitlab;
    let (id, path) = gitlab.projects().swap_remove(0);
    keeper.back_up().await?;
    let snapshot = keeper.back_up().await?;
    gitlab.delete_project(&path)?;

    let home = tempfile::tempdir()?;
    let other = labkeep_tests::keeper::open(home.path())?;
    let location = keeper
        .world
        .folder
        .path()
        .join("vault")
        .display()
        .to_string();
    let wrong = labkeep_vault::VaultKey::generate().as_secret().clone();
    assert!(other.open_vault(&location, wrong, None).await.is_err());
    assert!(other.vaults()?.is_empty() && other.snapshots(None)?.is_empty());
    let key = keeper.world.key.as_secret().clone();
    other.open_vault(&location, key.clone(), None).await?;
    assert_eq!(other.snapshots(None)?.len(), 2);
    // Opened again, it brings what is new, and is the same vault.
    other.open_vault(&location, key.clone(), None).await?;
    assert_eq!(other.vaults()?.len(), 1);
    assert_eq!(other.snapshots(None)?.len(), 2);
    let rows = other.projects()?.rows;
    assert!(
        rows.iter()
            .any(|row| row.path == path && row.last_saved_at.is_some())
    );
    // No token is known there yet; one for this restore is enough.
    let (account, item) = other.find_item(None, &path)?;
    assert_eq!(item, Item::project(id));
    let mut request = keeper.request(id);
    request.account = account.id.to_string();
    let plan = other.plan_restore(request.clone(), None).await?;
    assert_eq!(plan.snapshot.id, snapshot.id);
    assert!(matches!(
        plan.token,
        labkeep_engine::view::TokenNeed::Write { .. }
    ));
    let owner = gitlab.tokens.owner.clone();
    let run = other
        .start_restore(request, Some(owner.as_str().into()))
        .await?;
    other.wait_for(run).await?;
    let detail = other.run_detail(run)?;
    assert_eq!(
        detail.run.outcome,
        Some(Outcome::Complete),
        "{}",
        told(&detail)
    );
    let saved = keeper.saved(&snapshot)?;
    restored::check(&keeper.world, &saved, item, &path, Authors::Named).await?;
    // A drill and a backup work there too, once there is a token.
    let run = other
        .start_drill(&other.find_snapshot("latest")?, vec![item])
        .await?;
    assert_eq!(other.wait_for(run).await?.outcome, Some(Outcome::Complete));
    Ok(())
}
