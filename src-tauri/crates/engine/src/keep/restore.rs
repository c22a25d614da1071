//! Restores as people ask for them: the plan first, then the run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use labkeep_gitlab::rest::Id;
use labkeep_gitlab::{AccessLevel, Client, Scope};
use labkeep_settings::{Account, Run, RunId};
use labkeep_vault::SnapshotReader;
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::execute::{Counts, Ended, Execution, Order, key};
use super::snapshot::{OpenSnapshot, SnapshotRef, view};
use super::{Labkeep, blocking};
use crate::advice::Advice;
use crate::capture::{LINKS, People};
use crate::clock::millis;
use crate::error::{Error, Result, What};
use crate::kind::{Item, Kind, Sort};
use crate::layout;
use crate::ledger::Line;
use crate::outcome::{Outcome, RunKind};
use crate::refs::Refs;
use crate::restore::{
    ArchiveWish, Destination, Facts, Material, RestoreError, RestoreJob, RestoreResult, Road,
    addresses, choose, describe, things,
};
use crate::run::{WireObserver, grouped};
use crate::token_page::token_page;
use crate::view::{
    ByteCounts, ItemCounts, Mark, Phase, ReportLine, RequestCountsView, RestorePlanView,
    RestoreRequest, SnapshotView, TokenNeed, TokenPurpose,
};

/// How an export is to be made.
#[derive(Clone, Debug)]
pub struct ExportWish {
    /// The folder, which must be missing or empty; with `archive`, the folder
    /// that the archive goes into.
    pub folder: PathBuf,
    /// One project archive that GitLab's own import page takes.
    pub archive: bool,
}

/// Everything that a restore needs to know before it begins.
struct Prepared {
    account: Account,
    item: Item,
    path: String,
    snapshot: SnapshotRef,
    open: OpenSnapshot,
    kinds: Vec<Kind>,
}

/// What a token turned out to be.
struct Access {
    client: Option<Client>,
    can_write: bool,
    is_admin: bool,
    user: Option<u64>,
    reason: String,
}

impl Labkeep {
    /// What a restore is going to do. Nothing is created; GitLab is only asked
    /// questions.
    pub async fn plan_restore(
        &self,
        request: RestoreRequest,
        token: Option<SecretString>,
    ) -> Result<RestorePlanView> {
        let prepared = self.prepare(&request).await?;
        let access = self.access(&prepared.account, token).await?;
        let (destination, blocker) = self.destination(&access, &prepared, &request).await?;
        let facts = self.facts(&prepared).await?;
        let lines = describe(&Facts {
            lines: &facts.lines,
            kinds: &prepared.kinds,
            refs: facts.refs.as_ref(),
            links: facts.links,
            members: facts.members,
            road: road(access.is_admin),
        });
        let bytes: u64 = facts
            .lines
            .iter()
            .filter(|line| prepared.kinds.contains(&line.kind))
            .map(Line::bytes)
            .sum();
        let token = if access.can_write {
            TokenNeed::None
        } else {
            TokenNeed::Write {
                reason: access.reason.clone(),
                page: token_page(&prepared.account.url, TokenPurpose::Restore)?,
            }
        };
        let snapshot = self.snapshot_view(&prepared.snapshot)?;
        let documents: u64 = facts.lines.iter().filter_map(|line| line.count).sum();
        Ok(RestorePlanView {
            request: RestoreRequest {
                account: prepared.account.id.to_string(),
                item: prepared.item,
                snapshot: Some(prepared.snapshot.id.clone()),
                destination: Some(destination.path()),
                kinds: request.kinds.clone(),
            },
            path: prepared.path.clone(),
            others: self.snapshots_of(&prepared, &snapshot)?,
            snapshot,
            destination: destination.path(),
            destination_remark: destination.remark,
            requests: requests(&facts, documents),
            duration_ms: duration_ms(bytes, documents),
            bytes,
            lines,
            token,
            blocker: blocker.map(|error| error.advice().to_string()),
        })
    }

    /// Restores in the background.
    pub async fn start_restore(
        &self,
        request: RestoreRequest,
        token: Option<SecretString>,
    ) -> Result<RunId> {
        let prepared = self.prepare(&request).await?;
        let access = self.access(&prepared.account, token).await?;
        if !access.can_write {
            return Err(RestoreError::TokenCannotWrite.into());
        }
        let (destination, blocker) = self.destination(&access, &prepared, &request).await?;
        if let Some(blocker) = blocker {
            return Err(blocker.into());
        }
        let order = order(&prepared, &destination, &request);
        self.execute(order, move |labkeep, execution| async move {
            labkeep
                .restore(prepared, access, destination, execution)
                .await
        })
    }

