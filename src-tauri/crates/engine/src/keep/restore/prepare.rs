//! What a restore has to know before it begins: the snapshot, the token, the
//! place, and what is saved of the item.

use labkeep_gitlab::rest::Id;
use labkeep_gitlab::{AccessLevel, Client, Scope};
use labkeep_settings::Account;
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;

use super::super::execute::key;
use super::super::snapshot::{OpenSnapshot, SnapshotRef, details, view};
use super::super::{Labkeep, blocking};
use crate::capture::LINKS;
use crate::clock::millis;
use crate::error::{Error, Result, What};
use crate::kind::{Item, Kind, Sort};
use crate::layout;
use crate::ledger::Line;
use crate::refs::Refs;
use crate::restore::{Destination, RestoreError, choose};
use crate::view::{RestoreRequest, SnapshotView};

/// Everything that a restore needs to know before it begins.
pub(super) struct Prepared {
    pub(super) account: Account,
    pub(super) item: Item,
    pub(super) path: String,
    pub(super) snapshot: SnapshotRef,
    pub(super) open: OpenSnapshot,
    pub(super) kinds: Vec<Kind>,
}

/// What a token turned out to be.
pub(super) struct Access {
    pub(super) client: Option<Client>,
    pub(super) can_write: bool,
    pub(super) is_admin: bool,
    pub(super) user: Option<u64>,
    pub(super) reason: String,
}

impl Labkeep {
    pub(super) async fn prepare(&self, request: &RestoreRequest) -> Result<Prepared> {
        let account = self.account_by_id(&request.account)?;
        let snapshot = self.snapshot_for(request)?;
        let open = self.open_snapshot(&snapshot).await?;
        let path = open
            .ledger
            .of(request.item)
            .next()
            .map(|line| line.path.clone())
            .ok_or_else(|| RestoreError::NotInSnapshot {
                item: self
                    .path_of(&account, request.item)
                    .unwrap_or_else(|| request.item.folder()),
            })?;
        if request.item.sort == Sort::Group {
            return Err(RestoreError::IsAGroup { path }.into());
        }
        let mut kinds = request
            .kinds
            .clone()
            .unwrap_or_else(|| Kind::OF_PROJECT.to_vec());
        if !kinds.contains(&Kind::Settings) {
            kinds.push(Kind::Settings);
        }
        Ok(Prepared {
            account,
            item: request.item,
            path,
            snapshot,
            open,
            kinds,
        })
    }

    /// The snapshot that a request names, or the latest in which its item is
    /// whole.
    pub fn snapshot_for(&self, request: &RestoreRequest) -> Result<SnapshotRef> {
        match &request.snapshot {
            Some(id) => self.find_snapshot(id),
            None => self.latest_of(&self.account_by_id(&request.account)?, request.item),
        }
    }

    /// The latest snapshot in which an item is whole, or else the latest one.
    fn latest_of(&self, account: &Account, item: Item) -> Result<SnapshotRef> {
        let its = self
            .0
            .catalogue
            .items(account.id)?
            .into_iter()
            .find(|known| known.item == key(item));
        let last = its.as_ref().and_then(|known| known.last_snapshot.as_ref());
        let saved = its.as_ref().and_then(|known| known.last_saved);
        let mut known = self.known_snapshots(None)?;
        known.retain(|(_, snapshot)| details(snapshot).url == account.url);
        known.sort_by_key(|(_, snapshot)| snapshot.time);
        let whole = known
            .iter()
            .find(|(_, snapshot)| Some(&snapshot.id) == last)
            // The vault that it was in is gone; its copies are of that time.
            .or_else(|| known.iter().find(|(_, one)| Some(one.time) == saved));
        let wanted = whole.or(known.last()).ok_or_else(|| Error::Unknown {
            what: What::Snapshot,
            name: "latest".to_owned(),
        })?;
        Ok(self.at_hand(wanted, &known))
    }

    fn path_of(&self, account: &Account, item: Item) -> Option<String> {
        let items = self.0.catalogue.items(account.id).ok()?;
        items
            .into_iter()
            .find(|known| known.item == key(item))
            .map(|known| known.path)
    }

