//! A full disk: said clearly and with what helps, and nothing is lost.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use labkeep_tests::disk::apart;

use crate::machine::{Machine, contents, dense, keeps};

#[test]
fn a_full_vault_is_told_and_loses_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let small = r#"mount -t tmpfs -o size=8m tmpfs "$FOLDER""#;
    apart("full::on_a_small_disk", small, folder.path())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by a_full_vault_is_told_and_loses_nothing"]
async fn on_a_small_disk() -> Result<()> {
    let disk = PathBuf::from(std::env::var_os("FOLDER").context("a folder")?);
    let mut machine = Machine::new(2, "last=1")?;
    machine.make_vault("small", disk.join("small"))?;
    machine.make_plan("tight", "small", &["--keep", "last=1"])?;
    machine.json(&["backup", "tight"])?;
    machine.change(0, 100_000)?;
    machine.json(&["backup", "tight"])?;
    let before = contents(&machine.vault("small")?)?;
    ensure!(before.len() == 2, "{before:?}");

    let (_, path) = machine.world.gitlab.projects().swap_remove(0);
    // Half as large when it is packed, and so twice the disk.
    let large = dense(7, 32 << 20);
    machine
        .world
        .gitlab
        .push_commit(&path, "main", &[("large.txt", &large)])?;
    fails_for_room(&machine, &["backup", "tight"])?;
    let after = contents(&machine.vault("small")?)?;
    ensure!(after == before, "{after:?} is not {before:?}");

    // A first backup is not even begun when what GitLab tells cannot fit.
    machine.make_vault("new", disk.join("new"))?;
    machine.make_plan("first", "new", &["--keep", "last=1"])?;
    let planned = machine.json(&["backup", "first", "--plan-only"])?;
    let (new, free) = (&planned["new_bytes"], &planned["free_bytes"]);
    ensure!(new.as_u64() > free.as_u64(), "{new} new, {free} free");
    let used = machine.vault("new")?.usage()?;
    fails_for_room(&machine, &["backup", "first"])?;
    ensure!(
        machine.vault("new")?.usage()? == used,
        "something was written"
    );
    std::fs::remove_dir_all(disk.join("new"))?;

    machine.json(&["backup", "all"])?;
    fails_for_room(&machine, &["vault", "copy", "disk", "small"])?;
    keeps(&before, &contents(&machine.vault("small")?)?)?;

    // Not a byte is left.
    let filler = disk.join("filler");
    let full = std::fs::write(&filler, vec![1; 16 << 20]);
    ensure!(full.is_err(), "the disk is full");
    let pruned = machine.tell(&["vault", "prune", "small"], "")?;
    ensure!(
        pruned.code == Some(0) || says_room(&pruned.err),
        "{}",
        pruned.err
    );
    let newest = *machine
        .vault("small")?
        .snapshots()?
        .last()
        .map(|facts| &facts.id)
        .context("a snapshot")?;
    let left = contents(&machine.vault("small")?)?;
    ensure!(left.get(&newest) == before.get(&newest), "{left:?}");
    std::fs::remove_file(&filler)?;
    machine.json(&["vault", "prune", "small"])?;
    machine.json(&["vault", "check", "small", "--read-data", "100%"])?;
    machine.restic("small")
}

/// Runs a command line that must fail and say that there is no room.
pub fn fails_for_room(machine: &Machine, arguments: &[&str]) -> Result<()> {
    let ran = machine.tell(arguments, "")?;
    ensure!(
        ran.code == Some(1) && says_room(&ran.err),
        "{arguments:?}: {:?}: {}{}",
        ran.code,
        ran.out,
        ran.err
    );
    println!("{}", ran.err);
    Ok(())
}

fn says_room(text: &str) -> bool {
    text.contains("full") || text.contains("room")
}
