//! Things by their ID or, for people on a command line, by their name.

use std::str::FromStr;

use labkeep_settings::{Account, Plan, RunId, VaultEntry};

use super::Labkeep;
use crate::error::{Error, Result, What};

impl Labkeep {
    /// The account with this ID, name, host or address.
    pub fn find_account(&self, name: &str) -> Result<Account> {
        let settings = self.settings()?;
        only(
            What::Account,
            name,
            settings.accounts.into_iter().filter(|account| {
                is(name, &account.id.to_string(), &account.name)
                    || account.url == name.trim_end_matches('/')
                    || account.url.split("://").nth(1) == Some(name)
            }),
        )
    }

    /// The account with this name, or the only one there is.
    pub fn account_or_only(&self, name: Option<&str>) -> Result<Account> {
        match name {
            Some(name) => self.find_account(name),
            None => the_only(What::Account, self.settings()?.accounts, |one| &one.name),
        }
    }

    /// The vault with this ID, name or location.
    pub fn find_vault(&self, name: &str) -> Result<VaultEntry> {
        let settings = self.settings()?;
        only(
            What::Vault,
            name,
            settings.vaults.into_iter().filter(|vault| {
                is(name, &vault.id.to_string(), &vault.name) || vault.location == name
            }),
        )
    }

    /// The vault with this name, or the only one there is.
    pub fn vault_or_only(&self, name: Option<&str>) -> Result<VaultEntry> {
        match name {
            Some(name) => self.find_vault(name),
            None => the_only(What::Vault, self.settings()?.vaults, |one| &one.name),
        }
    }

    /// The plan with this ID or name.
    pub fn find_plan(&self, name: &str) -> Result<Plan> {
        let settings = self.settings()?;
        only(
            What::Plan,
            name,
            settings
                .plans
                .into_iter()
                .filter(|plan| is(name, &plan.id.to_string(), &plan.name)),
        )
    }

    /// The plan with this name, or the only one there is.
    pub fn plan_or_only(&self, name: Option<&str>) -> Result<Plan> {
        match name {
            Some(name) => self.find_plan(name),
            None => the_only(What::Plan, self.settings()?.plans, |one| &one.name),
        }
    }

    /// The ID that this text is, or the beginning of.
    pub fn find_run(&self, name: &str) -> Result<RunId> {
        if let Ok(id) = RunId::from_str(name) {
            return Ok(id);
        }
        let runs = self
            .0
            .catalogue
            .runs(&labkeep_settings::RunQuery::default())?;
        let ids = runs.into_iter().map(|run| run.id);
        only(
            What::Run,
            name,
            ids.filter(|id| name.len() >= 4 && id.to_string().starts_with(name)),
        )
    }
}

fn is(name: &str, id: &str, its_name: &str) -> bool {
    id == name || its_name.eq_ignore_ascii_case(name)
}

/// The only one there is.
fn the_only<T>(what: What, mut all: Vec<T>, name: impl Fn(&T) -> &str) -> Result<T> {
    match all.len() {
        0 => Err(Error::NoneYet { what }),
        1 => Ok(all.remove(0)),
        _ => Err(Error::Which {
            what,
            names: all.iter().map(|one| name(one).to_owned()).collect(),
        }),
    }
}

fn only<T>(what: What, name: &str, mut found: impl Iterator<Item = T>) -> Result<T> {
    let unknown = || Error::Unknown {
        what,
        name: name.to_owned(),
    };
    let first = found.next().ok_or_else(unknown)?;
    match found.next() {
        None => Ok(first),
        Some(_) => Err(Error::Ambiguous {
            what,
            name: name.to_owned(),
        }),
    }
}
