//! A practice GitLab, a vault and nothing else: what the engine's black-box
//! tests run backups in.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use labkeep_engine::backup::job::{BackupError, BackupJob, BackupResult};
use labkeep_engine::clock::{SharedClock, SystemClock};
use labkeep_engine::head::HeadPlan;
use labkeep_engine::kind::Kind;
use labkeep_engine::outcome::RunKind;
use labkeep_engine::pattern::Selection;
use labkeep_engine::run::{Progress, WireObserver};
use labkeep_engine::scratch;
use labkeep_gitlab::{BaseUrl, Client, ClientOptions, Pauses, Proxy, Timeouts};
use labkeep_settings::Guard;
use labkeep_vault::{CreateOptions, Location, SnapshotFacts, Vault, VaultKey};
use practice_gitlab::{ApplicationLimits, Options, PracticeGitlab, Running, Seed};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::saved::Saved;

/// A GitLab and a vault.
pub struct World {
    /// The practice GitLab.
    pub gitlab: Running,
    /// The vault.
    pub vault: Vault,
    /// Its key.
    pub key: VaultKey,
    /// The folder that everything lies in.
    pub folder: TempDir,
}

/// What a test changes of a backup.
#[derive(Clone, Default)]
pub struct Wish {
    /// The plan's ID; `everything` if none. A plan of its own has no earlier
    /// snapshots.
    pub plan: Option<String>,
    /// The token; the seed's minimal one if none.
    pub token: Option<String>,
    /// Kinds; every kind if none.
    pub kinds: Option<Vec<Kind>>,
    /// Patterns to include.
    pub include: Vec<String>,
    /// Patterns to leave out.
    pub exclude: Vec<String>,
    /// Ask for everything.
    pub thorough: bool,
    /// When losing things raises the alarm.
    pub guard: Guard,
    /// Up to which snapshot losses were meant.
    pub answered: Option<jiff::Timestamp>,
    /// Ends the run.
    pub cancel: CancellationToken,
    /// Bytes of scratch; the default if none.
    pub scratch_budget: Option<u64>,
    /// Where scratch folders are made; beside the vault if none.
    pub scratch: Option<std::path::PathBuf>,
    /// This machine's clock; the system's if none.
    pub clock: Option<SharedClock>,
    /// How long nothing may come; the default if none.
    pub idle: Option<Duration>,
    /// How long a request waits for limits; long if none.
    pub patience: Option<Duration>,
    /// Where GitLab is said to be; where it is, if none.
    pub url: Option<String>,
}

impl Wish {
    /// A backup with this token.
    pub fn by(token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..Self::default()
        }
    }

    /// A backup of these kinds.
    pub fn of(kinds: &[Kind]) -> Self {
        Self {
            kinds: Some(kinds.to_vec()),
            ..Self::default()
        }
    }

    /// The same for another plan.
    #[must_use]
    pub fn for_plan(mut self, plan: &str) -> Self {
        self.plan = Some(plan.to_owned());
        self
    }

    /// The same, asking for everything.
    #[must_use]
    pub fn thorough(mut self) -> Self {
        self.thorough = true;
        self
    }

    fn plan_id(&self) -> &str {
        self.plan.as_deref().unwrap_or("everything")
    }
}

/// A seed and nothing special. Limits of single routes are off, for few tests
/// are about them.
pub fn seeded(seed: Seed) -> Options {
    Options {
        seed,
        application_limits: ApplicationLimits::Off,
        ..Options::default()
    }
}

/// So many small projects.
pub fn many(number: u64) -> Options {
    seeded(Seed::Many(number))
}

impl World {
    /// Starts a GitLab and makes a vault.
    pub fn new(options: Options) -> Result<Self> {
        let gitlab = PracticeGitlab::start(options)?;
        let folder = tempfile::tempdir()?;
        let key = VaultKey::generate();
        let location = Location::folder(&folder.path().join("vault"))?;
        let vault = Vault::create(&location, &key, CreateOptions::default())?;
        Ok(Self {
            gitlab,
            vault,
            key,
            folder,
        })
    }

