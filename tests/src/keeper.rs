//! A Labkeep as the window and the command line hold it: with a home of its
//! own, secrets in a folder, an account, a vault and a plan, in front of a
//! practice GitLab.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use labkeep_engine::clock::{SharedClock, SystemClock};
use labkeep_engine::keep::{BackupWish, SnapshotRef};
use labkeep_engine::kind::Item;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::{
    ConnectRequest, PlanInput, RestorePlanView, RestoreRequest, RunDetail, ScheduleView,
};
use labkeep_engine::{Labkeep, Result as EngineResult};
use labkeep_settings::{Home, RunId, SecretsFolder};
use labkeep_vault::SnapshotId;
use practice_gitlab::Options;
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;

use crate::saved::Saved;
use crate::world::World;

/// A Labkeep that is set up.
pub struct Keeper {
    /// The GitLab and the vault.
    pub world: World,
    /// Labkeep itself.
    pub labkeep: Labkeep,
    /// Its account's ID.
    pub account: String,
    /// Its plan's ID.
    pub plan: String,
    home: TempDir,
}

impl Keeper {
    /// Sets Labkeep up with the seed's minimal token, for everything.
    pub async fn new(options: Options) -> Result<Self> {
        let world = World::new(options)?;
        let token = world.gitlab.tokens.minimal.clone();
        Self::keep(world, &token, &[]).await
    }

