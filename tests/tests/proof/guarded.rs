//! The deletion guard looks at damaged items as well.

use anyhow::{Context, Result};
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::LossOf;
use labkeep_tests::disk::flip;
use labkeep_tests::git::git;

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn a_wipe_is_seen_of_a_project_whose_copy_is_damaged() -> Result<()> {
    let bench = Bench::usual(2).await?;
    let (project, path) = bench.keeper.world.gitlab.projects().swap_remove(0);
    let gitlab = &bench.keeper.world.gitlab;
    let repository = gitlab.repository(&path)?;
    for number in 0..8 {
        let name = format!("feature-{number}");
        git(&repository, &["branch", &name, "main"])?;
        gitlab.create_issue(&path, &name)?;
    }
    bench.keeper.back_up().await?;
    let pack = bench.save_something_large(&path).await?;
    flip(&pack)?;
    let bad = bench.check(100).await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    assert!(bench.row(&path)?.distrusted_since.is_some());

    for number in 0..8 {
        let name = format!("refs/heads/feature-{number}");
        git(&repository, &["update-ref", "-d", &name])?;
    }
    let owner = bench.keeper.world.client(&gitlab.tokens.owner)?;
    for iid in 1..=7 {
        let issue = format!("projects/{project}/issues/{iid}");
        owner.delete(&issue, &[]).await?;
    }
    let run = bench.back_up().await?;
    assert_eq!(run.run.outcome, Some(Outcome::Complete), "{run:#?}");
    let plan = bench.labkeep().plans()?.remove(0);
    let losses = plan.loss.context("an alarm")?.losses;
    let of: Vec<LossOf> = losses.iter().map(|loss| loss.of).collect();
    assert_eq!(of, [LossOf::Refs, LossOf::Issues], "{losses:?}");
    Ok(())
}
