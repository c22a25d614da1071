//! Vaults: look at a folder, create, open, check, forget.

use std::path::PathBuf;

use labkeep_settings::{RecoveryKit, SecretKey, VaultEntry, VaultEntryId};
use labkeep_vault::{CreateOptions, Inspection, Location, OpenOptions, State, Vault, VaultKey};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::folder::{OFFERED, dirs_home, expand, folder_view};
use super::place::Seen;
use super::{Labkeep, blocking};
use crate::advice;
use crate::clock::{from_millis, millis};
use crate::error::{Error, Result, What};
use crate::view::{FolderView, RecoveryKitState, VaultView};

/// Of a vault whose place hangs.
const SILENT: &str = "Its drive or network share does not answer. See whether it is switched on and the network is there.";

impl Labkeep {
    /// Looks at a folder. Changes nothing.
    pub async fn inspect_folder(&self, path: &str) -> Result<FolderView> {
        let path = expand(path);
        blocking(move || Ok(folder_view(&path))).await
    }

    /// A folder to offer for the first vault: beside the user's documents.
    pub fn suggested_vault(&self) -> String {
        dirs_home().join(OFFERED).display().to_string()
    }

    /// Makes a vault with a new, strong key. The key is in the keychain before
    /// the vault exists.
    pub async fn create_vault(&self, location: &str, name: Option<String>) -> Result<VaultView> {
        let location = Location::parse(&expand(location).display().to_string())?;
        self.refuse_known(&location.to_string())?;
        let id = VaultEntryId::random();
        let key = VaultKey::generate();
        let name = self.free_vault_name(name, &location)?;
        // Copies share their data with what is cut into the same parts.
        let options = CreateOptions {
            alike: self.any_vault().await?,
            ..CreateOptions::default()
        };
        self.keep_key(id, &name, &key).await?;
        let made = {
            let (location, key) = (location.clone(), key.clone());
            blocking(move || Ok(Vault::create(&location, &key, options)?)).await
        };
        let vault = match made {
            Ok(vault) => vault,
            Err(error) => {
                self.drop_key(id).await;
                return Err(error);
            }
        };
        self.attach(id, name, &vault, RecoveryKit::Pending)
    }

    /// The first vault that can be opened now.
    async fn any_vault(&self) -> Result<Option<Vault>> {
        let mut vaults = self.settings()?.vaults;
        vaults.sort_by_key(|vault| vault.created_at);
        for entry in vaults {
            match self.vault(&entry).await {
                Ok(vault) => return Ok(Some(vault)),
                Err(error) => tracing::debug!(vault = entry.name, %error, "not open"),
            }
        }
        Ok(None)
    }

    /// Attaches a vault that is there already, and rebuilds from it what this
    /// machine does not know. One that is known gets its key back if that was
    /// lost, and its new place if it was moved.
    pub async fn open_vault(
        &self,
        location: &str,
        key: SecretString,
        name: Option<String>,
    ) -> Result<VaultView> {
        let location = Location::parse(&expand(location).display().to_string())?;
        let key = VaultKey::parse(key.expose_secret())?;
        let vault = {
            let (location, key) = (location.clone(), key.clone());
            blocking(move || Ok(Vault::open(&location, &key, OpenOptions::default())?)).await?
        };
        let view = if let Some(entry) = self.known_entry(&vault, &key).await? {
            self.keep_key(entry.id, &entry.name, &key).await?;
            self.move_to(&entry, &vault)?
        } else {
            let id = VaultEntryId::random();
            let name = self.free_vault_name(name, &location)?;
            self.keep_key(id, &name, &key).await?;
            // Whoever has typed the key has the recovery kit.
            let kit = RecoveryKit::Saved {
                at: self.0.clock.now(),
                path: None,
            };
            self.attach(id, name, &vault, kit)?
        };
        self.rebuild_items_from(&vault).await?;
        self.recall_plans(&vault).await?;
        self.0.runs.changed();
        Ok(view)
    }

    /// The entry of a vault that is known: at this place, or at another one
    /// where it is no more.
    async fn known_entry(&self, vault: &Vault, key: &VaultKey) -> Result<Option<VaultEntry>> {
        let here = vault.location().to_string();
        let mut known = self.settings()?.vaults;
        if let Some(entry) = known.iter().find(|entry| is_same(&entry.location, &here)) {
            if entry.vault_id != vault.id().as_str() {
                return Err(Error::OtherVault { location: here });
            }
            return Ok(Some(entry.clone()));
        }
        known.retain(|entry| entry.vault_id == vault.id().as_str());
        for entry in &known {
            // Somebody copied its files: there are two of them.
            if is_at(entry, key).await? {
                return Err(Error::KnownVault {
                    location: entry.location.clone(),
                });
            }
        }
        Ok(known.into_iter().next())
    }

