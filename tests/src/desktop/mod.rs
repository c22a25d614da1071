//! A desktop of its own for the real window: a screen (Xvfb), a session bus, an
//! unlocked keychain (gnome-keyring), a window manager and a home folder, all
//! of which go when it is dropped. Nothing of the user's own session is used.

mod bus;
mod keychain;

pub mod app;
pub mod background;
pub mod leaks;
pub mod memory;
pub mod notifications;
pub mod page;
pub mod panel;
pub mod pictures;
pub mod process;
pub mod screen;
pub mod tray;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use bus::Bus;
use process::Guarded;
use screen::Screen;

/// Whether there is a keychain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keychain {
    /// A Secret Service, unlocked, with an empty keyring.
    Unlocked,
    /// A session bus on which nobody keeps secrets.
    Absent,
}

/// Everything of a session.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("labkeep-desktop-")
            .tempdir()?;
        Ok(Self(folder.keep()))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Programs that were just ended may still write their last files.
        for _ in 0..100 {
            if std::fs::remove_dir_all(&self.0).is_ok() || !self.0.exists() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A desktop session. Fields are dropped in order: the screen goes last.
pub struct Desktop {
    keychain: Option<Guarded>,
    _window_manager: Guarded,
    bus: Bus,
    screen: Screen,
    folder: Folder,
}

impl Desktop {
    /// Starts a session.
    pub fn start(keychain: Keychain) -> Result<Self> {
        let folder = Folder::new()?;
        for name in ["home", "labkeep", "run", "usb"] {
            let path = folder.path().join(name);
            std::fs::create_dir(&path)?;
            private(&path)?;
        }
        let screen = Screen::start()?;
        let bus = Bus::start(folder.path())?;
        let variables = variables(folder.path(), &screen, &bus);
        let window_manager = screen.manage(folder.path(), &variables)?;
        let service = match keychain {
            Keychain::Unlocked => Some(keychain::unlocked(&variables)?),
            Keychain::Absent => None,
        };
        Ok(Self {
            keychain: service,
            _window_manager: window_manager,
            bus,
            screen,
            folder,
        })
    }

    /// The user's home: settings of other programs, keyrings, caches.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Labkeep's own folder.
    pub fn labkeep_home(&self) -> PathBuf {
        self.folder.path().join("labkeep")
    }

    /// A folder that is kept apart, as a stick that is pulled out: the recovery
    /// kit goes there, which holds the key on purpose.
    pub fn stick(&self) -> PathBuf {
        self.folder.path().join("usb")
    }

    /// The folder that everything is in, which is in the variables of every
    /// program of this session.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The screen.
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// The address of the session bus.
    pub fn bus_address(&self) -> &str {
        self.bus.address()
    }

    /// Has the keychain answer nobody, or everybody again.
    pub fn hold_keychain(&self, holds: bool) -> Result<()> {
        let keychain = self.keychain.as_ref().context("there is a keychain")?;
        keychain.hold(holds)
    }

    /// A program that runs in this session and knows nothing else.
    pub fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        command
            .env_clear()
            .envs(variables(self.folder.path(), &self.screen, &self.bus));
        command
    }
}

fn variables(folder: &Path, screen: &Screen, bus: &Bus) -> Vec<(&'static str, OsString)> {
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    vec![
        ("PATH", path),
        ("HOME", folder.join("home").into()),
        ("LABKEEP_HOME", folder.join("labkeep").into()),
        ("XDG_RUNTIME_DIR", folder.join("run").into()),
        ("TMPDIR", folder.join("run").into()),
        ("LANG", "C.UTF-8".into()),
        ("DISPLAY", screen.name().into()),
        ("DBUS_SESSION_BUS_ADDRESS", bus.address().into()),
        // No bus of its own for screen readers, and no portals.
        ("NO_AT_BRIDGE", "1".into()),
        ("GTK_USE_PORTAL", "0".into()),
        ("GDK_BACKEND", "x11".into()),
        ("LIBGL_ALWAYS_SOFTWARE", "1".into()),
    ]
}

fn private(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
        .with_context(|| format!("{} cannot be made private", folder.display()))
}

/// A program of this workspace, built beside the one that runs now.
pub fn built(name: &str) -> Result<PathBuf> {
    let this = std::env::current_exe()?;
    this.ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .with_context(|| format!("{name} is not built; `make app` builds it"))
}
