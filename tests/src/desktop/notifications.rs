//! A real notification daemon: dunst.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Desktop;
use super::panel::wait_for;
use super::process::Guarded;

/// Everything is shown until it is clicked or closed, in the upper right
/// corner.
const SETTINGS: &str = "[global]\n\
    monitor = 0\n\
    follow = none\n\
    width = 360\n\
    origin = top-right\n\
    notification_limit = 10\n\
    idle_threshold = 0\n\
    [urgency_low]\n    timeout = 0\n\
    [urgency_normal]\n    timeout = 0\n\
    [urgency_critical]\n    timeout = 0\n";

/// How long a notification may take to be shown.
const PATIENCE: Duration = Duration::from_secs(30);

/// The daemon of a desktop. It goes when this is dropped.
pub struct Notifications<'a> {
    desktop: &'a Desktop,
    _daemon: Guarded,
}

/// What a notification said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The first line.
    pub title: String,
    /// The rest.
    pub body: String,
}

impl<'a> Notifications<'a> {
    /// Starts the daemon.
    pub fn start(desktop: &'a Desktop) -> Result<Self> {
        let file = desktop.folder().join("dunstrc");
        fs::write(&file, SETTINGS)?;
        let daemon = Guarded::start(desktop.command("dunst").arg("-config").arg(&file))?;
        wait_for(desktop, "org.freedesktop.Notifications")?;
        Ok(Self {
            desktop,
            _daemon: daemon,
        })
    }

    /// How many are on the screen.
    pub fn displayed(&self) -> Result<usize> {
        Ok(self.control(&["count", "displayed"])?.trim().parse()?)
    }

    /// Waits until one is on the screen.
    pub async fn appear(&self) -> Result<()> {
        let since = std::time::Instant::now();
        while self.displayed()? == 0 {
            ensure!(since.elapsed() < PATIENCE, "no notification is shown");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Clicks the newest one.
    pub fn click(&self) -> Result<()> {
        self.control(&["action", "0"]).map(drop)
    }

    /// Closes all; gives what every one has said so far, the newest first.
    pub fn close_all(&self) -> Result<Vec<Said>> {
        self.control(&["close-all"])?;
        let history: Value = serde_json::from_str(&self.control(&["history"])?)?;
        let all = history["data"][0].as_array().context("a list")?;
        let text = |one: &Value, field: &str| {
            let text = one[field]["data"].as_str();
            text.unwrap_or_default().to_owned()
        };
        Ok(all
            .iter()
            .map(|one| Said {
                title: text(one, "summary"),
                body: text(one, "body"),
            })
            .collect())
    }

    fn control(&self, words: &[&str]) -> Result<String> {
        let done = self.desktop.command("dunstctl").args(words).output()?;
        ensure!(
            done.status.success(),
            "dunstctl {words:?}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
        Ok(String::from_utf8(done.stdout)?)
    }
}