    /// Takes up a restore that stopped; its journal says what is there.
    pub async fn resume_restore(&self, run: &Run, token: Option<SecretString>) -> Result<()> {
        let request: RestoreRequest = serde_json::from_value(run.details["request"].clone())
            .map_err(|_| Error::NotResumable)?;
        let prepared = self.prepare(&request).await?;
        let access = self.access(&prepared.account, token).await?;
        if !access.can_write {
            return Err(RestoreError::TokenCannotWrite.into());
        }
        let path = request.destination.clone().ok_or(Error::NotResumable)?;
        let (namespace, name) = path.rsplit_once('/').ok_or(Error::NotResumable)?;
        let destination = Destination {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            remark: run.details["remark"].as_str().map(ToOwned::to_owned),
        };
        let order = order(&prepared, &destination, &request);
        self.execute_again(run.id, order, move |labkeep, execution| async move {
            labkeep
                .restore(prepared, access, destination, execution)
                .await
        })
    }

    async fn restore(
        self,
        prepared: Prepared,
        access: Access,
        destination: Destination,
        execution: Execution,
    ) -> Ended {
        let is_admin = access.is_admin;
        let restored = self
            .restore_it(&prepared, access, destination, &execution)
            .await;
        match restored {
            Ok(mut ended) => match self.tell_changes(&prepared, is_admin, &mut ended).await {
                Ok(()) => ended,
                // The project is back, but what is missing of it is not known.
                Err(error) => Ended {
                    outcome: Outcome::Partial,
                    advice: Some(error.advice()),
                    ..ended
                },
            },
            Err(
                RestoreError::Cancelled | RestoreError::Gitlab(labkeep_gitlab::Error::Cancelled),
            ) => Ended::aborted(),
            Err(error) => {
                tracing::error!(run = %execution.id, error = %crate::error::chain(&error), "the restore failed");
                Ended::failed(error.advice())
            }
        }
    }

    async fn restore_it(
        &self,
        prepared: &Prepared,
        access: Access,
        destination: Destination,
        execution: &Execution,
    ) -> Result<Ended, RestoreError> {
        let log = execution.log.clone();
        log.info(format!(
            "Restoring {} as {}.",
            prepared.path,
            destination.path()
        ));
        execution.active.progress.enter(Phase::Reading);
        execution.active.progress.set_items(1);
        let folder = self.scratch_folder()?;
        let material = gather(prepared, folder.path().to_path_buf()).await?;
        let people = people(&prepared.open.reader).await?;
        let client = access.client.ok_or(RestoreError::TokenCannotWrite)?;
        let client = client.with_observer(Arc::new(WireObserver::new(execution.progress())));
        let counting = client.clone();
        let addresses = if access.is_admin {
            let asking = client.with_cancel(execution.active.cancel.clone());
            {
                let is_same = prepared.open.head.account.url == prepared.account.url;
                addresses(&asking, &material, is_same).await?
            }
        } else {
            BTreeMap::new()
        };
        let job = RestoreJob {
            client,
            material: Arc::new(material),
            people: Arc::new(people),
            wish: ArchiveWish {
                gitlab_version: prepared.open.head.account.version.clone(),
                addresses,
                importer: access.user,
                names_authors: true,
            },
            destination,
            scratch: folder.path().to_path_buf(),
            run: execution.id,
            catalogue: self.0.catalogue.clone(),
            progress: execution.progress(),
            log: log.clone(),
            clock: Arc::clone(&self.0.clock),
            cancel: execution.active.cancel.clone(),
        };
        let result = job.run().await?;
        let requests = counting.counts();
        let mut ended = ended(&prepared.path, &result);
        ended.snapshot = Some(prepared.snapshot.id.clone());
        ended.counts.bytes = ByteCounts {
            received: execution.active.progress.bytes().received,
            stored: 0,
        };
        ended.counts.requests = RequestCountsView {
            api: requests.api,
            git: requests.git,
            registry: requests.registry,
            lfs: requests.lfs,
        };
        execution.active.progress.items_done(1);
        log.warn_all(
            ended
                .report
                .iter()
                .filter(|line| line.mark != Mark::Good)
                .map(|line| line.text.clone()),
        );
        Ok(ended)
    }

