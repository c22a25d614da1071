//! A backup run from end to end. It ends with a sealed snapshot and its
//! ledger, or with no snapshot and the reason; never with something between.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use futures::{FutureExt, StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use labkeep_gitlab::{Client, RequestCounts, Scope};
use labkeep_vault::{
    Content, Expected, Piece, SnapshotFacts, SnapshotReader, Vault, WriteStart, Writer,
};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use super::conveyor::Conveyor;
use super::decide::{Circumstances, Depth, ItemPlan, decide};
use super::discover::{Discovery, Found, discover};
use super::vanished::{self, Vanished};
use crate::advice::Advice;
use crate::capture::{Context, People, Trouble};
use crate::clock::SharedClock;
use crate::head::{Head, HeadAccount, HeadError, HeadPlan, UncoveredFacts};
use crate::kind::{Item, Kind, Sort};
use crate::layout;
use crate::ledger::{Ledger, LedgerError};
use crate::outcome::Outcome;
use crate::pattern::Selection;
use crate::run::Progress;
use crate::scratch::Scratch;
use crate::view::{ItemCounts, LedgerState, Phase};

/// Items that are read at once. The client bounds the requests; this bounds
/// how far ahead of the writer reading may go.
const ITEMS_AT_ONCE: usize = 24;

/// A thorough run is due after this.
const THOROUGH_AGE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a backup needs.
pub struct BackupJob {
    /// The way to GitLab.
    pub client: Client,
    /// Where the copies go.
    pub vault: Vault,
    /// What is to be saved.
    pub plan: HeadPlan,
    /// What it covers.
    pub selection: Selection,
    /// The run.
    pub run: String,
    /// The machine's name.
    pub host: String,
    /// Whether everything is asked for, whatever the marks say.
    pub thorough: bool,
    /// Folder for scratch folders.
    pub scratch: PathBuf,
    /// Bytes of scratch.
    pub scratch_budget: u64,
    /// Counts what is done.
    pub progress: Arc<Progress>,
    /// Where the present comes from.
    pub clock: SharedClock,
    /// Ends the run.
    pub cancel: CancellationToken,
}

/// A backup that made a snapshot.
#[derive(Debug)]
pub struct BackupResult {
    /// Complete or Partial.
    pub outcome: Outcome,
    /// The snapshot.
    pub snapshot: SnapshotFacts,
    /// What it says about itself.
    pub head: Head,
    /// Its ledger.
    pub ledger: Ledger,
    /// Items of the previous snapshot that are not in this one.
    pub vanished: Vec<Vanished>,
    /// Requests made.
    pub requests: RequestCounts,
    /// The most bytes that lay in scratch.
    pub scratch_peak: u64,
}

/// Why there is no snapshot.
#[derive(Debug, Error)]
pub enum BackupError {
    /// Signing in or listing failed.
    #[error(transparent)]
    Gitlab(#[from] labkeep_gitlab::Error),
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] labkeep_vault::Error),
    /// The scratch folder failed, or there is no room in it.
    #[error("the scratch folder cannot be used: {source}")]
    Scratch {
        /// What the system said.
        #[from]
        source: std::io::Error,
    },
    /// Somebody asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// The token sees nothing that the plan covers.
    #[error("nothing that the plan covers is visible")]
    NothingVisible {
        /// Items that are visible and left out by the plan.
        left_out: u64,
    },
    /// The token does not allow to list projects.
    #[error("the token may not use the API")]
    NoApi,
    /// Not one item could be read.
    #[error("nothing could be read")]
    NothingRead {
        /// The first failure.
        advice: Advice,
        /// What became of every item.
        ledger: Box<Ledger>,
    },
    /// The previous snapshot cannot be understood.
    #[error("the previous snapshot cannot be used: {source}")]
    PreviousHead {
        /// Why.
        #[from]
        source: HeadError,
    },
    /// The previous snapshot's ledger cannot be understood.
    #[error("the previous snapshot cannot be used: {source}")]
    PreviousLedger {
        /// Why.
        #[from]
        source: LedgerError,
    },
    /// A piece could not be read for a reason that ends the run.
    #[error("{trouble}")]
    Fatal {
        /// The reason.
        trouble: Box<Trouble>,
    },
    /// A thread died.
    #[error("a defect in Labkeep: {message}")]
    Bug {
        /// What it said.
        message: String,
    },
}

