//! The server of a measurement: a practice GitLab in a process of its own, so
//! that what it costs is nobody's. It is driven by lines of JSON on its input
//! and answers with one line each; it ends with its input.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use practice_gitlab::{ApplicationLimits, Options, PracticeGitlab, Running, Seed};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::git::git;

/// The path of the large project.
pub const LARGE: &str = "yard/large";

/// What the server says when it is ready.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ready {
    /// Its address.
    pub url: String,
    /// A token with `read_api` and `read_repository`.
    pub token: String,
    /// The full paths of its projects.
    pub projects: Vec<String>,
}

/// What can be asked of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wish {
    /// Count requests from nothing again.
    Reset,
    /// Tell what was counted.
    Count,
    /// Push a commit that changes one file of the large project.
    Push,
}

/// Requests as the server counted them.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Counted {
    /// Requests to the API.
    pub api: u64,
    /// Requests of git.
    pub git: u64,
}

/// A commit that was pushed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pushed {
    /// The repository's folder.
    pub repository: PathBuf,
    /// The tip before.
    pub before: String,
    /// The tip now.
    pub after: String,
}

/// The process.
pub struct Server {
    child: Child,
    wishes: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// What it said when it was ready.
    pub ready: Ready,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.wishes.take());
        // It ends with its input, and there is nobody to tell if it did not.
        drop(self.child.wait());
    }
}

impl Server {
    /// Starts one with this seed; every repository is made before it is ready.
    pub fn start(seed: &str) -> Result<Self> {
        Self::launch(&["serve", seed])
    }

    /// Starts one that holds this repository as a project.
    pub fn with_large(repository: &Path) -> Result<Self> {
        let repository = repository.to_str().context("a path of text")?;
        Self::launch(&["serve", "empty", repository])
    }

    fn launch(arguments: &[&str]) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the server cannot be started")?;
        let wishes = child.stdin.take();
        let mut answers = BufReader::new(child.stdout.take().context("a pipe was asked for")?);
        let ready = answer(&mut answers)?;
        Ok(Self {
            child,
            wishes,
            answers,
            ready,
        })
    }

    /// Counts from nothing again.
    pub fn reset(&mut self) -> Result<()> {
        self.ask::<Counted>(&Wish::Reset).map(drop)
    }

    /// What was counted since then.
    pub fn counted(&mut self) -> Result<Counted> {
        self.ask(&Wish::Count)
    }

    /// Pushes a commit to the large project.
    pub fn push(&mut self) -> Result<Pushed> {
        self.ask(&Wish::Push)
    }

    fn ask<T: DeserializeOwned>(&mut self, wish: &Wish) -> Result<T> {
        let wishes = self.wishes.as_mut().context("the server has ended")?;
        writeln!(wishes, "{}", serde_json::to_string(wish)?)?;
        answer(&mut self.answers)
    }

    /// The address of a project's repository, with the token in it.
    pub fn repository(&self, project: &str) -> String {
        let address = self.ready.url.replacen("://", "://oauth2:TOKEN@", 1);
        let address = address.replacen("TOKEN", &self.ready.token, 1);
        format!("{address}/{project}.git")
    }
}

fn answer<T: DeserializeOwned>(answers: &mut impl BufRead) -> Result<T> {
    let mut line = String::new();
    answers.read_line(&mut line)?;
    ensure!(!line.is_empty(), "the server ended");
    Ok(serde_json::from_str(&line)?)
}

/// The server's own side: serves until its input ends.
pub fn serve(seed: &str, large: Option<&Path>) -> Result<()> {
    let seed: Seed = seed.parse()?;
    let gitlab = PracticeGitlab::start(Options {
        seed,
        application_limits: ApplicationLimits::Off,
        ..Options::default()
    })?;
    if let Some(repository) = large {
        take_in(&gitlab, repository)?;
    }
    // A repository that is made when git first asks would be on the first
    // contestant's account. Ten thousand are asked for by nobody.
    let projects: Vec<String> = gitlab
        .projects()
        .into_iter()
        .map(|(_, path)| path)
        .collect();
    if !matches!(seed, Seed::Many(number) if number > 1000) {
        for project in &projects {
            gitlab.repository(project)?;
        }
    }
    say(&Ready {
        url: gitlab.url.clone(),
        token: gitlab.tokens.minimal.clone(),
        projects,
    })?;
    for line in std::io::stdin().lines() {
        match serde_json::from_str(&line?)? {
            Wish::Reset => {
                gitlab.reset_requests();
                say(&Counted::default())?;
            }
            Wish::Count => {
                let requests = gitlab.requests();
                let api = requests.api();
                say(&Counted {
                    api,
                    git: requests.total - api,
                })?;
            }
            Wish::Push => say(&push(&gitlab)?)?,
        }
    }
    Ok(())
}

fn say(answer: &impl Serialize) -> Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{}", serde_json::to_string(answer)?)?;
    Ok(output.flush()?)
}

/// Makes a project of a repository on disk: its packs are linked, not copied.
fn take_in(gitlab: &Running, repository: &Path) -> Result<()> {
    let owner = &gitlab.users["owner"].username;
    gitlab.create_groups("yard", owner)?;
    gitlab.create_project(LARGE, owner)?;
    let into = gitlab.repository(LARGE)?;
    for entry in std::fs::read_dir(repository.join("objects/pack"))? {
        let pack = entry?.path();
        let name = pack.file_name().context("a pack has a name")?;
        let target = into.join("objects/pack").join(name);
        if std::fs::hard_link(&pack, &target).is_err() {
            std::fs::copy(&pack, &target)?;
        }
    }
    let tip = git(repository, &["rev-parse", "refs/heads/main"])?;
    git(&into, &["update-ref", "refs/heads/main", tip.trim()])?;
    // Through the server, so that it takes notice of what it holds.
    push(gitlab)?;
    Ok(())
}

/// Adds a line to a file that lies a few folders deep, as people do.
fn push(gitlab: &Running) -> Result<Pushed> {
    let repository = gitlab.repository(LARGE)?;
    let before = git(&repository, &["rev-parse", "refs/heads/main"])?;
    let before = before.trim().to_owned();
    let files = git(&repository, &["ls-tree", "-r", "--name-only", &before])?;
    let names: Vec<&str> = files.lines().collect();
    let Some(file) = names.get(names.len() / 2) else {
        bail!("the large repository is empty");
    };
    let text = git(&repository, &["show", &format!("{before}:{file}")])?;
    let text = format!("{text}// Touched after {before}\n");
    let after = gitlab.push_commit(LARGE, "main", &[(file, &text)])?;
    Ok(Pushed {
        repository,
        before,
        after,
    })
}

/// The size of the pack that holds what one commit added.
pub fn pack_size(pushed: &Pushed) -> Result<u64> {
    let mut child = Command::new("git")
        .arg("-C")
        .arg(&pushed.repository)
        .args(["pack-objects", "--quiet", "--revs", "--stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().context("a pipe was asked for")?;
    writeln!(input, "{}\n^{}", pushed.after, pushed.before)?;
    drop(input);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "git pack-objects failed");
    Ok(output.stdout.len() as u64)
}