    /// What the plan said would not come back, or not as it was, is said again
    /// in the report. A kind that was to be saved and is not makes it Partial.
    async fn tell_changes(
        &self,
        prepared: &Prepared,
        is_admin: bool,
        ended: &mut Ended,
    ) -> Result<()> {
        let facts = self.facts(prepared).await?;
        let lines = describe(&Facts {
            lines: &facts.lines,
            kinds: &prepared.kinds,
            refs: facts.refs.as_ref(),
            links: facts.links,
            members: facts.members,
            road: road(is_admin),
        });
        ended.report.extend(
            lines
                .into_iter()
                .filter(|line| line.mark != Mark::Good)
                .map(|line| ReportLine {
                    mark: line.mark,
                    text: line.text,
                    url: None,
                }),
        );
        let lost = facts.lines.iter().filter(|line| {
            prepared.kinds.contains(&line.kind) && !line.is_whole() && line.pieces.is_empty()
        });
        let lost = u32::try_from(lost.count()).unwrap_or(u32::MAX);
        if lost > 0 {
            ended.outcome = Outcome::Partial;
            ended.counts.missing = ended.counts.missing.saturating_add(lost);
            ended.advice.get_or_insert_with(|| {
                Advice::new(
                    "The project is back, but not everything of it is in this snapshot.",
                    "The report says what is missing. Another snapshot may hold it.",
                )
            });
        }
        Ok(())
    }

    async fn prepare(&self, request: &RestoreRequest) -> Result<Prepared> {
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
    pub(super) fn latest_of(&self, account: &Account, item: Item) -> Result<SnapshotRef> {
        let last = self
            .0
            .catalogue
            .items(account.id)?
            .into_iter()
            .find(|known| known.item == key(item))
            .and_then(|known| known.last_snapshot);
        let mut known = self.known_snapshots(None)?;
        known.retain(|(_, snapshot)| super::snapshot::details(snapshot).url == account.url);
        known.sort_by_key(|(_, snapshot)| snapshot.time);
        let whole = last
            .as_ref()
            .and_then(|id| known.iter().find(|(_, snapshot)| snapshot.id == *id));
        let (vault, snapshot) = whole.or(known.last()).ok_or_else(|| Error::Unknown {
            what: What::Snapshot,
            name: "latest".to_owned(),
        })?;
        Ok(SnapshotRef {
            vault: vault.clone(),
            id: snapshot.id.clone(),
        })
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
    fn snapshots_of(
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
        let mut others: Vec<SnapshotView> = self
            .known_snapshots(None)?
            .iter()
            .filter(|(_, snapshot)| super::snapshot::details(snapshot).url == prepared.account.url)
            .map(|(entry, snapshot)| view(entry, snapshot))
            .filter(|snapshot| {
                // A run begins before it sees its items.
                let began = snapshot.at + 24 * 3_600_000 >= first;
                began && last.is_none_or(|last| snapshot.at <= last) && snapshot.id != chosen.id
            })
            .collect();
        others.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.at));
        Ok(others)
    }

    fn snapshot_view(&self, snapshot: &SnapshotRef) -> Result<SnapshotView> {
        self.0
            .catalogue
            .snapshots(&snapshot.vault.vault_id)?
            .iter()
            .find(|known| known.id == snapshot.id)
            .map(|known| view(&snapshot.vault, known))
            .ok_or_else(|| Error::Unknown {
                what: What::Snapshot,
                name: snapshot.id.clone(),
            })
    }

