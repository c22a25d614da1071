//! Second copies: which vault is copied to which other one.

use labkeep_settings::{CopyId, VaultCopy};

use super::Labkeep;
use crate::error::{Error, Result, What};
use crate::view::{CopyInput, CopyView};

impl Labkeep {
    /// Sets a second copy up.
    pub fn create_copy(&self, input: &CopyInput) -> Result<CopyView> {
        let copy = VaultCopy {
            id: CopyId::random(),
            from: self.find_vault(&input.from)?.id,
            to: self.find_vault(&input.to)?.id,
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
        copy.from = self.find_vault(&input.from)?.id;
        copy.to = self.find_vault(&input.to)?.id;
        copy.retention = input.retention;
        self.0.store.update(|settings| {
            for other in &mut settings.copies {
                if other.id == copy.id {
                    other.clone_from(&copy);
                }
            }
        })?;
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

    fn find_copy(&self, id: &str) -> Result<VaultCopy> {
        let copies = self.settings()?.copies;
        copies
            .into_iter()
            .find(|copy| copy.id.to_string() == id)
            .ok_or_else(|| Error::Unknown {
                what: What::Copy,
                name: id.to_owned(),
            })
    }

    fn copy_view(&self, copy: &VaultCopy) -> Result<CopyView> {
        Ok(CopyView {
            id: copy.id.to_string(),
            input: CopyInput {
                from: copy.from.to_string(),
                to: copy.to.to_string(),
                retention: copy.retention,
            },
            copied_at: None,
            behind: 0,
            waits_for: None,
            problem: None,
        })
    }
}
