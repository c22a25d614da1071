//! A click on a notification leads to the page of what it is about, whether
//! there is a window or not.

use anyhow::{Context, Result, ensure};
use labkeep_engine::outcome::Outcome;
use labkeep_tests::desktop::app::App;
use labkeep_tests::desktop::background::{Furnished, eventually};
use labkeep_tests::desktop::notifications::Notifications;
use labkeep_tests::desktop::page::Page;
use labkeep_tests::desktop::panel::{Look, Panel};
use labkeep_tests::desktop::tray::Tray;
use labkeep_tests::desktop::{Desktop, Keychain};
use practice_gitlab::{Action, FaultRule};

use super::{gitlab, window_is_there};

/// The page that the window shows, behind its `#`.
async fn address(page: &Page) -> Result<String> {
    let hash = page.run("return location.hash", Vec::new()).await?;
    Ok(hash.as_str().context("an address")?.to_owned())
}

/// Waits for the page of the last run, which ended so, and for what it says.
async fn shows_the_last_run(page: &Page, furnished: &Furnished, says: &str) -> Result<()> {
    let run = furnished.labkeep.list_runs()?.remove(0);
    let wanted = format!("#/activity/{}", run.id);
    eventually("the page of the run", async || {
        Ok(address(page).await? == wanted)
    })
    .await?;
    page.heading("Backup of “Every_thing”").await?;
    page.sees(says).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_on_a_notification_leads_to_the_run_that_it_is_about() -> Result<()> {
    let gitlab = gitlab()?;
    let desktop = Desktop::start(Keychain::Absent)?;
    let _panel = Panel::start(&desktop, Look::Dark)?;
    let notifications = Notifications::start(&desktop)?;
    let furnished = Furnished::new(&desktop, &gitlab).await?;
    let secrets = furnished.secrets().display().to_string();
    let arguments = ["--hidden", "--secrets", &secrets];

    // Hidden there is nothing to drive: the driver waits for the window.
    let fail = async {
        let tray = Tray::find(&desktop).await?;
        gitlab.set_faults(vec![FaultRule::new("*", Action::status(401))]);
        tray.choose("Back up now").await?;
        notifications.appear().await?;
        ensure!(!window_is_there(&desktop), "there is a window already");
        notifications.click()?;
        Ok(tray)
    };
    let (app, tray) = tokio::join!(App::start(&desktop, &arguments), fail);
    let (app, tray) = (app?, tray?);
    let page = &app.page;
    let failed = furnished.labkeep.list_runs()?.remove(0);
    ensure!(failed.outcome == Some(Outcome::Failed), "{failed:?}");
    shows_the_last_run(page, &furnished, "Failed").await?;

    // The window is there and shows something else.
    notifications.close_all()?;
    page.press("Home").await?;
    page.heading("Home").await?;
    gitlab.set_faults(vec![FaultRule::new(
        "GET /projects/:id/issues",
        Action::status(500),
    )]);
    tray.choose("Back up now").await?;
    notifications.appear().await?;
    let partial = furnished.labkeep.list_runs()?.remove(0);
    ensure!(partial.outcome == Some(Outcome::Partial), "{partial:?}");
    ensure!(address(page).await? == "#/home", "it left by itself");
    notifications.click()?;
    shows_the_last_run(page, &furnished, "Partial").await
}
