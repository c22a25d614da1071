//! The worst day: the computer is gone, and so is a project. On a new one, a
//! vault and its key bring everything back, in the real window.

use anyhow::{Result, ensure};
use labkeep_tests::desktop::app::App;
use labkeep_tests::desktop::pictures::Album;
use labkeep_tests::desktop::{Desktop, Keychain};
use labkeep_tests::journey::{LOST, held, restore};
use labkeep_tests::keeper::Keeper;
use practice_gitlab::{ApplicationLimits, Options, Seed};
use secrecy::ExposeSecret;

use super::pictures;

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_and_its_key_are_enough_on_a_new_machine() -> Result<()> {
    let lost = Keeper::new(Options {
        seed: Seed::Demo,
        application_limits: ApplicationLimits::Off,
        ..Options::default()
    })
    .await?;
    lost.back_up().await?;
    let gitlab = &lost.world.gitlab;
    let before = held(gitlab, LOST).await?;
    gitlab.delete_project(LOST)?;

    let desktop = Desktop::start(Keychain::Unlocked)?;
    let album = Album::new(&pictures())?;
    let app = App::start(&desktop, &[]).await?;
    let page = &app.page;
    page.heading("Connect your GitLab").await?;
    page.press("I have a vault").await?;
    page.heading("Where is your vault?").await?;
    let vault = lost.world.folder.path().join("vault");
    page.fill("Folder of the vault", &vault.display().to_string())
        .await?;
    page.sees("There is a vault here.").await?;
    album.take(&desktop, &app, "31-vault-where").await?;
    page.press("Continue").await?;
    page.heading("Enter its key").await?;
    let key = lost.world.key.as_secret().expose_secret().to_owned();
    page.fill("Key of the vault", &key).await?;
    page.press("Open the vault").await?;
    page.heading("Your backups are here again").await?;
    page.sees("needs a token").await?;
    album.take(&desktop, &app, "32-vault-found").await?;
    let source = page.source().await?;
    ensure!(!source.contains(&key), "the key is still in the page");

    page.press("Restore something").await?;
    page.heading("Projects").await?;
    restore(page, LOST, &gitlab.tokens.owner).await?;
    page.press("Close").await?;
    let after = held(gitlab, LOST).await?;
    ensure!(before == after, "before: {before:#?}\nafter: {after:#?}");

    // What was there goes on by itself once its token is entered.
    page.press("Home").await?;
    page.heading("Home").await?;
    page.press("Enter a token").await?;
    page.fill("Personal access token", &gitlab.tokens.minimal)
        .await?;
    album.take(&desktop, &app, "33-vault-token").await?;
    page.press("Check and keep").await?;
    page.sees_no_more("needs a token").await?;
    album.take(&desktop, &app, "34-vault-home").await
}
