//! Ends that cannot be written down, as on a full disk, and what a name or a
//! crash makes of a run.

use std::process::Command;

use anyhow::{Result, ensure};
use labkeep_engine::keep::BackupWish;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::{Protection, RunView};

use crate::bench::Bench;

/// Changes the catalogue behind Labkeep's back.
pub fn change_catalogue(bench: &Bench, statement: &str) -> Result<()> {
    let change = "import sqlite3, sys\n\
                  with sqlite3.connect(sys.argv[1]) as database: database.execute(sys.argv[2])";
    let done = Command::new("python3")
        .args(["-c", change])
        .arg(bench.keeper.home().join("catalogue.sqlite"))
        .arg(statement)
        .status()?;
    ensure!(done.success(), "the catalogue could not be changed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_end_cannot_be_noted_is_told_and_holds_nothing_up() -> Result<()> {
    let bench = Bench::new().await?;
    change_catalogue(
        &bench,
        "CREATE TRIGGER full BEFORE UPDATE ON run WHEN NEW.state = 'ended' \
         BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
    )?;
    let start = async || -> Result<RunView> {
        let labkeep = &bench.labkeep;
        let run = labkeep.start_backup(&bench.keeper.plan, BackupWish::default())?;
        Ok(labkeep.wait_for(run).await?)
    };
    let run = start().await?;
    assert_eq!(run.outcome, Some(Outcome::Complete), "{run:?}");
    let home = bench.labkeep.home_screen().await?;
    assert_eq!(home.protection, Protection::NeedsAttention);
    let keys: Vec<&str> = home.attention.iter().map(|one| one.key.as_str()).collect();
    assert!(keys.contains(&"unnoted"), "{keys:?}");
    // Only this process knows of it.
    assert!(!bench.labkeep.is_idle());
    // The plan goes on.
    let second = start().await?;
    assert_eq!(second.outcome, Some(Outcome::Complete), "{second:?}");
    // Once there is room again both ends are noted, as they were.
    change_catalogue(&bench, "DROP TRIGGER full")?;
    let _going = bench.keep_going();
    bench
        .until(
            || bench.machine.look_again(),
            || {
                let labkeep = &bench.labkeep;
                let mut attention = labkeep.home_view()?.attention.into_iter();
                Ok((!attention.any(|one| one.key == "unnoted")).then_some(()))
            },
        )
        .await?;
    assert!(bench.labkeep.is_idle());
    let known = labkeep_tests::keeper::open(bench.keeper.home())?;
    let ends: Vec<_> = known.list_runs()?.iter().map(|run| run.outcome).collect();
    assert_eq!(ends, [Some(Outcome::Complete); 2]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_a_machine_that_has_another_name_now_has_crashed() -> Result<()> {
    let bench = Bench::new().await?;
    let run = bench
        .labkeep
        .start_backup(&bench.keeper.plan, BackupWish::default())?;
    bench.labkeep.wait_for(run).await?;
    // A pod was killed, and its files have come to the next one.
    change_catalogue(
        &bench,
        "UPDATE run SET state = 'running', outcome = NULL, ended_at = NULL, \
         host = 'the pod before', process_started = 1",
    )?;
    let next = labkeep_tests::keeper::open(bench.keeper.home())?;
    let runs = next.list_runs()?;
    assert_eq!(runs[0].outcome, Some(Outcome::Aborted), "{runs:?}");
    let again = next.start_backup(&bench.keeper.plan, BackupWish::default())?;
    assert_eq!(next.wait_for(again).await?.outcome, Some(Outcome::Complete));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_goes_on_elsewhere_is_left_alone_whatever_the_clock_says() -> Result<()> {
    let bench = Bench::new().await?;
    let other = labkeep_tests::keeper::open(bench.keeper.home())?;
    let gitlab = &bench.keeper.world.gitlab;
    gitlab.set_faults(vec![practice_gitlab::FaultRule::new(
        "*",
        practice_gitlab::Action::Delay {
            milliseconds: 60_000,
        },
    )]);
    let run = other.start_backup(&bench.keeper.plan, BackupWish::default())?;
    // As after a step of the clock: it is alive by its lock alone.
    bench.clock.advance(jiff::SignedDuration::from_hours(3));
    let again = labkeep_tests::keeper::open(bench.keeper.home())?;
    assert_eq!(again.run_view(run)?.outcome, None);
    let refused = again.start_backup(&bench.keeper.plan, BackupWish::default());
    assert!(refused.is_err(), "one at a time");
    again.cancel_run(run)?;
    let ended = other.wait_for(run).await?;
    assert_eq!(ended.outcome, Some(Outcome::Aborted));
    Ok(())
}
