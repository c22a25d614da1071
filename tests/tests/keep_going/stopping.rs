//! The schedule stops when Labkeep begins anew, and loses nothing by it; a run
//! stops when it is told to.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use anyhow::Result;
use futures::future::BoxFuture;
use labkeep_engine::Labkeep;
use labkeep_engine::clock::SystemClock;
use labkeep_engine::keep::BackupWish;
use labkeep_engine::machine::{Machine, MachineConditions};
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::RunEvent;
use labkeep_settings::{Home, SecretKey, Secrets, SecretsError};
use labkeep_tests::ear::Ear;
use secrecy::SecretString;
use tokio::sync::{Notify, watch};

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_just_before_the_schedule_stops_is_told() -> Result<()> {
    let bench = Bench::new().await?;
    let ear = Ear::of_heartbeats(&bench.labkeep).await?;
    let going = bench.keep_going();
    let mut events = bench.labkeep.runs().listen();
    bench
        .labkeep
        .start_backup(&bench.keeper.plan, BackupWish::default())?;
    while !matches!(events.recv().await?, RunEvent::Ended { .. }) {}
    going.stop().await;
    assert_eq!(ear.beats(), 1);
    Ok(())
}

/// A machine that settles when it is let.
#[derive(Default)]
struct Unsettled {
    changes: watch::Sender<u64>,
    is_settled: Notify,
}

impl Machine for Unsettled {
    fn conditions(&self) -> MachineConditions {
        MachineConditions::default()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn settle(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.is_settled.notified())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_is_drowned_in_other_news_is_told() -> Result<()> {
    let bench = Bench::new().await?;
    let ear = Ear::of_heartbeats(&bench.labkeep).await?;
    let machine = Arc::new(Unsettled::default());
    let going = bench.labkeep.keep_going(Arc::clone(&machine) as _);
    // It listens from its first moment on.
    while machine.changes.receiver_count() == 0 {
        tokio::task::yield_now().await;
    }
    let run = bench
        .labkeep
        .start_backup(&bench.keeper.plan, BackupWish::default())?;
    bench.labkeep.wait_for(run).await?;
    for _ in 0..1000 {
        bench.labkeep.runs().changed();
    }
    machine.is_settled.notify_one();
    going.stop().await;
    assert_eq!(ear.beats(), 1);
    Ok(())
}

/// A keychain that answers nobody until it is let go of.
#[derive(Debug)]
struct Hanging {
    asked: watch::Sender<u32>,
    goes: Mutex<mpsc::Receiver<()>>,
}

impl Secrets for Hanging {
    fn get(&self, _: &SecretKey) -> Result<Option<SecretString>, SecretsError> {
        self.asked.send_modify(|asked| *asked += 1);
        let goes = self.goes.lock().expect("nobody panics with it");
        assert!(goes.recv().is_err(), "it is let go of");
        Ok(None)
    }

    fn set(&self, _: &SecretKey, _: &str, _: &SecretString) -> Result<(), SecretsError> {
        Ok(())
    }

    fn delete(&self, _: &SecretKey) -> Result<(), SecretsError> {
        Ok(())
    }

    fn describe(&self) -> String {
        "a keychain that hangs".to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_waits_for_the_keychain_can_be_cancelled() -> Result<()> {
    let bench = Bench::new().await?;
    let (let_go, goes) = mpsc::channel();
    let (asked, mut is_asked) = watch::channel(0);
    let secrets = Arc::new(Hanging {
        asked,
        goes: Mutex::new(goes),
    });
    let home = Home::at(bench.keeper.home());
    let labkeep = Labkeep::open(home, secrets, Arc::new(SystemClock))?;
    let run = labkeep.start_backup(&bench.keeper.plan, BackupWish::default())?;
    is_asked.wait_for(|asked| *asked > 0).await?;
    labkeep.cancel_run(run)?;
    let ended = tokio::time::timeout(Duration::from_secs(20), labkeep.wait_for(run)).await??;
    assert_eq!(ended.outcome, Some(Outcome::Aborted));
    drop(let_go);
    Ok(())
}
