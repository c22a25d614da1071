//! Restores as people ask for them: the plan first, then the run.

mod prepare;
mod report;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use labkeep_settings::{Run, RunId};
use labkeep_vault::SnapshotReader;
use secrecy::SecretString;
use serde_json::json;

use self::prepare::{Access, Prepared, SavedFacts};
use self::report::ended;
use super::Labkeep;
use super::execute::{Ended, Execution, Order};
use crate::advice::Advice;
use crate::capture::People;
use crate::error::{Error, Result};
use crate::layout;
use crate::ledger::Line;
use crate::outcome::{Outcome, RunKind};
use crate::restore::{
    ArchiveWish, Destination, Facts, Material, RestoreError, RestoreJob, Road, addresses, describe,
};
use crate::run::WireObserver;
use crate::token_page::token_page;
use crate::view::{
    ByteCounts, LedgerState, Mark, Phase, ReportLine, RequestCountsView, RestorePlanView,
    RestoreRequest, TokenNeed, TokenPurpose,
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
            Err(error) if error.is_cancelled() => Ended::aborted(),
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
        let material = gather(
            prepared,
            &execution.reading(&prepared.open.reader),
            folder.path(),
        )
        .await?;
        let people = people(&prepared.open.reader).await?;
        let client = access.client.ok_or(RestoreError::TokenCannotWrite)?;
        let client = client.with_observer(Arc::new(WireObserver::new(execution.progress())));
        let counting = client.clone();
        let is_same = prepared.open.head.account.url == prepared.account.url;
        let addresses = if access.is_admin {
            let asking = client.with_cancel(execution.active.cancel.clone());
            addresses(&asking, &material, is_same).await?
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
                own_author: access.user.filter(|_| is_same),
                names_authors: true,
            },
            is_same,
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
            prepared.kinds.contains(&line.kind)
                && matches!(line.state, LedgerState::Failed | LedgerState::NoRight)
                && line.pieces.is_empty()
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
}

const fn road(is_admin: bool) -> Road {
    if is_admin {
        Road::ArchiveAsAdministrator
    } else {
        Road::Archive
    }
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

async fn gather(
    prepared: &Prepared,
    reader: &SnapshotReader,
    scratch: &Path,
) -> Result<Material, RestoreError> {
    let (reader, scratch) = (reader.clone(), scratch.to_path_buf());
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
