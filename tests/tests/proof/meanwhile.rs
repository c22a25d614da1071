//! A prune while a check runs, and a check while a prune does: neither waits for
//! the other, and what goes on purpose is never taken for damage.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::RunDetail;
use labkeep_settings::RunId;
use uuid::Uuid;

use crate::bench::Bench;

/// Snapshots that go in each round.
const GOING: usize = 3;

/// A vault that takes a moment to be read, and keeps its newest snapshot alone.
async fn crowded() -> Result<Bench> {
    let bench = Bench::usual(3).await?;
    bench.keeper.keep_last(1)?;
    for (_, path) in bench.keeper.world.gitlab.projects() {
        bench.save_something_large(&path).await?;
    }
    Ok(bench)
}

async fn add_snapshots(bench: &Bench) -> Result<()> {
    let (_, path) = bench.keeper.world.gitlab.projects().swap_remove(0);
    for _ in 0..GOING {
        let text = Uuid::new_v4().to_string();
        let gitlab = &bench.keeper.world.gitlab;
        gitlab.push_commit(&path, "main", &[("touched.txt", &text)])?;
        bench.keeper.back_up().await?;
    }
    Ok(())
}

/// Whether the first was under way when the second began.
fn is_beside(first: &RunDetail, second: &RunDetail) -> Result<bool> {
    let ended = first.run.ended_at.context("it ended")?;
    Ok(second.run.started_at < ended)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prune_and_a_check_run_beside_each_other() -> Result<()> {
    let bench = crowded().await?;
    let labkeep = bench.labkeep();
    let (mut beside, mut rounds) = ([0, 0], 0_u64);
    // Where in the one the other begins is another place each time.
    while beside.contains(&0) || rounds < 6 {
        rounds += 1;
        ensure!(rounds < 60, "they never ran beside each other: {beside:?}");
        add_snapshots(&bench).await?;
        let plan = labkeep.plan_prune(&bench.vault).await?;
        ensure!(plan.goes().count() >= GOING, "{plan:?}");
        let pause = Duration::from_millis(rounds * 7 % 40);
        let check_first = rounds % 2 == 0;
        let (check, prune): (RunId, RunId) = if check_first {
            let check = labkeep.start_check(&bench.vault, 100).await?;
            tokio::time::sleep(pause).await;
            (check, labkeep.start_prune(&plan)?)
        } else {
            let prune = labkeep.start_prune(&plan)?;
            tokio::time::sleep(pause).await;
            (labkeep.start_check(&bench.vault, 100).await?, prune)
        };
        let (check, prune) = (bench.ended(check).await?, bench.ended(prune).await?);
        ensure!(
            check.run.outcome == Some(Outcome::Complete),
            "round {rounds}: {check:#?}"
        );
        ensure!(
            prune.run.outcome == Some(Outcome::Complete),
            "round {rounds}: {prune:#?}"
        );
        let is_beside = if check_first {
            is_beside(&check, &prune)?
        } else {
            is_beside(&prune, &check)?
        };
        beside[usize::from(check_first)] += usize::from(is_beside);
        ensure!(labkeep.snapshots(None)?.len() == 1, "round {rounds}");
        ensure!(bench.alarms()?.is_empty(), "{:#?}", bench.alarms()?);
    }
    println!("beside each other {beside:?} times in {rounds} rounds");
    let rows = labkeep.projects()?.rows;
    ensure!(rows.iter().all(|row| row.distrusted_since.is_none()));
    let check = bench.check(100).await?;
    assert_eq!(check.run.outcome, Some(Outcome::Complete), "{check:#?}");
    bench.restic_is_content()?;
    bench.is_calm()
}
