//! A project is lost and comes back; the window is closed and a run is not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use labkeep_engine::Labkeep;
use labkeep_engine::clock::SystemClock;
use labkeep_engine::outcome::{Outcome, RunKind};
use labkeep_engine::view::{RunState, RunView};
use labkeep_settings::{Home, MemorySecrets};
use practice_gitlab::Running;
use serde_json::Value;

use super::{Journey, LOST};
use crate::desktop::app::{App, TITLE, program};
use crate::desktop::page::Page;
use crate::desktop::process::is_alive;
use crate::desktop::screen::SIZE;
use crate::git::git;

/// How long a restore or a backup of the demo may take on a slow machine.
const PATIENCE: Duration = Duration::from_mins(4);

/// What a project must have again.
#[derive(Debug, PartialEq, Eq)]
pub struct Held {
    /// Branches and tags with what they point to.
    pub refs: String,
    /// Numbers of the issues.
    pub issues: Vec<u64>,
    /// Numbers of the merge requests.
    pub merge_requests: Vec<u64>,
}

/// What the server holds of a project.
pub async fn held(gitlab: &Running, path: &str) -> Result<Held> {
    let repository = gitlab.repository(path)?;
    let refs = git(&repository, &["for-each-ref", "refs/heads", "refs/tags"])?;
    Ok(Held {
        refs,
        issues: numbers(gitlab, path, "issues").await?,
        merge_requests: numbers(gitlab, path, "merge_requests").await?,
    })
}

/// Restores a project from the list of projects, with a token for this once.
/// The report stays open.
pub async fn restore(page: &Page, path: &str, token: &str) -> Result<()> {
    planned(page, path).await?;
    agreed(page, token).await
}

/// Opens the plan of a restore, which asks for a token.
pub async fn planned(page: &Page, path: &str) -> Result<()> {
    page.press(&format!("Restore {path}")).await?;
    page.sees("What will happen").await?;
    page.sees("Token for this restore").await
}

/// Agrees to a plan, and waits for the report of its success.
async fn agreed(page: &Page, token: &str) -> Result<()> {
    page.fill("Token for this restore", token).await?;
    page.press("Restore").await?;
    second_look(page).await?;
    page.sees_within("Report", PATIENCE).await?;
    let report = page.text().await?;
    ensure!(report.contains("Restored"), "no success is told:\n{report}");
    Ok(())
}

