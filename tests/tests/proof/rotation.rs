//! Checks that are due read all data once in the set period, whatever comes in
//! between.

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::RunDetail;
use labkeep_settings::Proof;
use labkeep_tests::disk::flip;

use crate::bench::Bench;

fn in_three_parts() -> Proof {
    Proof {
        check_every_days: 7,
        read_all_days: 21,
        ..Proof::default()
    }
}

/// Bytes and pack files that a check read.
fn read(check: &RunDetail) -> (u64, u64) {
    let numbers = check.report.iter().find_map(|line| {
        let text = line.text.replace([',', '\u{202f}', '\u{a0}'], "");
        let (bytes, rest) = text.split_once(" byte")?;
        let (_, rest) = rest.split_once(" in ")?;
        let (packs, _) = rest.split_once(" of ")?;
        Some((bytes.trim().parse().ok()?, packs.trim().parse().ok()?))
    });
    numbers.unwrap_or_default()
}

fn due_at(bench: &Bench) -> Result<Timestamp> {
    let at = bench.labkeep().check_due_at(&bench.vault)?;
    at.context("checks are made")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_byte_is_read_once_in_the_period() -> Result<()> {
    let bench = Bench::new(6, in_three_parts()).await?;
    for (_, path) in bench.keeper.world.gitlab.projects() {
        bench.save_something_large(&path).await?;
    }
    let (all_bytes, all_packs) = read(&bench.check(100).await?);
    assert!(all_packs > 6 && all_bytes > 500_000);
    // A week after the vault was made, or after one that read everything.
    assert!(due_at(&bench)? > bench.now());

    let (mut bytes, mut packs) = (0, 0);
    for _ in 0..3 {
        bench.forward(SignedDuration::from_hours(7 * 24));
        // One that somebody asks for puts nothing off.
        bench.check(0).await?;
        let check = bench.due_check().await?;
        assert_eq!(check.run.outcome, Some(Outcome::Complete), "{check:#?}");
        let (more_bytes, more_packs) = read(&check);
        bytes += more_bytes;
        packs += more_packs;
        assert!(
            bench
                .labkeep()
                .start_due_check(&bench.vault)
                .await?
                .is_none()
        );
    }
    assert_eq!((bytes, packs), (all_bytes, all_packs));
    bench.is_calm()
}

#[tokio::test(flavor = "multi_thread")]
async fn since_when_everything_was_read_is_known() -> Result<()> {
    let bench = Bench::new(1, in_three_parts()).await?;
    bench.keeper.back_up().await?;
    let read_at = || -> Result<Option<i64>> { Ok(bench.labkeep().vaults()?[0].all_read_at) };
    let mut first = 0;
    for turn in 0..3 {
        assert_eq!(read_at()?, None);
        bench.days_forward(7);
        if turn == 0 {
            first = bench.now().as_millisecond();
        }
        bench.due_check().await?;
    }
    let at = read_at()?.context("everything was read")?;
    assert!((first..first + 3_600_000).contains(&at));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_with_damage_is_read_again_a_day_later() -> Result<()> {
    let bench = Bench::new(2, in_three_parts()).await?;
    let (_, path) = bench.keeper.world.gitlab.projects().swap_remove(0);
    let pack = bench.save_something_large(&path).await?;
    flip(&pack)?;
    // Nobody backs up, so nothing makes up for it.
    let mut failed = None;
    for _ in 0..3 {
        bench.days_forward(7);
        let check = bench.due_check().await?;
        if check.run.outcome == Some(Outcome::Failed) {
            failed = Some(read(&check));
            break;
        }
    }
    let failed = failed.context("the damage is in one of the parts")?;
    assert!(!bench.alarms()?.is_empty());
    let wait = due_at(&bench)?.duration_since(bench.now());
    assert!(wait <= SignedDuration::from_hours(24), "{wait}");
    assert!(wait > SignedDuration::from_hours(23), "{wait}");
    flip(&pack)?;
    bench.days_forward(1);
    let again = bench.due_check().await?;
    assert_eq!(again.run.outcome, Some(Outcome::Complete), "{again:#?}");
    assert_eq!(read(&again), failed, "the same part");
    bench.is_calm()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_clock_dated_ahead_hides_and_delays_nothing() -> Result<()> {
    let bench = Bench::usual(2).await?;
    let (_, path) = bench.keeper.world.gitlab.projects().swap_remove(0);
    let pack = bench.save_something_large(&path).await?;
    bench.days_forward(2_000);
    let ahead = bench.check(100).await?;
    assert_eq!(ahead.run.outcome, Some(Outcome::Complete), "{ahead:#?}");
    let drill = bench.due_drill().await?;
    assert_eq!(drill.run.outcome, Some(Outcome::Complete), "{drill:#?}");

    bench.days_forward(-2_000);
    assert!(due_at(&bench)? <= bench.now());
    let plan = &bench.keeper.plan;
    assert!(bench.labkeep().drill_due_at(plan)? <= Some(bench.now()));
    flip(&pack)?;
    let bad = bench.check(100).await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    let is_told = |bench: &Bench| -> Result<bool> {
        let alarms = bench.alarms()?;
        Ok(alarms.iter().any(|one| one.key.starts_with("check:")))
    };
    assert!(is_told(&bench)?, "{:#?}", bench.alarms()?);

    flip(&pack)?;
    let good = bench.check(100).await?;
    assert_eq!(good.run.outcome, Some(Outcome::Complete), "{good:#?}");
    assert!(!is_told(&bench)?);
    assert!(due_at(&bench)? > bench.now());
    let drill = bench.due_drill().await?;
    assert_eq!(drill.run.outcome, Some(Outcome::Complete), "{drill:#?}");
    assert!(bench.labkeep().start_due_drill(plan)?.is_none());
    let proven = bench.row(&path)?.proven_at.context("it was rebuilt")?;
    assert!(proven <= bench.now().as_millisecond());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_could_not_be_made_is_made_up_for_by_any() -> Result<()> {
    let bench = Bench::usual(1).await?;
    bench.keeper.back_up().await?;
    let (index, away) = (bench.folder().join("index"), bench.folder().join("away"));
    std::fs::rename(&index, &away)?;
    let failed = bench.check(100).await?;
    assert_eq!(failed.run.outcome, Some(Outcome::Failed), "{failed:#?}");
    assert!(!bench.alarms()?.is_empty());
    std::fs::rename(&away, &index)?;
    let good = bench.check(0).await?;
    assert_eq!(good.run.outcome, Some(Outcome::Complete), "{good:#?}");
    bench.is_calm()
}
