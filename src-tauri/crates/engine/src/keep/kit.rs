//! The recovery kit: one page with which anybody can open the vault, with
//! Labkeep on a new machine or with restic and git alone.

use std::io::Write;
use std::path::Path;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use labkeep_settings::{RecoveryKit, VaultCopy, VaultEntry, VaultEntryId};

use super::kit_page::{Facts, Related, page, text};
use super::kit_pdf::{Unprintable, is_printable, pdf};
use super::{Labkeep, blocking};
use crate::error::{Error, Result};

/// How long a postponed kit stays quiet.
const POSTPONED: SignedDuration = SignedDuration::from_hours(3 * 24);

impl Labkeep {
    /// Writes the recovery kit of a vault to a file that only the user may
    /// read, and notes that it was saved. A page to print if the file's name
    /// ends in `.pdf`, else plain text.
    pub async fn save_recovery_kit(&self, vault: &str, path: &Path) -> Result<()> {
        let entry = self.find_vault(vault)?;
        let key = self.key(&entry).await?;
        let now = self.0.clock.now();
        let date = now.to_zoned(TimeZone::system()).date().to_string();
        let parts = page(&Facts {
            entry: &entry,
            key: &key,
            date: &date,
            copies: self.related(|copy| (copy.from == entry.id).then_some(copy.to))?,
            copy_of: self.related(|copy| (copy.to == entry.id).then_some(copy.from))?,
        });
        let content = if is_pdf(path) {
            pdf(&parts).map_err(|Unprintable| Error::KitLetters)?
        } else {
            text(&parts).into_bytes()
        };
        let target = path.to_path_buf();
        blocking(move || {
            write_private(&target, &content).map_err(|source| Error::File {
                path: target.display().to_string(),
                source,
            })
        })
        .await?;
        self.set_kit(
            &entry,
            &RecoveryKit::Saved {
                at: now,
                path: Some(path.to_path_buf()),
            },
        )
    }

    fn related(&self, other: impl Fn(&VaultCopy) -> Option<VaultEntryId>) -> Result<Vec<Related>> {
        let settings = self.settings()?;
        let others = settings.copies.iter().filter_map(other);
        Ok(others
            .filter_map(|id| settings.vault(id))
            .map(|vault| Related {
                name: vault.name.clone(),
                location: vault.location.clone(),
            })
            .collect())
    }

    /// Refuses a place where a kit could not be written, or would take another
    /// file's place, and names that cannot be printed: before anything is made,
    /// for a vault without its kit is half the way.
    pub fn refuse_recovery_kit(path: &Path, names: &[&str]) -> Result<()> {
        if is_pdf(path) && !names.iter().all(|name| is_printable(name)) {
            return Err(Error::KitLetters);
        }
        let refused = |source| Error::File {
            path: path.display().to_string(),
            source,
        };
        if path.exists() {
            return Err(refused(std::io::ErrorKind::AlreadyExists.into()));
        }
        tempfile::NamedTempFile::new_in(folder_of(path))
            .map(drop)
            .map_err(refused)
    }

    /// Puts the kit off; people are reminded.
    pub fn postpone_recovery_kit(&self, vault: &str) -> Result<()> {
        let entry = self.find_vault(vault)?;
        if matches!(entry.recovery_kit, RecoveryKit::Saved { .. }) {
            return Ok(());
        }
        let until = self.0.clock.now() + POSTPONED;
        self.set_kit(&entry, &RecoveryKit::Postponed { until })
    }

    /// A file name to offer for the kit.
    pub fn recovery_kit_name(&self, vault: &str) -> Result<String> {
        let entry = self.find_vault(vault)?;
        let name: String = entry
            .name
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { '-' })
            .collect();
        let is_printable = is_printable(&entry.name) && is_printable(&entry.location);
        let extension = if is_printable { "pdf" } else { "txt" };
        Ok(format!("Labkeep recovery kit {name}.{extension}"))
    }

    fn set_kit(&self, entry: &VaultEntry, kit: &RecoveryKit) -> Result<()> {
        self.0.store.update(|settings| {
            for vault in &mut settings.vaults {
                if vault.id == entry.id {
                    vault.recovery_kit.clone_from(kit);
                }
            }
        })?;
        self.0.runs.changed();
        Ok(())
    }
}

fn is_pdf(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("pdf"))
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    // A temporary file is readable by its owner alone.
    let mut file = tempfile::NamedTempFile::new_in(folder_of(path))?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn only_its_owner_may_read_the_kit() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kit.txt");
        write_private(&path, b"secret").unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