/// A token may change the plan; then it is shown first and asked again.
async fn second_look(page: &Page) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        let text = page.text().await?;
        if text.contains("Look at it again") {
            return page.press("Restore").await;
        }
        if !text.contains("What will happen") {
            return Ok(());
        }
        if Instant::now() > end {
            bail!("the restore does not start:\n{text}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn numbers(gitlab: &Running, path: &str, what: &str) -> Result<Vec<u64>> {
    let project = gitlab.project_id(path)?;
    let url = format!(
        "{}/api/v4/projects/{project}/{what}?per_page=100&state=all&scope=all",
        gitlab.url
    );
    let all: Vec<Value> = reqwest::Client::new()
        .get(url)
        .header("PRIVATE-TOKEN", &gitlab.tokens.owner)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    let mut numbers: Vec<u64> = all.iter().filter_map(|one| one["iid"].as_u64()).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

impl Journey {
    /// A project is deleted at the server; Restore puts it back.
    pub(super) async fn lose_and_restore(&mut self) -> Result<()> {
        let before = held(&self.gitlab, LOST).await?;
        ensure!(
            before.issues.len() > 3 && before.refs.lines().count() > 2,
            "{LOST} holds too little to prove anything: {before:?}"
        );
        self.gitlab.delete_project(LOST)?;
        ensure!(
            self.gitlab.project_id(LOST).is_err(),
            "{LOST} is still there"
        );

        let page = &self.app.page;
        page.press("Projects").await?;
        page.heading("Projects").await?;
        page.sees("api-server").await?;
        self.pictures("09-projects").await?;
        let page = &self.app.page;
        planned(page, LOST).await?;
        page.sees("This needs a token that may write.").await?;
        self.pictures("10-restore-plan").await?;
        agreed(&self.app.page, &self.gitlab.tokens.owner).await?;
        self.pictures("11-restore-report").await?;
        self.no_secret_in_page().await?;
        self.app.page.press("Close").await?;

        let after = held(&self.gitlab, LOST).await?;
        ensure!(before == after, "before: {before:#?}\nafter: {after:#?}");
        self.record.note(format!(
            "`{LOST}` was deleted at GitLab and is back: {} refs, {} issues and {} merge requests, all with the numbers they had.",
            after.refs.lines().count(),
            after.issues.len(),
            after.merge_requests.len()
        ));
        Ok(())
    }

    /// A look at everything else.
    pub(super) async fn places(&mut self) -> Result<()> {
        let page = &self.app.page;
        page.press("Projects").await?;
        page.press("web-client").await?;
        page.sees("Versions").await?;
        self.pictures("12-project").await?;
        for (link, name) in [
            ("Snapshots", "13-snapshots"),
            ("Activity", "14-activity"),
            ("Settings", "15-settings"),
        ] {
            self.app.page.press(link).await?;
            self.app.page.heading(link).await?;
            self.pictures(name).await?;
        }
        let page = &self.app.page;
        page.press("Activity").await?;
        page.press("Backup of “Everything”").await?;
        page.sees("Ledger").await?;
        self.pictures("16-run").await
    }

    /// The window is closed during a run: the run goes on, and a second start
    /// opens the window again.
    pub(super) async fn close_and_reopen(&mut self) -> Result<()> {
        self.gitlab.push_commit(
            "tidewater/website",
            "main",
            &[("news.md", "Spring tide.\n")],
        )?;
        self.slow_down();
        let page = &self.app.page;
        page.press("Home").await?;
        page.press("Back up now").await?;
        page.sees("A backup is running").await?;

        let process = self.app.process()?;
        let screen = self.desktop.screen();
        screen.focus(&self.app.window)?;
        screen.press(&["alt+F4"])?;
        until("the window closes", || !screen.has_window(TITLE)).await?;
        let asked = self.requests();
        until("the run goes on without a window", || {
            self.requests() > asked
        })
        .await?;
        ensure!(is_alive(process), "the app ended with its window");

        let second = self.desktop.command(program()?).status()?;
        ensure!(second.success(), "the second start failed: {second}");
        let window = screen.wait_for_window(TITLE)?;
        screen.resize(&window, SIZE)?;
        ensure!(is_alive(process), "the app that ran the backup is gone");
        ensure!(
            self.last_backup()?.state != RunState::Ended,
            "the run ended before the window was there again"
        );
        self.gitlab.set_faults(Vec::new());
        let labkeep = self.labkeep()?;
        until("the run ends", || {
            labkeep
                .list_runs()
                .is_ok_and(|runs| runs.iter().all(|run| run.state == RunState::Ended))
        })
        .await?;
        let last = self.last_backup()?;
        ensure!(
            last.outcome == Some(Outcome::Complete),
            "{:?}: {:?}",
            last.outcome,
            last.reason
        );

        // Where no tray is, a closed window is only minimised; quitting ends the
        // app. What was is there again at the next start.
        screen.focus(&window)?;
        screen.press(&["alt+F4"])?;
        until("the window closes", || !screen.has_window(TITLE)).await?;
        ensure!(is_alive(process), "the app ended with its window");
        let third = self.desktop.command(program()?).status()?;
        ensure!(third.success(), "the third start failed: {third}");
        let window = screen.wait_for_window(TITLE)?;
        screen.focus(&window)?;
        screen.press(&["ctrl+q"])?;
        until("the app ends when it is quit", || !is_alive(process)).await?;
        self.app = App::start(&self.desktop, &[]).await?;
        let page = &self.app.page;
        page.heading("Home").await?;
        page.press("Activity").await?;
        page.heading("Activity").await?;
        page.sees("Backup of “Everything”").await?;
        self.pictures("17-started-again").await?;
        self.record.note(
            "The window was closed during a run, which went on; a second start opened it again.",
        );
        Ok(())
    }

    /// The same Labkeep, as the command line would open it, without a keychain.
    pub fn labkeep(&self) -> Result<Labkeep> {
        let home = Home::at(&self.desktop.labkeep_home());
        let secrets = Arc::new(MemorySecrets::new());
        Ok(Labkeep::open(home, secrets, Arc::new(SystemClock))?)
    }

    fn last_backup(&self) -> Result<RunView> {
        let runs = self.labkeep()?.list_runs()?;
        let last = runs.into_iter().find(|run| run.kind == RunKind::Backup);
        last.context("there was a backup")
    }

    fn requests(&self) -> u64 {
        self.gitlab.requests().total
    }
}

/// Waits until it is so.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        if Instant::now() > end {
            bail!("in vain: {what}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