/// The tag by which the snapshots of a plan are known.
pub fn plan_tag(plan: &str) -> String {
    format!("plan:{plan}")
}

/// The previous snapshot of a plan.
struct Previous {
    reader: SnapshotReader,
    facts: SnapshotFacts,
    head: Head,
    ledger: Ledger,
    people: People,
}

impl BackupJob {
    /// Runs it.
    pub async fn run(self) -> Result<BackupResult, BackupError> {
        self.progress.enter(Phase::Discovering);
        let client = self.client.with_cancel(self.cancel.clone());
        let token = client.token_facts().await?;
        let scopes = token
            .as_ref()
            .map(|token| token.scopes.clone())
            .filter(|scopes| !scopes.contains(&Scope::Granular));
        if let Some(scopes) = &scopes
            && !scopes
                .iter()
                .any(|scope| matches!(scope, Scope::Api | Scope::ReadApi))
        {
            return Err(BackupError::NoApi);
        }
        let instance = client.instance_facts().await?;
        let previous = self.previous().await?;
        let started = self.started(previous.as_ref());
        let now = client.server_time().unwrap_or_else(|| self.clock.now());
        let account = HeadAccount {
            url: client.base().as_str().to_owned(),
            user: token
                .as_ref()
                .and_then(|token| token.user_id)
                .map(|id| id.to_string()),
            scopes: token
                .iter()
                .flat_map(|token| &token.scopes)
                .map(|scope| scope.as_str().to_owned())
                .collect(),
            version: instance.version,
            enterprise: instance.enterprise,
        };
        let depth = self.depth(previous.as_ref(), now);
        let circumstances = Circumstances {
            depth,
            now,
            rights_changed: previous.as_ref().is_none_or(|previous| {
                (&previous.head.account.scopes, &previous.head.account.user)
                    != (&account.scopes, &account.user)
            }),
        };
        let thorough = match (&previous, depth) {
            (Some(previous), Depth::Quick) => previous.head.thorough,
            _ => started,
        };
        let (reader, parent, ledger, people) = match previous {
            Some(previous) => (
                Some(previous.reader),
                Some(previous.facts.id),
                previous.ledger,
                previous.people,
            ),
            None => (None, None, Ledger::default(), People::default()),
        };
        let ledger = Arc::new(ledger);
        let count = |items| self.progress.set_items(items);
        let discovery = discover(&client, &self.selection, &ledger, count).await?;
        let (discovery, vanished) =
            vanished::look_for(&client, &self.selection, discovery, &ledger).await?;
        if discovery.found.is_empty() && vanished.is_empty() {
            return Err(BackupError::NothingVisible {
                left_out: discovery.left_out,
            });
        }
        let scratch = Arc::new(Scratch::new(&self.scratch, self.scratch_budget)?);
        let context = Arc::new(Context {
            client: client.clone(),
            previous: reader,
            ledger: Arc::clone(&ledger),
            scratch: Arc::clone(&scratch),
            progress: Arc::clone(&self.progress),
            people,
            depth,
            scopes,
            now,
        });
        let uncovered = discovery
            .uncovered
            .iter()
            .map(|(name, sum)| {
                let facts = UncoveredFacts {
                    projects: sum.projects,
                    bytes: sum.bytes,
                };
                ((*name).to_owned(), facts)
            })
            .collect();
        let plans = self.decide(discovery, &vanished, &ledger, circumstances);
        self.progress.set_items(plans.len() as u64);
        tracing::info!(
            items = plans.len(),
            kept = plans.iter().filter(|(_, plan)| plan.is_kept()).count(),
            ?depth,
            "the plan of the run"
        );
        self.progress.enter(Phase::Capturing);
        let start = WriteStart {
            parent,
            time: started,
            host: self.host.clone(),
            plan: self.plan.name.replace(',', " "),
            tags: vec![plan_tag(&self.plan.id)],
            run: self.run.clone(),
        };
        let writer = blocking(&self.vault, move |vault| vault.writer(start)).await?;
        let read = self.read_all(&context, plans, &writer).await;
        let (ledger, items) = match read {
            Ok(read) => read,
            Err(error) => {
                // The vault knows best why it took no more.
                let error = match error {
                    BackupError::Vault(labkeep_vault::Error::Closed) => {
                        match writer.close().await {
                            Err(reason) => BackupError::Vault(reason),
                            Ok(_) => error,
                        }
                    }
                    other => {
                        give_up(writer).await;
                        other
                    }
                };
                return Err(error);
            }
        };
        if ledger.outcome() == Outcome::Failed {
            give_up(writer).await;
            let advice = first_failure(&ledger);
            return Err(BackupError::NothingRead {
                advice,
                ledger: Box::new(ledger),
            });
        }
        self.progress.enter(Phase::Sealing);
        let head = Head {
            format: layout::FORMAT,
            labkeep: env!("CARGO_PKG_VERSION").to_owned(),
            run: self.run.clone(),
            started,
            ended: self.clock.now(),
            outcome: ledger.outcome(),
            thorough,
            account,
            plan: self.plan.clone(),
            items,
            groups: count_of(&ledger, Sort::Group),
            projects: count_of(&ledger, Sort::Project),
            uncovered,
        };
        let snapshot = self.seal(writer, &head, &ledger, &context.people).await?;
        self.progress.set_stored(snapshot.bytes_stored);
        Ok(BackupResult {
            outcome: head.outcome,
            snapshot,
            head,
            ledger,
            vanished: vanished.into_values().collect(),
            requests: client.counts(),
            scratch_peak: scratch.peak(),
        })
    }

