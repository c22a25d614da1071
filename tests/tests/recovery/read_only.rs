//! A vault on a drive that cannot be written to: everything can be had from it.

use std::fs;
use std::process::Command;

use anyhow::{Result, ensure};
use labkeep_engine::keep::{BackupWish, ExportWish};
use labkeep_engine::outcome::Outcome;
use labkeep_tests::disk::apart;
use labkeep_tests::keeper::{Keeper, open};
use labkeep_tests::world::many;

use crate::scene::{complete, ended, place};

#[test]
fn everything_can_be_had_from_a_drive_that_cannot_be_written_to() -> Result<()> {
    // It mounts what it has made itself.
    let folder = tempfile::tempdir()?;
    apart("read_only::from_the_drive", "", folder.path())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by everything_can_be_had_from_a_drive_that_cannot_be_written_to"]
async fn from_the_drive() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let snapshot = keeper.back_up().await?;
    let drive = place(&keeper, "vault");
    for options in [["--bind"].as_slice(), &["-o", "remount,bind,ro"]] {
        let mounted = Command::new("mount")
            .args(options)
            .args([&drive, &drive])
            .status()?;
        ensure!(mounted.success(), "{options:?}");
    }
    ensure!(fs::write(drive.join("new"), "").is_err(), "it is read-only");

    let home = tempfile::tempdir()?;
    let labkeep = open(home.path())?;
    let location = drive.display().to_string();
    let key = keeper.world.key.as_secret().clone();
    let vault = labkeep.open_vault(&location, key, None).await?;
    assert_eq!(labkeep.snapshots(None)?.len(), 1);
    assert_eq!(labkeep.plans()?.len(), 1);
    complete(&labkeep, labkeep.start_check(&vault.id, 100).await?).await?;

    let (id, path) = keeper.world.gitlab.projects().remove(0);
    let found = labkeep.find_saved(None, "latest", &path).await?;
    complete(
        &labkeep,
        labkeep
            .start_drill(&found.snapshot, vec![found.item])
            .await?,
    )
    .await?;
    let out = home.path().join("out");
    for archive in [false, true] {
        let wish = ExportWish {
            folder: out.join(if archive { "archive" } else { "folder" }),
            archive,
        };
        let run = labkeep
            .start_export(&found.snapshot, found.item, wish)
            .await?;
        complete(&labkeep, run).await?;
    }
    assert_eq!(fs::read_dir(&out)?.count(), 2);

    keeper.world.gitlab.delete_project(&path)?;
    let token = keeper.world.gitlab.tokens.owner.clone();
    let request = labkeep_engine::view::RestoreRequest {
        account: labkeep.accounts()?.remove(0).id,
        ..keeper.request(id)
    };
    let run = labkeep
        .start_restore(request, Some(token.as_str().into()))
        .await?;
    complete(&labkeep, run).await?;
    assert!(keeper.shown(&path).await?.is_some());

    // As the recovery kit says, without Labkeep.
    let copied = home.path().join("copied");
    let restored = Command::new("restic")
        .args(["--no-cache", "--no-lock", "-r"])
        .arg(&drive)
        .args(["restore", "latest", "--target"])
        .arg(&copied)
        .env("RESTIC_PASSWORD", keeper.world.key.expose())
        .output()?;
    ensure!(restored.status.success(), "{restored:?}");

    // A backup says so, and what is there stays.
    let run = keeper
        .labkeep
        .start_backup(&keeper.plan, BackupWish::default())?;
    let refused = ended(&keeper.labkeep, run).await?;
    assert_eq!(refused.run.outcome, Some(Outcome::Failed), "{refused:#?}");
    assert!(refused.run.remedy.is_some(), "{refused:#?}");
    assert_eq!(keeper.labkeep.find_snapshot("latest")?.id, snapshot.id);
    Ok(())
}
