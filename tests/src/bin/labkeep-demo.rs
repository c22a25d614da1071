//! `labkeep-demo`: the window on a practice GitLab, or, where there is no
//! display, a whole journey through it with pictures and a report.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use labkeep_tests::demo::Demo;
use labkeep_tests::desktop::app::program;
use labkeep_tests::journey::{Journey, LOST};

#[tokio::main]
async fn main() -> Result<()> {
    let mut words = std::env::args_os().skip(1);
    match words.next() {
        None => show().await,
        Some(word) if word == "--report" => {
            let folder = words.next().context("the folder of the report")?;
            report(&PathBuf::from(folder)).await
        }
        Some(word) => bail!("labkeep-demo [--report FOLDER], not {}", word.display()),
    }
}

/// Opens the window and waits until it is closed.
async fn show() -> Result<()> {
    println!("Starting a practice GitLab and backing it up, as if for a month …");
    let demo = tokio::select! {
        demo = Demo::start() => demo?,
        stopped = stopped() => return stopped,
    };
    let mut window = tokio::process::Command::new(program()?)
        .arg("--secrets")
        .arg(demo.secrets())
        .env("LABKEEP_HOME", demo.home())
        .kill_on_drop(true)
        .spawn()
        .context("the window does not open")?;
    println!("{}", explanation(&demo));
    tokio::select! {
        ended = window.wait() => {
            println!("The window was closed; the demo takes everything with it ({}).", ended?);
        }
        stopped = stopped() => {
            stopped?;
            window.kill().await?;
            println!("\nStopped; the demo takes everything with it.");
        }
    }
    Ok(())
}

fn explanation(demo: &Demo) -> String {
    let url = &demo.gitlab.url;
    let tokens = &demo.gitlab.tokens;
    let path = LOST.replace('/', "%2F");
    format!(
        "
Labkeep is open on the company Tidewater, kept in {vault}.

Try this
  1. Home, Projects, Snapshots, Activity: what is saved, and what is not.
  2. Delete a project at the practice GitLab:
       curl -X DELETE -H 'PRIVATE-TOKEN: {owner}' {url}/api/v4/projects/{path}
  3. Projects, “api-server”, Restore. It asks for a token that may write:
       {owner}
  4. Settings, Replace token: see what other tokens allow.

Tokens of the practice GitLab at {url}
  minimal     {minimal}   read_api, read_repository
  owner       {owner}   api
  code only   {code}   read_repository
  expired     {expired}

Close the window or press Ctrl+C here to end the demo.",
        vault = demo.vault().display(),
        owner = tokens.owner,
        minimal = tokens.minimal,
        code = tokens.code_only,
        expired = tokens.expired,
    )
}

/// The journey, unseen, with pictures.
async fn report(folder: &Path) -> Result<()> {
    println!("There is no display: Labkeep is driven on one that nobody sees.");
    let way = async { Journey::start(folder).await?.go().await };
    let record = tokio::select! {
        record = way => record?,
        stopped = stopped() => return stopped,
    };
    record.write("Labkeep, a journey through the window", folder)?;
    for line in record.lines() {
        println!("  {line}");
    }
    println!(
        "Pictures and report: {}",
        folder.join("report.md").display()
    );
    Ok(())
}

/// Waits until somebody wants the demo to end.
async fn stopped() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => (),
    }
    Ok(())
}
