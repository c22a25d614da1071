//! A machine with the real command line, a vault of its own and a practice
//! GitLab; what is run on it can be killed, and is looked at afterwards.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use labkeep_engine::kind::Item;
use labkeep_tests::desktop::built;
use labkeep_tests::git::advertised;
use labkeep_tests::saved::Saved;
use labkeep_tests::world::{World, many};
use labkeep_vault::{
    CheckOptions, Location, OpenOptions, ReadShare, SnapshotId, Vault, VaultKey, unobserved,
};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use tempfile::TempDir;

/// What snapshots hold, each as one number.
pub type Contents = BTreeMap<SnapshotId, u64>;

/// A machine. The vault of its world is for the truth alone; that of the
/// machine is `disk`.
pub struct Machine {
    pub world: World,
    folder: TempDir,
    /// The vaults: where each is, and its key.
    vaults: BTreeMap<String, (PathBuf, VaultKey)>,
    /// Runs that were looked at already.
    settled: BTreeSet<String>,
}

/// What a command came to.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// A command under way, with what it started.
pub struct Victim {
    child: Child,
    began: Instant,
}

impl Machine {
    /// A machine that protects so many small projects, by this retention.
    pub fn new(projects: u64, keep: &str) -> Result<Self> {
        let mut machine = Self {
            world: World::new(many(projects))?,
            folder: tempfile::tempdir()?,
            vaults: BTreeMap::new(),
            settled: BTreeSet::new(),
        };
        let url = machine.world.gitlab.url.clone();
        let token = machine.world.gitlab.tokens.minimal.clone();
        let account = [
            "--json",
            "account",
            "add",
            "--name",
            "office",
            "--token-stdin",
            "--url",
        ];
        machine
            .tell(&[&account[..], &[&url]].concat(), &token)?
            .good()?;
        let disk = machine.path("disk");
        machine.make_vault("disk", disk)?;
        machine.make_plan("all", "disk", &["--keep", keep])?;
        Ok(machine)
    }

    /// Makes a vault.
    pub fn make_vault(&mut self, name: &str, folder: PathBuf) -> Result<()> {
        let before = self.keys()?;
        let location = folder.display().to_string();
        self.json(&["vault", "create", &location, "--name", name])?;
        let new: Vec<PathBuf> = self.keys()?.difference(&before).cloned().collect();
        let [key] = new.as_slice() else {
            bail!("a vault has one key: {new:?}");
        };
        let key = VaultKey::parse(fs::read_to_string(key)?.trim())?;
        self.vaults.insert(name.to_owned(), (folder, key));
        Ok(())
    }

    fn keys(&self) -> Result<BTreeSet<PathBuf>> {
        let mut keys = BTreeSet::new();
        for entry in fs::read_dir(self.path("secrets"))? {
            let path = entry?.path();
            if path.to_string_lossy().contains("vault-key") {
                keys.insert(path);
            }
        }
        Ok(keys)
    }

    fn vault_named(&self, name: &str) -> Result<&(PathBuf, VaultKey)> {
        self.vaults.get(name).context("there is such a vault")
    }

    /// Makes a plan for everything.
    pub fn make_plan(&self, name: &str, vault: &str, more: &[&str]) -> Result<()> {
        let plan = ["plan", "create", "--account", "office"];
        let names = ["--vault", vault, "--name", name];
        self.json(&[&plan[..], &names, more].concat()).map(drop)
    }

