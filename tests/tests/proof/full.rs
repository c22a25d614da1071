//! A drill whose scratch disk is full: which disk, and what to do, is said. It
//! proves nothing, and says nothing bad of the vault.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use labkeep_engine::kind::Item;
use labkeep_engine::outcome::Outcome;
use labkeep_settings::Home;
use labkeep_tests::disk::apart;

use crate::bench::Bench;

#[test]
fn a_full_scratch_disk_is_named_and_is_no_damage_and_no_proof() -> Result<()> {
    let folder = tempfile::tempdir()?;
    apart("full::on_a_full_scratch_disk", "", folder.path())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by a_full_scratch_disk_is_named_and_is_no_damage_and_no_proof"]
async fn on_a_full_scratch_disk() -> Result<()> {
    let bench = Bench::usual(1).await?;
    let (id, path) = bench.keeper.world.gitlab.projects().swap_remove(0);
    bench.save_something_large(&path).await?;
    let latest = bench.labkeep().find_snapshot("latest")?;
    let scratch = Home::at(bench.keeper.home()).scratch();
    // Full when the packs come, when they are rebuilt, when the archive is made.
    let sizes = [8, 32, 64, 96, 128, 160, 192, 256, 320, 384, 448, 512, 4096];
    for (failed, kilobytes) in sizes.into_iter().enumerate() {
        let size = format!("size={kilobytes}k");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(&scratch)
            .status()?;
        ensure!(mounted.success(), "{size}");
        let run = bench
            .labkeep()
            .start_drill(&latest, vec![Item::project(id)])
            .await?;
        let drill = bench.ended(run).await?;
        let row = bench.row(&path)?;
        ensure!(row.distrusted_since.is_none(), "{size}: {drill:#?}");
        ensure!(!bench.labkeep().snapshots(None)?.iter().any(|s| s.damaged));
        ensure!(
            bench
                .labkeep()
                .start_due_check(&bench.vault)
                .await?
                .is_none(),
            "{size}: the vault is not suspected"
        );
        if drill.run.outcome == Some(Outcome::Complete) {
            ensure!(failed > 3, "{size} is room enough after {failed}");
            ensure!(row.proven_at.is_some());
            bench.is_calm()?;
            return Ok(());
        }
        ensure!(
            drill.run.outcome == Some(Outcome::Failed),
            "{size}: {drill:#?}"
        );
        let (reason, remedy) = (drill.run.reason, drill.run.remedy);
        let reason = reason.context("a reason")?;
        println!("{size}: {reason} {remedy:?}");
        let is_said = |text: &str| reason.contains(text);
        ensure!(
            is_said("no room left on the disk of") || is_said("No space left on device"),
            "{size}: {reason}"
        );
        ensure!(is_said(&scratch.to_string_lossy()), "{size}: {reason}");
        let remedy = remedy.context("a remedy")?;
        ensure!(
            remedy.starts_with("Free some space") || remedy.ends_with("has room."),
            "{size}: {remedy}"
        );
        ensure!(row.proven_at.is_none(), "{size}");
        ensure!(bench.labkeep().home_view()?.last_proof.is_none(), "{size}");
        // Loud all the same.
        let alarms = bench.alarms()?;
        ensure!(
            alarms.iter().any(|one| one.detail == reason),
            "{size}: {alarms:#?}"
        );
        let left = std::fs::read_dir(&scratch)?.count();
        ensure!(left == 0, "{size}: {left} things are left in scratch");
        let unmounted = Command::new("umount").arg(&scratch).status()?;
        ensure!(unmounted.success(), "{size}");
    }
    anyhow::bail!("no size is room enough")
}
