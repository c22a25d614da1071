//! The recovery kit: one page with which anybody can open the vault, with
//! Labkeep on a new machine or with restic and git alone.

use std::io::Write;
use std::path::Path;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use labkeep_settings::{RecoveryKit, VaultEntry};
use labkeep_vault::VaultKey;

use super::{Labkeep, blocking};
use crate::error::{Error, Result};

/// How long a postponed kit stays quiet.
const POSTPONED: SignedDuration = SignedDuration::from_hours(3 * 24);

impl Labkeep {
    /// Writes the recovery kit of a vault to a file that only the user may
    /// read, and notes that it was saved.
    pub async fn save_recovery_kit(&self, vault: &str, path: &Path) -> Result<()> {
        let entry = self.find_vault(vault)?;
        let key = self.key(&entry).await?;
        let now = self.0.clock.now();
        let date = now.to_zoned(TimeZone::system()).date().to_string();
        let text = text(&entry, &key, &date);
        let target = path.to_path_buf();
        blocking(move || {
            write_private(&target, &text).map_err(|source| Error::File {
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

    /// Refuses a place where a kit could not be written, or would take another
    /// file's place: before anything is made, for a vault without its kit is
    /// half the way.
    pub fn refuse_recovery_kit(path: &Path) -> Result<()> {
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
        Ok(format!("Labkeep recovery kit {name}.txt"))
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

fn text(entry: &VaultEntry, key: &VaultKey, date: &str) -> String {
    let location = &entry.location;
    let key = key.expose();
    let name = &entry.name;
    format!(
        "LABKEEP RECOVERY KIT
Vault “{name}”, written on {date}

Keep this page where the computer is not: printed, or in a password manager.
Whoever has it and the vault can read everything in it. Without it, nobody can.

Where the vault is
    {location}
    (vault {id})

Its key
    {key}

With Labkeep, on any machine
    1. Install Labkeep and connect it to a GitLab.
    2. At “Where”, choose the folder above. Labkeep sees that it is a vault and
       asks for the key. Every project has a button Restore then.
    On a command line, with or without a GitLab:
        labkeep-cli vault open {quoted} --key-stdin
        labkeep-cli export latest GROUP/PROJECT FOLDER

Without Labkeep
    The vault is a restic repository (https://restic.net); the key is its
    password, with the dashes.
        restic -r {quoted} snapshots
        restic -r {quoted} restore latest --target restored
    Inside, projects/<number>/project.json says which project it is, and
        git init --bare web.git
        for pack in restored/projects/<number>/repository/packs/*.pack; do
            git -C web.git unpack-objects < \"$pack\"
        done
        while read -r id ref; do
            [ \"$id\" = HEAD ] && git -C web.git symbolic-ref HEAD \"$ref\" ||
            git -C web.git update-ref \"$ref\" \"$id\"
        done < restored/projects/<number>/repository/refs
    is the git repository. Issues and merge requests are in relations/, one
    JSON document a line, as in GitLab's own project exports.
",
        id = entry.vault_id,
        quoted = quoted(location),
    )
}

/// As a shell wants it.
fn quoted(text: &str) -> String {
    if text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
    {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    // A temporary file is readable by its owner alone.
    let mut file = tempfile::NamedTempFile::new_in(folder_of(path))?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kit_names_place_key_and_both_ways() {
        let entry = VaultEntry {
            id: labkeep_settings::VaultEntryId::random(),
            name: "Disk".to_owned(),
            location: "/media/my disk".to_owned(),
            vault_id: "abc".to_owned(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            recovery_kit: RecoveryKit::Pending,
            rest: serde_json::Map::new(),
        };
        let key = VaultKey::generate();
        let page = text(&entry, &key, "2026-11-23");
        assert!(page.contains(key.expose()));
        assert!(page.contains("restic -r '/media/my disk' snapshots"));
        assert!(page.contains("labkeep-cli vault open '/media/my disk' --key-stdin"));
        assert!(page.lines().count() < 60, "it has to fit on one page");
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_may_read_the_kit() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kit.txt");
        write_private(&path, "secret").unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
