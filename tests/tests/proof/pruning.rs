//! Pruning a vault that has damage in it: what can go goes, a damaged copy is
//! never taken for a whole one, and what stands in the way is said.

use anyhow::{Context, Result};
use labkeep_engine::keep::SnapshotRef;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::{PrunePlanView, RunDetail};
use labkeep_tests::disk::flip;

use crate::bench::Bench;

fn going(plan: &PrunePlanView) -> Vec<&str> {
    plan.goes().map(|line| line.id.as_str()).collect()
}

async fn prune(bench: &Bench, plan: &PrunePlanView) -> Result<RunDetail> {
    bench.ended(bench.labkeep().start_prune(plan)?).await
}

fn snapshots(bench: &Bench) -> Result<Vec<SnapshotRef>> {
    let all = bench.labkeep().snapshots(None)?;
    all.iter()
        .map(|one| Ok(bench.labkeep().find_snapshot(&one.id)?))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_snapshot_goes_with_the_retention_and_blocks_no_other() -> Result<()> {
    let bench = Bench::usual(2).await?;
    let (_, path) = bench.keeper.world.gitlab.projects().swap_remove(0);
    let oldest = bench.keeper.back_up().await?;
    let pack = bench.save_something_large(&path).await?;
    let damaged = bench.labkeep().find_snapshot("latest")?;
    bench.keeper.keep_last(1)?;
    assert!(bench.labkeep().prune_due(&bench.vault).await?);
    flip(&pack)?;
    let bad = bench.check(100).await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    // Nothing goes by itself before the damage was made up for.
    assert!(!bench.labkeep().prune_due(&bench.vault).await?);
    let newest = bench.back_up().await?.run.snapshot.context("a snapshot")?;
    assert_eq!(bench.due_check().await?.run.outcome, Some(Outcome::Partial));
    assert!(bench.labkeep().prune_due(&bench.vault).await?);

    bench.labkeep().pin_snapshot(&damaged, true).await?;
    let plan = bench.labkeep().plan_prune(&bench.vault).await?;
    assert_eq!(going(&plan), [oldest.id.as_str()]);
    assert_eq!(plan.bytes_unused, None, "nobody can tell");
    let stuck = prune(&bench, &plan).await?;
    assert_eq!(stuck.run.outcome, Some(Outcome::Partial), "{stuck:#?}");
    let reason = stuck.run.reason.context("a reason")?;
    assert!(reason.starts_with("No room is freed"), "{reason}");
    assert!(reason.contains(&damaged.id[..8]), "{reason}");
    assert_eq!(snapshots(&bench)?.len(), 2);

    bench.labkeep().pin_snapshot(&damaged, false).await?;
    let plan = bench.labkeep().plan_prune(&bench.vault).await?;
    assert_eq!(going(&plan), [damaged.id.as_str()]);
    let freed = prune(&bench, &plan).await?;
    assert_eq!(freed.run.outcome, Some(Outcome::Complete), "{freed:#?}");
    assert_eq!(snapshots(&bench)?[0].id, newest);
    let whole = bench.check(100).await?;
    assert_eq!(whole.run.outcome, Some(Outcome::Complete), "{whole:#?}");
    bench.restic_is_content()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_copy_does_not_take_the_place_of_the_last_whole_one() -> Result<()> {
    let bench = Bench::usual(3).await?;
    let (_, path) = bench.keeper.world.gitlab.projects().swap_remove(0);
    let whole = bench.keeper.back_up().await?;
    let pack = bench.save_something_large(&path).await?;
    let damaged = bench.labkeep().find_snapshot("latest")?;
    bench.keeper.world.gitlab.delete_project(&path)?;
    bench.keeper.keep_last(1)?;
    flip(&pack)?;
    let bad = bench.check(100).await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    let again = bench.back_up().await?;
    assert_eq!(again.run.outcome, Some(Outcome::Complete), "{again:#?}");
    let plan = bench.labkeep().plan_prune(&bench.vault).await?;
    assert_eq!(going(&plan), [damaged.id.as_str()]);
    let line = plan.snapshots.last().context("three lines")?;
    assert_eq!(line.id, whole.id);
    assert_eq!(line.why, "the last whole copy of 1 item");
    let freed = prune(&bench, &plan).await?;
    assert_eq!(freed.run.outcome, Some(Outcome::Complete), "{freed:#?}");
    assert_eq!(snapshots(&bench)?.len(), 2);
    bench.restic_is_content()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_whose_file_is_damaged_goes_as_well() -> Result<()> {
    let bench = Bench::usual(1).await?;
    let oldest = bench.keeper.back_up().await?;
    let damaged = bench.keeper.back_up().await?;
    let file = bench.folder().join("snapshots").join(&damaged.id);
    flip(&file)?;
    bench.check(0).await?;
    let again = bench.back_up().await?;
    assert_eq!(again.run.outcome, Some(Outcome::Complete), "{again:#?}");
    bench.keeper.keep_last(1)?;
    let plan = bench.labkeep().plan_prune(&bench.vault).await?;
    assert_eq!(going(&plan), [damaged.id.as_str(), oldest.id.as_str()]);
    let freed = prune(&bench, &plan).await?;
    assert_eq!(freed.run.outcome, Some(Outcome::Complete), "{freed:#?}");
    assert!(!file.exists());
    assert_eq!(snapshots(&bench)?.len(), 1);
    bench.restic_is_content()
}
