//! Killed at random moments, over and over on the same machine: the vault is
//! sound each time, what was saved stays as it was, the killed run is noted as
//! ended by a crash, and the next one completes.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use labkeep_engine::kind::Item;
use labkeep_tests::furnish::furnish;
use labkeep_tests::restored::{self, Authors};

use crate::machine::{Machine, contents, keeps};
use crate::moments::Moments;

/// Every so many moments everything is read, by Labkeep and by restic.
const THOROUGH: u32 = 5;

/// Bytes of a commit.
const COMMIT: usize = 150_000;

/// Runs a command that must work; gives its document and how long it took.
fn timed(machine: &Machine, arguments: &[&str]) -> Result<(serde_json::Value, Duration)> {
    let began = Instant::now();
    let document = machine.json(arguments)?;
    Ok((document, began.elapsed()))
}

fn thoroughly(machine: &mut Machine, name: &str) -> Result<()> {
    machine.json(&["vault", "check", name, "--read-data", "100%"])?;
    machine.new_runs()?;
    machine.restic(name)
}

fn told(test: &str, kills: u32, began: Instant, noted: u32) {
    println!(
        "{test}: killed {kills} times, {noted} of them in a run, in {} s",
        began.elapsed().as_secs()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_killed_anywhere_loses_nothing() -> Result<()> {
    let mut moments = Moments::new("backup");
    let mut machine = Machine::new(6, "last=4")?;
    machine.json(&["backup"])?;
    machine.change(0, COMMIT)?;
    let (_, mut whole) = timed(&machine, &["backup"])?;
    machine.new_runs()?;
    let mut before = contents(&machine.vault("disk")?)?;
    let (mut kills, mut noted, mut round) = (0, 0, 0);
    let began = Instant::now();
    while kills < moments.number() {
        round += 1;
        machine.change(round, COMMIT)?;
        let moment = moments.next(whole);
        let was_alive = machine.begin(&["backup"], "")?.kill_at(moment)?;
        kills += u32::from(was_alive);
        let around = move || format!("backup {round}, killed at {moment:?} of {whole:?}");

        let after = contents(&machine.vault("disk")?).with_context(around)?;
        keeps(&before, &after).with_context(around)?;
        let killed = machine.killed_run("backup").with_context(around)?;
        noted += u32::from(was_alive && killed.is_some());

        let (next, took) = timed(&machine, &["backup"]).with_context(around)?;
        ensure!(next["outcome"] == "complete", "{}: {next}", around());
        machine.new_runs()?;
        let snapshot = next["snapshot"].as_str().context("a snapshot")?;
        machine.has_everything(snapshot).with_context(around)?;
        let now = contents(&machine.vault("disk")?).with_context(around)?;
        keeps(&after, &now).with_context(around)?;
        before = now;
        // The machine may be busier than at first, or less busy.
        whole = if was_alive { whole.max(took) } else { took };
        if round % THOROUGH == 0 {
            thoroughly(&mut machine, "disk").with_context(around)?;
            machine.json(&["drill", snapshot]).with_context(around)?;
            machine
                .json(&["vault", "prune", "disk"])
                .with_context(around)?;
            machine.new_runs()?;
            before = contents(&machine.vault("disk")?)?;
        }
    }
    told("backup", kills, began, noted);
    thoroughly(&mut machine, "disk")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prune_that_is_killed_anywhere_loses_nothing_that_is_kept() -> Result<()> {
    let mut moments = Moments::new("prune");
    let mut machine = Machine::new(4, "last=1")?;
    machine.json(&["backup"])?;
    machine.change(0, COMMIT)?;
    machine.json(&["backup"])?;
    let (_, mut whole) = timed(&machine, &["vault", "prune", "disk"])?;
    machine.new_runs()?;
    let (mut kills, mut noted, mut round) = (0, 0, 0);
    let began = Instant::now();
    while kills < moments.number() {
        round += 1;
        machine.change(round, COMMIT)?;
        let made = machine.json(&["backup"])?;
        let kept = made["snapshot"].as_str().context("a snapshot")?.parse()?;
        machine.new_runs()?;
        let mut before = contents(&machine.vault("disk")?)?;
        ensure!(before.len() >= 2, "there is something to prune");
        before.retain(|id, _| *id == kept);

        let moment = moments.next(whole);
        let victim = machine.begin(&["vault", "prune", "disk"], "")?;
        let was_alive = victim.kill_at(moment)?;
        kills += u32::from(was_alive);
        let around = move || format!("prune {round}, killed at {moment:?} of {whole:?}");
        let after = contents(&machine.vault("disk")?).with_context(around)?;
        keeps(&before, &after).with_context(around)?;
        let killed = machine.killed_run("prune").with_context(around)?;
        noted += u32::from(was_alive && killed.is_some());

        let (next, took) = timed(&machine, &["vault", "prune", "disk"]).with_context(around)?;
        ensure!(next["outcome"] == "complete", "{}: {next}", around());
        machine.new_runs()?;
        let now = contents(&machine.vault("disk")?).with_context(around)?;
        ensure!(now == before, "{}: {now:?} is not {before:?}", around());
        machine
            .has_everything(&kept.to_string())
            .with_context(around)?;
        whole = if was_alive { whole.max(took) } else { took };
        if round % THOROUGH == 0 {
            thoroughly(&mut machine, "disk").with_context(around)?;
        }
    }
    told("prune", kills, began, noted);
    thoroughly(&mut machine, "disk")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_killed_anywhere_loses_nothing() -> Result<()> {
    let mut moments = Moments::new("copy");
    let mut machine = Machine::new(4, "last=3")?;
    let folder = machine.path("second");
    machine.make_vault("second", folder)?;
    let copy = ["vault", "copy", "disk", "second"];
    machine.json(&["backup"])?;
    machine.json(&copy)?;
    machine.change(0, COMMIT)?;
    machine.json(&["backup"])?;
    let (_, mut whole) = timed(&machine, &copy)?;
    machine.new_runs()?;
    let (mut kills, mut noted, mut round) = (0, 0, 0);
    let began = Instant::now();
    while kills < moments.number() {
        round += 1;
        machine.change(round, COMMIT)?;
        machine.json(&["backup"])?;
        machine.new_runs()?;
        let source = contents(&machine.vault("disk")?)?;
        let before = contents(&machine.vault("second")?)?;
        let moment = moments.next(whole);
        let was_alive = machine.begin(&copy, "")?.kill_at(moment)?;
        kills += u32::from(was_alive);
        let around = move || format!("copy {round}, killed at {moment:?} of {whole:?}");
        let after = contents(&machine.vault("second")?).with_context(around)?;
        keeps(&before, &after).with_context(around)?;
        let killed = machine.killed_run("copy").with_context(around)?;
        noted += u32::from(was_alive && killed.is_some());

        let (next, took) = timed(&machine, &copy).with_context(around)?;
        ensure!(next["outcome"] == "complete", "{}: {next}", around());
        machine.new_runs()?;
        let now = contents(&machine.vault("second")?).with_context(around)?;
        keeps(&after, &now).with_context(around)?;
        let copied = source
            .values()
            .all(|one| now.values().any(|other| one == other));
        ensure!(copied, "{}: {source:?} is not in {now:?}", around());
        ensure!(
            now.len() == source.len(),
            "{}: one is there twice",
            around()
        );
        ensure!(contents(&machine.vault("disk")?)? == source, "{}", around());
        whole = if was_alive { whole.max(took) } else { took };
        if round % THOROUGH == 0 {
            thoroughly(&mut machine, "second").with_context(around)?;
        }
    }
    told("copy", kills, began, noted);
    thoroughly(&mut machine, "second")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_killed_anywhere_ends_with_one_project() -> Result<()> {
    let mut moments = Moments::new("restore");
    let mut machine = Machine::new(2, "standard")?;
    let made = furnish(&machine.world).await?;
    let snapshot = machine.json(&["backup"])?;
    let snapshot = snapshot["snapshot"].as_str().context("a snapshot")?;
    let saved = machine.saved(snapshot)?;
    let owner = machine.world.gitlab.tokens.owner.clone();
    let restore = ["--json", "restore", snapshot, &made.path, "--token-stdin"];
    let projects = machine.world.gitlab.projects();
    let began = Instant::now();
    machine.tell(&restore, &owner)?.good()?;
    let mut whole = began.elapsed();
    machine.new_runs()?;
    remove_new(&machine, &projects)?;
    let vault = contents(&machine.vault("disk")?)?;
    let (mut kills, mut noted, mut round) = (0, 0, 0);
    let began = Instant::now();
    while kills < moments.number() {
        round += 1;
        let moment = moments.next(whole);
        let was_alive = machine.begin(&restore, &owner)?.kill_at(moment)?;
        kills += u32::from(was_alive);
        let around = move || format!("restore {round}, killed at {moment:?} of {whole:?}");
        let killed = machine.killed_run("restore").with_context(around)?;
        noted += u32::from(was_alive && killed.is_some());
        let again = Instant::now();
        match &killed {
            // It was over, or it had not begun.
            Some(run) if run["outcome"] == "complete" => {}
            None => {
                machine
                    .tell(&restore, &owner)?
                    .good()
                    .with_context(around)?;
                whole = whole.max(again.elapsed());
            }
            Some(run) => {
                ensure!(run["resumable"] == true, "{}: {run}", around());
                let run = run["id"].as_str().context("an ID")?;
                let resume = ["--json", "resume", run, "--token-stdin"];
                let ended = machine.tell(&resume, &owner)?.good().with_context(around)?;
                ensure!(ended["outcome"] == "complete", "{}: {ended}", around());
            }
        }
        machine.new_runs()?;
        let mut new = machine.world.gitlab.projects();
        new.retain(|project| !projects.contains(project));
        ensure!(new.len() == 1, "{}: {new:?}", around());
        let item: Item = made.item();
        restored::check(&machine.world, &saved, item, &new[0].1, Authors::Named)
            .await
            .with_context(around)?;
        remove_new(&machine, &projects)?;
        if round % THOROUGH == 0 {
            ensure!(contents(&machine.vault("disk")?)? == vault, "{}", around());
        }
    }
    told("restore", kills, began, noted);
    ensure!(
        contents(&machine.vault("disk")?)? == vault,
        "the vault changed"
    );
    thoroughly(&mut machine, "disk")
}

fn remove_new(machine: &Machine, projects: &[(u64, String)]) -> Result<()> {
    for project in machine.world.gitlab.projects() {
        if !projects.contains(&project) {
            machine.world.gitlab.delete_project(&project.1)?;
        }
    }
    Ok(())
}