    /// A client that does not wait long.
    pub fn client(&self, token: &str) -> Result<Client> {
        Ok(Client::new(self.options(&Wish::by(token))?)?)
    }

    fn options(&self, wish: &Wish) -> Result<ClientOptions> {
        let base = BaseUrl::parse(wish.url.as_deref().unwrap_or(&self.gitlab.url))?;
        let token = wish.token.as_ref().unwrap_or(&self.gitlab.tokens.minimal);
        let mut options = ClientOptions::new(base, Some(SecretString::from(token.clone())));
        options.proxy = Proxy::None;
        options.pauses = Pauses {
            first: Duration::from_millis(5),
            longest: Duration::from_millis(20),
            window: Duration::from_millis(50),
            patience: wish.patience.unwrap_or(Duration::from_secs(20)),
        };
        options.timeouts = Timeouts {
            idle: wish.idle.unwrap_or(Duration::from_secs(30)),
            ..Timeouts::default()
        };
        Ok(options)
    }

    /// A backup that is about to run, and how far it is.
    pub fn job(&self, wish: &Wish) -> Result<(BackupJob, Arc<Progress>)> {
        let clock = wish
            .clock
            .clone()
            .unwrap_or_else(|| Arc::new(SystemClock) as SharedClock);
        let run = uuid::Uuid::new_v4().to_string();
        let progress = Arc::new(Progress::new(
            run.clone(),
            RunKind::Backup,
            "Everything".to_owned(),
            Arc::clone(&clock),
        ));
        let client = Client::new(self.options(wish)?)?
            .with_observer(Arc::new(WireObserver::new(Arc::clone(&progress))));
        let scratch = wish.scratch.clone();
        let job = BackupJob {
            client,
            vault: self.vault.clone(),
            plan: HeadPlan {
                id: wish.plan_id().to_owned(),
                name: wish.plan_id().to_owned(),
                include: wish.include.clone(),
                exclude: wish.exclude.clone(),
                kinds: wish.kinds.clone(),
                ..HeadPlan::default()
            },
            selection: Selection::new(&wish.include, &wish.exclude)?,
            run,
            host: "test".to_owned(),
            thorough: wish.thorough,
            scratch: scratch.unwrap_or_else(|| self.folder.path().join("scratch")),
            scratch_budget: wish.scratch_budget.unwrap_or(scratch::BUDGET),
            progress: Arc::clone(&progress),
            clock,
            guard: wish.guard,
            distrusted: BTreeSet::new(),
            answered: wish.answered,
            cancel: wish.cancel.clone(),
        };
        Ok((job, progress))
    }

    /// Runs a backup.
    pub async fn back_up(&self, wish: Wish) -> Result<BackupResult, BackupError> {
        let (job, _) = self.job(&wish).expect("a job of a test can be made");
        job.run().await
    }

    /// The snapshots of a plan, oldest first.
    pub fn snapshots(&self, wish: &Wish) -> Result<Vec<SnapshotFacts>> {
        let tag = labkeep_engine::backup::job::plan_tag(wish.plan_id());
        let mut snapshots = self.vault.snapshots()?;
        snapshots.retain(|snapshot| snapshot.tags.contains(&tag));
        Ok(snapshots)
    }

    /// The snapshot that a backup made.
    pub fn saved(&self, result: &BackupResult) -> Result<Saved> {
        Saved::open(&self.vault, &result.snapshot.id)
    }

    /// What GitLab holds now: read without an earlier snapshot, and without
    /// faults if there are none at the moment.
    pub async fn truth(&self, wish: &Wish) -> Result<Saved> {
        let plan = format!("truth-{}", uuid::Uuid::new_v4());
        let wish = Wish {
            cancel: CancellationToken::new(),
            clock: None,
            idle: None,
            patience: None,
            url: None,
            scratch: None,
            scratch_budget: None,
            ..wish.clone()
        }
        .for_plan(&plan);
        let result = self.back_up(wish).await.context("the truth")?;
        self.saved(&result)
    }

    /// The number of the project at `path`.
    pub fn project(&self, path: &str) -> Result<u64> {
        Ok(self.gitlab.project_id(path)?)
    }
}
