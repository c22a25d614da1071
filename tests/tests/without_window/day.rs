//! A day in the tray, with a real keychain: set up in the window, then closed,
//! and from there on the panel alone says how it is.

use anyhow::{Result, ensure};
use labkeep_tests::desktop::app::TITLE;
use labkeep_tests::desktop::background::eventually;
use labkeep_tests::desktop::notifications::Notifications;
use labkeep_tests::desktop::panel::{Look, Panel};
use labkeep_tests::desktop::tray::Tray;
use labkeep_tests::journey::Journey;
use practice_gitlab::{Action, FaultRule};

use super::{picture, window_is_there};

#[tokio::test(flavor = "multi_thread")]
async fn set_up_and_closed_the_panel_tells_and_the_menu_mends() -> Result<()> {
    let journey = Journey::to_a_first_backup().await?;
    let (desktop, gitlab) = (&journey.desktop, &journey.gitlab);
    let _panel = Panel::start(desktop, Look::Light)?;
    let notifications = Notifications::start(desktop)?;
    // The panel came after Labkeep; it has to be seen before the window goes.
    Tray::find(desktop).await?;
    desktop.screen().focus(&journey.app.window)?;
    desktop.screen().press(&["alt+F4"])?;
    eventually("the window's end", async || Ok(!window_is_there(desktop))).await?;
    let process = journey.app.process()?;
    eventually("the beginning anew", async || {
        let arguments = std::fs::read_to_string(format!("/proc/{process}/cmdline"))?;
        Ok(arguments.contains("--hidden"))
    })
    .await?;

    let tray = Tray::find(desktop).await?;
    let is_well = |tip: &str| tip == "Labkeep: Protected" || tip == "Labkeep: Has known gaps";
    tray.shows("that all is well", |shown| is_well(&shown.tip))
        .await?;
    picture(desktop, "protected-light")?;
    // With nothing changed a run asks little; it has to last to be seen.
    gitlab.set_faults(vec![FaultRule::new(
        "*",
        Action::Delay {
            milliseconds: 1_000,
        },
    )]);
    tray.choose("Back up now").await?;
    tray.shows("a run", |shown| shown.tip.contains("Backing up"))
        .await?;
    picture(desktop, "running-light")?;
    gitlab.set_faults(Vec::new());
    tray.shows("that all is well", |shown| is_well(&shown.tip))
        .await?;

    gitlab.set_faults(vec![FaultRule::new("*", Action::status(401))]);
    tray.choose("Back up now").await?;
    tray.shows("that something is wrong", |shown| {
        shown.status == "NeedsAttention" && shown.tip == "Labkeep: Needs attention"
    })
    .await?;
    notifications.appear().await?;
    ensure!(notifications.displayed()? == 1, "told more than once");
    picture(desktop, "needs-attention-light")?;
    notifications.close_all()?;

    // The remedy: the token is known again.
    gitlab.set_faults(Vec::new());
    tray.choose("Back up now").await?;
    tray.shows("that all is well again", |shown| is_well(&shown.tip))
        .await?;
    ensure!(
        notifications.displayed()? == 0,
        "a success was told unasked"
    );
    tray.choose("Pause for an hour").await?;
    tray.shows("the pause", |shown| shown.tip.contains("Paused until"))
        .await?;
    picture(desktop, "paused-light")?;
    tray.choose("Resume").await?;
    tray.shows("that all is well", |shown| is_well(&shown.tip))
        .await?;

    let second = desktop
        .command(labkeep_tests::desktop::app::program()?)
        .status()?;
    ensure!(second.success(), "the second start failed: {second}");
    desktop.screen().wait_for_window(TITLE)?;
    Ok(())
}
