//! Drills: what a good vault proves, and that damage is loud.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use labkeep_engine::keep::{BackupWish, ExportWish};
use labkeep_engine::kind::Item;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::{Mark, ReportLine, RunDetail, Severity};
use labkeep_tests::disk::flip;
use labkeep_tests::furnish::furnish;
use labkeep_tests::keeper::Keeper;
use labkeep_tests::world::{World, many, seeded};
use practice_gitlab::{Action, FaultRule, Seed};

#[tokio::test(flavor = "multi_thread")]
async fn a_good_vault_is_proven_restorable_and_the_date_kept() -> Result<()> {
    let mut keeper = Keeper::new(seeded(Seed::Demo)).await?;
    let snapshot = keeper.back_up().await?;
    assert!(keeper.labkeep.home_view()?.last_proof.is_none());
    keeper.world.gitlab.reset_requests();
    let run = keeper.labkeep.start_drill(&snapshot, Vec::new()).await?;
    let detail = keeper.ended(run).await?;
    assert_eq!(detail.run.outcome, Some(Outcome::Complete), "{detail:#?}");
    // Twelve projects and six groups.
    assert_eq!(detail.run.items.total, 18);
    assert_eq!(detail.run.items.captured, 18);
    assert!(detail.report.iter().all(|line| line.mark == Mark::Good));
    // Nothing is asked of GitLab.
    assert_eq!(keeper.world.gitlab.requests().total, 0);

    keeper.start_again()?;
    let proof = keeper.labkeep.home_view()?.last_proof.context("a proof")?;
    assert_eq!((proof.run, proof.items), (detail.run.id, 18));
    let snapshots = keeper.labkeep.snapshots(None)?;
    assert!(snapshots[0].proven_at.is_some());
    let rows = keeper.labkeep.projects()?.rows;
    let proven = rows.iter().filter(|row| row.proven_at.is_some()).count();
    assert_eq!(proven, 18);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_data_fails_the_drill_and_names_the_items() -> Result<()> {
    let world = World::new(many(1))?;
    let made = furnish(&world).await?;
    let token = world.gitlab.tokens.minimal.clone();
    let mut keeper = Keeper::keep(world, &token, &[]).await?;
    let snapshot = keeper.back_up().await?;
    let run = keeper.labkeep.start_drill(&snapshot, Vec::new()).await?;
    let good = keeper.ended(run).await?;
    assert_eq!(good.run.outcome, Some(Outcome::Complete), "{good:#?}");

    // Every data pack is flipped in the middle; lists and indexes are whole.
    for pack in packs(&keeper.world.folder.path().join("vault"))? {
        flip(&pack)?;
    }
    keeper.start_again()?;
    let snapshot = keeper.labkeep.find_snapshot(&snapshot.id)?;
    match keeper.labkeep.start_drill(&snapshot, Vec::new()).await {
        Ok(run) => {
            let bad = keeper.ended(run).await?;
            assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
            assert!(bad.run.reason.is_some() && bad.run.remedy.is_some());
            let named = |line: &&labkeep_engine::view::ReportLine| {
                line.mark == Mark::Bad && line.text.starts_with(&made.path)
            };
            assert!(bad.report.iter().any(|line| named(&line)), "{bad:#?}");
            let attention = keeper.labkeep.home_view()?.attention;
            assert!(
                attention
                    .iter()
                    .any(|one| one.severity == Severity::Danger && one.title.contains("drill")),
                "{attention:#?}"
            );
        }
        // The snapshot itself cannot be opened any more: as loud.
        Err(error) => assert!(!error.advice().hint.is_empty(), "{error}"),
    }
    let proof = keeper.labkeep.home_view()?.last_proof.context("a proof")?;
    assert_eq!(proof.run, good.run.id, "the last good drill stays the last");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_damaged_item_does_not_hide_the_others() -> Result<()> {
    let keeper = Keeper::new(many(3)).await?;
    let snapshot = keeper.back_up().await?;
    let vault = keeper.world.folder.path().join("vault");
    let before = packs(&vault)?;
    // A second backup writes packs of its own: those of one project's changes.
    let (id, path) = keeper.world.gitlab.projects().swap_remove(0);
    // Nothing that could be packed smaller than the folders of a snapshot.
    let text: String = (0..4000)
        .map(|_| uuid::Uuid::new_v4().to_string())
        .collect();
    keeper
        .world
        .gitlab
        .push_commit(&path, "main", &[("text.txt", &text)])?;
    let snapshot_2 = keeper.back_up().await?;
    assert_ne!(snapshot.id, snapshot_2.id);
    let added: Vec<PathBuf> = packs(&vault)?
        .into_iter()
        .filter(|pack| !before.contains(pack))
        .collect();
    let largest = added
        .iter()
        .max_by_key(|pack| fs::metadata(pack).map_or(0, |facts| facts.len()))
        .context("a pack")?;
    flip(largest)?;
    let run = keeper.labkeep.start_drill(&snapshot_2, Vec::new()).await?;
    let detail = keeper.ended(run).await?;
    assert_eq!(detail.run.outcome, Some(Outcome::Partial), "{detail:#?}");
    let bad: Vec<&str> = detail
        .report
        .iter()
        .filter(|line| line.mark == Mark::Bad)
        .map(|line| line.text.as_str())
        .collect();
    assert!(
        !bad.is_empty() && bad.iter().all(|text| text.starts_with(&path)),
        "{bad:?}"
    );
    assert!(keeper.labkeep.home_view()?.last_proof.is_none());
    // The others are as good as they were.
    let others: Vec<Item> = keeper
        .world
        .gitlab
        .projects()
        .into_iter()
        .filter(|(other, _)| *other != id)
        .map(|(other, _)| Item::project(other))
        .collect();
    let run = keeper.labkeep.start_drill(&snapshot, others).await?;
    assert_eq!(
        keeper.ended(run).await?.run.outcome,
        Some(Outcome::Complete)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_repository_is_not_restored_in_silence() -> Result<()> {
    let mut keeper = Keeper::new(many(1)).await?;
    let (id, path) = keeper.world.gitlab.projects().swap_remove(0);
    keeper.back_up().await?;
    keeper.world.gitlab.delete_project(&path)?;
    for pack in packs(&keeper.world.folder.path().join("vault"))? {
        flip(&pack)?;
    }
    keeper.start_again()?;
    let owner = keeper.world.gitlab.tokens.owner.clone();
    let token = Some(owner.as_str().into());
    match keeper
        .labkeep
        .start_restore(keeper.request(id), token)
        .await
    {
        Ok(run) => {
            let detail = keeper.ended(run).await?;
            assert_eq!(detail.run.outcome, Some(Outcome::Failed), "{detail:#?}");
        }
        Err(error) => assert!(!error.advice().hint.is_empty(), "{error}"),
    }
    assert!(keeper.shown(&path).await?.is_none(), "nothing was created");
    Ok(())
}

/// The data packs of a vault that hold no trees alone.
fn packs(vault: &Path) -> Result<Vec<PathBuf>> {
    let mut packs = Vec::new();
    for folder in fs::read_dir(vault.join("data"))? {
        let folder = folder?.path();
        if folder.is_dir() {
            for pack in fs::read_dir(folder)? {
                packs.push(pack?.path());
            }
        }
    }
    packs.sort();
    Ok(packs)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_of_some_projects_proves_these_and_not_the_snapshot() -> Result<()> {
    let keeper = Keeper::new(many(2)).await?;
    let snapshot = keeper.back_up().await?;
    let (id, path) = keeper.world.gitlab.projects().swap_remove(0);
    let item = Item::project(id);
    let run = keeper.labkeep.start_drill(&snapshot, vec![item]).await?;
    let detail = keeper.ended(run).await?;
    assert_eq!(detail.run.outcome, Some(Outcome::Complete), "{detail:#?}");
    let rows = keeper.labkeep.projects()?.rows;
    let proven: Vec<&str> = rows
        .iter()
        .filter(|row| row.proven_at.is_some())
        .map(|row| row.path.as_str())
        .collect();
    assert_eq!(proven, [path.as_str()]);
    assert!(keeper.labkeep.snapshots(None)?[0].proven_at.is_none());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_saved_is_neither_proven_nor_exported_in_silence() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let gitlab = &keeper.world.gitlab;
    let (id, _) = gitlab.projects().swap_remove(0);
    let item = Item::project(id);
    gitlab.set_faults(vec![FaultRule::new(
        "GET /projects/:id/issues",
        Action::status(400),
    )]);
    let wish = BackupWish { thorough: true };
    let run = keeper.labkeep.start_backup(&keeper.plan, wish)?;
    assert_eq!(keeper.ended(run).await?.run.outcome, Some(Outcome::Partial));
    gitlab.set_faults(Vec::new());
    let snapshot = keeper.labkeep.find_snapshot("latest")?;
    let names_issues = |detail: &RunDetail| {
        let is_it = |line: &ReportLine| line.mark == Mark::Bad && line.text.contains("ssues: ");
        detail.report.iter().any(is_it)
    };

    let run = keeper.labkeep.start_drill(&snapshot, vec![item]).await?;
    let drill = keeper.ended(run).await?;
    assert_eq!(drill.run.outcome, Some(Outcome::Failed), "{drill:#?}");
    assert!(names_issues(&drill), "{drill:#?}");
    assert!(keeper.labkeep.home_view()?.last_proof.is_none());

    let folder = tempfile::tempdir()?;
    let wish = ExportWish {
        folder: folder.path().join("out"),
        archive: false,
    };
    let run = keeper.labkeep.start_export(&snapshot, item, wish).await?;
    let export = keeper.ended(run).await?;
    assert_eq!(export.run.outcome, Some(Outcome::Partial), "{export:#?}");
    assert!(names_issues(&export), "{export:#?}");
    Ok(())
}

async fn check(keeper: &Keeper, percent: u32) -> Result<RunDetail> {
    let vault = keeper.labkeep.vaults()?[0].id.clone();
    let run = keeper.labkeep.start_check(&vault, percent).await?;
    keeper.ended(run).await
}

fn alarm(keeper: &Keeper) -> Result<bool> {
    let attention = keeper.labkeep.home_view()?.attention;
    let is_alarm = |title: &str| title.starts_with("A check of the vault");
    Ok(attention.iter().any(|one| is_alarm(&one.title)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_found_damage_is_an_alarm_until_all_data_was_read_again() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    keeper.back_up().await?;
    let good = check(&keeper, 100).await?;
    assert_eq!(good.run.outcome, Some(Outcome::Complete), "{good:#?}");
    assert!(!alarm(&keeper)?);

    let packs = packs(&keeper.world.folder.path().join("vault"))?;
    packs.iter().try_for_each(|pack| flip(pack))?;
    let bad = check(&keeper, 100).await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    assert!(alarm(&keeper)?);
    // One that reads nothing says nothing about it.
    check(&keeper, 0).await?;
    assert!(alarm(&keeper)?);

    packs.iter().try_for_each(|pack| flip(pack))?;
    let good = check(&keeper, 100).await?;
    assert_eq!(good.run.outcome, Some(Outcome::Complete), "{good:#?}");
    assert!(!alarm(&keeper)?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_vanished_fails_the_check() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let snapshot = keeper.back_up().await?;
    let file = keeper.world.folder.path().join("vault/snapshots");
    fs::remove_file(file.join(&snapshot.id))?;
    let bad = check(&keeper, 0).await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    let is_named = |text: &str| text.contains(&snapshot.id[..8]);
    assert!(bad.report.iter().any(|line| is_named(&line.text)));
    assert!(alarm(&keeper)?);
    Ok(())
}