    /// Snapshots of the same instance from the time in which the item was
    /// there, newest first.
    pub(super) fn snapshots_of(
        &self,
        prepared: &Prepared,
        chosen: &SnapshotView,
    ) -> Result<Vec<SnapshotView>> {
        let known = self.0.catalogue.items(prepared.account.id)?;
        let Some(known) = known.into_iter().find(|one| one.item == key(prepared.item)) else {
            return Ok(Vec::new());
        };
        let first = millis(known.first_seen);
        let last = known.last_saved.map(millis);
        let mut of_account = self.known_snapshots(None)?;
        of_account.retain(|(_, snapshot)| details(snapshot).url == prepared.account.url);
        let mut others: Vec<SnapshotView> = self
            .snapshot_views(&of_account)?
            .into_iter()
            .filter(|snapshot| {
                // A run begins before it sees its items.
                let began = snapshot.at + 24 * 3_600_000 >= first;
                began && last.is_none_or(|last| snapshot.at <= last) && snapshot.id != chosen.id
            })
            .collect();
        others.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.at));
        Ok(others)
    }

    pub(super) fn snapshot_view(&self, snapshot: &SnapshotRef) -> Result<SnapshotView> {
        let damaged = self.damaged_snapshots(snapshot.vault.id)?;
        self.0
            .catalogue
            .snapshots(&snapshot.vault.vault_id)?
            .iter()
            .find(|known| known.id == snapshot.id)
            .map(|known| view(&snapshot.vault, known, &damaged))
            .ok_or_else(|| Error::Unknown {
                what: What::Snapshot,
                name: snapshot.id.clone(),
            })
    }

    /// Tries the given token, or the account's own.
    pub(super) async fn access(
        &self,
        account: &Account,
        token: Option<SecretString>,
    ) -> Result<Access> {
        let is_given = token.is_some();
        let client = match self.client(account, token).await {
            Ok(client) => client,
            Err(Error::TokenMissing { .. }) => {
                return Ok(Access {
                    client: None,
                    can_write: false,
                    is_admin: false,
                    user: None,
                    reason: "No token is kept for this account.".to_owned(),
                });
            }
            Err(error) => return Err(error),
        };
        let token = match client.token_facts().await {
            Ok(token) => token,
            // A dead token of the account is not needed for a restore that
            // brings its own.
            Err(error) if error.is_dead_token() && !is_given => {
                return Ok(Access {
                    client: None,
                    can_write: false,
                    is_admin: false,
                    user: None,
                    reason: format!(
                        "{} It is used for this restore only and not kept.",
                        crate::advice::of_gitlab(&error).message
                    ),
                });
            }
            Err(error) => return Err(error.into()),
        };
        let scopes = token.as_ref().map(|token| token.scopes.clone());
        let can_write = scopes
            .as_ref()
            .is_none_or(|scopes| scopes.contains(&Scope::Api) || scopes.contains(&Scope::Granular));
        if is_given && !can_write {
            return Err(RestoreError::TokenCannotWrite.into());
        }
        let user = match client.get_optional::<Value>("user", &[]).await {
            Ok(user) => user.unwrap_or_default(),
            Err(
                labkeep_gitlab::Error::InsufficientScope { .. }
                | labkeep_gitlab::Error::InsufficientGranularScope { .. },
            ) => Value::Null,
            Err(error) => return Err(error.into()),
        };
        Ok(Access {
            client: Some(client),
            can_write,
            is_admin: user["is_admin"] == true,
            user: token
                .and_then(|token| token.user_id)
                .or_else(|| user["id"].as_u64()),
            reason:
                "This needs a token that may write. It is used for this restore only and not kept."
                    .to_owned(),
        })
    }

    /// The destination, and why it cannot be used.
    pub(super) async fn destination(
        &self,
        access: &Access,
        prepared: &Prepared,
        request: &RestoreRequest,
    ) -> Result<(Destination, Option<RestoreError>)> {
        let wanted = request.destination.as_deref();
        let unchecked = |remark: Option<String>| {
            let path = wanted
                .filter(|path| path.contains('/') && !path.ends_with('/'))
                .unwrap_or(&prepared.path);
            let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
            Destination {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                remark,
            }
        };
        let Some(client) = &access.client else {
            let remark = "Whether it is free is looked up with the token.".to_owned();
            return Ok((unchecked(Some(remark)), None));
        };
        match choose(client, &prepared.path, wanted).await {
            Ok(destination) => {
                let blocker = role_blocker(client, access, &destination.namespace).await?;
                Ok((destination, blocker))
            }
            Err(error @ RestoreError::NoSuchGroup { .. }) => Ok((unchecked(None), Some(error))),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn facts(&self, prepared: &Prepared) -> Result<SavedFacts> {
        let reader = prepared.open.reader.clone();
        let lines: Vec<Line> = prepared.open.ledger.of(prepared.item).cloned().collect();
        let item = prepared.item;
        let has_repository = prepared.kinds.contains(&Kind::Repository)
            && lines
                .iter()
                .any(|line| line.kind == Kind::Repository && !line.pieces.is_empty());
        blocking(move || {
            let read = |path: &str| reader.read(&layout::in_item(item, path));
            let refs = if has_repository {
                let path = layout::refs_path("repository");
                let text =
                    read(&path)?.ok_or_else(|| RestoreError::Missing { path: path.clone() })?;
                Some(Refs::parse(&text).map_err(|source| RestoreError::Refs { path, source })?)
            } else {
                None
            };
            let count = |text: Option<Vec<u8>>| {
                text.map_or(0, |text| {
                    text.split(|byte| *byte == b'\n')
                        .filter(|l| !l.is_empty())
                        .count()
                })
            };
            let linked = count(read(&layout::extra_path(LINKS))?);
            let members = count(read(&layout::relation_path("project_members"))?);
            Ok(SavedFacts {
                lines,
                refs,
                links: linked,
                members,
            })
        })
        .await
    }

    /// A scratch folder that goes away with its handle.
    pub(in crate::keep) fn scratch_folder(&self) -> Result<TempDir, RestoreError> {
        let parent = self.0.home.scratch();
        tempfile::Builder::new()
            .prefix("run-")
            .tempdir_in(&parent)
            .map_err(RestoreError::file(&parent))
    }
}

/// Whether the role in the group is known to be too small for an import. Where
/// it is not known, GitLab will say.
pub(super) async fn role_blocker(
    client: &Client,
    access: &Access,
    namespace: &str,
) -> Result<Option<RestoreError>> {
    let (Some(user), true, false) = (access.user, access.can_write, access.is_admin) else {
        return Ok(None);
    };
    let path = format!("groups/{}/members/all/{user}", Id::from(namespace));
    let member = client.get_optional::<Value>(&path, &[]).await?;
    let level = member.and_then(|member| member["access_level"].as_u64());
    Ok(level
        .filter(|level| *level < u64::from(AccessLevel::MAINTAINER.number()))
        .map(|_| RestoreError::RoleTooSmall {
            namespace: namespace.to_owned(),
        }))
}

/// What is known of an item in a snapshot.
pub(super) struct SavedFacts {
    pub(super) lines: Vec<Line>,
    pub(super) refs: Option<Refs>,
    pub(super) links: usize,
    pub(super) members: usize,
}