    /// Sets Labkeep up in front of a GitLab, with this token, for what these
    /// patterns cover.
    pub async fn keep(world: World, token: &str, include: &[&str]) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let labkeep = open(home.path())?;
        let connected = labkeep
            .connect_account(at(&world.gitlab.url), token.into(), None)
            .await?;
        let account = connected.account.id;
        let location = world.folder.path().join("vault").display().to_string();
        let vault = labkeep
            .open_vault(&location, world.key.as_secret().clone(), None)
            .await?;
        let plan = labkeep.create_plan(&PlanInput {
            name: String::new(),
            account: account.clone(),
            vault: vault.id,
            include: include.iter().map(|text| (*text).to_owned()).collect(),
            exclude: Vec::new(),
            kinds: None,
            schedule: ScheduleView::Manual,
            retention: labkeep_settings::Retention::default(),
            retention_open: false,
        })?;
        Ok(Self {
            world,
            labkeep,
            account,
            plan: plan.id,
            home,
        })
    }

    /// Labkeep's folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Opens the same files again, as the next start does.
    pub fn start_again(&mut self) -> Result<()> {
        self.labkeep = open(self.home.path())?;
        Ok(())
    }

    /// Another machine that was just set up: nothing but the account.
    pub async fn other_machine(&self, token: &str) -> Result<(Labkeep, TempDir)> {
        let home = tempfile::tempdir()?;
        let labkeep = open(home.path())?;
        labkeep
            .connect_account(at(&self.world.gitlab.url), token.into(), None)
            .await?;
        Ok((labkeep, home))
    }

    /// Keeps the last so many snapshots from now on, and nothing else.
    pub fn keep_last(&self, last: u32) -> Result<()> {
        let plan = self.labkeep.plans()?.remove(0);
        let retention = labkeep_settings::Retention {
            last,
            daily: 0,
            weekly: 0,
            monthly: 0,
            ..labkeep_settings::Retention::default()
        };
        let input = PlanInput {
            retention,
            ..plan.input
        };
        self.labkeep.update_plan(&plan.id, &input)?;
        Ok(())
    }

    /// Backs up, which must end Complete; gives the snapshot.
    pub async fn back_up(&self) -> Result<SnapshotRef> {
        let run = self
            .labkeep
            .start_backup(&self.plan, BackupWish { thorough: true })?;
        let detail = self.ended(run).await?;
        ensure!(
            detail.run.outcome == Some(Outcome::Complete),
            "{:?}: {:?}",
            detail.run.outcome,
            detail.run.reason
        );
        let id = detail.run.snapshot.context("a backup has a snapshot")?;
        Ok(self.labkeep.find_snapshot(&id)?)
    }

    /// What a snapshot holds.
    pub fn saved(&self, snapshot: &SnapshotRef) -> Result<Saved> {
        let id: SnapshotId = snapshot.id.parse()?;
        Saved::open(&self.world.vault, &id)
    }

    /// The restore of a project with every default.
    pub fn request(&self, project: u64) -> RestoreRequest {
        RestoreRequest {
            account: self.account.clone(),
            item: Item::project(project),
            snapshot: None,
            destination: None,
            kinds: None,
        }
    }

    /// The plan of a restore.
    pub async fn plan(
        &self,
        request: &RestoreRequest,
        token: Option<&str>,
    ) -> EngineResult<RestorePlanView> {
        self.labkeep
            .plan_restore(request.clone(), token.map(SecretString::from))
            .await
    }

    /// Restores and waits for the end.
    pub async fn restore(&self, request: &RestoreRequest, token: &str) -> Result<RunDetail> {
        let token = Some(SecretString::from(token));
        let run = self.labkeep.start_restore(request.clone(), token).await?;
        self.ended(run).await
    }

    /// Takes a restore up again and waits for the end.
    pub async fn resume(&self, run: &str, token: &str) -> Result<RunDetail> {
        let id = RunId::from_str(run)?;
        let token = Some(SecretString::from(token));
        let again = self.labkeep.resume_run(id, token).await?;
        ensure!(again == id, "a restore goes on as the same run");
        self.ended(id).await
    }

    /// Waits for a run's end.
    pub async fn ended(&self, run: RunId) -> Result<RunDetail> {
        self.labkeep.wait_for(run).await?;
        Ok(self.labkeep.run_detail(run)?)
    }

    /// A project as the Owner sees it over REST; none if there is none.
    pub async fn shown(&self, path: &str) -> Result<Option<Value>> {
        let client = self.world.client(&self.world.gitlab.tokens.owner)?;
        let path = path.replace('/', "%2F");
        Ok(client
            .get_optional(&format!("projects/{path}"), &[])
            .await?)
    }

    /// Files of Labkeep's home, its vault and its scratch that hold this text,
    /// the folder of secrets left out.
    pub fn files_with(&self, text: &str) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        search(self.home.path(), text.as_bytes(), &mut found)?;
        search(self.world.folder.path(), text.as_bytes(), &mut found)?;
        let secrets = secrets_folder(self.home.path());
        found.retain(|path| !path.starts_with(&secrets));
        Ok(found)
    }

    /// What the folder of secrets holds.
    pub fn secrets(&self) -> Result<Vec<String>> {
        let mut secrets = Vec::new();
        for entry in fs::read_dir(secrets_folder(self.home.path()))? {
            secrets.push(fs::read_to_string(entry?.path())?);
        }
        secrets.sort();
        Ok(secrets)
    }
}

/// Opens a Labkeep whose files lie in `home`.
pub fn open(home: &Path) -> Result<Labkeep> {
    open_with(home, Arc::new(SystemClock))
}

/// The same, with a clock of its own.
pub fn open_with(home: &Path, clock: SharedClock) -> Result<Labkeep> {
    let secrets = SecretsFolder::create(&secrets_folder(home))?;
    Ok(Labkeep::open(Home::at(home), Arc::new(secrets), clock)?)
}

fn secrets_folder(home: &Path) -> PathBuf {
    home.join("secrets")
}

fn at(url: &str) -> ConnectRequest {
    ConnectRequest {
        url: url.to_owned(),
        ca_file: None,
        account: None,
    }
}

fn search(folder: &Path, text: &[u8], found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            search(&path, text, found)?;
        } else {
            let content = fs::read(&path)?;
            if content.windows(text.len()).any(|part| part == text) {
                found.push(path);
            }
        }
    }
    Ok(())
}
