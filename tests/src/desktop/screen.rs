//! A screen that nobody sees, with a window manager that puts every window at
//! its corner, without a frame.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::process::Guarded;

/// Width and height of the screen.
pub const SIZE: (u32, u32) = (1280, 800);

/// The window manager's rules: windows without a frame, Alt+F4 closes.
const RULES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<openbox_config xmlns="http://openbox.org/3.4/rc">
  <focus><focusNew>yes</focusNew></focus>
  <theme><keepBorder>no</keepBorder></theme>
  <placement><policy>Smart</policy><center>no</center></placement>
  <desktops><number>1</number><popupTime>0</popupTime></desktops>
  <keyboard>
    <keybind key="A-F4"><action name="Close"/></keybind>
  </keyboard>
  <applications>
    <application class="*">
      <decor>no</decor>
      <focus>yes</focus>
    </application>
    <application type="normal">
      <position force="yes"><x>0</x><y>0</y></position>
    </application>
  </applications>
</openbox_config>
"#;

/// A screen.
pub struct Screen {
    name: String,
    _server: Guarded,
}

impl Screen {
    /// Starts one under the first free number.
    pub fn start() -> Result<Self> {
        let (width, height) = SIZE;
        let (server, number) = Guarded::start_talking(
            Command::new("Xvfb")
                .args(["-displayfd", "1", "-nolisten", "tcp", "-noreset"])
                .args(["-screen", "0", &format!("{width}x{height}x24")]),
        )?;
        Ok(Self {
            name: format!(":{number}"),
            _server: server,
        })
    }

    /// As `DISPLAY` has it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Starts the window manager.
    pub fn manage(&self, folder: &Path, variables: &[(&str, OsString)]) -> Result<Guarded> {
        let rules = folder.join("openbox.xml");
        fs::write(&rules, RULES)?;
        let manager = Guarded::start(
            Command::new("openbox")
                .arg("--sm-disable")
                .arg("--config-file")
                .arg(&rules)
                .env_clear()
                .envs(variables.iter().cloned()),
        )?;
        Ok(manager)
    }

    /// Waits until a window with this title is seen; gives its number.
    pub fn wait_for_window(&self, title: &str) -> Result<String> {
        let pattern = format!("^{title}$");
        let search = ["search", "--sync", "--onlyvisible", "--name", &pattern];
        // It stumbles over windows that go while it looks.
        let found = (0..5)
            .find_map(|_| self.xdotool(&search).ok())
            .map_or_else(|| self.xdotool(&search), Ok)?;
        let first = found.lines().next().context("a window was found")?;
        Ok(first.to_owned())
    }

    /// Whether a window with this title is there.
    pub fn has_window(&self, title: &str) -> bool {
        let pattern = format!("^{title}$");
        self.xdotool(&["search", "--onlyvisible", "--name", &pattern])
            .is_ok_and(|found| !found.trim().is_empty())
    }

    /// Presses keys in the window that has the focus.
    pub fn press(&self, keys: &[&str]) -> Result<()> {
        let mut words = vec!["key", "--clearmodifiers"];
        words.extend(keys);
        self.xdotool(&words).map(drop)
    }

    /// Types into the window that has the focus.
    pub fn write(&self, text: &str) -> Result<()> {
        self.xdotool(&["type", "--clearmodifiers", text]).map(drop)
    }

    /// Gives a window the focus.
    pub fn focus(&self, window: &str) -> Result<()> {
        self.xdotool(&["windowactivate", "--sync", window])
            .map(drop)
    }

    /// Gives a window a size.
    pub fn resize(&self, window: &str, (width, height): (u32, u32)) -> Result<()> {
        let (width, height) = (width.to_string(), height.to_string());
        self.xdotool(&["windowsize", "--sync", window, &width, &height])
            .map(drop)
    }

    /// Waits for a dialog that asks for a file, beside the program's main
    /// window, and answers it.
    pub async fn answer_file_dialog(&self, main: &str, file: &Path) -> Result<()> {
        for _ in 0..200 {
            let windows = self.xdotool(&["search", "--onlyvisible", "--class", "labkeep"])?;
            if let Some(dialog) = windows.lines().find(|window| *window != main) {
                self.focus(dialog)?;
                self.press(&["ctrl+a"])?;
                self.write(&file.display().to_string())?;
                return self.press(&["Return"]);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("no dialog asks for a file")
    }

    /// What the screen shows in its upper left corner.
    pub fn picture(&self, (width, height): (u32, u32), file: &Path) -> Result<()> {
        let taken = Command::new("import")
            .args(["-display", &self.name, "-window", "root"])
            .args(["-crop", &format!("{width}x{height}+0+0"), "+repage"])
            .arg(file)
            .status()?;
        ensure!(taken.success(), "no picture of the screen could be taken");
        Ok(())
    }

    fn xdotool(&self, words: &[&str]) -> Result<String> {
        let done = Command::new("timeout")
            .args(["20", "xdotool"])
            .args(words)
            .env("DISPLAY", &self.name)
            .output()?;
        ensure!(
            done.status.success(),
            "xdotool {}: {}",
            words.first().copied().unwrap_or_default(),
            String::from_utf8_lossy(&done.stderr)
        );
        Ok(String::from_utf8(done.stdout)?)
    }
}
