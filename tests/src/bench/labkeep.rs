//! The one contestant: Labkeep with an account, a vault and a plan, all on
//! disk. Each backup is a process that opens them, runs and ends, as
//! `labkeep-cli backup` does.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use labkeep_engine::Labkeep;
use labkeep_engine::clock::SystemClock;
use labkeep_engine::keep::BackupWish;
use labkeep_engine::kind::Kind;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::{ConnectRequest, PlanInput, RunView, ScheduleView};
use labkeep_settings::{Home, SecretsFolder};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::contestant::{self, Cost};
use super::server::Server;

/// How often is looked how much lies in scratch.
const LOOK: Duration = Duration::from_millis(4);

/// Labkeep's files and a vault.
pub struct Contender {
    folder: TempDir,
    plan: String,
}

/// A backup that was run.
pub struct BackedUp {
    /// What it cost.
    pub cost: Cost,
    /// What it says of itself.
    pub run: RunView,
    /// The most bytes that lay in scratch.
    pub scratch: u64,
}

impl Contender {
    /// Connects to the server and makes a vault and a plan of these kinds.
    pub fn new(server: &Server, kinds: &[Kind]) -> Result<Self> {
        let folder = super::folder()?;
        let labkeep = open(folder.path())?;
        let vault = folder.path().join("vault");
        let plan = Runtime::new()?.block_on(async {
            let request = ConnectRequest {
                url: server.ready.url.clone(),
                ca_file: None,
                account: None,
            };
            let token = SecretString::from(server.ready.token.clone());
            let account = labkeep.connect_account(request, token, None).await?.account;
            let vault = vault.to_str().context("a path of text")?;
            let vault = labkeep.create_vault(vault, None).await?;
            let plan = labkeep.create_plan(&PlanInput {
                name: String::new(),
                account: account.id,
                vault: vault.id,
                include: Vec::new(),
                exclude: Vec::new(),
                kinds: Some(kinds.to_vec()),
                schedule: ScheduleView::Manual,
                retention: labkeep_settings::Retention::default(),
                retention_open: false,
            })?;
            anyhow::Ok(plan.id)
        })?;
        Ok(Self { folder, plan })
    }

    /// Backs up in a process of its own; Complete, or an error.
    pub fn back_up(&self, thorough: bool) -> Result<BackedUp> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("backup")
            .arg(self.folder.path())
            .arg(&self.plan)
            .args(thorough.then_some("--thorough"));
        let scratch = home(self.folder.path()).scratch();
        let (done, peak) = (AtomicBool::new(false), AtomicU64::new(0));
        let ran = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    peak.fetch_max(size(&scratch), Ordering::Relaxed);
                    std::thread::sleep(LOOK);
                }
            });
            let ran = contestant::run(&mut command);
            done.store(true, Ordering::Relaxed);
            ran
        });
        let (cost, printed) = ran?;
        let run: RunView = serde_json::from_str(&printed)?;
        ensure!(
            run.outcome == Some(Outcome::Complete),
            "the backup was {:?}: {:?}",
            run.outcome,
            run.reason
        );
        Ok(BackedUp {
            cost,
            run,
            scratch: peak.into_inner(),
        })
    }

    /// Bytes of all packs and refs that a run's ledger accounts for.
    pub fn repositories(&self, run: &RunView) -> Result<u64> {
        let labkeep = open(self.folder.path())?;
        let ledger = labkeep.run_detail(run.id.parse()?)?.ledger;
        let repositories = ledger.iter().filter(|line| line.kind == Kind::Repository);
        Ok(repositories.filter_map(|line| line.bytes).sum())
    }

    /// Bytes in the vault.
    pub fn stored(&self) -> u64 {
        size(&self.folder.path().join("vault"))
    }
}

fn home(folder: &Path) -> Home {
    Home::at(&folder.join("home"))
}

fn open(folder: &Path) -> Result<Labkeep> {
    let home = home(folder);
    home.prepare()?;
    let secrets = SecretsFolder::create(&folder.join("secrets"))?;
    Ok(Labkeep::open(
        home,
        Arc::new(secrets),
        Arc::new(SystemClock),
    )?)
}

/// The process's own side: runs a backup and prints the run.
pub fn back_up_here(folder: &Path, plan: &str, thorough: bool) -> Result<()> {
    let labkeep = open(folder)?;
    let run = Runtime::new()?.block_on(async {
        let run = labkeep.start_backup(plan, BackupWish { thorough })?;
        anyhow::Ok(labkeep.wait_for(run).await?)
    })?;
    println!("{}", serde_json::to_string(&run)?);
    Ok(())
}

/// Bytes of the files below a folder; what goes away meanwhile counts nothing.
fn size(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .filter_map(Result::ok)
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