    /// Tries the given token, or the account's own.
    async fn access(&self, account: &Account, token: Option<SecretString>) -> Result<Access> {
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
    async fn destination(
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

    async fn facts(&self, prepared: &Prepared) -> Result<SavedFacts> {
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
    pub(super) fn scratch_folder(&self) -> Result<TempDir, RestoreError> {
        let parent = self.0.home.scratch();
        tempfile::Builder::new()
            .prefix("run-")
            .tempdir_in(&parent)
            .map_err(RestoreError::file(&parent))
    }
}

/// Whether the role in the group is known to be too small for an import. Where
/// it is not known, GitLab will say.
async fn role_blocker(
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

const fn road(is_admin: bool) -> Road {
    if is_admin {
        Road::ArchiveAsAdministrator
    } else {
        Road::Archive
    }
}

/// What is known of an item in a snapshot.
struct SavedFacts {
    lines: Vec<Line>,
    refs: Option<Refs>,
    links: usize,
    members: usize,
}

fn order(prepared: &Prepared, destination: &Destination, request: &RestoreRequest) -> Order {
    let request = RestoreRequest {
        account: prepared.account.id.to_string(),
        item: prepared.item,
        snapshot: Some(prepared.snapshot.id.clone()),
        destination: Some(destination.path()),
        kinds: request.kinds.clone(),
    };
    Order {
        kind: RunKind::Restore,
        subject: prepared.path.clone(),
        plan: None,
        vault: Some(prepared.snapshot.vault.id),
        account: Some(prepared.account.id),
        writes: false,
        details: json!({
            "request": request,
            "snapshot": &prepared.snapshot.id[..8.min(prepared.snapshot.id.len())],
            "destination": destination.path(),
            "remark": destination.remark,
        }),
    }
}

async fn gather(prepared: &Prepared, scratch: PathBuf) -> Result<Material, RestoreError> {
    let reader = prepared.open.reader.clone();
    let ledger = prepared.open.ledger.clone();
    let (item, kinds) = (prepared.item, prepared.kinds.clone());
    tokio::task::spawn_blocking(move || Material::gather(&reader, &ledger, item, &kinds, &scratch))
        .await
        .map_err(|error| RestoreError::Bug {
            message: error.to_string(),
        })?
}

/// The people of a snapshot.
pub(super) async fn people(reader: &SnapshotReader) -> Result<People, RestoreError> {
    let reader = reader.clone();
    let text = tokio::task::spawn_blocking(move || reader.read(layout::USERS))
        .await
        .map_err(|error| RestoreError::Bug {
            message: error.to_string(),
        })??
        .unwrap_or_default();
    People::from_ndjson(&text).map_err(|source| RestoreError::Document {
        path: layout::USERS.to_owned(),
        line: 1,
        source,
    })
}

fn ended(path: &str, result: &RestoreResult) -> Ended {
    let mut report = vec![ReportLine {
        mark: Mark::Good,
        text: format!("{path} is back."),
        url: Some(result.url.clone()),
    }];
    let mut say = |mark, text: String| {
        report.push(ReportLine {
            mark,
            text,
            url: None,
        });
    };
    for (kind, count) in &result.comparison.same {
        let words = kind.words();
        say(
            Mark::Good,
            match kind {
                Kind::Repository | Kind::Wiki => format!(
                    "{words}: {} as in the snapshot.",
                    all(*count, "branch or tag", "branches and tags")
                ),
                _ => format!("{words}: {} as in the snapshot.", all(*count, "", "")),
            },
        );
    }
    if result.links > 0 {
        say(
            Mark::Good,
            format!(
                "{} made again.",
                things(
                    result.links,
                    "link between issues was",
                    "links between issues were"
                )
            ),
        );
    }
    for difference in &result.comparison.differences {
        say(Mark::Bad, difference.text.clone());
    }
    for failed in &result.failed {
        say(
            Mark::Bad,
            format!(
                "GitLab did not take {}{}: {}",
                failed.relation_name.as_deref().unwrap_or("a document"),
                failed
                    .line_number
                    .map_or_else(String::new, |line| format!(", line {}", line + 1)),
                failed
                    .exception_message
                    .as_deref()
                    .unwrap_or("it does not say why"),
            ),
        );
    }
    for unlinked in &result.unlinked {
        say(Mark::Changed, format!("{unlinked}."));
    }
    let bad = report.iter().filter(|line| line.mark == Mark::Bad).count();
    let is_whole = bad == 0 && result.unlinked.is_empty();
    let advice = (!is_whole).then(|| {
        Advice::new(
            "The project is back, but not everything is as in the snapshot.",
            "The report says what differs. The snapshot has it all; an export gives every single document.",
        )
    });
    Ended {
        outcome: if is_whole {
            Outcome::Complete
        } else {
            Outcome::Partial
        },
        advice,
        snapshot: None,
        counts: Counts {
            items: ItemCounts {
                total: 1,
                captured: 1,
                ..ItemCounts::default()
            },
            missing: u32::try_from(bad + result.unlinked.len()).unwrap_or(u32::MAX),
            ..Counts::default()
        },
        ledger: None,
        report,
        result_url: Some(result.url.clone()),
    }
}

/// "the one branch or tag is", "all 7 branches and tags are".
fn all(count: u64, one: &str, many: &str) -> String {
    let text = match count {
        0 => "there were none, which is".to_owned(),
        1 => format!("the one {one} is"),
        _ => format!("all {} {many} are", grouped(count)),
    };
    text.replace("  ", " ")
}

/// Requests of a restore, roughly: the import, the questions how far it is,
/// the links, the comparison.
fn requests(facts: &SavedFacts, documents: u64) -> u32 {
    let pages = documents / 100 + 8;
    u32::try_from(10 + facts.links as u64 * 2 + pages).unwrap_or(u32::MAX)
}

/// How long a restore takes, roughly: sending, and GitLab's own work.
fn duration_ms(bytes: u64, documents: u64) -> i64 {
    let sending = bytes / 5_000;
    let importing = documents * 40;
    i64::try_from(5_000 + sending + importing).unwrap_or(i64::MAX)
}
