//! Where Labkeep's own files are: one folder for everything, if the user says
//! so in `LABKEEP_HOME`, else the platform's own folders.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::SettingsError;

const VARIABLE: &str = "LABKEEP_HOME";
const NAME: &str = if cfg!(any(windows, target_os = "macos")) {
    "Labkeep"
} else {
    "labkeep"
};

/// Where Labkeep's own files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    config: PathBuf,
    data: PathBuf,
    state: PathBuf,
    cache: PathBuf,
}

impl Home {
    /// The folders of this user. Nothing is made yet.
    pub fn locate() -> Result<Self, SettingsError> {
        Self::locate_with(std::env::var_os(VARIABLE))
    }

    fn locate_with(variable: Option<OsString>) -> Result<Self, SettingsError> {
        if let Some(folder) = variable.filter(|folder| !folder.is_empty()) {
            let folder = std::path::absolute(&folder).map_err(|_| SettingsError::NoHome)?;
            return Ok(Self::at(&folder));
        }
        let named = |folder: Option<PathBuf>| folder.map(|folder| folder.join(NAME));
        let data = named(dirs::data_local_dir()).ok_or(SettingsError::NoHome)?;
        Ok(Self {
            config: named(dirs::config_dir()).ok_or(SettingsError::NoHome)?,
            // Linux alone knows a folder for state.
            state: named(dirs::state_dir()).unwrap_or_else(|| data.clone()),
            cache: named(dirs::cache_dir()).ok_or(SettingsError::NoHome)?,
            data,
        })
    }

    /// Everything in one folder.
    pub fn at(folder: &Path) -> Self {
        Self {
            config: folder.to_owned(),
            data: folder.to_owned(),
            state: folder.to_owned(),
            cache: folder.join("cache"),
        }
    }

    /// Makes the folders, for this user alone.
    pub fn prepare(&self) -> Result<(), SettingsError> {
        let folders = [
            self.config.clone(),
            self.data.clone(),
            self.state.clone(),
            self.cache.clone(),
            self.logs(),
            self.scratch(),
            self.locks(),
        ];
        for path in folders {
            private_folder(&path).map_err(|source| SettingsError::Folder { path, source })?;
        }
        Ok(())
    }

    /// The settings file.
    pub fn settings_file(&self) -> PathBuf {
        self.config.join("settings.json")
    }

    /// The catalogue.
    pub fn catalogue_file(&self) -> PathBuf {
        self.data.join("catalogue.sqlite")
    }

    /// The folder for logs.
    pub fn logs(&self) -> PathBuf {
        self.state.join("logs")
    }

    /// The folder for downloads on their way into a vault, and for drills. Not
    /// the system's temporary folder, which often is memory.
    pub fn scratch(&self) -> PathBuf {
        self.cache.join("scratch")
    }

    /// The folder for what can be made again.
    pub fn cache(&self) -> PathBuf {
        self.cache.clone()
    }

    /// The folder for lock files.
    pub fn locks(&self) -> PathBuf {
        self.state.join("locks")
    }
}

/// Makes a folder and those around it; what is made is for this user alone.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_moves_everything_into_one_folder() {
        let home = Home::locate_with(Some("/srv/keep".into())).unwrap();
        assert_eq!(home.settings_file(), Path::new("/srv/keep/settings.json"));
        assert_eq!(
            home.catalogue_file(),
            Path::new("/srv/keep/catalogue.sqlite")
        );
        for folder in [home.logs(), home.scratch(), home.cache(), home.locks()] {
            assert!(folder.starts_with("/srv/keep"), "{folder:?}");
        }
        let relative = Home::locate_with(Some("keep".into())).unwrap();
        assert!(relative.settings_file().is_absolute());
    }

    #[test]
    fn an_empty_variable_is_none() {
        let empty = Home::locate_with(Some("".into())).unwrap();
        assert_eq!(empty, Home::locate_with(None).unwrap());
        assert!(empty.settings_file().to_string_lossy().contains(NAME));
    }

    #[cfg(unix)]
    #[test]
    fn folders_are_for_this_user_alone() {
        use std::os::unix::fs::PermissionsExt;
        let around = tempfile::tempdir().unwrap();
        let home = Home::at(&around.path().join("a/b"));
        home.prepare().unwrap();
        home.prepare().unwrap();
        for folder in [
            around.path().join("a"),
            home.logs(),
            home.scratch(),
            home.locks(),
        ] {
            let mode = fs::metadata(&folder).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{folder:?}");
        }
    }
}