    fn move_to(&self, entry: &VaultEntry, vault: &Vault) -> Result<VaultView> {
        let location = vault.location().to_string();
        let mut entry = entry.clone();
        if !is_same(&entry.location, &location) {
            tracing::info!(vault = entry.name, location, "the vault was moved");
            entry.location = location;
            let moved = entry.clone();
            self.0.store.update(|settings| {
                for other in &mut settings.vaults {
                    if other.id == moved.id {
                        other.location.clone_from(&moved.location);
                    }
                }
            })?;
        }
        self.open_vaults().insert(entry.id, vault.clone());
        self.vault_view(&entry)
    }

    /// The vaults, in the order in which they were added.
    pub fn vaults(&self) -> Result<Vec<VaultView>> {
        let mut vaults = self.settings()?.vaults;
        vaults.sort_by_key(|vault| vault.created_at);
        vaults.iter().map(|vault| self.vault_view(vault)).collect()
    }

    /// Forgets a vault on this machine; what is in it stays. Refused while a
    /// plan uses it, and as long as its key is nowhere else.
    pub async fn remove_vault(&self, id: &str) -> Result<()> {
        let entry = self.find_vault(id)?;
        let settings = self.settings()?;
        if let Some(plan) = settings.plans.iter().find(|plan| plan.vault == entry.id) {
            return Err(Error::InUse {
                what: What::Vault,
                plan: plan.name.clone(),
            });
        }
        let mut copies = settings.copies.iter();
        if copies.any(|copy| copy.from == entry.id || copy.to == entry.id) {
            return Err(Error::HasCopy { vault: entry.name });
        }
        if !matches!(entry.recovery_kit, RecoveryKit::Saved { .. }) {
            return Err(Error::KitNotSaved { vault: entry.name });
        }
        let id = entry.id;
        let secrets = self.0.secrets.clone();
        blocking(move || Ok(secrets.delete(&SecretKey::VaultKey(id))?)).await?;
        self.0
            .store
            .update(|settings| settings.vaults.retain(|vault| vault.id != id))?;
        self.open_vaults().remove(&id);
        self.0.runs.changed();
        Ok(())
    }

    /// The open vault of an entry. Opened once per process, for that derives a
    /// key; looked at anew each time, for a drive can be gone.
    pub(crate) async fn vault(&self, entry: &VaultEntry) -> Result<Vault> {
        let known = self.open_vaults().get(&entry.id).cloned();
        let location = Location::parse(&entry.location)?;
        if let Some(vault) = known {
            let labkeep = self.clone();
            match blocking(move || Ok(labkeep.0.places.look(&location))).await? {
                Seen::There(Inspection {
                    state: State::Vault { .. },
                    ..
                }) => return Ok(vault),
                Seen::Silent => {
                    return Err(Error::Silent {
                        what: entry.name.clone(),
                    });
                }
                Seen::There(_) | Seen::Bad(_) => {}
            }
            self.open_vaults().remove(&entry.id);
        }
        let key = self.key(entry).await?;
        let location = Location::parse(&entry.location)?;
        let vault =
            blocking(move || Ok(Vault::open(&location, &key, OpenOptions::default())?)).await?;
        if vault.id().as_str() != entry.vault_id {
            return Err(Error::OtherVault {
                location: entry.location.clone(),
            });
        }
        self.open_vaults().insert(entry.id, vault.clone());
        Ok(vault)
    }

    /// The key of a vault, from the keychain.
    pub(crate) async fn key(&self, entry: &VaultEntry) -> Result<VaultKey> {
        let secrets = self.0.secrets.clone();
        let id = entry.id;
        let key = blocking(move || Ok(secrets.get(&SecretKey::VaultKey(id))?))
            .await?
            .ok_or_else(|| Error::KeyMissing {
                vault: entry.name.clone(),
            })?;
        Ok(VaultKey::parse(key.expose_secret())?)
    }

    /// Notes how much a vault holds, for views that must not wait for it.
    pub(crate) fn note_usage(&self, entry: VaultEntryId, bytes: u64, snapshots: u64) -> Result<()> {
        let usage = json!({ "bytes": bytes, "snapshots": snapshots });
        Ok(self.0.catalogue.set_memo(&usage_memo(entry), &usage)?)
    }

    /// Notes that a vault's check found nothing.
    pub(crate) fn note_checked(&self, entry: VaultEntryId) -> Result<()> {
        let at = json!(millis(self.0.clock.now()));
        Ok(self.0.catalogue.set_memo(&checked_memo(entry), &at)?)
    }

