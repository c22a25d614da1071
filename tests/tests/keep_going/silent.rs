//! A share whose server is switched off: whoever reads there waits for ever.

use std::fs::{self, File};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::Protection;

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn a_share_that_hangs_is_told_and_everything_else_goes_on() -> Result<()> {
    let bench = Bench::new().await?;
    let marker = bench
        .keeper
        .world
        .folder
        .path()
        .join("vault/labkeep/format");
    let content = fs::read(&marker)?;
    // Reading it hangs until somebody writes.
    fs::remove_file(&marker)?;
    ensure!(Command::new("mkfifo").arg(&marker).status()?.success());
    let status = tokio::time::timeout(Duration::from_secs(40), bench.labkeep.status())
        .await
        .context("the tray is held up")??;
    assert_eq!(status.protection, Protection::NeedsAttention);
    let mut notices = bench.labkeep.notices();
    let _going = bench.keep_going();
    let waits = bench
        .until(|| bench.pass(70), || Ok(bench.plan()?.waits_for))
        .await?;
    assert_eq!(waits, "the drive of vault");
    assert!(bench.backups()?.is_empty());
    let told = loop {
        let notice = notices.recv().await?;
        if notice.key.starts_with("vault:") {
            break notice;
        }
    };
    assert!(told.title.contains("does not answer"), "{told:?}");
    // It is back: the look that hangs ends, and the backup starts.
    let around = marker.parent().context("it is in a folder")?;
    let (hangs, whole) = (around.join("hangs"), around.join("whole"));
    fs::hard_link(&marker, &hangs)?;
    fs::write(&whole, content)?;
    fs::rename(&whole, &marker)?;
    let writer = hangs.clone();
    tokio::task::spawn_blocking(move || File::options().write(true).open(writer)).await??;
    fs::remove_file(&hangs)?;
    let runs = bench.until_backups(1, || bench.pass(2)).await?;
    assert_eq!(runs[0].outcome, Some(Outcome::Complete));
    Ok(())
}
