//! Runs that do not come to their end: cancelled, or killed with the machine.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use labkeep_engine::backup::job::BackupError;
use labkeep_engine::outcome::Outcome;
use labkeep_gitlab::Error;
use labkeep_tests::honesty;
use labkeep_tests::world::{Wish, World, many};
use labkeep_vault::{
    CheckOptions, CreateOptions, Location, OpenOptions, ReadShare, Vault, VaultKey, unobserved,
};
use practice_gitlab::{Action, FaultRule};

use crate::faults::GIT;

fn is_sound(vault: &Vault) -> Result<()> {
    let options = CheckOptions {
        read_data: ReadShare::All,
    };
    let report = vault.check(options, unobserved())?;
    ensure!(report.is_sound(), "{:?}", report.findings);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_backup_ends_soon_and_writes_no_snapshot() -> Result<()> {
    let world = Arc::new(World::new(many(3))?);
    let truth = world.truth(&Wish::default()).await?;
    for route in ["GET /projects", "GET /projects/:id/issues", GIT] {
        let slow = Action::Delay {
            milliseconds: 20_000,
        };
        world.gitlab.set_faults(vec![FaultRule::new(route, slow)]);
        world.gitlab.reset_requests();
        let wish = Wish::default();
        let cancel = wish.cancel.clone();
        let running = {
            let world = Arc::clone(&world);
            tokio::spawn(async move { world.back_up(wish).await })
        };
        while world.gitlab.requests().count(route) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let began = Instant::now();
        cancel.cancel();
        let result = running.await?;
        let took = began.elapsed();
        ensure!(
            matches!(
                result,
                Err(BackupError::Cancelled | BackupError::Gitlab(Error::Cancelled))
            ),
            "{route}: {result:?}"
        );
        ensure!(took < Duration::from_secs(2), "{route}: {took:?}");
        ensure!(world.snapshots(&Wish::default())?.is_empty(), "{route}");
    }
    let scratch = world.folder.path().join("scratch");
    assert_eq!(std::fs::read_dir(scratch)?.count(), 0);
    is_sound(&world.vault)?;
    world.gitlab.set_faults(Vec::new());
    let result = world.back_up(Wish::default()).await?;
    assert_eq!(result.outcome, Outcome::Complete);
    honesty::check(&world, &result, &truth, None)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_backup_leaves_a_sound_vault_and_the_next_one_goes_on() -> Result<()> {
    let mut world = World::new(many(8))?;
    let folder = tempfile::tempdir()?;
    let location = Location::folder(&folder.path().join("vault"))?;
    world.vault = Vault::create(&location, &world.key, CreateOptions::default())?;
    let truth = world.truth(&Wish::default()).await?;
    for kill in 0..4 {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--exact", "stopped::backing_up_without_end"])
            .args(["--ignored", "--nocapture"])
            .env("FOLDER", folder.path().join("vault"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut key = child.stdin.take().context("a pipe")?;
        writeln!(key, "{}", world.key.expose())?;
        let lines = BufReader::new(child.stdout.take().context("a pipe")?).lines();
        let mut begun = lines.map_while(Result::ok).filter(|l| l == "backing up");
        begun.next().context("it never began")?;
        // Anywhere in the run, or in one after it.
        tokio::time::sleep(Duration::from_millis(kill * 230)).await;
        child.kill()?;
        child.wait()?;
    }
    is_sound(&world.vault)?;
    for snapshot in world.snapshots(&Wish::default())? {
        labkeep_tests::saved::Saved::open(&world.vault, &snapshot.id)?.check()?;
    }
    let result = world.back_up(Wish::default()).await?;
    assert_eq!(result.outcome, Outcome::Complete);
    honesty::check(&world, &result, &truth, None)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by killed_backup_leaves_a_sound_vault_and_the_next_one_goes_on"]
async fn backing_up_without_end() -> Result<()> {
    let mut key = String::new();
    std::io::stdin().read_line(&mut key)?;
    let key = VaultKey::parse(key.trim())?;
    let mut world = World::new(many(8))?;
    let location = Location::parse(&std::env::var("FOLDER")?)?;
    world.vault = Vault::open(&location, &key, OpenOptions::default())?;
    for _ in 0..100 {
        println!("backing up");
        world.back_up(Wish::default().thorough()).await?;
    }
    Ok(())
}

/// Runs a test of this file on a small file system in memory, in a namespace
/// of its own.
#[cfg(target_os = "linux")]
fn on_a_small_disk(test: &str) -> Result<()> {
    let script = r#"
        mount -t tmpfs -o size=6m tmpfs "$FOLDER"
        exec "$PROGRAM" --exact "$TEST" --ignored --nocapture
    "#;
    let folder = tempfile::tempdir()?;
    let output = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-ec", script])
        .env("FOLDER", folder.path())
        .env("PROGRAM", std::env::current_exe()?)
        .env("TEST", test)
        .output()?;
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    ensure!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn full_disks_end_a_backup_and_nothing_is_lost() -> Result<()> {
    on_a_small_disk("stopped::with_a_full_scratch")?;
    on_a_small_disk("stopped::with_a_full_vault")
}

/// Text that does not get smaller by packing it.
fn dense(bytes: usize) -> String {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        format!("{state:016x}")
    })
    .take(bytes / 16)
    .collect()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by full_disks_end_a_backup_and_nothing_is_lost"]
async fn with_a_full_scratch() -> Result<()> {
    let disk = std::path::PathBuf::from(std::env::var_os("FOLDER").context("a folder")?);
    let world = World::new(many(2))?;
    let wish = Wish {
        scratch: Some(disk.clone()),
        ..Wish::default()
    };
    let before = world.saved(&world.back_up(wish.clone()).await?)?;
    let path = world.gitlab.projects().swap_remove(0).1;
    let large = dense(24 << 20);
    world
        .gitlab
        .push_commit(&path, "main", &[("large.txt", &large)])?;
    let result = world.back_up(wish).await;
    let Err(error) = result else {
        anyhow::bail!("it ended {:?}", result.map(|result| result.outcome));
    };
    let said = labkeep_engine::Error::from(error).advice();
    ensure!(said.message.contains("room"), "{said:?}");
    assert_eq!(world.snapshots(&Wish::default())?.len(), 1);
    assert_eq!(std::fs::read_dir(&disk)?.count(), 0);
    is_sound(&world.vault)?;
    before.check()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by full_disks_end_a_backup_and_nothing_is_lost"]
async fn with_a_full_vault() -> Result<()> {
    let disk = std::path::PathBuf::from(std::env::var_os("FOLDER").context("a folder")?);
    let mut world = World::new(many(2))?;
    let location = Location::folder(&disk.join("vault"))?;
    world.vault = Vault::create(&location, &world.key, CreateOptions::default())?;
    let before = world.saved(&world.back_up(Wish::default()).await?)?;
    let path = world.gitlab.projects().swap_remove(0).1;
    let large = dense(24 << 20);
    world
        .gitlab
        .push_commit(&path, "main", &[("large.txt", &large)])?;
    let result = world.back_up(Wish::default()).await;
    let Err(error) = result else {
        anyhow::bail!("it ended {:?}", result.map(|result| result.outcome));
    };
    let said = labkeep_engine::Error::from(error).advice();
    ensure!(
        said.message.contains("full") || said.message.contains("room"),
        "{said:?}"
    );
    assert_eq!(world.snapshots(&Wish::default())?.len(), 1);
    is_sound(&world.vault)?;
    before.check()
}
