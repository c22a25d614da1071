//! Accounts: connect, check, list, remove.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::tz::TimeZone;
use labkeep_gitlab::{
    Ability, BaseUrl, Client, ClientOptions, Connection, Proxy, SignIn, check_token, checklist,
    connect,
};
use labkeep_settings::{Account, AccountId, AccountUser, SecretKey, TokenFacts};
use secrecy::SecretString;

use super::advise::{checklist_view, token_kind};
use super::recovered::awaits_token;
use super::snapshot::details;
use super::{Labkeep, blocking};
use crate::clock::millis;
use crate::error::{Error, Result, What};
use crate::probe::{self, Probe};
use crate::view::{AccountView, ChecklistView, ConnectRequest, Connected};

impl Labkeep {
    /// Checks a token and keeps it in the keychain. An account of the same
    /// instance and user gets the new token; nothing is stored if anything
    /// fails.
    pub async fn connect_account(
        &self,
        request: ConnectRequest,
        token: SecretString,
        name: Option<String>,
    ) -> Result<Connected> {
        self.connect(request, token, name, false).await
    }

    /// The same, but a token that allows no backup is refused before anything
    /// is kept: where nobody looks at the checklist, it would fail later.
    pub async fn connect_useful_account(
        &self,
        request: ConnectRequest,
        token: SecretString,
        name: Option<String>,
    ) -> Result<Connected> {
        self.connect(request, token, name, true).await
    }

    async fn connect(
        &self,
        request: ConnectRequest,
        token: SecretString,
        name: Option<String>,
        must_be_useful: bool,
    ) -> Result<Connected> {
        check_token(&token)?;
        let base = BaseUrl::parse(&request.url).map_err(labkeep_gitlab::Error::from)?;
        let named = match &request.account {
            Some(id) => Some(self.find_account(id)?),
            None => None,
        };
        // A new token for a known account is tried with what that account trusts.
        let trusted = named.as_ref().and_then(|account| account.ca_file.clone());
        let ca_file = request
            .ca_file
            .filter(|file| !file.trim().is_empty())
            .map(PathBuf::from)
            .or(trusted);
        let options = self.client_options(base, token.clone(), ca_file.as_deref())?;
        let Connection { client, sign_in } = connect(options).await?;
        if must_be_useful {
            self.refuse_useless(&sign_in)?;
        }
        let probe = probe::probe(&client, &sign_in).await?;
        let settings = self.settings()?;
        let known = match named {
            Some(named) => Some(named),
            None => settings
                .accounts
                .iter()
                .find(|account| is_same(account, &client, &sign_in))
                .or_else(|| settings.accounts.iter().find(|a| waits(a, &client)))
                .cloned(),
        };
        let is_new = known.is_none();
        let now = self.0.clock.now();
        let account = Account {
            id: known
                .as_ref()
                .map_or_else(AccountId::random, |known| known.id),
            name: name
                .or_else(|| {
                    let named = known.as_ref().filter(|known| known.user.is_some());
                    named.map(|known| known.name.clone())
                })
                .unwrap_or_else(|| default_name(&client, &sign_in)),
            url: client.base().as_str().to_owned(),
            user: sign_in.user.as_ref().map(|user| AccountUser {
                id: user.id,
                username: user.username.clone(),
                name: user.name.clone(),
            }),
            token: token_facts(&sign_in, now),
            ca_file,
            added_at: known.as_ref().map_or(now, |known| known.added_at),
            rest: known.map(|known| known.rest).unwrap_or_default(),
        };
        self.keep_token(&account, token).await?;
        let stored = account.clone();
        self.0.store.update(|settings| {
            settings.accounts.retain(|other| other.id != stored.id);
            settings.accounts.push(stored);
        })?;
        if is_new {
            self.note_saved_before(&account).await?;
        }
        self.0.runs.changed();
        let checklist = self.checklist(&account, &sign_in, &probe);
        Ok(Connected {
            account: self.account_view(&account),
            checklist,
        })
    }

    /// Notes the items of an account that are in known vaults already, as when
    /// it was removed and is added again.
    async fn note_saved_before(&self, account: &Account) -> Result<()> {
        for entry in self.settings()?.vaults {
            let known = self.0.catalogue.snapshots(&entry.vault_id)?;
            if !known.iter().any(|one| details(one).url == account.url) {
                continue;
            }
            let noted = match self.vault(&entry).await {
                Ok(vault) => self.rebuild_items_from(&vault).await,
                Err(error) => Err(error),
            };
            // They are known again after the next backup at the latest.
            if let Err(error) = noted {
                tracing::warn!(vault = entry.name, %error, "its items are not noted");
            }
        }
        Ok(())
    }

    /// Checks the token of an account again and notes what changed.
    pub async fn check_account(&self, id: &str) -> Result<ChecklistView> {
        let account = self.find_account(id)?;
        let client = self.client(&account, None).await?;
        let sign_in = client.sign_in().await?;
        let probe = probe::probe(&client, &sign_in).await?;
        let token = token_facts(&sign_in, self.0.clock.now());
        self.0.store.update(|settings| {
            for other in &mut settings.accounts {
                if other.id == account.id {
                    other.token = token.clone();
                }
            }
        })?;
        Ok(self.checklist(&account, &sign_in, &probe))
    }

    /// The accounts, in the order in which they were added.
    pub fn accounts(&self) -> Result<Vec<AccountView>> {
        let mut accounts = self.settings()?.accounts;
        accounts.sort_by_key(|account| account.added_at);
        Ok(accounts
            .iter()
            .map(|account| self.account_view(account))
            .collect())
    }

