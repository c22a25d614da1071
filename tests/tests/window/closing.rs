//! The window is closed while something that was asked for is no run yet, so
//! that nobody sees it: it is done nevertheless.

use anyhow::{Context, Result, ensure};
use labkeep_engine::outcome::{Outcome, RunKind};
use labkeep_engine::view::RunView;
use labkeep_settings::{Home, Settings, Store};
use labkeep_tests::desktop::app::TITLE;
use labkeep_tests::desktop::background::eventually;
use labkeep_tests::desktop::panel::{Look, Panel};
use labkeep_tests::desktop::process::is_alive;
use labkeep_tests::desktop::tray::Tray;
use labkeep_tests::desktop::{Desktop, built};
use labkeep_tests::journey::{Journey, LOST, planned};
use practice_gitlab::{Action, FaultRule};

/// What GitLab says of a token.
const TOKEN: &str = "GET /personal_access_tokens/self";

/// Closes the window as a person does.
async fn close(journey: &Journey) -> Result<()> {
    let screen = journey.desktop.screen();
    screen.focus(&journey.app.window)?;
    screen.press(&["alt+F4"])?;
    eventually("the window's end", async || Ok(!screen.has_window(TITLE))).await
}

fn settings(desktop: &Desktop) -> Result<Settings> {
    Ok(Store::open(&Home::at(&desktop.labkeep_home()))?.read()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_is_being_made_when_the_window_goes_is_made_with_its_key() -> Result<()> {
    let journey = Journey::to_a_place().await?;
    let (desktop, page) = (&journey.desktop, &journey.app.page);
    let process = journey.app.process()?;
    let folder = desktop.home().join("Backups");
    page.fill("Folder", &folder.display().to_string()).await?;
    page.sees("The folder will be made.").await?;
    // The key is kept before anything is made, so that it waits there.
    desktop.hold_keychain(true)?;
    page.press("Make the vault").await?;
    page.element("//button[@aria-busy='true']").await?;
    close(&journey).await?;
    ensure!(settings(desktop)?.vaults.is_empty(), "it was made too soon");
    desktop.hold_keychain(false)?;
    // Nothing is left to do then, and nothing is planned.
    eventually("the end", async || Ok(!is_alive(process))).await?;

    let vaults = settings(desktop)?.vaults;
    ensure!(vaults.len() == 1, "{vaults:?}");
    let kit = desktop.stick().join("recovery-kit.txt");
    let saved = desktop
        .command(built("labkeep-cli")?)
        .args(["vault", "kit", &vaults[0].name])
        .arg(&kit)
        .status()?;
    ensure!(saved.success() && kit.exists(), "its key is not kept");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_about_to_begin_when_the_window_goes_begins() -> Result<()> {
    let journey = Journey::to_a_first_backup().await?;
    let (desktop, page, gitlab) = (&journey.desktop, &journey.app.page, &journey.gitlab);
    // Without a tray the window would only be minimised.
    let _panel = Panel::start(desktop, Look::Dark)?;
    Tray::find(desktop).await?;
    gitlab.delete_project(LOST)?;
    page.press("Projects").await?;
    planned(page, LOST).await?;
    let owner = &gitlab.tokens.owner;
    page.fill("Token for this restore", owner).await?;
    // It is planned with the token first; then, before it is a run, GitLab is
    // asked again what the token may.
    let asked = || gitlab.requests().routes.get(TOKEN).copied();
    let before = asked().context("the token was looked at")?;
    gitlab.set_faults(vec![FaultRule::new(
        "*",
        Action::Delay {
            milliseconds: 2_000,
        },
    )]);
    page.press("Restore").await?;
    let is_starting = async || Ok(asked().is_some_and(|times| times >= before + 2));
    eventually("the start of the restore", is_starting).await?;
    close(&journey).await?;
    ensure!(restore(&journey)?.is_none(), "it began too soon");
    gitlab.set_faults(Vec::new());
    let ended = async || Ok(restore(&journey)?.is_some_and(|run| run.outcome.is_some()));
    eventually("the restore's end", ended).await?;
    let run = restore(&journey)?.context("it began")?;
    ensure!(run.outcome == Some(Outcome::Complete), "{run:?}");
    gitlab.project_id(LOST).context("it is back")?;
    Ok(())
}

fn restore(journey: &Journey) -> Result<Option<RunView>> {
    let runs = journey.labkeep()?.list_runs()?;
    Ok(runs.into_iter().find(|run| run.kind == RunKind::Restore))
}
