//! The settings file: read whole, written whole, by one process at a time.
//!
//! A file that cannot be understood is an error and stays as it is. It is never
//! taken for "nothing set up yet": that would end all schedules in silence.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::error::SettingsError;
use crate::home::Home;
use crate::settings::{Settings, VERSION};
use crate::validate::validate;

/// Changing the settings takes milliseconds; whoever holds the lock longer is
/// stuck.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// The settings file of a home.
#[derive(Clone, Debug)]
pub struct Store {
    file: PathBuf,
    backup: PathBuf,
    lock: PathBuf,
}

impl Store {
    /// Makes the home's folders, if they are missing. The file is made with
    /// the first change.
    pub fn open(home: &Home) -> Result<Self, SettingsError> {
        home.prepare()?;
        let file = home.settings_file();
        Ok(Self {
            backup: file.with_extension("json.bak"),
            lock: home.locks().join("settings.lock"),
            file,
        })
    }

    /// The settings as they are in the file; the default ones if there never
    /// was a file.
    pub fn read(&self) -> Result<Settings, SettingsError> {
        let content = match fs::read(&self.file) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return match self.existing_backup() {
                    None => Ok(Settings::default()),
                    Some(backup) => Err(SettingsError::Lost {
                        path: self.file.clone(),
                        backup,
                    }),
                };
            }
            Err(source) => return Err(SettingsError::read(&self.file, source)),
        };
        let settings = self.parse(&content)?;
        validate(&settings)?;
        Ok(settings)
    }

    /// Changes the settings and returns them as they are then. The change is
    /// applied to what is in the file at that moment; while it runs, no other
    /// process changes the file.
    pub fn update(&self, change: impl FnOnce(&mut Settings)) -> Result<Settings, SettingsError> {
        self.try_update(|settings| {
            change(settings);
            Ok::<_, SettingsError>(settings.clone())
        })
    }

    /// [`Store::update`] for a change that may refuse. If it does, nothing is
    /// written.
    pub fn try_update<T, E: From<SettingsError>>(
        &self,
        change: impl FnOnce(&mut Settings) -> Result<T, E>,
    ) -> Result<T, E> {
        let _lock = self.lock()?;
        let before = self.read()?;
        let mut settings = before.clone();
        let result = change(&mut settings)?;
        if settings != before || !self.file.exists() {
            validate(&settings).map_err(SettingsError::from)?;
            self.write(&settings)?;
        }
        Ok(result)
    }

    fn parse(&self, content: &[u8]) -> Result<Settings, SettingsError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        // The version first: a newer file may be anything else.
        let damaged = |source: serde_json::Error| SettingsError::Damaged {
            path: self.file.clone(),
            line: source.line(),
            column: source.column(),
            backup: self.existing_backup(),
            source,
        };
        let found = serde_json::from_slice::<Versioned>(content)
            .map_err(damaged)?
            .version;
        if found > VERSION {
            return Err(SettingsError::Newer {
                path: self.file.clone(),
                found,
                supported: VERSION,
            });
        }
        serde_json::from_slice(content).map_err(damaged)
    }

    /// The copy of the last good file, if it is there.
    fn existing_backup(&self) -> Option<PathBuf> {
        self.backup.exists().then(|| self.backup.clone())
    }

    fn write(&self, settings: &Settings) -> Result<(), SettingsError> {
        let mut content = serde_json::to_vec_pretty(settings)
            .map_err(|source| SettingsError::write(&self.file, io::Error::other(source)))?;
        content.push(b'\n');
        // What is read back must be what was meant, before it replaces
        // anything.
        if self.parse(&content)? != *settings {
            let lossy = io::Error::other("the settings do not survive being written");
            return Err(SettingsError::write(&self.file, lossy));
        }
        replace(&self.file, &content).map_err(|e| SettingsError::write(&self.file, e))?;
        // The change is made. A copy that could not follow is one change
        // behind, which is what a copy is for.
        if let Err(error) = replace(&self.backup, &content) {
            tracing::warn!(path = %self.backup.display(), %error, "no copy of the settings");
        }
        Ok(())
    }

    /// The lock between processes; released when the file is closed.
    fn lock(&self) -> Result<File, SettingsError> {
        let failed = |source| SettingsError::write(&self.lock, source);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.lock)
            .map_err(failed)?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(fs::TryLockError::WouldBlock) if start.elapsed() < PATIENCE => sleep(PAUSE),
                Err(fs::TryLockError::WouldBlock) => {
                    return Err(SettingsError::Busy {
                        lock: self.lock.clone(),
                    });
                }
                Err(fs::TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
    }
}

/// Replaces a file by another content, as a whole and to survive a power cut.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // For this user alone, which is what tempfile makes.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
