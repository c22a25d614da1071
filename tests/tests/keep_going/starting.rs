//! What starts, when, and what it waits for.

use std::fs;

use anyhow::Result;
use jiff::SignedDuration;
use labkeep_engine::outcome::{Outcome, RunKind};
use labkeep_engine::view::{PauseFor, Protection};
use practice_gitlab::{Action, FaultRule};

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_starts_by_itself_and_again_when_it_is_due_again() -> Result<()> {
    let bench = Bench::new().await?;
    let _going = bench.keep_going();
    let first = bench.until_backups(1, || bench.pass(70)).await?;
    assert_eq!(first[0].outcome, Some(Outcome::Complete));
    let next = bench.plan()?.next_at.expect("it is scheduled");
    assert!(next > first[0].started_at);
    let second = bench.until_backups(2, || bench.pass(70)).await?;
    assert_eq!(second.len(), 2);
    assert_eq!(second[0].outcome, Some(Outcome::Complete));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drive_that_is_away_is_waited_for_and_nothing_is_made_in_its_place() -> Result<()> {
    let bench = Bench::new().await?;
    let folder = bench.keeper.world.folder.path();
    let (vault, away) = (folder.join("vault"), folder.join("away"));
    fs::rename(&vault, &away)?;
    let _going = bench.keep_going();
    let waits = bench
        .until(|| bench.pass(70), || Ok(bench.plan()?.waits_for))
        .await?;
    assert_eq!(waits, "the drive of vault");
    assert!(bench.backups()?.is_empty());
    assert!(!vault.exists());
    fs::rename(&away, &vault)?;
    let runs = bench.until_backups(1, || bench.pass(2)).await?;
    assert_eq!(runs[0].outcome, Some(Outcome::Complete));
    assert_eq!(bench.plan()?.waits_for, None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_does_not_answer_is_waited_for() -> Result<()> {
    let bench = Bench::new().await?;
    let gitlab = &bench.keeper.world.gitlab;
    gitlab.set_faults(vec![FaultRule::new("*", Action::status(503))]);
    let _going = bench.keep_going();
    let waits = || Ok(bench.plan()?.waits_for);
    bench.until(|| bench.pass(70), waits).await?;
    // By now a look that went on meanwhile has ended, and a sleep was noticed.
    bench.look_often().await;
    let waits = bench.until(|| {}, waits).await?;
    assert_eq!(waits, "GitLab to answer");
    assert!(bench.backups()?.is_empty(), "no run failed over it");
    // That is shown for as long as it lasts, however often it is looked at.
    bench.look_often().await;
    assert_eq!(bench.plan()?.waits_for, Some(waits));
    gitlab.set_faults(Vec::new());
    let runs = bench.until_backups(1, || bench.pass(2)).await?;
    assert_eq!(runs[0].outcome, Some(Outcome::Complete));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_and_a_battery_hold_back_what_is_due() -> Result<()> {
    let bench = Bench::new().await?;
    bench.labkeep.pause(PauseFor::UntilTomorrow)?;
    let home = bench.labkeep.home_screen().await?;
    assert!(home.paused_until.is_some());
    let _going = bench.keep_going();
    let waits = bench
        .until(|| bench.pass(70), || Ok(bench.plan()?.waits_for))
        .await;
    // In the last hour of a day the pause is over before the backup is due.
    if let Ok(waits) = waits {
        assert_eq!(waits, "the end of the pause");
    }
    assert!(bench.backups()?.is_empty());
    bench.machine.set(|machine| machine.on_battery = Some(true));
    let waits = bench
        .until(
            || bench.labkeep.resume_schedule().expect("settings"),
            || {
                let waits = bench.plan()?.waits_for;
                Ok(waits.filter(|waits| waits != "the end of the pause"))
            },
        )
        .await?;
    assert_eq!(waits, "mains power");
    assert!(bench.backups()?.is_empty());
    let runs = bench
        .until_backups(1, || {
            bench
                .machine
                .set(|machine| machine.on_battery = Some(false));
            bench.pass(2);
        })
        .await?;
    assert_eq!(runs[0].outcome, Some(Outcome::Complete));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_and_drills_come_by_themselves_and_prove() -> Result<()> {
    let bench = Bench::new().await?;
    let _going = bench.keep_going();
    bench.until_backups(1, || bench.pass(70)).await?;
    let is_proven = || {
        let runs = bench.labkeep.list_runs()?;
        let complete = |kind| {
            runs.iter()
                .any(|run| run.kind == kind && run.outcome == Some(Outcome::Complete))
        };
        Ok((complete(RunKind::Verify) && complete(RunKind::Drill)).then_some(()))
    };
    // A backup is due as well after so long; the chores come after it.
    bench.until(|| bench.pass(8 * 24 * 60), is_proven).await?;
    let home = bench.labkeep.home_screen().await?;
    assert!(home.last_proof.is_some());
    assert_eq!(home.never_proven, 0);
    assert_ne!(home.protection, Protection::NotSetUp);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn backups_that_leave_no_quiet_moment_keep_no_vault_from_being_checked() -> Result<()> {
    let bench = Bench::new().await?;
    let _going = bench.keep_going();
    bench.until_backups(1, || bench.pass(70)).await?;
    // Everything is due at once from here on.
    let backups = bench.until_backups(2, || bench.pass(9 * 24 * 60)).await?;
    let backup_ended = backups[0].ended_at.expect("it has ended");
    let runs = bench.labkeep.list_runs()?;
    let check = runs.iter().find(|run| run.kind == RunKind::Verify);
    let began = check
        .expect("it did not wait for a quiet moment")
        .started_at;
    assert!(began < backup_ended, "{began} {backup_ended}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_finds_no_moment_for_weeks_is_told() -> Result<()> {
    let bench = Bench::new().await?;
    bench.keeper.back_up().await?;
    let neglected = || -> Result<usize> {
        let attention = bench.labkeep.home_view()?.attention;
        let keys = attention.iter().map(|one| one.key.as_str());
        Ok(keys.filter(|key| key.starts_with("neglected-")).count())
    };
    assert_eq!(neglected()?, 0);
    bench.clock.advance(SignedDuration::from_hours(24 * 70));
    assert_eq!(neglected()?, 2, "the check and the drill");
    Ok(())
}
