//! From the first start to a first backup.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use practice_gitlab::{Action, FaultRule};

use super::Journey;
use crate::desktop::leaks::Needle;

/// How late each answer comes while a run is to be watched.
const LATE: u64 = 60;
/// How long a backup of the demo may take on a slow machine.
const BACKUP: Duration = Duration::from_mins(4);

impl Journey {
    /// The minimal token is enough to begin.
    pub(super) async fn connect(&mut self) -> Result<()> {
        let page = &self.app.page;
        page.heading("Connect your GitLab").await?;
        self.pictures("01-connect").await?;
        let page = &self.app.page;
        page.fill("Address of your GitLab", &self.gitlab.url)
            .await?;
        page.fill("Personal access token", &self.gitlab.tokens.minimal)
            .await?;
        page.press("Connect").await?;
        page.heading("What this token allows").await?;
        self.record
            .note("Connected with `read_api` and `read_repository` alone.");
        Ok(())
    }

    /// The checklist says what the token lacks, and the hints what that means.
    pub(super) async fn permissions(&mut self) -> Result<()> {
        let page = &self.app.page;
        for (scope, state) in [
            ("read_api", "Granted"),
            ("read_repository", "Granted"),
            ("api", "For restore"),
            ("write_repository", "For restore"),
            ("read_registry", "Included"),
            ("write_registry", "For restore"),
        ] {
            let row = page.row(scope).await?;
            let found = row.get(1).map(String::as_str);
            ensure!(found == Some(state), "{scope} is {found:?}, not {state}");
        }
        for words in [
            "With minimal privileges, some metadata may not be included.",
            "Backups work, but restoring will need a new token with write permissions.",
            "About personal access tokens at GitLab",
            "Create a token with more permissions",
        ] {
            page.sees(words).await?;
        }
        self.pictures("02-permissions").await?;
        let page = &self.app.page;
        self.no_secret_in_page().await?;
        page.press("Continue with this token").await?;
        self.record
            .note("The checklist names what is missing; the danger hint says what that means.");
        Ok(())
    }

    /// Everything, after a look at the tree.
    pub(super) async fn what(&mut self) -> Result<()> {
        let page = &self.app.page;
        page.heading("What to protect").await?;
        page.choose("Choose groups and projects").await?;
        page.sees("tidewater").await?;
        self.pictures("03-what").await?;
        let page = &self.app.page;
        page.choose("Everything I can see").await?;
        let projects = self.projects();
        page.sees(&format!("{projects} projects in 6 groups today."))
            .await?;
        page.press("Continue").await
    }

    /// A folder, and the recovery kit on a stick.
    pub(super) async fn place(&mut self) -> Result<()> {
        let page = &self.app.page;
        page.heading("Where to keep it").await?;
        let vault = self.desktop.home().join("Backups");
        page.fill("Folder", &vault.display().to_string()).await?;
        page.sees("The folder will be made.").await?;
        self.pictures("04-where").await?;
        let page = &self.app.page;
        page.press("Make the vault").await?;
        page.heading("Save the recovery kit").await?;
        self.pictures("05-kit").await?;

        let page = &self.app.page;
        let kit = self.desktop.stick().join("recovery-kit.txt");
        page.press("Save the recovery kit").await?;
        self.desktop
            .screen()
            .answer_file_dialog(&self.app.window, &kit)
            .await?;
        page.sees("Saved as").await?;
        let sheet = std::fs::read_to_string(&kit).context("the recovery kit is read")?;
        let key = key_on(&sheet).context("the recovery kit holds a key")?;
        let plain = key.replace('-', "");
        self.watch.add(Needle::new("the key", &key));
        self.watch
            .add(Needle::new("the key without dashes", &plain));
        self.record
            .note("The vault is made; its recovery kit lies on another disk.");
        Ok(())
    }

    /// When to back up, and for how long. Only when asked: nothing is to start
    /// by itself while the rest is looked at.
    pub(super) async fn when(&mut self) -> Result<()> {
        let page = &self.app.page;
        page.press("Continue").await?;
        page.heading("When to back up").await?;
        page.sees("30 days, 12 weeks, 24 months").await?;
        self.pictures("05-when").await?;
        let page = &self.app.page;
        page.choose("Only when asked").await?;
        page.sees("Nothing is saved unless somebody presses")
            .await?;
        self.record
            .note("The schedule and how long copies are kept were chosen.");
        Ok(())
    }

    /// Progress is live, and the end is what the ledger says.
    pub(super) async fn first_backup(&mut self) -> Result<()> {
        self.slow_down();
        let page = &self.app.page;
        page.press("Start the first backup").await?;
        page.heading("Your first backup is running").await?;
        page.sees("Reading from GitLab").await?;
        self.pictures("06-first-backup").await?;
        self.gitlab.set_faults(Vec::new());
        let page = &self.app.page;
        page.sees_within("Your first backup is complete", BACKUP)
            .await?;
        self.pictures("07-first-backup-done").await?;
        self.no_secret_in_page().await?;
        self.app.page.press("Go to Home").await?;
        self.record.note("The first backup was watched to its end.");
        Ok(())
    }

    /// Home claims no more than what was saved.
    pub(super) async fn home(&mut self) -> Result<()> {
        let page = &self.app.page;
        page.heading("Home").await?;
        let projects = self.projects();
        page.sees(&format!("Copies of {projects} projects in 6 groups."))
            .await?;
        let text = page.text().await?;
        ensure!(
            text.contains("Protected, with known gaps") == text.contains("Not in the copies"),
            "Home and its gaps disagree:\n{text}"
        );
        self.pictures("08-home").await?;
        self.record.note(format!(
            "Home tells of {projects} projects and of every gap."
        ));
        Ok(())
    }

    /// Projects of the company; the Owner sees no one's private fork.
    fn projects(&self) -> usize {
        let all = self.gitlab.projects();
        all.iter()
            .filter(|(_, path)| path.starts_with("tidewater/"))
            .count()
    }

    /// Makes every answer late, so that a run can be watched.
    pub(super) fn slow_down(&self) {
        let late = Action::Delay { milliseconds: LATE };
        self.gitlab.set_faults(vec![FaultRule::new("*", late)]);
    }

    pub(super) async fn no_secret_in_page(&self) -> Result<()> {
        let source = self.app.page.source().await?;
        for (name, secret) in [
            ("minimal", &self.gitlab.tokens.minimal),
            ("write", &self.gitlab.tokens.owner),
        ] {
            ensure!(!source.contains(secret), "the {name} token is in the page");
        }
        Ok(())
    }
}

/// The key on a recovery kit: the line below its heading.
fn key_on(sheet: &str) -> Option<String> {
    let mut lines = sheet.lines().map(str::trim);
    lines.find(|line| *line == "Its key")?;
    lines.next().map(ToOwned::to_owned)
}
