//! Labkeep in the tray of a real panel: what it shows, what its menu does, and
//! how it lives with and without a window.

#[path = "without_window/day.rs"]
mod day;
#[path = "without_window/leading.rs"]
mod leading;
#[path = "without_window/quitting.rs"]
mod quitting;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use labkeep_engine::outcome::Outcome;
use labkeep_tests::desktop::app::TITLE;
use labkeep_tests::desktop::background::{Background, Furnished, eventually};
use labkeep_tests::desktop::memory;
use labkeep_tests::desktop::notifications::Notifications;
use labkeep_tests::desktop::panel::{Look, Panel};
use labkeep_tests::desktop::screen::SIZE;
use labkeep_tests::desktop::tray::{Tray, bus, name_on};
use labkeep_tests::desktop::{Desktop, Keychain};
use practice_gitlab::{Action, FaultRule, Options, PracticeGitlab, Running, Seed};

/// The most that an idle Labkeep may take, in bytes.
const MOST: u64 = 60 << 20;

/// The most of it that it may have filled; the rest is the program itself, whose
/// debug build is as large as that alone.
const MOST_FILLED: u64 = 40 << 20;

/// Bytes that a program takes, held against what it may.
fn taken(labkeep: &Background) -> Result<u64> {
    let (all, filled) = (
        memory::proportional(labkeep.process())?,
        memory::filled(labkeep.process())?,
    );
    ensure!(filled <= MOST_FILLED, "{} KiB are filled", filled >> 10);
    ensure!(
        cfg!(debug_assertions) || all <= MOST,
        "{} KiB in all",
        all >> 10
    );
    Ok(all)
}

/// How long an idle Labkeep is watched.
const WATCHED: Duration = Duration::from_mins(1);

fn gitlab() -> Result<Running> {
    Ok(PracticeGitlab::start(Options {
        seed: Seed::Many(3),
        ..Options::default()
    })?)
}

/// Takes a picture of the whole screen, to be looked at.
fn picture(desktop: &Desktop, name: &str) -> Result<()> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("window-screenshots");
    fs::create_dir_all(&folder)?;
    let file = folder.join(format!("tray-{name}.png"));
    desktop.screen().picture(SIZE, &file)
}