    /// The time that the snapshot and its new pieces carry: later than those
    /// of the previous one, also when the clock went back.
    fn started(&self, previous: Option<&Previous>) -> Timestamp {
        let now = self.progress.started();
        let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        match previous {
            Some(previous) => now.max(previous.facts.time + SignedDuration::from_millis(1)),
            None => now,
        }
    }

    fn depth(&self, previous: Option<&Previous>, now: Timestamp) -> Depth {
        let is_due = previous.is_none_or(|previous| {
            now.duration_since(previous.head.thorough).abs() >= THOROUGH_AGE
        });
        if self.thorough || is_due {
            Depth::Thorough
        } else {
            Depth::Quick
        }
    }

    async fn previous(&self) -> Result<Option<Previous>, BackupError> {
        let tag = plan_tag(&self.plan.id);
        let found = blocking(&self.vault, move |vault| {
            let latest = vault
                .snapshots()?
                .into_iter()
                .filter(|snapshot| snapshot.tags.contains(&tag))
                .max_by_key(|snapshot| snapshot.time);
            let Some(facts) = latest else { return Ok(None) };
            let reader = vault.read(&facts.id)?;
            let head = reader.read(layout::HEAD)?;
            let ledger = reader.read(layout::LEDGER)?.unwrap_or_default();
            let people = reader.read(layout::USERS)?.unwrap_or_default();
            Ok(Some((facts, reader, head, ledger, people)))
        })
        .await?;
        let Some((facts, reader, head, ledger, people)) = found else {
            return Ok(None);
        };
        let people = People::from_ndjson(&people).map_err(HeadError::from)?;
        Ok(Some(Previous {
            reader,
            facts,
            head: Head::parse(head.as_deref())?,
            ledger: Ledger::from_ndjson(&ledger)?,
            people,
        }))
    }

    /// The plan of the run: every item with what is going to be done about it,
    /// in the order of the snapshot.
    fn decide(
        &self,
        discovery: Discovery,
        vanished: &BTreeMap<Item, Vanished>,
        previous: &Ledger,
        circumstances: Circumstances,
    ) -> Vec<(Found, ItemPlan)> {
        let kinds = self.plan.kinds.clone().map_or_else(
            || Kind::OF_PROJECT.to_vec(),
            |mut kinds| {
                // Every item has settings; nothing can be restored without.
                kinds.push(Kind::Settings);
                kinds
            },
        );
        let unknown = vanished.values().filter_map(|one| one.kept(previous));
        let mut plans: Vec<_> = discovery
            .found
            .into_values()
            .chain(unknown)
            .map(|found| {
                let plan = decide(found.seen.clone(), &kinds, previous, circumstances);
                (found, plan)
            })
            .collect();
        plans.sort_by_cached_key(|(found, _)| found.seen.item.folder());
        plans
    }