    /// A path on the machine.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(built("labkeep-cli")?);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("TZ", "UTC")
            .env("LABKEEP_HOME", self.path("home"))
            .current_dir(self.folder.path())
            .arg("--secrets")
            .arg(self.path("secrets"))
            .args(arguments)
            .stdin(Stdio::piped())
            .process_group(0);
        Ok(command)
    }

    /// Runs a command line to its end with this on standard input.
    pub fn tell(&self, arguments: &[&str], input: &str) -> Result<Ran> {
        said(self.command(arguments)?, input)
    }

    /// Runs a command line to its end with these variables.
    pub fn tell_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Result<Ran> {
        let mut command = self.command(arguments)?;
        command.envs(variables.iter().copied());
        said(command, "")
    }

    /// Runs a command line that must work, and gives its document.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        let ran = self.tell(&[&["--json"], arguments].concat(), "")?;
        ran.good().with_context(|| arguments.join(" "))
    }

    /// Starts a command line, to be killed or waited for.
    pub fn begin(&self, arguments: &[&str], input: &str) -> Result<Victim> {
        let mut command = self.command(arguments)?;
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let began = Instant::now();
        let mut child = command.spawn()?;
        feed(&mut child, input)?;
        Ok(Victim { child, began })
    }

    /// The history, newest first.
    pub fn runs(&self) -> Result<Vec<Value>> {
        let document = self.json(&["runs"])?;
        let runs = document["runs"].as_array().context("a list of runs")?;
        Ok(runs.clone())
    }

    /// Runs that are new since the last look. None is under way.
    pub fn new_runs(&mut self) -> Result<Vec<Value>> {
        let mut new = self.runs()?;
        new.retain(|run| self.settled.insert(run["id"].to_string()));
        ensure!(new.iter().all(|run| run["state"] == "ended"), "{new:?}");
        Ok(new)
    }

    /// The run that was killed: it alone is new, and it is noted as ended by a
    /// crash, or as Complete when it had ended just then. None if it was killed
    /// before it was one.
    pub fn killed_run(&mut self, kind: &str) -> Result<Option<Value>> {
        let mut new = self.new_runs()?;
        ensure!(new.len() <= 1, "{new:?}");
        let Some(run) = new.pop() else {
            return Ok(None);
        };
        ensure!(run["kind"] == kind, "{run}");
        let is_noted = match run["outcome"].as_str() {
            Some("aborted") => run["reason"]
                .as_str()
                .is_some_and(|why| why.contains("stopped during the run")),
            outcome => outcome == Some("complete"),
        };
        ensure!(is_noted, "{run}");
        Ok(Some(run))
    }

    /// Opens one of the machine's vaults anew.
    pub fn vault(&self, name: &str) -> Result<Vault> {
        let (folder, key) = self.vault_named(name)?;
        let location = Location::folder(folder)?;
        Ok(Vault::open(&location, key, OpenOptions::default())?)
    }

    /// A snapshot of `disk`.
    pub fn saved(&self, id: &str) -> Result<Saved> {
        Saved::open(&self.vault("disk")?, &id.parse()?)
    }

    /// Debian's restic reads the whole vault.
    pub fn restic(&self, name: &str) -> Result<()> {
        let (folder, secret) = self.vault_named(name)?;
        let key = self.path("key");
        fs::write(&key, secret.expose())?;
        let output = Command::new("restic")
            .arg("-r")
            .arg(folder)
            .args(["--no-cache", "--no-lock", "--password-file"])
            .arg(&key)
            .args(["check", "--read-data"])
            .output()?;
        fs::remove_file(&key)?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(
            output.status.success() && said.contains("no errors were found"),
            "{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }

    /// Changes some projects: commits of so many bytes each, and an issue.
    pub fn change(&self, round: u32, bytes: usize) -> Result<()> {
        let gitlab = &self.world.gitlab;
        for (number, (_, path)) in gitlab.projects().into_iter().take(3).enumerate() {
            let name = format!("change-{}.txt", round % 4);
            let text = dense(u64::from(round) * 10 + number as u64, bytes);
            gitlab.push_commit(&path, "main", &[(&name, &text)])?;
            gitlab.create_issue(&path, &format!("Change {round}"))?;
        }
        Ok(())
    }

    /// A snapshot has everything that GitLab has.
    pub fn has_everything(&self, snapshot: &str) -> Result<()> {
        let saved = self.saved(snapshot)?;
        saved.check()?;
        let token = &self.world.gitlab.tokens.owner;
        for (id, path) in self.world.gitlab.projects() {
            let item = Item::project(id);
            let refs = String::from_utf8(saved.refs(item, "repository")?.to_bytes())?;
            let there = advertised(&self.world.gitlab, token, &path)?;
            ensure!(refs == there, "{path}: {refs} is saved of {there}");
            let issues = saved.documents(item, "issues").map_or(0, |all| all.len());
            let there = self.issues(&path)?;
            ensure!(
                issues == there,
                "{path}: {issues} issues are saved of {there}"
            );
        }
        Ok(())
    }

    fn issues(&self, path: &str) -> Result<usize> {
        let client = self.world.client(&self.world.gitlab.tokens.owner)?;
        let route = format!("projects/{}/issues", path.replace('/', "%2F"));
        let ask = async {
            client
                .get::<Vec<Value>>(&route, &[("per_page", "100")])
                .await
        };
        let runtime = tokio::runtime::Handle::current();
        Ok(tokio::task::block_in_place(|| runtime.block_on(ask))?.len())
    }
}

impl Ran {
    /// The document of a command that worked.
    pub fn good(&self) -> Result<Value> {
        ensure!(
            self.code == Some(0),
            "{:?}: {}{}",
            self.code,
            self.out,
            self.err
        );
        serde_json::from_str(&self.out).with_context(|| self.out.clone())
    }
}

impl Victim {
    /// Kills it and everything that it started, so long after its beginning.
    /// Returns whether it was still alive.
    pub fn kill_at(mut self, moment: Duration) -> Result<bool> {
        std::thread::sleep(moment.saturating_sub(self.began.elapsed()));
        let was_alive = self.child.try_wait()?.is_none();
        if was_alive {
            kill_process_group(Pid::from_child(&self.child), Signal::KILL)?;
            self.child.wait()?;
        }
        Ok(was_alive)
    }

    /// Waits for its end; gives its exit code.
    pub fn end(mut self) -> Result<Option<i32>> {
        Ok(self.child.wait()?.code())
    }
}

/// Runs a command to its end with this on standard input.
fn said(mut command: Command, input: &str) -> Result<Ran> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    feed(&mut child, input)?;
    let output = child.wait_with_output()?;
    Ok(Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout)?,
        err: String::from_utf8(output.stderr)?,
    })
}

