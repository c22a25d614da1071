//! A vault that is too full for the next backup, though a prune marked enough
//! yesterday: what is marked goes before another backup that went well.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use labkeep_tests::disk::apart;
use labkeep_tests::furnish::{post, put};
use serde_json::json;

use crate::full::fails_for_room;
use crate::machine::{Machine, contents, dense};

/// Issues whose texts fill the vault; each is as long as GitLab allows.
const ISSUES: u64 = 5;
const LENGTH: usize = 1_000_000;

#[test]
fn what_is_marked_is_freed_after_a_backup_that_lacked_room() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let small = r#"mount -t tmpfs -o size=7m tmpfs "$FOLDER""#;
    apart("freed::on_a_small_disk", small, folder.path())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by what_is_marked_is_freed_after_a_backup_that_lacked_room"]
async fn on_a_small_disk() -> Result<()> {
    let disk = PathBuf::from(std::env::var_os("FOLDER").context("a folder")?);
    let mut machine = Machine::new(1, "last=1")?;
    machine.make_vault("small", disk.join("small"))?;
    machine.make_plan("tight", "small", &["--keep", "last=1"])?;
    let past = yesterday(&machine.path("past.so"))?;
    // All of that was done a day ago, and nothing of it is removed at once.
    for round in 0..2 {
        write(&machine, round).await?;
        done_yesterday(&machine, &past, &["backup", "tight"])?;
    }
    let marked = done_yesterday(&machine, &past, &["vault", "prune", "small"])?;
    ensure!(marked.contains("a prune a day from now"), "{marked}");
    let before = contents(&machine.vault("small")?)?;
    ensure!(before.len() == 1, "{before:?}");

    // There is no room for the next one, and no backup went well since.
    write(&machine, 2).await?;
    fails_for_room(&machine, &["backup", "tight"])?;
    let full = machine.vault("small")?.usage()?;
    let done = machine.tell(&["chores"], "")?;
    println!("{}", done.err);
    ensure!(done.code == Some(0), "{}", done.err);
    let freed = machine.vault("small")?.usage()?;
    ensure!(freed.bytes + 2_000_000 < full.bytes, "{full:?} {freed:?}");
    // No snapshot went for it, nor anything that one needs.
    ensure!(contents(&machine.vault("small")?)? == before);

    machine.json(&["backup", "tight"])?;
    ensure!(contents(&machine.vault("small")?)?.len() == 2);
    machine.json(&["vault", "check", "small", "--read-data", "100%"])?;
    machine.restic("small")
}

/// Gives every issue another text, that no other text helps to pack.
async fn write(machine: &Machine, round: u64) -> Result<()> {
    let gitlab = &machine.world.gitlab;
    let (project, _) = gitlab.projects().swap_remove(0);
    let owner = machine.world.client(&gitlab.tokens.owner)?;
    for number in 0..ISSUES {
        let text = dense(round * ISSUES + number + 1, LENGTH);
        let issues = format!("projects/{project}/issues");
        if round == 0 {
            let title = format!("Large {number}");
            let issue = post(&owner, &issues, json!({ "title": title })).await?;
            put(
                &owner,
                &format!("{issues}/{}", issue["iid"]),
                json!({ "description": text }),
            )
            .await?;
            continue;
        }
        let found = owner
            .get::<serde_json::Value>(&issues, &[("search", &format!("Large {number}"))])
            .await?;
        let iid = &found[0]["iid"];
        put(
            &owner,
            &format!("{issues}/{iid}"),
            json!({ "description": text }),
        )
        .await?;
    }
    Ok(())
}

/// Runs a command line that must work, on a clock that is a day behind. Gives
/// what it said.
fn done_yesterday(machine: &Machine, past: &str, arguments: &[&str]) -> Result<String> {
    let ran = machine.tell_with(arguments, &[("LD_PRELOAD", past)])?;
    ensure!(ran.code == Some(0), "{arguments:?}: {}", ran.err);
    Ok(ran.err)
}

/// What sets a program's clock back, made by the compiler that links this one.
fn yesterday(into: &Path) -> Result<String> {
    let source = into.with_extension("c");
    std::fs::write(&source, include_str!("past.c"))?;
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([into, &source])
        .arg("-ldl")
        .status()?;
    ensure!(made.success(), "cc");
    Ok(into.display().to_string())
}
