//! The window needs no graphics card, and takes it from nobody else.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use anyhow::{Result, ensure};
use labkeep_tests::desktop::app::App;
use labkeep_tests::desktop::background::eventually;
use labkeep_tests::desktop::memory::family;
use labkeep_tests::desktop::{Desktop, Keychain};

/// Threads of whoever draws with a graphics card, or with the program that
/// stands in for one: Mesa's own, WebKit's painters and its compositor.
const PAINTERS: [&str; 3] = ["llvmpipe", "SkiaGPU", "eadedCompositor"];

#[tokio::test(flavor = "multi_thread")]
async fn the_window_is_drawn_without_the_graphics_card() -> Result<()> {
    let desktop = Desktop::start(Keychain::Unlocked)?;
    let app = App::start(&desktop, &[]).await?;
    app.page.heading("Connect your GitLab").await?;
    let family = family(app.process()?)?;
    ensure!(family.len() > 2, "the web engine runs: {family:?}");
    let mut threads = 0;
    for process in family {
        // What has just ended paints nothing.
        let Ok(all) = fs::read_dir(format!("/proc/{process}/task")) else {
            continue;
        };
        for thread in all {
            let Ok(name) = fs::read_to_string(thread?.path().join("comm")) else {
                continue;
            };
            threads += 1;
            let paints = PAINTERS.iter().any(|painter| name.starts_with(painter));
            ensure!(!paints, "{process} has {name}");
        }
    }
    ensure!(threads > 10, "only {threads} threads are seen");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_opens_in_a_browser_that_keeps_the_graphics_card() -> Result<()> {
    let desktop = Desktop::start(Keychain::Unlocked)?;
    let seen = desktop.folder().join("seen");
    choose_browser(&desktop, &seen.display().to_string())?;

    let app = App::start(&desktop, &[]).await?;
    let page = &app.page;
    page.heading("Connect your GitLab").await?;
    page.fill("Address of your GitLab", "https://gitlab.example")
        .await?;
    page.press("Create a token on GitLab").await?;
    eventually("the browser", async || Ok(seen.exists())).await?;
    let seen = fs::read_to_string(seen)?;
    let (address, surroundings) = seen.split_once('\n').unwrap_or_default();
    let token_page = "https://gitlab.example/-/user_settings/personal_access_tokens?";
    ensure!(address.starts_with(token_page), "it opens {address}");
    ensure!(surroundings.contains("HOME="), "its surroundings are seen");
    ensure!(
        !surroundings.contains("WEBKIT_DISABLE_DMABUF_RENDERER"),
        "the browser has to do without: {surroundings}"
    );
    Ok(())
}

/// Makes a browser the user's own that writes down what it is asked for and
/// what it gets along.
fn choose_browser(desktop: &Desktop, seen: &str) -> Result<()> {
    let home = desktop.home();
    let program = desktop.folder().join("browser");
    let script = format!("#!/bin/sh\n(echo \"$1\"; env) >{seen}.new\nmv {seen}.new {seen}\n");
    fs::write(&program, script)?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    let applications = home.join(".local/share/applications");
    fs::create_dir_all(&applications)?;
    let entry = format!(
        "[Desktop Entry]\nType=Application\nName=Browser\nExec={} %u\n\
         MimeType=x-scheme-handler/http;x-scheme-handler/https;\n",
        program.display()
    );
    fs::write(applications.join("browser.desktop"), entry)?;
    fs::create_dir_all(home.join(".config"))?;
    let choice = "[Default Applications]\nx-scheme-handler/http=browser.desktop\n\
                  x-scheme-handler/https=browser.desktop\n";
    fs::write(home.join(".config/mimeapps.list"), choice)?;
    Ok(())
}