fn feed(child: &mut Child, input: &str) -> Result<()> {
    let mut stdin = child.stdin.take().context("a pipe was asked for")?;
    match stdin.write_all(input.as_bytes()) {
        // It ended without reading.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Checks a vault's structure, and reads every snapshot in it.
pub fn contents(vault: &Vault) -> Result<Contents> {
    let options = CheckOptions {
        read_data: ReadShare::None,
    };
    let report = vault.check(options, unobserved())?;
    ensure!(report.is_sound(), "{:?}", report.findings);
    let mut contents = Contents::new();
    for facts in vault.snapshots()? {
        let reader = vault.read(&facts.id)?;
        let mut paths = Vec::new();
        reader.walk::<labkeep_vault::Error>("", &mut |path, entry| {
            if !entry.is_dir {
                paths.push(path.to_owned());
            }
            Ok(())
        })?;
        let mut hasher = DefaultHasher::new();
        for path in paths {
            let bytes = reader.read(&path)?.with_context(|| path.clone())?;
            (path, bytes).hash(&mut hasher);
        }
        contents.insert(facts.id, hasher.finish());
    }
    Ok(contents)
}

/// Everything that was there is there, and is the same.
pub fn keeps(before: &Contents, after: &Contents) -> Result<()> {
    for (id, content) in before {
        match after.get(id) {
            Some(now) if now == content => {}
            Some(_) => bail!("{id} changed"),
            None => bail!("{id} is gone"),
        }
    }
    Ok(())
}

/// Text that no compression makes much smaller.
pub fn dense(seed: u64, length: usize) -> String {
    use std::fmt::Write;

    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::with_capacity(length + 16);
    while text.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        write!(text, "{state:016x}").expect("a string takes everything");
    }
    text.truncate(length);
    text
}
