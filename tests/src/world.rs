//! A practice GitLab, a vault and nothing else: what the engine's black-box
//! tests run backups in.

use std::sync::Arc;

use anyhow::Result;
use labkeep_engine::backup::job::{BackupError, BackupJob, BackupResult};
use labkeep_engine::clock::{SharedClock, SystemClock};
use labkeep_engine::head::HeadPlan;
use labkeep_engine::kind::Kind;
use labkeep_engine::outcome::RunKind;
use labkeep_engine::pattern::Selection;
use labkeep_engine::run::Progress;
use labkeep_engine::scratch;
use labkeep_gitlab::{BaseUrl, Client, ClientOptions, Pauses};
use labkeep_vault::{CreateOptions, Location, Vault, VaultKey};
use practice_gitlab::{Options, PracticeGitlab, Running};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

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
    /// The token; the seed's minimal one if none.
    pub token: Option<String>,
    /// Kinds; every kind if none.
    pub kinds: Option<Vec<Kind>>,
    /// Patterns to include.
    pub include: Vec<String>,
    /// Ask for everything.
    pub thorough: bool,
    /// Ends the run.
    pub cancel: CancellationToken,
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
        let base = BaseUrl::parse(&self.gitlab.url)?;
        let token = SecretString::from(token.to_owned());
        let mut options = ClientOptions::new(base, Some(token));
        options.pauses = Pauses {
            first: std::time::Duration::from_millis(10),
            longest: std::time::Duration::from_millis(50),
            ..Pauses::default()
        };
        Ok(Client::new(options)?)
    }

    /// Runs a backup.
    pub async fn back_up(&self, wish: Wish) -> Result<BackupResult, BackupError> {
        let token = wish.token.as_deref().unwrap_or(&self.gitlab.tokens.minimal);
        let client = self
            .client(token)
            .expect("the practice GitLab has an address");
        let clock: SharedClock = Arc::new(SystemClock);
        let run = uuid::Uuid::new_v4().to_string();
        let progress = Progress::new(
            run.clone(),
            RunKind::Backup,
            "Everything".to_owned(),
            Arc::clone(&clock),
        );
        BackupJob {
            client,
            vault: self.vault.clone(),
            plan: HeadPlan {
                id: "everything".to_owned(),
                name: "Everything".to_owned(),
                include: wish.include.clone(),
                exclude: Vec::new(),
                kinds: wish.kinds,
            },
            selection: Selection::new(&wish.include, &[]).expect("patterns of a test"),
            run,
            host: "test".to_owned(),
            thorough: wish.thorough,
            scratch: self.folder.path().join("scratch"),
            scratch_budget: scratch::BUDGET,
            progress: Arc::new(progress),
            clock,
            cancel: wish.cancel,
        }
        .run()
        .await
    }
}