fn window_is_there(desktop: &Desktop) -> bool {
    desktop.screen().has_window(TITLE)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tray_says_how_it_is_and_its_menu_backs_up() -> Result<()> {
    let gitlab = gitlab()?;
    let desktop = Desktop::start(Keychain::Absent)?;
    let _panel = Panel::start(&desktop, Look::Dark)?;
    let furnished = Furnished::new(&desktop, &gitlab).await?;
    let mut labkeep = furnished.start(&desktop, &["--hidden"])?;

    let tray = Tray::find(&desktop).await?;
    let shown = tray.shown().await?;
    ensure!(shown.tip.starts_with("Labkeep: "), "{shown:?}");
    ensure!(shown.detail.contains("No backup yet"), "{shown:?}");
    let before = tray.icon().await?;
    ensure!(before.len() == 2, "two sizes: {}", before.len());

    // Slow enough to be seen.
    gitlab.set_faults(vec![FaultRule::new(
        "POST git-upload-pack",
        Action::Delay { milliseconds: 500 },
    )]);
    tray.choose("Back up now").await?;
    tray.offers("Cancel").await?;
    let running = tray
        .shows("a run", |shown| shown.tip.contains("Backing up"))
        .await?;
    ensure!(running.status == "Active", "{running:?}");
    ensure!(tray.icon().await? != before, "the icon shows no run");
    picture(&desktop, "running-dark")?;
    gitlab.set_faults(Vec::new());

    let protected = tray
        .shows("that all is well", |shown| {
            shown.tip == "Labkeep: Protected"
        })
        .await?;
    picture(&desktop, "protected-dark")?;
    ensure!(
        protected.detail.contains("Last backup: today"),
        "{protected:?}"
    );
    let runs = furnished.labkeep.list_runs()?;
    ensure!(runs[0].outcome == Some(Outcome::Complete), "{runs:?}");
    ensure!(!window_is_there(&desktop), "there is a window");

    // What the run left in memory is given back.
    eventually("being small", async || Ok(taken(&labkeep).is_ok())).await?;
    let tray = Tray::find(&desktop).await?;
    tray.shows("that all is well", |shown| {
        shown.tip == "Labkeep: Protected"
    })
    .await?;
    tray.choose("Pause for an hour").await?;
    tray.shows("the pause", |shown| shown.tip.contains("Paused until"))
        .await?;
    picture(&desktop, "paused-dark")?;
    tray.choose("Resume").await?;
    tray.shows("that all is well", |shown| {
        shown.tip == "Labkeep: Protected"
    })
    .await?;
    tray.choose("Quit").await?;
    let status = labkeep.ended().await?;
    ensure!(status.success(), "{status}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_comes_and_goes_and_the_process_stays() -> Result<()> {
    let gitlab = gitlab()?;
    let desktop = Desktop::start(Keychain::Absent)?;
    let _panel = Panel::start(&desktop, Look::Dark)?;
    let furnished = Furnished::new(&desktop, &gitlab).await?;
    let mut labkeep = furnished.start(&desktop, &["--hidden"])?;
    let tray = Tray::find(&desktop).await?;
    tray.choose("Back up now").await?;
    tray.shows("that all is well", |shown| {
        shown.tip == "Labkeep: Protected"
    })
    .await?;

    // A second start shows the window of the first, and ends.
    let mut second = furnished.start(&desktop, &[])?;
    let window = desktop.screen().wait_for_window(TITLE)?;
    ensure!(second.ended().await?.success(), "the second start failed");
    let mut third = furnished.start(&desktop, &["--hidden"])?;
    ensure!(third.ended().await?.success(), "the third start failed");

    // Closed, it goes on in the same process, and takes little.
    desktop.screen().focus(&window)?;
    desktop.screen().press(&["alt+F4"])?;
    eventually("the window's end", async || Ok(!window_is_there(&desktop))).await?;
    let arguments = format!("/proc/{}/cmdline", labkeep.process());
    eventually("the beginning anew", async || {
        Ok(fs::read_to_string(&arguments)?.contains("--hidden")
            && memory::family(labkeep.process())?.len() == 1)
    })
    .await?;
    let tray = Tray::find(&desktop).await?;
    tray.shows("that all is well", |shown| {
        shown.tip == "Labkeep: Protected"
    })
    .await?;
    // What it took to begin is given back after a moment.
    eventually("being small", async || Ok(taken(&labkeep).is_ok())).await?;
    let taken = taken(&labkeep)?;
    println!("after the window was closed: {} KiB", taken >> 10);

    let tray = Tray::find(&desktop).await?;
    tray.click().await?;
    desktop.screen().wait_for_window(TITLE)?;
    desktop.screen().press(&["ctrl+q"])?;
    ensure!(labkeep.ended().await?.success(), "it did not end well");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_outlives_the_window() -> Result<()> {
    let gitlab = gitlab()?;
    let desktop = Desktop::start(Keychain::Absent)?;
    let _panel = Panel::start(&desktop, Look::Light)?;
    let furnished = Furnished::new(&desktop, &gitlab).await?;
    let labkeep = furnished.start(&desktop, &[])?;
    let window = desktop.screen().wait_for_window(TITLE)?;
    let tray = Tray::find(&desktop).await?;
    picture(&desktop, "before-light")?;
    gitlab.set_faults(vec![FaultRule::new(
        "POST git-upload-pack",
        Action::Delay {
            milliseconds: 2_000,
        },
    )]);
    tray.choose("Back up now").await?;
    tray.offers("Cancel").await?;
    desktop.screen().focus(&window)?;
    desktop.screen().press(&["alt+F4"])?;
    eventually("the window's end", async || Ok(!window_is_there(&desktop))).await?;
    ensure!(
        furnished.labkeep.list_runs()?[0].ended_at.is_none(),
        "the run was over too soon for this test"
    );
    let arguments = format!("/proc/{}/cmdline", labkeep.process());
    eventually("the beginning anew", async || {
        Ok(fs::read_to_string(&arguments)?.contains("--hidden"))
    })
    .await?;
    let runs = furnished.labkeep.list_runs()?;
    ensure!(runs[0].outcome == Some(Outcome::Complete), "{runs:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_it_in_two_seconds_and_the_run_says_why() -> Result<()> {
    let gitlab = gitlab()?;
    let desktop = Desktop::start(Keychain::Absent)?;
    let furnished = Furnished::new(&desktop, &gitlab).await?;
    for (arguments, signal) in [(&["--hidden"][..], "TERM"), (&[][..], "INT")] {
        let mut labkeep = furnished.start(&desktop, arguments)?;
        let bus = bus(&desktop).await?;
        // Nobody shows a tray here; the item is there all the same.
        name_on(&bus, "org.labkeep.desktop.home").await?;
        let tray = Tray::find(&desktop).await?;
        gitlab.set_faults(vec![FaultRule::new(
            "POST git-upload-pack",
            Action::Delay {
                milliseconds: 20_000,
            },
        )]);
        tray.choose("Back up now").await?;
        tray.offers("Cancel").await?;
        let since = Instant::now();
        labkeep.signal(signal)?;
        let status = labkeep.ended().await?;
        let took = since.elapsed();
        ensure!(status.success(), "{status}");
        ensure!(took < Duration::from_secs(2), "{took:?}");
        let run = furnished.labkeep.list_runs()?.remove(0);
        ensure!(run.outcome == Some(Outcome::Aborted), "{run:?}");
        let reason = run.reason.context("a reason")?;
        ensure!(reason == "The session ended.", "{reason}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_tray_the_window_is_only_minimised() -> Result<()> {
    let gitlab = gitlab()?;
    let desktop = Desktop::start(Keychain::Absent)?;
    let furnished = Furnished::new(&desktop, &gitlab).await?;
    let mut labkeep = furnished.start(&desktop, &[])?;
    let window = desktop.screen().wait_for_window(TITLE)?;
    desktop.screen().focus(&window)?;
    desktop.screen().press(&["alt+F4"])?;
    eventually("the window's minimising", async || {
        Ok(!window_is_there(&desktop))
    })
    .await?;
    ensure!(labkeep.runs()?, "it has ended");
    ensure!(
        !fs::read_to_string(format!("/proc/{}/cmdline", labkeep.process()))?.contains("--hidden"),
        "it is hidden where nobody can find it"
    );
    // A tray that comes later is used.
    let _panel = Panel::start(&desktop, Look::Dark)?;
    let mut second = furnished.start(&desktop, &[])?;
    ensure!(second.ended().await?.success(), "the second start failed");
    let window = desktop.screen().wait_for_window(TITLE)?;
    desktop.screen().focus(&window)?;
    desktop.screen().press(&["alt+F4"])?;
    let arguments = format!("/proc/{}/cmdline", labkeep.process());
    eventually("the beginning anew", async || {
        Ok(fs::read_to_string(&arguments)?.contains("--hidden"))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_once_and_leads_into_the_window() -> Result<()> {
    let gitlab = gitlab()?;
    let desktop = Desktop::start(Keychain::Absent)?;
    let _panel = Panel::start(&desktop, Look::Dark)?;
    let notifications = Notifications::start(&desktop)?;
    let furnished = Furnished::new(&desktop, &gitlab).await?;
    let _labkeep = furnished.start(&desktop, &["--hidden"])?;
    let tray = Tray::find(&desktop).await?;
    gitlab.set_faults(vec![FaultRule::new("*", Action::status(401))]);
    for _ in 0..2 {
        tray.choose("Back up now").await?;
        tray.shows("that something is wrong", |shown| {
            shown.status == "NeedsAttention" && shown.tip == "Labkeep: Needs attention"
        })
        .await?;
        notifications.appear().await?;
    }
    ensure!(notifications.displayed()? == 1, "told more than once");
    ensure!(!window_is_there(&desktop), "there is a window already");
    picture(&desktop, "needs-attention-dark")?;
    notifications.click()?;
    desktop.screen().wait_for_window(TITLE)?;
    let said = notifications.close_all()?;
    ensure!(said.len() == 1, "{said:?}");
    ensure!(said[0].title.contains("failed"), "{said:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_with_nothing_set_up_it_ends_at_once() -> Result<()> {
    let desktop = Desktop::start(Keychain::Absent)?;
    let mut command = desktop.command(labkeep_tests::desktop::app::program()?);
    let mut labkeep = Background::start(command.arg("--hidden"))?;
    ensure!(labkeep.ended().await?.success(), "it failed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_starts_at_login_as_long_as_that_is_wanted() -> Result<()> {
    let gitlab = gitlab()?;
    let desktop = Desktop::start(Keychain::Absent)?;
    let furnished = Furnished::new(&desktop, &gitlab).await?;
    let folder = desktop.home().join(".config/autostart");
    let entries = || -> Vec<String> {
        let files = fs::read_dir(&folder).into_iter().flatten().flatten();
        files
            .filter_map(|file| fs::read_to_string(file.path()).ok())
            .collect()
    };
    let mut labkeep = furnished.start(&desktop, &["--hidden"])?;
    eventually("the entry", async || Ok(entries().len() == 1)).await?;
    let entry = entries().remove(0);
    ensure!(entry.contains(" --hidden --secrets "), "{entry}");
    ensure!(entry.contains("LABKEEP_HOME="), "{entry}");
    labkeep.signal("TERM")?;
    labkeep.ended().await?;

    // What the user removed with another program comes back only if Labkeep's
    // own switch is on.
    let mut wish = furnished.labkeep.preferences()?;
    wish.start_at_login = false;
    furnished.labkeep.set_preferences(&wish)?;
    let _labkeep = furnished.start(&desktop, &["--hidden"])?;
    eventually("the end of the entry", async || Ok(entries().is_empty())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_it_is_as_good_as_asleep() -> Result<()> {
    let gitlab = gitlab()?;
    let desktop = Desktop::start(Keychain::Absent)?;
    let _panel = Panel::start(&desktop, Look::Dark)?;
    let furnished = Furnished::new(&desktop, &gitlab).await?;
    let labkeep = furnished.start(&desktop, &["--hidden"])?;
    Tray::find(&desktop).await?;
    // What has never been checked is checked first; threads that are
    // idle go after ten seconds.
    tokio::time::sleep(Duration::from_secs(15)).await;
    let process = labkeep.process();
    let (wake_ups, ticks) = (memory::wake_ups(process)?, memory::ticks(process)?);
    tokio::time::sleep(WATCHED).await;
    let wake_ups = memory::wake_ups(process)? - wake_ups;
    let ticks = memory::ticks(process)? - ticks;
    let taken = taken(&labkeep)? >> 10;
    println!("idle for {WATCHED:?}: {wake_ups} wake-ups, {ticks} ticks of 10 ms, {taken} KiB");
    ensure!(wake_ups <= WATCHED.as_secs(), "{wake_ups} wake-ups");
    // A thousandth of the time, in hundredths of a second.
    ensure!(
        u128::from(ticks) <= WATCHED.as_millis() / 10_000,
        "{ticks} ticks"
    );
    Ok(())
}
