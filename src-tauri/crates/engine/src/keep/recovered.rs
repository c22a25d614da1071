//! What a machine that was set up from a vault still needs: tokens of the
//! accounts, and snapshots that could not be read.

use labkeep_gitlab::BaseUrl;
use labkeep_settings::{Account, AccountId, Settings, TokenFacts, VaultEntry};
use serde_json::json;

use super::Labkeep;
use crate::error::Result;
use crate::head::Head;
use crate::restore::things;
use crate::view::{AttentionView, RETENTION_OPEN, Remedy, Severity};

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
        let open = settings.plans.iter().filter(|plan| plan.retention_open);
        all.extend(open.map(|plan| AttentionView {
            key: format!("retention:{}", plan.id),
            severity: Severity::Info,
            title: format!("Choose how long “{}” keeps its snapshots", plan.name),
            detail: RETENTION_OPEN.to_owned(),
            remedy: Some(Remedy::ShowSettings),
        }));
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

    pub(super) fn unread_in(&self, vault: &VaultEntry) -> Result<Option<String>> {
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
    /// first of them. Tells whether there are more than before.
    pub(super) fn note_unread(&self, vault: &str, number: u64, why: &str) -> Result<bool> {
        let key = memo(vault);
        let before = self.0.catalogue.memo(&key)?;
        if number == 0 && before.is_none() {
            return Ok(false);
        }
        let value = json!({ "number": number, "why": why });
        self.0.catalogue.set_memo(&key, &value)?;
        let before = before.and_then(|memo| memo["number"].as_u64());
        Ok(number > before.unwrap_or(0))
    }

    /// The account that a snapshot is of: that of its plan or its user. Another
    /// user's must not be read with this one's token, so one without a token is
    /// made if there is none, for its projects to have a place in the list.
    pub(super) fn account_for(&self, head: &Head) -> Result<AccountId> {
        let settings = self.settings()?;
        if let Some(account) = known_account(&settings, head) {
            return Ok(account.id);
        }
        let url = &head.account.url;
        let account = Account {
            id: AccountId::random(),
            name: BaseUrl::parse(url).map_or_else(|_| url.clone(), |base| base.host()),
            url: url.clone(),
            user: None,
            token: TokenFacts::default(),
            ca_file: None,
            added_at: self.0.clock.now(),
            rest: serde_json::Map::new(),
        };
        let id = account.id;
        self.0
            .store
            .update(|settings| settings.accounts.push(account))?;
        Ok(id)
    }
}

/// The account of a snapshot, if there is one.
pub(super) fn known_account<'a>(settings: &'a Settings, head: &Head) -> Option<&'a Account> {
    let plan = head.plan.id.parse().ok().and_then(|id| settings.plan(id));
    let of_plan = plan.and_then(|plan| settings.account(plan.account));
    let here = || {
        let accounts = settings.accounts.iter();
        accounts.filter(|account| account.url == head.account.url)
    };
    let user = head.account.user.as_deref();
    let is_same = |account: &&Account| {
        let id = account.user.as_ref().map(|user| user.id.to_string());
        user.is_none() || id.as_deref() == user
    };
    of_plan
        .filter(|account| account.url == head.account.url)
        .or_else(|| here().find(is_same))
        .or_else(|| here().find(|account| account.user.is_none()))
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
