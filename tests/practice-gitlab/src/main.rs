//! `practice-gitlab`: starts a practice GitLab and prints one line of JSON when
//! it is ready. It runs until it is interrupted or terminated, and then takes its
//! temporary folder with it.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use practice_gitlab::{
    ApplicationLimits, FaultRule, Options, PracticeGitlab, Seed, StartImport, Tier,
};
use serde::Deserialize;

/// A GitLab to practise and test against.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// What it holds at the start: empty, demo or many:N.
    #[arg(long, default_value = "empty")]
    seed: Seed,
    /// Imports a project archive at the start.
    #[arg(long, value_name = "ARCHIVE=GROUP/PATH")]
    import: Vec<StartImport>,
    /// The licence.
    #[arg(long, value_enum, default_value = "free")]
    tier: Tier,
    /// The version with its edition.
    #[arg(long, default_value = "18.6.2-ee")]
    gitlab_version: String,
    /// Whether project archives may be imported.
    #[arg(long, value_enum, default_value = "on")]
    import_sources: Switch,
    /// Authenticated API requests a minute and user; no limit when left out.
    #[arg(long, value_name = "N")]
    rate_limit: Option<u32>,
    /// Limits of single routes, such as six exports a minute.
    #[arg(long, value_enum, default_value = "self-managed")]
    application_limits: ApplicationLimits,
    /// Misbehaviour: a file with {"rules": […]}.
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Where repositories and archives lie, cleared of an earlier run's; a
    /// temporary folder when left out.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Deserialize)]
struct FaultFile {
    rules: Vec<FaultRule>,
}

fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let faults = match &arguments.faults {
        None => Vec::new(),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let file: FaultFile = serde_json::from_str(&text)
                .with_context(|| format!("{} holds no faults", path.display()))?;
            file.rules
        }
    };
    let running = PracticeGitlab::start(Options {
        listen: arguments.listen,
        seed: arguments.seed,
        imports: arguments.import,
        tier: arguments.tier,
        version: arguments.gitlab_version,
        import_sources: arguments.import_sources == Switch::On,
        rate_limit: arguments.rate_limit,
        application_limits: arguments.application_limits,
        faults,
        data: arguments.data,
        ..Options::default()
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime
        .block_on(stopped(|| println!("{}", running.ready_line())))
        .context("cannot wait for a signal")?;
    running.stop();
    Ok(())
}

/// Waits until somebody wants this process to end; calls `listening` as soon as
/// such a wish is heard.
#[cfg(unix)]
async fn stopped(listening: impl FnOnce()) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    listening();
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    Ok(())
}

/// Waits until somebody wants this process to end; calls `listening` first.
#[cfg(not(unix))]
async fn stopped(listening: impl FnOnce()) -> std::io::Result<()> {
    listening();
    tokio::signal::ctrl_c().await
}
