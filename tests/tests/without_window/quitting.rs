//! Quitting while people are being told: it is waited for, but not for ever.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use labkeep_tests::desktop::background::Furnished;
use labkeep_tests::desktop::tray::{Tray, bus, name_on};
use labkeep_tests::desktop::{Desktop, Keychain};
use labkeep_tests::ear::Ear;

use super::gitlab;

/// How long the server of the heartbeat thinks.
const SLOW: Duration = Duration::from_millis(800);

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_that_is_being_sent_outlives_the_tray_but_not_the_session() -> Result<()> {
    let gitlab = gitlab()?;
    let desktop = Desktop::start(Keychain::Absent)?;
    let furnished = Furnished::new(&desktop, &gitlab).await?;
    let ear = Ear::of_heartbeats(&furnished.labkeep).await?;
    ear.hold(true);
    let back_up = async |times| -> Result<_> {
        let labkeep = furnished.start(&desktop, &["--hidden"])?;
        name_on(&bus(&desktop).await?, "org.labkeep.desktop.home").await?;
        let tray = Tray::find(&desktop).await?;
        tray.choose("Back up now").await?;
        ear.until_asked(times).await?;
        Ok((labkeep, tray))
    };

    let (mut labkeep, tray) = back_up(1).await?;
    tray.choose("Quit").await?;
    // A connection that is cut meanwhile is not answered.
    tokio::time::sleep(SLOW).await;
    ear.hold(false);
    ensure!(labkeep.ended().await?.success(), "it did not end well");
    ensure!(ear.beats() == 1, "it was cut off");

    // Nobody answers any more, and the session is ending.
    ear.hold(true);
    let (mut labkeep, _tray) = back_up(2).await?;
    let since = Instant::now();
    labkeep.signal("TERM")?;
    ensure!(labkeep.ended().await?.success(), "it did not end well");
    let took = since.elapsed();
    // Less than the user's own quit may take.
    ensure!(took < Duration::from_millis(4500), "{took:?}");
    ensure!(ear.beats() == 1, "nobody answered");
    Ok(())
}
