//! Second copies: which vault is copied to which other one.

use labkeep_settings::{CopyId, VaultCopy, VaultEntryId};

use super::Labkeep;
use crate::error::{Error, Result, What};
use crate::view::{CopyInput, CopyView};

impl Labkeep {
    /// Sets a second copy up.
    pub fn create_copy(&self, input: &CopyInput) -> Result<CopyView> {
        let (from, to) = self.ends(input, None)?;
        let copy = VaultCopy {
            id: CopyId::random(),
            from,
            to,
            retention: input.retention,
            created_at: self.0.clock.now(),
            rest: serde_json::Map::new(),
        };
        let made = copy.clone();
        self.0.store.update(|settings| settings.copies.push(copy))?;
        self.0.runs.changed();
        self.copy_view(&made)
    }

    /// Changes a second copy.
    pub fn update_copy(&self, id: &str, input: &CopyInput) -> Result<CopyView> {
        let mut copy = self.find_copy(id)?;
        (copy.from, copy.to) = self.ends(input, Some(copy.id))?;
        copy.retention = input.retention;
        self.0.store.update(|settings| {
            for other in &mut settings.copies {
                if other.id == copy.id {
                    other.clone_from(&copy);
                }
            }
        })?;
        self.reconsider_copy(&copy)?;
        self.0.runs.changed();
        self.copy_view(&copy)
    }

    /// Copies no more. What was copied stays.
    pub fn remove_copy(&self, id: &str) -> Result<()> {
        let copy = self.find_copy(id)?;
        self.0
            .store
            .update(|settings| settings.copies.retain(|other| other.id != copy.id))?;
        self.0.runs.changed();
        Ok(())
    }

    /// The second copies, in the order in which they were set up.
    pub fn copies(&self) -> Result<Vec<CopyView>> {
        let mut copies = self.settings()?.copies;
        copies.sort_by_key(|copy| copy.created_at);
        copies.iter().map(|copy| self.copy_view(copy)).collect()
    }

    pub(super) fn find_copy(&self, id: &str) -> Result<VaultCopy> {
        let copies = self.settings()?.copies;
        copies
            .into_iter()
            .find(|copy| copy.id.to_string() == id)
            .ok_or_else(|| Error::Unknown {
                what: What::Copy,
                name: id.to_owned(),
            })
    }

    /// The two vaults of a second copy; refused if they are one, or if there is
    /// another second copy of the same two.
    fn ends(
        &self,
        input: &CopyInput,
        except: Option<CopyId>,
    ) -> Result<(VaultEntryId, VaultEntryId)> {
        let from = self.find_vault(&input.from)?;
        let to = self.find_vault(&input.to)?;
        // The same vault by another path as well.
        if from.vault_id == to.vault_id {
            return Err(labkeep_vault::Error::SameVault { path: to.location }.into());
        }
        let copies = self.settings()?.copies;
        let mut others = copies.iter().filter(|copy| Some(copy.id) != except);
        if others.any(|copy| copy.from == from.id && copy.to == to.id) {
            return Err(Error::CopiedAlready {
                from: from.name,
                to: to.name,
            });
        }
        Ok((from.id, to.id))
    }
}