    /// Removes an account and its token. Refused while a plan uses it.
    pub async fn remove_account(&self, id: &str) -> Result<()> {
        let account = self.find_account(id)?;
        let settings = self.settings()?;
        if let Some(plan) = settings
            .plans
            .iter()
            .find(|plan| plan.account == account.id)
        {
            return Err(Error::InUse {
                what: What::Account,
                plan: plan.name.clone(),
            });
        }
        let secrets = self.0.secrets.clone();
        let id = account.id;
        blocking(move || Ok(secrets.delete(&SecretKey::AccountToken(id))?)).await?;
        self.0
            .store
            .update(|settings| settings.accounts.retain(|other| other.id != id))?;
        self.0.catalogue.remove_items(id)?;
        self.0.runs.changed();
        Ok(())
    }

    /// A client for an account, with its own token or with another one that is
    /// only borrowed.
    pub(crate) async fn client(
        &self,
        account: &Account,
        borrowed: Option<SecretString>,
    ) -> Result<Client> {
        let token = match borrowed {
            Some(token) => token,
            None => self.token(account).await?,
        };
        let base = BaseUrl::parse(&account.url).map_err(labkeep_gitlab::Error::from)?;
        let options = self.client_options(base, token, account.ca_file.as_deref())?;
        Ok(Client::new(options)?)
    }

    async fn token(&self, account: &Account) -> Result<SecretString> {
        let secrets = self.0.secrets.clone();
        let id = account.id;
        blocking(move || Ok(secrets.get(&SecretKey::AccountToken(id))?))
            .await?
            .ok_or_else(|| Error::TokenMissing {
                account: account.name.clone(),
            })
    }

    async fn keep_token(&self, account: &Account, token: SecretString) -> Result<()> {
        let secrets = self.0.secrets.clone();
        let key = SecretKey::AccountToken(account.id);
        let label = format!("Labkeep: token for {}", account.name);
        blocking(move || Ok(secrets.set(&key, &label, &token)?)).await
    }

    fn client_options(
        &self,
        base: BaseUrl,
        token: SecretString,
        ca_file: Option<&Path>,
    ) -> Result<ClientOptions> {
        let mut options = ClientOptions::new(base, Some(token));
        options.ca_pem = ca_file
            .map(|file| {
                std::fs::read(file).map_err(|source| Error::File {
                    path: file.display().to_string(),
                    source,
                })
            })
            .transpose()?;
        if let Some(proxy) = self.settings()?.preferences.proxy {
            options.proxy = Proxy::Url(proxy);
        }
        Ok(options)
    }

    fn refuse_useless(&self, sign_in: &SignIn) -> Result<()> {
        let today = self.0.clock.now().to_zoned(TimeZone::UTC).date();
        if checklist(sign_in, today).can.connect != Ability::No {
            return Ok(());
        }
        let scopes: Vec<&str> = sign_in
            .token
            .iter()
            .flat_map(|token| &token.scopes)
            .map(labkeep_gitlab::Scope::as_str)
            .collect();
        Err(Error::TokenTooSmall {
            scopes: scopes.join(", "),
        })
    }

    fn checklist(&self, account: &Account, sign_in: &SignIn, probe: &Probe) -> ChecklistView {
        let now = self.0.clock.now();
        let today = now.to_zoned(TimeZone::UTC).date();
        checklist_view(account, sign_in, &checklist(sign_in, today), probe, now)
    }

    pub(crate) fn account_view(&self, account: &Account) -> AccountView {
        let today = self.0.clock.now().to_zoned(TimeZone::UTC).date();
        let expires = account.token.expires_on;
        AccountView {
            id: account.id.to_string(),
            name: account.name.clone(),
            url: account.url.clone(),
            host: BaseUrl::parse(&account.url)
                .map_or_else(|_| account.url.clone(), |base| base.host()),
            username: account.user.as_ref().map(|user| user.username.clone()),
            token_expires_at: expires
                .and_then(|date| date.to_zoned(TimeZone::UTC).ok())
                .map(|zoned| millis(zoned.timestamp())),
            token_days_left: expires.map(|date| today.duration_until(date).as_hours() / 24),
        }
    }

    /// The account with this ID, as settings know it.
    pub(crate) fn account_by_id(&self, id: &str) -> Result<Account> {
        let unknown = || Error::Unknown {
            what: What::Account,
            name: id.to_owned(),
        };
        let id = AccountId::from_str(id).map_err(|_| unknown())?;
        self.settings()?.account(id).cloned().ok_or_else(unknown)
    }
}

fn is_same(account: &Account, client: &Client, sign_in: &SignIn) -> bool {
    let user = sign_in.user.as_ref().map(|user| user.id);
    account.url == client.base().as_str()
        && account.user.as_ref().map(|user| user.id) == user
        && user.is_some()
}

/// Whether an account waits for the first token of this instance.
fn waits(account: &Account, client: &Client) -> bool {
    account.url == client.base().as_str() && awaits_token(account)
}

fn default_name(client: &Client, sign_in: &SignIn) -> String {
    let host = client.base().host();
    match &sign_in.user {
        Some(user) => format!("{host} · @{}", user.username),
        None => host,
    }
}

fn token_facts(sign_in: &SignIn, now: jiff::Timestamp) -> TokenFacts {
    let token = sign_in.token.as_ref();
    TokenFacts {
        name: token
            .map(|token| token.name.clone())
            .filter(|name| !name.is_empty()),
        kind: token_kind(sign_in).to_owned(),
        scopes: token
            .iter()
            .flat_map(|token| &token.scopes)
            .map(|scope| scope.as_str().to_owned())
            .collect(),
        expires_on: token.and_then(|token| token.expires_on),
        checked_at: Some(now),
        rest: serde_json::Map::new(),
    }
}
