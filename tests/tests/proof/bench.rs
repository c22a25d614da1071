//! A Labkeep whose clock can be moved on, and ways to harm its vault.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use labkeep_engine::Labkeep;
use labkeep_engine::clock::Clock;
use labkeep_engine::keep::BackupWish;
use labkeep_engine::view::{
    AttentionView, PlanInput, ProjectRow, Protection, RunDetail, ScheduleView, Severity,
};
use labkeep_settings::{Home, Proof, RunId, SecretsFolder};
use labkeep_tests::keeper::Keeper;
use labkeep_tests::world::many;

/// The machine's clock, moved on.
#[derive(Debug, Default)]
struct Moved(AtomicI64);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

/// A Labkeep with a clock of its own.
pub struct Bench {
    pub keeper: Keeper,
    /// The vault's ID.
    pub vault: String,
    clock: Arc<Moved>,
}

impl Bench {
    /// So many small projects, and how they are to be proven.
    pub async fn new(projects: u64, proof: Proof) -> Result<Self> {
        let mut keeper = Keeper::new(many(projects)).await?;
        let clock = Arc::new(Moved::default());
        let secrets = SecretsFolder::create(&keeper.home().join("secrets"))?;
        keeper.labkeep = Labkeep::open(
            Home::at(keeper.home()),
            Arc::new(secrets),
            Arc::clone(&clock) as Arc<dyn Clock>,
        )?;
        let mut preferences = keeper.labkeep.preferences()?;
        preferences.proof = proof;
        keeper.labkeep.set_preferences(&preferences)?;
        let vault = keeper.labkeep.vaults()?[0].id.clone();
        Ok(Self {
            keeper,
            vault,
            clock,
        })
    }

    /// The same with the proofs that Labkeep makes unless it is told otherwise.
    pub async fn usual(projects: u64) -> Result<Self> {
        Self::new(projects, Proof::default()).await
    }

    pub fn labkeep(&self) -> &Labkeep {
        &self.keeper.labkeep
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn forward(&self, time: SignedDuration) {
        self.clock.0.fetch_add(time.as_secs(), Ordering::Relaxed);
    }

    pub fn days_forward(&self, days: i64) {
        self.forward(SignedDuration::from_hours(24 * days));
    }

    pub fn folder(&self) -> PathBuf {
        self.keeper.world.folder.path().join("vault")
    }

    /// Backs up as a schedule does, and tells how it ended.
    pub async fn back_up(&self) -> Result<RunDetail> {
        let wish = BackupWish { thorough: false };
        let run = self.labkeep().start_backup(&self.keeper.plan, wish)?;
        self.ended(run).await
    }

    pub async fn ended(&self, run: RunId) -> Result<RunDetail> {
        self.keeper.ended(run).await
    }

    /// Checks so many percent.
    pub async fn check(&self, percent: u32) -> Result<RunDetail> {
        let run = self.labkeep().start_check(&self.vault, percent).await?;
        self.ended(run).await
    }

    /// The check that is due; an error if none is.
    pub async fn due_check(&self) -> Result<RunDetail> {
        let run = self.labkeep().start_due_check(&self.vault).await?;
        self.ended(run.context("no check is due")?).await
    }

    /// The drill that is due; an error if none is.
    pub async fn due_drill(&self) -> Result<RunDetail> {
        let run = self.labkeep().start_due_drill(&self.keeper.plan)?;
        self.ended(run.context("no drill is due")?).await
    }

    /// What needs the user badly.
    pub fn alarms(&self) -> Result<Vec<AttentionView>> {
        let attention = self.labkeep().home_view()?.attention;
        Ok(attention
            .into_iter()
            .filter(|one| one.severity == Severity::Danger)
            .collect())
    }

    /// Whether Home shows no alarm, and why not.
    pub fn is_calm(&self) -> Result<()> {
        let alarms = self.alarms()?;
        ensure!(alarms.is_empty(), "{alarms:#?}");
        // Whoever makes a vault in a test keeps its key elsewhere, and what a
        // test does not start is not done by anybody.
        let home = self.labkeep().home_view()?;
        let is_of_the_test = |key: &str| key.starts_with("kit:") || key.starts_with("neglected-");
        let mut others = home.attention.iter().filter(|a| !is_of_the_test(&a.key));
        let quiet = others.all(|a| a.severity == Severity::Info);
        let protection = home.protection;
        ensure!(
            quiet || protection == Protection::Protected,
            "{:#?}",
            home.attention
        );
        Ok(())
    }

    pub fn row(&self, path: &str) -> Result<ProjectRow> {
        let rows = self.labkeep().projects()?.rows;
        rows.into_iter()
            .find(|row| row.path == path)
            .with_context(|| format!("no row {path}"))
    }

    /// The pack files of the vault, sorted.
    pub fn packs(&self) -> Result<Vec<PathBuf>> {
        let mut packs = Vec::new();
        for folder in fs::read_dir(self.folder().join("data"))? {
            for pack in fs::read_dir(folder?.path())? {
                packs.push(pack?.path());
            }
        }
        packs.sort();
        Ok(packs)
    }

    /// Backs up everything but one project, so that the next backup reads that
    /// one in full; gives its number and path.
    pub async fn back_up_all_but_one(&self) -> Result<(u64, String)> {
        let (id, path) = self.keeper.world.gitlab.projects().swap_remove(0);
        self.cover(vec![path.clone()])?;
        self.keeper.back_up().await?;
        self.cover(Vec::new())?;
        Ok((id, path))
    }

    /// Has everything backed up but this.
    pub fn cover(&self, exclude: Vec<String>) -> Result<()> {
        let input = PlanInput {
            name: "Everything".to_owned(),
            account: self.keeper.account.clone(),
            vault: self.vault.clone(),
            include: Vec::new(),
            exclude,
            kinds: None,
            schedule: ScheduleView::Manual,
            retention: labkeep_settings::Retention::default(),
            retention_open: false,
        };
        self.labkeep().update_plan(&self.keeper.plan, &input)?;
        Ok(())
    }

    /// Gives a project something large that is nowhere else, backs up, and
    /// returns the pack file it is in.
    pub async fn save_something_large(&self, path: &str) -> Result<PathBuf> {
        let before = self.packs()?;
        let text: String = (0..4000)
            .map(|_| uuid::Uuid::new_v4().to_string())
            .collect();
        let gitlab = &self.keeper.world.gitlab;
        gitlab.push_commit(path, "main", &[("large.txt", &text)])?;
        self.keeper.back_up().await?;
        let added = self.packs()?.into_iter().filter(|p| !before.contains(p));
        added
            .max_by_key(|pack| fs::metadata(pack).map_or(0, |facts| facts.len()))
            .context("a pack")
    }

    /// Debian's restic finds nothing wrong with any byte.
    pub fn restic_is_content(&self) -> Result<()> {
        let key = self.keeper.world.folder.path().join("key");
        fs::write(&key, self.keeper.world.key.expose())?;
        let output = Command::new("restic")
            .arg("-r")
            .arg(self.folder())
            .arg("--no-cache")
            .arg("--password-file")
            .arg(&key)
            .args(["check", "--read-data"])
            .output()?;
        ensure!(
            output.status.success(),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }
}
