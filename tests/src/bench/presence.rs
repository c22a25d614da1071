//! What Labkeep takes while it only waits, and how soon its window is there:
//! the real program on a desktop of its own, with a panel for its tray. The
//! window is compared with an empty one that is made in the same way.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use practice_gitlab::{Options, PracticeGitlab, Seed};

use super::report::{Amount, Line};
use crate::desktop::app::TITLE;
use crate::desktop::background::{Background, Furnished, eventually};
use crate::desktop::memory;
use crate::desktop::panel::{Look, Panel};
use crate::desktop::tray::Tray;
use crate::desktop::{Desktop, Keychain, built};

/// The most that an idle Labkeep may take, in bytes.
const MOST: u64 = 60_000_000;
/// How long an idle Labkeep is watched.
const WATCHED: Duration = Duration::from_mins(1);
/// Threads that are idle go after ten seconds, and what the start took is given
/// back after some more.
const SETTLED: Duration = Duration::from_secs(30);
/// How often each window is opened.
const OPENED: usize = 10;
/// What the empty window is called once it is drawn.
const EMPTY: &str = "Empty";
/// How often is looked for a window.
const LOOK: Duration = Duration::from_millis(10);
/// How long a window may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Measures it.
pub fn measure() -> Result<Vec<Line>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let gitlab = PracticeGitlab::start(Options {
            seed: Seed::Demo,
            ..Options::default()
        })?;
        let desktop = Desktop::start(Keychain::Absent)?;
        let _panel = Panel::start(&desktop, Look::Dark)?;
        let furnished = Furnished::new(&desktop, &gitlab).await?;
        let mut lines = waiting(&desktop, &furnished).await?;
        lines.push(start(&desktop, &furnished)?);
        Ok(lines)
    })
}

/// Started hidden and backed up, then opened and closed.
async fn waiting(desktop: &Desktop, furnished: &Furnished) -> Result<Vec<Line>> {
    eprintln!("in the tray, after a backup of the demo");
    let mut labkeep = furnished.start(desktop, &["--hidden"])?;
    let tray = Tray::find(desktop).await?;
    tray.choose("Back up now").await?;
    tray.shows("that a backup was made", |shown| {
        shown.detail.contains("Last backup: today")
    })
    .await?;
    tokio::time::sleep(SETTLED).await;
    let process = labkeep.process();
    let hidden = memory::proportional(process)?;
    let (wake_ups, ticks) = (memory::wake_ups(process)?, memory::ticks(process)?);
    tokio::time::sleep(WATCHED).await;
    let wake_ups = memory::wake_ups(process)? - wake_ups;
    let ticks = memory::ticks(process)? - ticks;

    eprintln!("its window opened and closed");
    let mut second = furnished.start(desktop, &[])?;
    let window = desktop.screen().wait_for_window(TITLE)?;
    ensure!(second.ended().await?.success(), "the second start failed");
    desktop.screen().focus(&window)?;
    desktop.screen().press(&["alt+F4"])?;
    eventually("the window's end", async || {
        Ok(!desktop.screen().has_window(TITLE) && memory::family(process)?.len() == 1)
    })
    .await?;
    tokio::time::sleep(SETTLED).await;
    let closed = memory::proportional(process)?;
    Tray::find(desktop).await?.choose("Quit").await?;
    ensure!(labkeep.ended().await?.success(), "it did not end well");
    let seconds = WATCHED.as_secs();
    Ok(vec![
        Line::plain(
            "in the tray, started hidden: proportional memory",
            Amount::Bytes(hidden),
            Amount::Bytes(MOST),
        ),
        Line::plain(
            "in the tray, its window closed: proportional memory",
            Amount::Bytes(closed),
            Amount::Bytes(MOST),
        ),
        Line::plain(
            format!("in the tray: wake-ups in {seconds} s"),
            Amount::Count(wake_ups),
            Amount::Count(seconds),
        ),
        Line::plain(
            format!("in the tray: milliseconds of work in {seconds} s"),
            Amount::Count(ticks * 10),
            Amount::Count(seconds),
        ),
    ])
}

/// The window against an empty one, in turns.
fn start(desktop: &Desktop, furnished: &Furnished) -> Result<Line> {
    let mut pairs = Vec::with_capacity(OPENED);
    for turn in 0..OPENED {
        let ours = drawn(desktop, furnished.command(desktop, &[])?, TITLE)?;
        let empty = drawn(
            desktop,
            desktop.command(built("examples/empty_window")?),
            EMPTY,
        )?;
        eprintln!(
            "window {} of {OPENED}: {} ms, empty {} ms",
            turn + 1,
            ours.as_millis(),
            empty.as_millis()
        );
        pairs.push((ours, empty));
    }
    Ok(Line::times(
        "from start to a usable window, against an empty one",
        &pairs,
        1.3,
    ))
}

/// How long it takes from the start of a program until its window is drawn,
/// which then has this title.
fn drawn(desktop: &Desktop, mut command: Command, title: &str) -> Result<Duration> {
    let since = Instant::now();
    let program = Background::start(&mut command)?;
    while !desktop.screen().has_window(title) {
        ensure!(since.elapsed() < PATIENCE, "“{title}” does not come");
        std::thread::sleep(LOOK);
    }
    let took = since.elapsed();
    drop(program);
    while desktop.screen().has_window(title) {
        ensure!(since.elapsed() < 2 * PATIENCE, "“{title}” does not go");
        std::thread::sleep(LOOK);
    }
    Ok(took)
}
