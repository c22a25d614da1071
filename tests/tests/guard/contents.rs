//! Contents of projects that are gone: branches, tags, wiki pages, issues.

use anyhow::{Context, Result};
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::LossOf;
use labkeep_tests::furnish::{furnish, write_wiki};
use labkeep_tests::git::git;
use labkeep_tests::keeper::Keeper;
use labkeep_tests::world::many;
use practice_gitlab::{Action, FaultRule};

use crate::scene::{answer, gone, is_refused, run};

/// Branches beside `main`, made and deleted where GitLab keeps them.
fn branches(keeper: &Keeper, path: &str, number: usize) -> Result<()> {
    let folder = keeper.world.gitlab.repository(path)?;
    for number in 0..number {
        git(&folder, &["branch", &format!("feature-{number}"), "main"])?;
    }
    Ok(())
}

fn delete_branches(keeper: &Keeper, path: &str, numbers: std::ops::Range<usize>) -> Result<()> {
    let folder = keeper.world.gitlab.repository(path)?;
    for number in numbers {
        let name = format!("refs/heads/feature-{number}");
        git(&folder, &["update-ref", "-d", &name])?;
    }
    Ok(())
}

/// Deletes every ref.
fn wipe(folder: &std::path::Path) -> Result<()> {
    for name in git(folder, &["for-each-ref", "--format=%(refname)"])?.lines() {
        git(folder, &["update-ref", "-d", name])?;
    }
    Ok(())
}

async fn delete_issues(keeper: &Keeper, project: u64, numbers: &[u64]) -> Result<()> {
    let owner = keeper.world.client(&keeper.world.gitlab.tokens.owner)?;
    for iid in numbers {
        owner
            .delete(&format!("projects/{project}/issues/{iid}"), &[])
            .await?;
    }
    Ok(())
}

fn issues(keeper: &Keeper, path: &str, number: u64) -> Result<Vec<u64>> {
    (0..number)
        .map(|number| {
            let title = format!("Number {number}");
            Ok(keeper.world.gitlab.create_issue(path, &title)?)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_branches_gone_alarm_and_a_few_do_not() -> Result<()> {
    let keeper = Keeper::new(many(2)).await?;
    let (_, path) = keeper.world.gitlab.projects().swap_remove(0);
    branches(&keeper, &path, 11)?;
    keeper.back_up().await?;
    delete_branches(&keeper, &path, 0..2)?;
    keeper.back_up().await?;
    assert_eq!(gone(&keeper.labkeep)?, []);
    delete_branches(&keeper, &path, 2..9)?;
    keeper.back_up().await?;
    let lost = gone(&keeper.labkeep)?;
    assert_eq!(lost.len(), 1, "{lost:?}");
    let (of, place, number, before) = &lost[0];
    assert_eq!((of, place.as_ref()), (&LossOf::Refs, Some(&path)));
    // The two of the day before count as well.
    assert!(*number == 9 && *before >= 12, "{lost:?}");
    assert!(is_refused(&keeper.labkeep).await?);
    // It is said once; the next backup finds nothing new.
    let again = run(&keeper).await?;
    assert_eq!(again.run.reason, None);
    assert_eq!(gone(&keeper.labkeep)?, lost);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_project_is_seen_with_all_that_it_lost() -> Result<()> {
    let keeper = Keeper::new(many(2)).await?;
    let made = furnish(&keeper.world).await?;
    issues(&keeper, &made.path, 4)?;
    write_wiki(&keeper.world, &made.path, "more", "More")?;
    keeper.back_up().await?;
    let repository = keeper.world.gitlab.repository(&made.path)?;
    wipe(&repository)?;
    wipe(&repository.with_extension("wiki.git"))?;
    let client = keeper.world.client(&keeper.world.gitlab.tokens.owner)?;
    let listed: Vec<serde_json::Value> = client
        .get(&format!("projects/{}/issues", made.project), &[])
        .await?;
    let numbers: Vec<u64> = listed.iter().filter_map(|i| i["iid"].as_u64()).collect();
    assert!(numbers.len() >= 6);
    delete_issues(&keeper, made.project, &numbers).await?;
    let detail = run(&keeper).await?;
    assert_eq!(
        detail.run.outcome,
        Some(Outcome::Complete),
        "{:?}",
        detail.run
    );
    let lost = gone(&keeper.labkeep)?;
    let of: Vec<LossOf> = lost.iter().map(|(of, ..)| *of).collect();
    assert_eq!(of, [LossOf::Refs, LossOf::WikiRefs, LossOf::Issues]);
    for (of, path, number, before) in lost {
        assert_eq!((path, number), (Some(made.path.clone()), before), "{of:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn issues_deleted_in_steps_are_seen() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let (project, path) = keeper.world.gitlab.projects().swap_remove(0);
    let numbers = issues(&keeper, &path, 20)?;
    keeper.back_up().await?;
    let mut seen = Vec::new();
    for step in numbers.chunks(5) {
        delete_issues(&keeper, project, step).await?;
        keeper.back_up().await?;
        seen.push(!gone(&keeper.labkeep)?.is_empty());
    }
    // A quarter each time: the second or third time it is half.
    assert!(!seen[0] && seen[2], "{seen:?}");
    let (of, place, ..) = gone(&keeper.labkeep)?.remove(0);
    assert_eq!((of, place), (LossOf::Issues, Some(path)));
    // The snapshot that has them all is kept, not the one before the alarm.
    let all = keeper.labkeep.snapshots(None)?.pop().context("the first")?;
    let said = answer(&keeper, false).await?;
    assert_eq!(said.pinned, Some(all.id));
    assert!(
        said.advice.message.contains(" what is gone. They are"),
        "{:?}",
        said.advice
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_not_lost() -> Result<()> {
    let keeper = Keeper::new(many(2)).await?;
    let made = furnish(&keeper.world).await?;
    issues(&keeper, &made.path, 6)?;
    keeper.back_up().await?;
    let gitlab = &keeper.world.gitlab;
    for status in [500, 403, 404] {
        gitlab.set_faults(vec![
            FaultRule::new("GET /projects/:id/issues", Action::status(status)),
            FaultRule::new("POST git-upload-pack", Action::status(status)),
        ]);
        let detail = run(&keeper).await?;
        assert_eq!(detail.run.outcome, Some(Outcome::Partial), "{status}");
        assert_eq!(gone(&keeper.labkeep)?, [], "{status}");
    }
    gitlab.set_faults(Vec::new());
    keeper.back_up().await?;
    assert_eq!(gone(&keeper.labkeep)?, []);
    assert!(!is_refused(&keeper.labkeep).await?);
    Ok(())
}
