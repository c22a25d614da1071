//! Labkeep without a window, as it is started at login.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use labkeep_engine::Labkeep;
use labkeep_engine::clock::SystemClock;
use labkeep_engine::view::{ConnectRequest, PlanInput, ScheduleView};
use labkeep_settings::{Home, SecretsFolder};
use practice_gitlab::Running;
use secrecy::SecretString;

use super::Desktop;
use super::app::program;

/// How long something may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often is looked.
const PERIOD: Duration = Duration::from_millis(50);

/// A Labkeep of a desktop that is set up.
pub struct Furnished {
    /// The same files as the program's: to see what it did.
    pub labkeep: Labkeep,
    /// The only plan.
    pub plan: String,
    secrets: PathBuf,
}

impl Furnished {
    /// Connects the desktop's Labkeep to a GitLab, with a vault and a plan that
    /// only runs when asked.
    pub async fn new(desktop: &Desktop, gitlab: &Running) -> Result<Self> {
        let secrets = desktop.folder().join("secrets");
        fs::create_dir(&secrets)?;
        fs::set_permissions(&secrets, fs::Permissions::from_mode(0o700))?;
        let home = Home::at(&desktop.labkeep_home());
        home.prepare()?;
        let keeper = Arc::new(SecretsFolder::create(&secrets)?);
        let labkeep = Labkeep::open(home, keeper, Arc::new(SystemClock))?;
        let request = ConnectRequest {
            url: gitlab.url.clone(),
            ca_file: None,
            account: None,
        };
        let token = SecretString::from(gitlab.tokens.minimal.clone());
        let account = labkeep.connect_account(request, token, None).await?.account;
        let location = desktop.home().join("vault").display().to_string();
        let vault = labkeep.create_vault(&location, None).await?;
        let kit = desktop.stick().join("recovery-kit.txt");
        labkeep.save_recovery_kit(&vault.id, &kit).await?;
        let plan = labkeep.create_plan(&PlanInput {
            name: "Every_thing".to_owned(),
            account: account.id,
            vault: vault.id,
            include: Vec::new(),
            exclude: Vec::new(),
            kinds: None,
            schedule: ScheduleView::Manual,
            retention: labkeep_settings::Retention::default(),
            retention_open: false,
        })?;
        Ok(Self {
            labkeep,
            plan: plan.id,
            secrets,
        })
    }

    /// Where its secrets are, for `--secrets`.
    pub fn secrets(&self) -> &Path {
        &self.secrets
    }

    /// The program in this session, with the same secrets.
    pub fn command(&self, desktop: &Desktop, arguments: &[&str]) -> Result<Command> {
        let mut command = desktop.command(program()?);
        command.args(arguments).arg("--secrets").arg(&self.secrets);
        Ok(command)
    }

    /// Starts the program.
    pub fn start(&self, desktop: &Desktop, arguments: &[&str]) -> Result<Background> {
        Background::start(&mut self.command(desktop, arguments)?)
    }
}

/// A running Labkeep. It ends when this is dropped.
pub struct Background(Child);

impl Background {
    /// Starts one.
    pub fn start(command: &mut Command) -> Result<Self> {
        let child = command.spawn().context("labkeep starts")?;
        Ok(Self(child))
    }

    /// The number of its process, the same in all of its lives.
    pub fn process(&self) -> u32 {
        self.0.id()
    }

    /// Sends it a signal: `TERM`, `INT`.
    pub fn signal(&self, name: &str) -> Result<()> {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.process().to_string())
            .status()?;
        ensure!(sent.success(), "{name} could not be sent");
        Ok(())
    }

    /// Whether it runs.
    pub fn runs(&mut self) -> Result<bool> {
        Ok(self.0.try_wait()?.is_none())
    }

    /// Waits until it has ended.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        let since = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            if since.elapsed() > PATIENCE {
                bail!("it does not end");
            }
            tokio::time::sleep(PERIOD).await;
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until something is so.
pub async fn eventually(what: &str, is: impl AsyncFn() -> Result<bool>) -> Result<()> {
    let since = Instant::now();
    while !is().await? {
        if since.elapsed() > PATIENCE {
            bail!("{what} does not come true");
        }
        tokio::time::sleep(PERIOD).await;
    }
    Ok(())
}
