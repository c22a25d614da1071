//! The other contestant: git itself, keeping mirrors.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use super::contestant::{self, Cost};
use super::server::Server;

/// Mirrors that are made or updated at once.
const AT_ONCE: usize = 8;

/// `git clone --mirror` of one project.
pub fn clone(server: &Server, project: &str, into: &Path) -> Result<Cost> {
    let mut command = git();
    command
        .args(["clone", "--quiet", "--mirror"])
        .arg(server.repository(project))
        .arg(into);
    contestant::run(&mut command).map(|(cost, _)| cost)
}

/// `git clone --mirror` of every project, eight at a time.
pub fn clone_all(server: &Server, into: &Path) -> Result<Duration> {
    let projects = &server.ready.projects;
    all(projects.len(), |number| {
        clone(server, &projects[number], &into.join(number.to_string())).map(drop)
    })
}

/// `git remote update` in so many mirrors, eight at a time.
pub fn update_all(mirrors: usize, below: &Path) -> Result<Duration> {
    all(mirrors, |number| {
        let mut command = git();
        command
            .arg("-C")
            .arg(below.join(number.to_string()))
            .args(["remote", "update"])
            .stderr(std::process::Stdio::null());
        contestant::run(&mut command).map(drop)
    })
}

/// Git as a fresh machine has it.
fn git() -> Command {
    let mut command = Command::new("git");
    command
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env_remove("GIT_DIR");
    command
}

fn all(number: usize, work: impl Fn(usize) -> Result<()> + Sync) -> Result<Duration> {
    let begun = Instant::now();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let turn = next.fetch_add(1, Ordering::Relaxed);
                        if turn >= number {
                            return anyhow::Ok(());
                        }
                        work(turn)?;
                    }
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| {
            worker
                .join()
                .map_err(|_| anyhow!("a thread of the mirrors died"))?
        })
    })?;
    Ok(begun.elapsed())
}
