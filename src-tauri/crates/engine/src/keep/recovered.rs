//! What a machine that was set up from a vault still needs: tokens of the
//! accounts, and snapshots that could not be read.

use labkeep_settings::{Account, Settings, VaultEntry};
use serde_json::json;

use super::Labkeep;
use crate::error::Result;
use crate::restore::things;
use crate::view::{AttentionView, Remedy, Severity};

/// Whether an account was made for the snapshots of an opened vault and waits
/// for its first token.
pub(super) fn awaits_token(account: &Account) -> bool {
    account.user.is_none() && account.token.checked_at.is_none()
}

impl Labkeep {
    /// What is to be said of what is missing since a vault was opened.
    pub(super) fn attention_of_recovery(&self, settings: &Settings) -> Result<Vec<AttentionView>> {
        let mut all: Vec<AttentionView> = settings
            .accounts
            .iter()
            .filter(|account| awaits_token(account))
            .filter_map(|account| missing_token(settings, account))
            .collect();
        for vault in &settings.vaults {
            all.extend(self.attention_of_unread(vault)?);
        }
        Ok(all)
    }

    fn attention_of_unread(&self, vault: &VaultEntry) -> Result<Option<AttentionView>> {
        Ok(self.unread_in(vault)?.map(|detail| AttentionView {
            key: format!("unread:{}", vault.id),
            severity: Severity::Danger,
            title: format!("Not everything in {} can be read", vault.name),
            detail,
            remedy: Some(Remedy::CheckVault {
                vault: vault.id.to_string(),
            }),
        }))
    }

    /// Says which snapshots of a vault could not be read when it was last
    /// looked at; none if all could be.
    pub fn unread_snapshots(&self, vault: &str) -> Result<Option<String>> {
        self.unread_in(&self.find_vault(vault)?)
    }

    fn unread_in(&self, vault: &VaultEntry) -> Result<Option<String>> {
        let memo = self.0.catalogue.memo(&memo(&vault.vault_id))?;
        Ok(memo.and_then(|memo| {
            let number = memo["number"].as_u64().filter(|number| *number > 0)?;
            let why = memo["why"].as_str().unwrap_or_default();
            let what = things(
                number,
                "snapshot of this vault cannot be read",
                "snapshots of this vault cannot be read",
            );
            Some(format!("{what}: {why} Check the vault."))
        }))
    }

    /// Remembers how many snapshots of a vault could not be read, and why the
    /// first of them.
    pub(super) fn note_unread(&self, vault: &str, number: u64, why: &str) -> Result<()> {
        let key = memo(vault);
        let is_known = self.0.catalogue.memo(&key)?.is_some();
        if number == 0 && !is_known {
            return Ok(());
        }
        let value = json!({ "number": number, "why": why });
        Ok(self.0.catalogue.set_memo(&key, &value)?)
    }
}

fn missing_token(settings: &Settings, account: &Account) -> Option<AttentionView> {
    let plans: Vec<String> = settings
        .plans
        .iter()
        .filter(|plan| plan.account == account.id)
        .map(|plan| format!("“{}”", plan.name))
        .collect();
    if plans.is_empty() {
        return None;
    }
    Some(AttentionView {
        key: format!("token:{}", account.id),
        severity: Severity::Danger,
        title: format!("{} needs a token", account.name),
        detail: format!(
            "Nothing of {} is backed up until one is entered. What is in the vault can be restored and exported.",
            plans.join(" and ")
        ),
        remedy: Some(Remedy::RenewToken {
            account: account.id.to_string(),
        }),
    })
}

fn memo(vault: &str) -> String {
    format!("vault-unread:{vault}")
}