    /// Reads every item and hands it to the writer.
    async fn read_all(
        &self,
        context: &Arc<Context>,
        plans: Vec<(Found, ItemPlan)>,
        writer: &Writer,
    ) -> Result<(Ledger, ItemCounts), BackupError> {
        let captured = writer.captured();
        let conveyor = Arc::new(Conveyor::default());
        let mut ledger = Ledger::default();
        let mut counts = ItemCounts {
            total: plans.len() as u64,
            ..ItemCounts::default()
        };
        let mut results = stream::iter(plans.into_iter().enumerate())
            .map(|(turn, (found, plan))| {
                let (conveyor, context) = (Arc::clone(&conveyor), Arc::clone(context));
                async move {
                    conveyor
                        .carry(&context, turn, &found, &plan, captured)
                        .await
                }
                .boxed()
            })
            .buffered(ITEMS_AT_ONCE)
            .boxed();
        let mut turn = 0;
        loop {
            let next = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(BackupError::Cancelled),
                next = results.next() => next,
            };
            let Some(result) = next else { break };
            if let Some(trouble) = result.fatal {
                return Err(match trouble {
                    Trouble::Gitlab(labkeep_gitlab::Error::Cancelled) => BackupError::Cancelled,
                    trouble => BackupError::Fatal {
                        trouble: Box::new(trouble),
                    },
                });
            }
            for piece in result.pieces {
                writer.push(piece).await?;
            }
            count(&mut counts, &result.lines);
            for line in result.lines {
                ledger.put(line);
            }
            context.scratch.written(turn);
            turn += 1;
            self.progress.items_done(1);
            self.progress.set_stored(writer.progress().bytes_stored);
        }
        Ok((ledger, counts))
    }

    async fn seal(
        &self,
        writer: Writer,
        head: &Head,
        ledger: &Ledger,
        people: &People,
    ) -> Result<SnapshotFacts, BackupError> {
        let expected: Vec<Expected> = ledger
            .lines()
            .flat_map(|line| {
                line.pieces.iter().map(|piece| Expected {
                    path: layout::in_item(line.item(), &piece.path),
                    size: piece.size,
                })
            })
            .collect();
        let document = |path: &str, content: Vec<u8>| Piece {
            path: path.to_owned(),
            content: Content::Bytes(content.into()),
        };
        let documents = vec![
            document(layout::HEAD, head.to_json()),
            document(layout::LEDGER, ledger.to_ndjson()),
            document(layout::USERS, people.to_ndjson()),
        ];
        let written = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return Err(BackupError::Cancelled),
            written = writer.close() => written?,
        };
        tokio::task::spawn_blocking(move || written.seal(documents, &expected))
            .await
            .map_err(|error| BackupError::Bug {
                message: error.to_string(),
            })?
            .map_err(BackupError::from)
    }
}

/// Works with the vault on a blocking thread.
async fn blocking<T: Send + 'static>(
    vault: &Vault,
    work: impl FnOnce(&Vault) -> labkeep_vault::Result<T> + Send + 'static,
) -> Result<T, BackupError> {
    let vault = vault.clone();
    tokio::task::spawn_blocking(move || work(&vault))
        .await
        .map_err(|error| BackupError::Bug {
            message: error.to_string(),
        })?
        .map_err(BackupError::from)
}

async fn give_up(writer: Writer) {
    let ended = tokio::task::spawn_blocking(move || writer.abort()).await;
    if let Err(error) = ended {
        tracing::error!(%error, "the writer could not be ended");
    }
}

fn count(counts: &mut ItemCounts, lines: &[crate::ledger::Line]) {
    let failed = lines.iter().filter(|line| !line.is_whole());
    let (mut stale, mut lost) = (false, false);
    for line in failed {
        if line.stale_since.is_some() {
            stale = true;
        } else {
            lost = true;
        }
    }
    let captured = lines
        .iter()
        .any(|line| line.state == LedgerState::Saved && line.kind != Kind::Settings);
    if lost {
        counts.failed += 1;
    } else if stale {
        counts.stale += 1;
    } else if captured || lines.iter().any(|line| line.state == LedgerState::Saved) {
        counts.captured += 1;
    } else {
        counts.unchanged += 1;
    }
}

fn count_of(ledger: &Ledger, sort: Sort) -> u64 {
    ledger
        .items()
        .iter()
        .filter(|item| item.sort == sort)
        .count() as u64
}

fn first_failure(ledger: &Ledger) -> Advice {
    ledger
        .lines()
        .find(|line| !line.is_whole())
        .and_then(|line| Some(Advice::new(line.reason.clone()?, line.remedy.clone()?)))
        .unwrap_or_else(|| Advice::new("Nothing could be read.", "Try again."))
}
