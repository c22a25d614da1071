//! Good news that could not be told when it came: on its way when Labkeep
//! ended, or to a server that was away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use jiff::SignedDuration;
use labkeep_engine::Labkeep;
use labkeep_engine::keep::{BackupWish, Scheduler};
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::Channel;
use labkeep_tests::ear::Ear;
use labkeep_tests::keeper::open_with;
use practice_gitlab::{Action, FaultRule};
use tokio::net::TcpListener;

use crate::bench::Bench;

/// A heartbeat is being sent, and the server does not answer.
async fn hanging() -> Result<(Bench, Ear, Scheduler)> {
    let bench = Bench::new().await?;
    let ear = Ear::of_heartbeats(&bench.labkeep).await?;
    ear.hold(true);
    let going = bench.keep_going();
    bench.back_up().await?;
    ear.until_asked(1).await?;
    Ok((bench, ear, going))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_that_is_being_sent_is_waited_for() -> Result<()> {
    let (bench, ear, going) = hanging().await?;
    let answer = async {
        tokio::task::yield_now().await;
        ear.hold(false);
    };
    tokio::join!(going.stop_within(Duration::from_secs(10)), answer);
    assert_eq!(ear.beats(), 1);
    let bench = bench.start_again()?;
    bench.clock.advance(SignedDuration::from_mins(16));
    bench.keep_going().stop().await;
    assert_eq!(ear.asked(), 1, "it is sent once");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_that_an_end_cuts_off_is_sent_by_the_next_start() -> Result<()> {
    let (bench, ear, going) = hanging().await?;
    let since = Instant::now();
    going.stop_within(Duration::from_millis(200)).await;
    assert!(since.elapsed() < Duration::from_secs(5), "it is bounded");
    let bench = bench.start_again()?;
    ear.hold(false);
    // Not over and over, but soon.
    bench.keep_going().stop().await;
    assert_eq!(ear.asked(), 1);
    bench.clock.advance(SignedDuration::from_mins(16));
    let going = bench.keep_going();
    ear.until_asked(2).await?;
    going.stop().await;
    bench.clock.advance(SignedDuration::from_mins(16));
    bench.keep_going().stop().await;
    assert_eq!(ear.asked(), 2, "it is sent once");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_that_is_not_true_any_more_is_not_sent() -> Result<()> {
    let (bench, ear, going) = hanging().await?;
    going.stop_within(Duration::from_millis(200)).await;
    let bench = bench.start_again()?;
    ear.hold(false);
    // The next backup is late by now, and cannot begin.
    bench.clock.advance(SignedDuration::from_hours(6));
    let gitlab = &bench.keeper.world.gitlab;
    gitlab.set_faults(vec![FaultRule::new("*", Action::status(503))]);
    bench.keep_going().stop().await;
    assert_eq!(ear.asked(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_and_nobody_heard_of_is_told_by_the_next_start() -> Result<()> {
    let bench = Bench::new().await?;
    let ear = Ear::of_heartbeats(&bench.labkeep).await?;
    // What ended before anybody was to be told is no news.
    bench.back_up().await?;
    drop(bench.keep_going());
    bench.back_up().await?;
    let bench = bench.start_again()?;
    bench.keep_going().stop().await;
    assert_eq!(ear.beats(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_process_could_not_even_note_is_told_by_one_that_goes_on() -> Result<()> {
    let bench = Bench::new().await?;
    let ear = Ear::of_heartbeats(&bench.labkeep).await?;
    let going = bench.keep_going();
    let other = open_with(bench.keeper.home(), bench.clock.clone())?;
    let run = other.start_backup(&bench.keeper.plan, BackupWish::default())?;
    let ended = other.wait_for(run).await?;
    assert_eq!(ended.outcome, Some(Outcome::Complete));
    bench.look_often().await;
    assert_eq!(ear.asked(), 0, "it is there and about to tell it");
    drop(other);
    bench
        .until(|| {}, || Ok((ear.beats() == 1).then_some(())))
        .await?;
    going.stop().await;
    assert_eq!(ear.asked(), 1, "once");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_is_about_to_tell_is_left_to_it() -> Result<()> {
    let bench = Bench::new().await?;
    let ear = Ear::of_heartbeats(&bench.labkeep).await?;
    bench.keep_going().stop().await;
    bench.back_up().await?;
    let other = open_with(bench.keeper.home(), bench.clock.clone())?;
    other
        .keep_going(Arc::clone(&bench.machine) as _)
        .stop()
        .await;
    assert_eq!(ear.asked(), 0);
    let run = bench.backups()?.remove(0).id.parse()?;
    bench.labkeep.after_backup(run).await?;
    assert_eq!(ear.beats(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_whose_server_was_away_is_sent_when_it_is_back() -> Result<()> {
    let bench = Bench::new().await?;
    let nobody = TcpListener::bind("127.0.0.1:0").await?;
    let place = nobody.local_addr()?.to_string();
    drop(nobody);
    let address = format!("http://{place}/beat/secret-part");
    let heartbeat = Channel::Heartbeat;
    bench
        .labkeep
        .set_endpoint(heartbeat, address.into())
        .await?;
    let going = bench.keep_going();
    bench.back_up().await?;
    let is_problem = |labkeep: &Labkeep| -> Result<Option<()>> {
        Ok((!labkeep.channels()?.problems.is_empty()).then_some(()))
    };
    bench.until(|| {}, || is_problem(&bench.labkeep)).await?;
    let ear = Ear::default();
    ear.listen_at(&place).await?;
    bench.pass(16);
    ear.until_asked(1).await?;
    going.stop().await;
    assert_eq!(ear.beats(), 1);
    assert!(bench.labkeep.channels()?.problems.is_empty());
    Ok(())
}
