//! Secrets as files: for machines without a keychain, and for secrets that a
//! system mounts (systemd credentials, Kubernetes).
//!
//! A folder that others may use is refused before anything is read from it,
//! and so is a file.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{SecretKey, Secrets, SecretsError};
use crate::home::private_folder;
use crate::store::replace;

/// Secrets are short; whatever is longer is something else.
const LONGEST: u64 = 64 * 1024;

/// Secrets as files of mode 0600 in a folder of mode 0700.
#[derive(Clone, Debug)]
pub struct SecretsFolder {
    folder: PathBuf,
}

impl SecretsFolder {
    /// A folder that is there. It may be read-only.
    pub fn open(folder: &Path) -> Result<Self, SecretsError> {
        let this = Self {
            folder: folder.to_owned(),
        };
        this.check_folder()?;
        Ok(this)
    }

    /// A folder that is made if it is missing, for this user alone.
    pub fn create(folder: &Path) -> Result<Self, SecretsError> {
        if !folder.exists() {
            private_folder(folder).map_err(|e| SecretsError::write(folder, e))?;
        }
        Self::open(folder)
    }

    fn check_folder(&self) -> Result<(), SecretsError> {
        let path = self.folder.clone();
        let metadata = match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => metadata,
            Ok(_) => return Err(SecretsError::NotAFolder { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(SecretsError::FolderMissing { path });
            }
            Err(source) => return Err(SecretsError::Read { path, source }),
        };
        private(&path, &metadata)
    }

    fn file(&self, key: &SecretKey) -> Result<PathBuf, SecretsError> {
        let key = key.to_string();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if key.chars().all(plain) {
            Ok(self.folder.join(key))
        } else {
            Err(SecretsError::Name { key })
        }
    }
}

impl Secrets for SecretsFolder {
    fn get(&self, key: &SecretKey) -> Result<Option<SecretString>, SecretsError> {
        self.check_folder()?;
        let path = self.file(key)?;
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(SecretsError::read(&path, source)),
        };
        // Of the file that was opened, not of one that takes its place.
        let metadata = file
            .metadata()
            .map_err(|source| SecretsError::read(&path, source))?;
        private(&path, &metadata)?;
        let mut content = Zeroizing::new(String::new());
        file.take(LONGEST)
            .read_to_string(&mut content)
            .map_err(|source| match source.kind() {
                io::ErrorKind::InvalidData => SecretsError::NotText {
                    key: key.to_string(),
                },
                _ => SecretsError::read(&path, source),
            })?;
        // Editors and `echo` end a file with a line break.
        let value = content.trim_end_matches(['\r', '\n']);
        Ok(Some(SecretString::from(value)))
    }

    fn set(&self, key: &SecretKey, _label: &str, value: &SecretString) -> Result<(), SecretsError> {
        self.check_folder()?;
        let path = self.file(key)?;
        let text = value.expose_secret();
        if text.ends_with(['\r', '\n']) || text.len() as u64 >= LONGEST {
            return Err(SecretsError::NotKept {
                key: key.to_string(),
            });
        }
        replace(&path, text.as_bytes()).map_err(|source| SecretsError::write(&path, source))?;
        let kept = self.get(key)?;
        if kept.is_some_and(|kept| kept.expose_secret() == text) {
            Ok(())
        } else {
            Err(SecretsError::NotKept {
                key: key.to_string(),
            })
        }
    }

    fn delete(&self, key: &SecretKey) -> Result<(), SecretsError> {
        self.check_folder()?;
        let path = self.file(key)?;
        match fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(SecretsError::write(&path, source)),
        }
    }

    fn describe(&self) -> String {
        format!("the folder {}", self.folder.display())
    }
}

/// Refuses what others may use. Writing by others is as bad as reading: they
/// could put their own token in place.
///
/// What a system mounts read-only is judged by what can happen there: its
/// folder's names may be seen (Kubernetes makes it 1777), and a file that root
/// owns may be readable by its group, which is the pod's own.
#[cfg(unix)]
fn private(path: &Path, metadata: &Metadata) -> Result<(), SecretsError> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let mode = metadata.permissions().mode() & 0o777;
    let owner = metadata.uid();
    let others = mode & 0o077;
    let mounted = others != 0 && owner == 0 && is_read_only(path);
    let harmless = others == 0 || (mounted && (metadata.is_dir() || others & !0o040 == 0));
    if !harmless {
        return Err(SecretsError::TooOpen {
            path: path.to_owned(),
            mode,
        });
    }
    // What root owns, root could replace anyway.
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(SecretsError::NotOurs {
            path: path.to_owned(),
        });
    }
    Ok(())
}

#[cfg(unix)]
fn is_read_only(path: &Path) -> bool {
    rustix::fs::statvfs(path)
        .is_ok_and(|facts| facts.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}

/// Windows gives a user's folders to the user alone, by inheritance.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature everywhere")]
fn private(_path: &Path, _metadata: &Metadata) -> Result<(), SecretsError> {
    Ok(())
}
