//! Starting at login: a launch agent on macOS, a registry key on Windows.

use std::path::Path;

use auto_launch::{AutoLaunch, AutoLaunchBuilder};

use crate::arguments::Arguments;
use crate::words;

/// The entry of this user.
pub struct Autostart(AutoLaunch);

impl Autostart {
    /// The entry for how this process was started.
    pub fn new(arguments: &Arguments, program: &Path) -> auto_launch::Result<Self> {
        let mut words = vec!["--hidden".to_owned()];
        if let Some(folder) = &arguments.secrets {
            words.extend(["--secrets".to_owned(), folder.display().to_string()]);
        }
        AutoLaunchBuilder::new()
            .set_app_name(words::NAME)
            .set_app_path(&program.display().to_string())
            .set_args(&words)
            .build()
            .map(Self)
    }

    /// Switches it on or off.
    pub fn set(&self, on: bool) -> std::io::Result<()> {
        let is_on = self.0.is_enabled().map_err(std::io::Error::other)?;
        if on == is_on {
            return Ok(());
        }
        let set = if on {
            self.0.enable()
        } else {
            self.0.disable()
        };
        set.map_err(std::io::Error::other)
    }
}