    pub(crate) fn vault_view(&self, entry: &VaultEntry) -> Result<VaultView> {
        let seen = self.seen(entry);
        let problem = match &seen {
            Seen::There(Inspection {
                state: State::Vault { .. },
                ..
            }) => None,
            Seen::There(Inspection {
                state: State::NewerFormat { .. },
                ..
            }) => Some("It was written by a newer Labkeep. Update Labkeep.".to_owned()),
            Seen::There(_) => Some(
                "It is not there. If it is on a removable drive or a network share, connect it."
                    .to_owned(),
            ),
            Seen::Bad(error) => Some(advice::of_vault(error).to_string()),
            Seen::Silent => Some(SILENT.to_owned()),
        };
        let free_bytes = match seen {
            Seen::There(inspection) => inspection.free_bytes,
            Seen::Bad(_) | Seen::Silent => None,
        };
        let usage = self.0.catalogue.memo(&usage_memo(entry.id))?;
        let checked = self.0.catalogue.memo(&checked_memo(entry.id))?;
        let number = |name: &str| usage.as_ref().and_then(|usage| usage[name].as_u64());
        Ok(VaultView {
            id: entry.id.to_string(),
            name: entry.name.clone(),
            location: entry.location.clone(),
            reachable: problem.is_none(),
            problem,
            stored_bytes: number("bytes"),
            snapshots: number("snapshots").and_then(|number| u32::try_from(number).ok()),
            free_bytes,
            recovery_kit: match &entry.recovery_kit {
                RecoveryKit::Saved { .. } => RecoveryKitState::Saved,
                RecoveryKit::Postponed { .. } => RecoveryKitState::Postponed,
                RecoveryKit::Pending => RecoveryKitState::Pending,
            },
            last_checked_at: checked
                .and_then(|at| at.as_i64())
                .map(|at| millis(from_millis(at))),
            all_read_at: self.rotation(entry.id)?.read_by().map(millis),
            next_check_at: self.check_of_is_due(entry)?.map(millis),
        })
    }

    fn attach(
        &self,
        id: VaultEntryId,
        name: String,
        vault: &Vault,
        recovery_kit: RecoveryKit,
    ) -> Result<VaultView> {
        let entry = VaultEntry {
            id,
            name,
            location: vault.location().to_string(),
            vault_id: vault.id().as_str().to_owned(),
            created_at: self.0.clock.now(),
            recovery_kit,
            rest: serde_json::Map::new(),
        };
        let stored = entry.clone();
        self.0
            .store
            .update(|settings| settings.vaults.push(stored))?;
        self.open_vaults().insert(id, vault.clone());
        self.0.runs.changed();
        self.vault_view(&entry)
    }

    async fn keep_key(&self, id: VaultEntryId, name: &str, key: &VaultKey) -> Result<()> {
        let secrets = self.0.secrets.clone();
        let label = format!("Labkeep: key of the vault “{name}”");
        let key = key.as_secret().clone();
        blocking(move || Ok(secrets.set(&SecretKey::VaultKey(id), &label, &key)?)).await
    }

    async fn drop_key(&self, id: VaultEntryId) {
        let secrets = self.0.secrets.clone();
        let dropped = blocking(move || Ok(secrets.delete(&SecretKey::VaultKey(id))?)).await;
        if let Err(error) = dropped {
            tracing::warn!(%error, "the key of a vault that was not made stays in the keychain");
        }
    }

    fn refuse_known(&self, location: &str) -> Result<()> {
        let settings = self.settings()?;
        if settings
            .vaults
            .iter()
            .any(|vault| is_same(&vault.location, location))
        {
            return Err(Error::KnownVault {
                location: location.to_owned(),
            });
        }
        Ok(())
    }

    fn free_vault_name(&self, name: Option<String>, location: &Location) -> Result<String> {
        let taken: Vec<String> = self
            .settings()?
            .vaults
            .into_iter()
            .map(|vault| vault.name)
            .collect();
        let wanted = name
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| {
                let path = PathBuf::from(location.to_string());
                path.file_name().map_or_else(
                    || "Vault".to_owned(),
                    |name| name.to_string_lossy().into_owned(),
                )
            });
        Ok(free_name(&wanted, &taken))
    }

    fn open_vaults(
        &self,
    ) -> std::sync::MutexGuard<'_, std::collections::HashMap<VaultEntryId, Vault>> {
        self.0
            .open
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Whether two locations are the same place, by whatever path.
fn is_same(one: &str, other: &str) -> bool {
    let place = |location: &str| {
        let path = PathBuf::from(location);
        path.canonicalize().unwrap_or(path)
    };
    place(one) == place(other)
}

/// Whether a vault is where its entry says.
async fn is_at(entry: &VaultEntry, key: &VaultKey) -> Result<bool> {
    let location = Location::parse(&entry.location)?;
    let (key, id) = (key.clone(), entry.vault_id.clone());
    blocking(move || {
        let found = Vault::open(&location, &key, OpenOptions::default());
        Ok(found.is_ok_and(|vault| vault.id().as_str() == id))
    })
    .await
}

/// The name, with a number behind it if it is taken.
pub(super) fn free_name(wanted: &str, taken: &[String]) -> String {
    let is_taken = |name: &str| taken.iter().any(|other| other.eq_ignore_ascii_case(name));
    if !is_taken(wanted) {
        return wanted.to_owned();
    }
    (2..=taken.len() + 2)
        .map(|number| format!("{wanted} {number}"))
        .find(|name| !is_taken(name))
        .expect("there are more numbers than names")
}

fn usage_memo(entry: VaultEntryId) -> String {
    format!("vault-usage.{entry}")
}

fn checked_memo(entry: VaultEntryId) -> String {
    format!("vault-checked.{entry}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let taken = ["Disk".to_owned(), "disk 2".to_owned()];
        assert_eq!(free_name("disk", &taken), "disk 3");
        assert_eq!(free_name("NAS", &taken), "NAS");
    }
}
