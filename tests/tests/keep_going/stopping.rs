//! The schedule stops when Labkeep begins anew, and loses nothing by it.

use anyhow::Result;
use labkeep_engine::keep::BackupWish;
use labkeep_engine::view::{Channel, RunEvent};

use crate::bench::Bench;
use crate::telling::Ear;

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_just_before_the_schedule_stops_is_told() -> Result<()> {
    let bench = Bench::new().await?;
    let ear = Ear::default();
    let address = format!("{}/beat/secret-part", ear.listen().await?);
    let heartbeat = Channel::Heartbeat;
    bench
        .labkeep
        .set_endpoint(heartbeat, address.into())
        .await?;
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
