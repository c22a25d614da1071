//! Drills that are due: what is important each time, everything else in turn,
//! and a failure that no other success hides.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use labkeep_engine::kind::Item;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::RunDetail;
use labkeep_settings::Proof;
use labkeep_tests::disk::flip;

use crate::bench::Bench;

fn two_at_a_time() -> Proof {
    Proof {
        drill_items: 2,
        ..Proof::default()
    }
}

/// The paths that a drill's report names.
fn rebuilt(drill: &RunDetail) -> BTreeSet<String> {
    let path = |text: &str| text.split(": ").next().map(ToOwned::to_owned);
    let lines = drill.report.iter();
    lines.filter_map(|line| path(&line.text)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_rebuilt_in_turn_and_what_is_important_each_time() -> Result<()> {
    let bench = Bench::new(6, two_at_a_time()).await?;
    let plan = bench.keeper.plan.clone();
    assert_eq!(
        bench.labkeep().drill_due_at(&plan)?,
        None,
        "nothing is saved"
    );
    bench.keeper.back_up().await?;
    let projects = bench.keeper.world.gitlab.projects();
    let (important, important_path) = projects[2].clone();
    let account = bench.keeper.account.clone();
    let item = Item::project(important);
    bench.labkeep().set_important(&account, item, true)?;
    assert!(bench.labkeep().start_due_drill(&plan)?.is_none());

    let mut all = BTreeSet::new();
    for turn in 0..3 {
        bench.days_forward(7);
        let drill = bench.due_drill().await?;
        assert_eq!(drill.run.outcome, Some(Outcome::Complete), "{drill:#?}");
        let paths = rebuilt(&drill);
        assert!(paths.contains(&important_path), "{paths:?}");
        let expected = if turn < 2 { 3 } else { 2 };
        assert!(paths.len() >= expected, "{paths:?}");
        all.extend(paths);
        assert!(bench.labkeep().start_due_drill(&plan)?.is_none());
    }
    assert_eq!(all.len(), 7, "each was rebuilt, and their group");
    for (_, path) in projects {
        assert!(bench.row(&path)?.proven_at.is_some(), "{path}");
    }
    let home = bench.labkeep().home_view()?;
    assert_eq!(home.never_proven, 0);
    assert!(home.last_proof.is_some());
    bench.is_calm()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_at_gitlab_is_rebuilt_from_where_it_is() -> Result<()> {
    let bench = Bench::new(3, Proof::default()).await?;
    bench.keeper.back_up().await?;
    let (_, path) = bench.keeper.world.gitlab.projects().swap_remove(0);
    bench.keeper.world.gitlab.delete_project(&path)?;
    let later = bench.keeper.back_up().await?;
    bench.days_forward(8);
    let drill = bench.due_drill().await?;
    assert_eq!(drill.run.outcome, Some(Outcome::Complete), "{drill:#?}");
    // Three projects and their group.
    assert_eq!(drill.run.items.total, 4);
    assert!(rebuilt(&drill).contains(&path));
    let saved = bench.keeper.saved(&later)?;
    assert!(saved.ledger.lines().all(|line| line.path != path));
    assert!(bench.row(&path)?.proven_at.is_some());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_fails_its_drill_is_red_named_and_saved_again_in_full() -> Result<()> {
    let bench = Bench::new(4, two_at_a_time()).await?;
    let plan = bench.keeper.plan.clone();
    let (id, path) = bench.keeper.world.gitlab.projects().swap_remove(0);
    let pack = bench.save_something_large(&path).await?;
    flip(&pack)?;
    let account = bench.keeper.account.clone();
    bench
        .labkeep()
        .set_important(&account, Item::project(id), true)?;
    bench.days_forward(8);
    let bad = bench.due_drill().await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Partial), "{bad:#?}");
    let reason = bad.run.reason.context("a reason")?;
    assert!(reason.contains(&path), "{reason}");
    assert!(bench.labkeep().home_view()?.last_proof.is_none());
    assert!(bench.row(&path)?.distrusted_since.is_some());
    let is_red = || -> Result<bool> {
        let alarms = bench.alarms()?;
        let title = format!("The last drill of {path} failed");
        Ok(alarms.iter().any(|one| one.title == title))
    };
    assert!(is_red()?);

    // A good drill of the others says nothing about it.
    let others: Vec<Item> = bench
        .keeper
        .world
        .gitlab
        .projects()
        .into_iter()
        .filter(|(other, _)| *other != id)
        .map(|(other, _)| Item::project(other))
        .collect();
    let latest = bench.labkeep().find_snapshot("latest")?;
    let run = bench.labkeep().start_drill(&latest, others).await?;
    let good = bench.ended(run).await?;
    assert_eq!(good.run.outcome, Some(Outcome::Complete), "{good:#?}");
    assert!(is_red()?);

    let again = bench.back_up().await?;
    assert_eq!(again.run.outcome, Some(Outcome::Complete), "{again:#?}");
    assert!(again.run.items.captured >= 1);
    assert!(bench.row(&path)?.distrusted_since.is_none());
    assert!(is_red()?, "nothing was proven yet");
    // A drill that failed is made again a day later.
    bench.days_forward(1);
    let drill = bench.due_drill().await?;
    assert_eq!(drill.run.outcome, Some(Outcome::Complete), "{drill:#?}");
    assert!(rebuilt(&drill).contains(&path));
    assert!(!is_red()?);
    let check = bench.due_check().await?;
    assert_eq!(check.run.outcome, Some(Outcome::Complete), "{check:#?}");
    bench.restic_is_content()?;
    bench.is_calm()?;
    assert!(bench.labkeep().start_due_drill(&plan)?.is_none());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_snapshot_proves_nothing_of_what_is_saved_now() -> Result<()> {
    let bench = Bench::usual(2).await?;
    let (id, path) = bench.keeper.world.gitlab.projects().swap_remove(0);
    let first = bench.keeper.back_up().await?;
    let pack = bench.save_something_large(&path).await?;
    bench.keeper.world.gitlab.delete_project(&path)?;
    flip(&pack)?;
    let bad = bench.check(100).await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    assert_eq!(bench.back_up().await?.run.outcome, Some(Outcome::Complete));
    assert!(bench.row(&path)?.gone_since.is_some());
    assert!(bench.row(&path)?.distrusted_since.is_some());

    let run = bench.labkeep().start_drill(&first, vec![Item::project(id)]);
    let good = bench.ended(run.await?).await?;
    assert_eq!(good.run.outcome, Some(Outcome::Complete), "{good:#?}");
    assert!(bench.row(&path)?.proven_at.is_none());
    assert!(bench.row(&path)?.distrusted_since.is_some());
    assert!(bench.labkeep().home_view()?.last_proof.is_none());

    // The whole of it: what is saved there for the last time, and no more.
    let run = bench.labkeep().start_drill(&first, Vec::new()).await?;
    let good = bench.ended(run).await?;
    assert_eq!(good.run.outcome, Some(Outcome::Complete), "{good:#?}");
    let snapshots = bench.labkeep().snapshots(None)?;
    let drilled = snapshots.iter().find(|one| one.id == first.id);
    assert!(drilled.context("it is known")?.proven_at.is_some());
    assert!(bench.labkeep().home_view()?.last_proof.is_none());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_the_last_snapshot_is_as_good() -> Result<()> {
    let bench = Bench::usual(2).await?;
    let (id, path) = bench.keeper.world.gitlab.projects().swap_remove(0);
    bench.keeper.back_up().await?;
    let folder = bench.folder().with_file_name("other").display().to_string();
    let other = bench.labkeep().create_vault(&folder, None).await?.id;
    let run = bench.labkeep().start_copy_between(&bench.vault, &other)?;
    bench.ended(run).await?;
    let copy = bench.labkeep().snapshots(Some(&other))?.remove(0);
    let copy = bench.labkeep().find_snapshot(&copy.id)?;
    let run = bench.labkeep().start_drill(&copy, vec![Item::project(id)]);
    let good = bench.ended(run.await?).await?;
    assert_eq!(good.run.outcome, Some(Outcome::Complete), "{good:#?}");
    assert!(bench.row(&path)?.proven_at.is_some());
    assert!(bench.labkeep().home_view()?.last_proof.is_some());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_drill_of_what_no_plan_has_any_more_is_no_alarm() -> Result<()> {
    let bench = Bench::usual(2).await?;
    let (id, path) = bench.keeper.world.gitlab.projects().swap_remove(0);
    let pack = bench.save_something_large(&path).await?;
    flip(&pack)?;
    let latest = bench.labkeep().find_snapshot("latest")?;
    let run = bench
        .labkeep()
        .start_drill(&latest, vec![Item::project(id)]);
    let bad = bench.ended(run.await?).await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    let is_red = || -> Result<bool> {
        let alarms = bench.alarms()?;
        Ok(alarms.iter().any(|one| one.key.starts_with("drill:")))
    };
    assert!(is_red()?);
    bench.cover(vec![path.clone()])?;
    assert!(!is_red()?);
    // The damage itself is another matter.
    assert!(bench.row(&path)?.distrusted_since.is_some());
    Ok(())
}
