//! A practice GitLab with Labkeep connected to it and a month of backups in a
//! vault, all in one temporary folder: the window opens on something to see.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use anyhow::{Result, ensure};
use jiff::{SignedDuration, Timestamp};
use labkeep_engine::Labkeep;
use labkeep_engine::clock::Clock;
use labkeep_engine::keep::BackupWish;
use labkeep_engine::kind::Item;
use labkeep_engine::view::{ConnectRequest, PlanInput, RestoreRequest, ScheduleView};
use labkeep_settings::{Home, SecretsFolder};
use practice_gitlab::{
    Action, ApplicationLimits, FaultRule, Options, PracticeGitlab, Running, Seed,
};
use secrecy::SecretString;
use tempfile::TempDir;

/// What changes at GitLab before each backup, and how many days ago that was.
const HISTORY: [(i64, &str, &str); 9] = [
    (26, "tidewater/handbook", "Anchors"),
    (22, "tidewater/website", "Spring tide"),
    (19, "tidewater/platform/web-client", "Moon phases"),
    (15, "tidewater/platform/api-server", "Forecasts in steps"),
    (12, "tidewater/devices/firmware/buoy", "Sleep longer"),
    (8, "tidewater/handbook", "Knots"),
    (5, "tidewater/platform/web-client", "Dark harbours"),
    (2, "tidewater/website", "Open day"),
    (0, "tidewater/platform/api-server", "Neap tides"),
];

/// The project whose restore was rehearsed.
const REHEARSED: &str = "tidewater/platform/api-server";

/// The demo; its folder goes when it is dropped.
pub struct Demo {
    /// The practice GitLab.
    pub gitlab: Running,
    folder: TempDir,
}

/// A clock that stands still until it is moved.
struct StandingClock(Mutex<Timestamp>);

impl StandingClock {
    fn set(&self, now: Timestamp) {
        *self.0.lock().expect("nobody panics with it") = now;
    }
}

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("nobody panics with it")
    }
}

impl Demo {
    /// Starts GitLab, sets Labkeep up with the minimal token and backs up as if
    /// a month had passed.
    pub async fn start() -> Result<Self> {
        let gitlab = PracticeGitlab::start(Options {
            seed: Seed::Demo,
            application_limits: ApplicationLimits::Off,
            ..Options::default()
        })?;
        let folder = tempfile::Builder::new().prefix("labkeep-demo-").tempdir()?;
        let demo = Self { gitlab, folder };
        demo.fill().await?;
        Ok(demo)
    }

    /// `LABKEEP_HOME` of the demo.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Where tokens and keys lie instead of in the user's own keychain.
    pub fn secrets(&self) -> PathBuf {
        self.folder.path().join("secrets")
    }

    /// The folder of the vault.
    pub fn vault(&self) -> PathBuf {
        self.folder.path().join("vault")
    }

    async fn fill(&self) -> Result<()> {
        let now = Timestamp::now();
        let clock = Arc::new(StandingClock(Mutex::new(now)));
        let secrets = Arc::new(SecretsFolder::create(&self.secrets())?);
        let home = Home::at(&self.home());
        home.prepare()?;
        let labkeep = Labkeep::open(home, secrets, Arc::clone(&clock) as _)?;
        let (account, plan) = self.set_up(&labkeep).await?;
        for (days, project, title) in HISTORY {
            clock.set(now - SignedDuration::from_hours(24 * days));
            self.change(project, title)?;
            // One day GitLab had a bad day: the strip shows that, too.
            let broken =
                FaultRule::new("POST git-upload-pack", Action::status(500)).at("*/buoy.git/*");
            self.gitlab
                .set_faults(if days == 12 { vec![broken] } else { Vec::new() });
            let run = labkeep.start_backup(
                &plan,
                BackupWish {
                    thorough: days == 22,
                },
            )?;
            let view = labkeep.wait_for(run).await?;
            ensure!(view.snapshot.is_some(), "no snapshot: {:?}", view.reason);
        }
        clock.set(Timestamp::now());
        let request = RestoreRequest {
            account,
            item: Item::project(self.gitlab.project_id(REHEARSED)?),
            snapshot: None,
            destination: None,
            kinds: None,
        };
        let snapshot = labkeep.snapshot_for(&request)?;
        let drill = labkeep.start_drill(&snapshot, vec![request.item]).await?;
        labkeep.wait_for(drill).await?;
        Ok(())
    }

    async fn set_up(&self, labkeep: &Labkeep) -> Result<(String, String)> {
        let request = ConnectRequest {
            url: self.gitlab.url.clone(),
            ca_file: None,
            account: None,
        };
        let token = SecretString::from(self.gitlab.tokens.minimal.clone());
        let account = labkeep
            .connect_account(request, token, None)
            .await?
            .account
            .id;
        // The demo is gone at the next login.
        let mut preferences = labkeep.preferences()?;
        preferences.start_at_login = false;
        labkeep.set_preferences(&preferences)?;
        let location = self.vault().display().to_string();
        let vault = labkeep
            .create_vault(&location, Some("Practice vault".to_owned()))
            .await?;
        let kit = self.folder.path().join("recovery-kit.txt");
        labkeep.save_recovery_kit(&vault.id, &kit).await?;
        let plan = labkeep.create_plan(&PlanInput {
            name: String::new(),
            account: account.clone(),
            vault: vault.id,
            include: Vec::new(),
            exclude: Vec::new(),
            kinds: None,
            schedule: ScheduleView::Hours { hours: 1 },
            retention: labkeep_settings::Retention::default(),
            retention_open: false,
        })?;
        Ok((account, plan.id))
    }

    fn change(&self, project: &str, title: &str) -> Result<()> {
        let name = title.to_lowercase().replace(' ', "-");
        let text = format!("# {title}\n\n").repeat(40);
        let file = format!("notes/{name}.md");
        self.gitlab
            .push_commit(project, "main", &[(&file, &text)])?;
        self.gitlab.create_issue(project, title)?;
        Ok(())
    }
}
