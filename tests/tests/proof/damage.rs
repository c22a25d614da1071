//! Damage in the vault is found, named, made up for by the next backup, and
//! red until a check says that it is.

use std::fs;

use anyhow::{Context, Result};
use labkeep_engine::kind::{Item, Kind};
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::{Mark, Remedy};
use labkeep_tests::disk::flip;

use crate::bench::Bench;

/// What has to be true of a vault whose damage was made up for.
async fn is_healed(bench: &Bench, path: &str, id: u64) -> Result<()> {
    assert!(bench.row(path)?.distrusted_since.is_none());
    assert!(!bench.alarms()?.is_empty(), "no check has said so yet");
    let check = bench.due_check().await?;
    assert_eq!(check.run.outcome, Some(Outcome::Complete), "{check:#?}");
    bench.is_calm()?;
    let snapshots = bench.labkeep().snapshots(None)?;
    assert!(snapshots.iter().all(|snapshot| !snapshot.damaged));

    let whole = bench.check(100).await?;
    assert_eq!(whole.run.outcome, Some(Outcome::Complete), "{whole:#?}");
    bench.restic_is_content()?;
    let item = vec![Item::project(id)];
    for snapshot in snapshots {
        let snapshot = bench.labkeep().find_snapshot(&snapshot.id)?;
        let saved = bench.keeper.saved(&snapshot)?;
        if saved.ledger.of(item[0]).next().is_none() {
            continue;
        }
        let run = bench.labkeep().start_drill(&snapshot, item.clone()).await?;
        let drill = bench.ended(run).await?;
        assert_eq!(drill.run.outcome, Some(Outcome::Complete), "{drill:#?}");
    }
    bench.is_calm()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_pack_is_named_saved_again_and_old_snapshots_are_whole_again() -> Result<()> {
    let bench = Bench::usual(3).await?;
    let (id, path) = bench.back_up_all_but_one().await?;
    let pack = bench.save_something_large(&path).await?;
    bench.keeper.back_up().await?;
    bench.is_calm()?;
    flip(&pack)?;

    let bad = bench.check(100).await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    let reason = bad.run.reason.context("a reason")?;
    assert!(reason.contains("found damage: 2 snapshots ("), "{reason}");
    let end = format!("and 1 item ({path}) are affected. The next backup reads it in full.");
    assert!(reason.ends_with(&end), "{reason}");
    let named = format!("projects/{id}/");
    let is_named = |text: &str| text.contains(&named);
    assert!(bad.report.iter().any(|line| is_named(&line.text)));
    let alarms = bench.alarms()?;
    assert_eq!(alarms.len(), 1, "{alarms:#?}");
    assert_eq!(alarms[0].detail, reason);
    let plan = bench.keeper.plan.clone();
    assert_eq!(alarms[0].remedy, Some(Remedy::BackUp { plan }));
    let snapshots = bench.labkeep().snapshots(None)?;
    assert_eq!(snapshots.iter().filter(|s| s.damaged).count(), 2);
    let rows = bench.labkeep().projects()?.rows;
    let distrusted = rows.iter().filter(|row| row.distrusted_since.is_some());
    assert_eq!(distrusted.map(|row| &row.path).collect::<Vec<_>>(), [&path]);

    // Nothing changed at GitLab, and it is read all the same; the others not.
    let again = bench.back_up().await?;
    assert_eq!(again.run.outcome, Some(Outcome::Complete), "{again:#?}");
    assert_eq!(again.run.items.captured, 1, "{again:#?}");
    let snapshot = again.run.snapshot.context("a snapshot")?;
    let saved = bench
        .keeper
        .saved(&bench.labkeep().find_snapshot(&snapshot)?)?;
    let line = saved.ledger.line(Item::project(id), Kind::Repository);
    let git = line.and_then(|line| line.git.clone());
    assert_eq!(git.context("a repository")?.packs, 1, "one full pack");
    is_healed(&bench, &path, id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_pack_is_made_up_for_as_well() -> Result<()> {
    let bench = Bench::usual(2).await?;
    let (id, path) = bench.back_up_all_but_one().await?;
    let pack = bench.save_something_large(&path).await?;
    fs::remove_file(&pack)?;
    let bad = bench.check(0).await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    assert!(bad.run.reason.context("a reason")?.contains(&path));
    let again = bench.back_up().await?;
    assert_eq!(again.run.outcome, Some(Outcome::Complete), "{again:#?}");
    is_healed(&bench, &path, id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_cannot_rely_on_the_vault_fails_loudly_and_has_it_checked() -> Result<()> {
    let bench = Bench::usual(2).await?;
    let (id, path) = bench.back_up_all_but_one().await?;
    let pack = bench.save_something_large(&path).await?;
    fs::remove_file(&pack)?;
    assert!(
        bench
            .labkeep()
            .start_due_check(&bench.vault)
            .await?
            .is_none()
    );

    // What was taken over from the snapshot before is not there: no snapshot.
    let bad = bench.back_up().await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    let reason = bad.run.reason.context("a reason")?;
    assert!(reason.contains(&format!("projects/{id}/")), "{reason}");
    assert_eq!(bench.labkeep().snapshots(None)?.len(), 2);
    let alarms = bench.alarms()?;
    assert!(alarms.iter().any(|one| one.detail.contains(&reason)));

    let check = bench.due_check().await?;
    assert_eq!(check.run.outcome, Some(Outcome::Failed), "{check:#?}");
    let again = bench.back_up().await?;
    assert_eq!(again.run.outcome, Some(Outcome::Complete), "{again:#?}");
    is_healed(&bench, &path, id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_index_is_found_and_made_anew() -> Result<()> {
    let bench = Bench::usual(2).await?;
    let (id, path) = bench.keeper.world.gitlab.projects().swap_remove(0);
    bench.keeper.back_up().await?;
    for index in fs::read_dir(bench.folder().join("index"))? {
        flip(&index?.path())?;
    }
    let bad = bench.check(0).await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    assert!(!bench.alarms()?.is_empty());
    let again = bench.back_up().await?;
    assert_eq!(again.run.outcome, Some(Outcome::Complete), "{again:#?}");
    is_healed(&bench, &path, id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_saved_again_stays_red() -> Result<()> {
    let bench = Bench::usual(3).await?;
    let (id, path) = bench.keeper.world.gitlab.projects().swap_remove(0);
    let pack = bench.save_something_large(&path).await?;
    bench.keeper.world.gitlab.delete_project(&path)?;
    flip(&pack)?;
    let bad = bench.check(100).await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    let again = bench.back_up().await?;
    assert_eq!(again.run.outcome, Some(Outcome::Complete), "{again:#?}");
    // Whatever shares the pack with it is whole; it is not, and that is said.
    let check = bench.due_check().await?;
    assert_eq!(check.run.outcome, Some(Outcome::Failed), "{check:#?}");
    let lost: Vec<_> = check
        .report
        .iter()
        .filter(|l| l.mark == Mark::Bad)
        .collect();
    let named = format!("projects/{id}/");
    assert!(!lost.is_empty());
    assert!(
        lost.iter().all(|line| line.text.contains(&named)),
        "{lost:#?}"
    );
    let alarms = bench.alarms()?;
    assert!(alarms.iter().any(|one| one.detail.contains(&path)));
    assert!(bench.row(&path)?.distrusted_since.is_some());
    assert!(bench.labkeep().snapshots(None)?.iter().any(|s| s.damaged));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_snapshot_file_is_named_and_the_next_backup_does_without_it() -> Result<()> {
    let bench = Bench::usual(2).await?;
    bench.keeper.back_up().await?;
    let second = bench.keeper.back_up().await?;
    flip(&bench.folder().join("snapshots").join(&second.id))?;
    let bad = bench.check(0).await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    let again = bench.back_up().await?;
    assert_eq!(again.run.outcome, Some(Outcome::Complete), "{again:#?}");
    let snapshots = bench.labkeep().snapshots(None)?;
    let damaged: Vec<&str> = snapshots
        .iter()
        .filter(|snapshot| snapshot.damaged)
        .map(|snapshot| snapshot.id.as_str())
        .collect();
    assert_eq!(damaged, [&second.id]);
    assert!(!bench.alarms()?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_snapshot_that_stays_damaged_is_told_and_alarms_no_more() -> Result<()> {
    let bench = Bench::usual(2).await?;
    let (id, path) = bench.keeper.world.gitlab.projects().swap_remove(0);
    bench.keeper.back_up().await?;
    // What came between two backups: GitLab gives that very pack never again.
    let pack = bench.save_something_large(&path).await?;
    flip(&pack)?;
    let bad = bench.check(100).await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    let again = bench.back_up().await?;
    assert_eq!(again.run.outcome, Some(Outcome::Complete), "{again:#?}");
    assert!(!bench.alarms()?.is_empty());

    let check = bench.due_check().await?;
    assert_eq!(check.run.outcome, Some(Outcome::Partial), "{check:#?}");
    let reason = check.run.reason.context("a reason")?;
    assert!(reason.contains(&path), "{reason}");
    bench.is_calm()?;
    let told = bench.labkeep().home_view()?.attention;
    assert!(told.iter().any(|one| one.detail == reason), "{told:#?}");
    let snapshots = bench.labkeep().snapshots(None)?;
    let damaged: Vec<bool> = snapshots.iter().map(|s| s.damaged).collect();
    assert_eq!(damaged, [false, true, false]);
    // The next backups have no reason to read it in full again.
    assert!(bench.row(&path)?.distrusted_since.is_none());
    let latest = bench.labkeep().find_snapshot("latest")?;
    let item = vec![Item::project(id)];
    let run = bench.labkeep().start_drill(&latest, item).await?;
    let drill = bench.ended(run).await?;
    assert_eq!(drill.run.outcome, Some(Outcome::Complete), "{drill:#?}");
    let whole = bench.check(100).await?;
    assert_eq!(whole.run.outcome, Some(Outcome::Partial), "{whole:#?}");
    bench.is_calm()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_saved_again_is_red_until_somebody_gives_it_up() -> Result<()> {
    let bench = Bench::usual(3).await?;
    let (id, path) = bench.keeper.world.gitlab.projects().swap_remove(0);
    let pack = bench.save_something_large(&path).await?;
    bench.keeper.world.gitlab.delete_project(&path)?;
    flip(&pack)?;
    let labkeep = bench.labkeep();
    let latest = labkeep.find_snapshot("latest")?;
    let run = labkeep
        .start_drill(&latest, vec![Item::project(id)])
        .await?;
    assert_eq!(bench.ended(run).await?.run.outcome, Some(Outcome::Failed));
    assert_eq!(bench.check(100).await?.run.outcome, Some(Outcome::Failed));
    assert_eq!(bench.back_up().await?.run.outcome, Some(Outcome::Complete));
    let alarms = bench.alarms()?;
    let vault = bench.vault.clone();
    let remedy = Some(Remedy::GiveUp { vault });
    assert!(alarms.iter().any(|one| one.remedy == remedy), "{alarms:#?}");

    let run = labkeep.give_up_damaged(&bench.vault).await?;
    let check = bench.ended(run).await?;
    assert_eq!(check.run.outcome, Some(Outcome::Partial), "{check:#?}");
    bench.is_calm()?;
    // It is told all the same, and is no green light.
    let told = labkeep.home_view()?.attention;
    assert!(
        told.iter().any(|one| one.detail.contains(&path)),
        "{told:#?}"
    );
    assert!(labkeep.snapshots(None)?.iter().any(|one| one.damaged));
    bench.days_forward(8);
    let drill = bench.due_drill().await?;
    assert_eq!(drill.run.outcome, Some(Outcome::Complete), "{drill:#?}");
    bench.is_calm()?;

    let plan = labkeep.plans()?.remove(0);
    let input = labkeep_engine::view::PlanInput {
        retention: labkeep_settings::Retention {
            last: 1,
            daily: 0,
            weekly: 0,
            monthly: 0,
            ..labkeep_settings::Retention::default()
        },
        ..plan.input
    };
    labkeep.update_plan(&plan.id, &input)?;
    let planned = labkeep.plan_prune(&bench.vault).await?;
    let pruned = bench.ended(labkeep.start_prune(&planned)?).await?;
    assert_eq!(labkeep.snapshots(None)?.len(), 1, "{planned:#?}");
    assert!(pruned.run.ended_at.is_some());
    let check = bench.check(0).await?;
    assert_eq!(check.run.outcome, Some(Outcome::Complete), "{check:#?}");
    let told = labkeep.home_view()?.attention;
    assert!(
        !told.iter().any(|one| one.detail.contains(&path)),
        "{told:#?}"
    );
    bench.is_calm()
}
