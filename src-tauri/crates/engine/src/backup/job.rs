//! A backup run from end to end. It ends with a sealed snapshot and its
//! ledger, or with no snapshot and the reason; never with something between.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use futures::{FutureExt, StreamExt, stream};
use jiff::Timestamp;
use labkeep_gitlab::{Client, RequestCounts};
use labkeep_settings::Guard;
use labkeep_vault::{
    Content, Expected, Piece, SnapshotFacts, SnapshotId, Vault, WriteStart, Writer,
};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use super::conveyor::Conveyor;
use super::decide::ItemPlan;
use super::discover::Found;
use super::look::Look;
use super::room;
use super::vanished::Vanished;
use super::watch::{self, Contents};
use crate::advice::Advice;
use crate::capture::{Context, People, Trouble};
use crate::clock::SharedClock;
use crate::guard;
use crate::head::{Head, HeadError, HeadPlan};
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
    /// When losing things at GitLab raises the alarm.
    pub guard: Guard,
    /// Items that are read in full, for what is saved of them is damaged.
    pub distrusted: BTreeSet<Item>,
    /// Time of the snapshot up to which a person said that losses were meant.
    pub answered: Option<Timestamp>,
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
    /// The snapshot that it builds on.
    pub previous: Option<SnapshotId>,
    /// Items of which the previous snapshot could not be read as it should.
    pub damaged: Vec<Item>,
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
    /// There is far less room where the vault is than what is to be saved
    /// takes at GitLab.
    #[error("no room in {path}: {new} bytes at GitLab, {free} bytes free")]
    NoRoom {
        /// Where the vault is.
        path: String,
        /// Bytes on GitLab's disk.
        new: u64,
        /// Bytes of room.
        free: u64,
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

/// What came of reading every item.
struct Read {
    ledger: Ledger,
    items: ItemCounts,
    contents: Vec<Contents>,
    damaged: Vec<Item>,
}

/// The tag by which the snapshots of a plan are known.
pub fn plan_tag(plan: &str) -> String {
    format!("plan:{plan}")
}

impl BackupJob {
    /// Runs it.
    pub async fn run(self) -> Result<BackupResult, BackupError> {
        let Look {
            client,
            account,
            scopes,
            previous,
            parent,
            ledger,
            kept,
            people,
            started,
            now,
            depth,
            thorough,
            plans,
            vanished,
            uncovered,
            room,
            before,
        } = self.look().await?;
        room::guard(&self.vault, room).await?;
        let scratch = Arc::new(Scratch::new(&self.scratch, self.scratch_budget)?);
        let previous_ledger = ledger;
        let context = Arc::new(Context {
            client: client.clone(),
            previous,
            ledger: kept,
            compared: Arc::clone(&previous_ledger),
            distrusted: self.distrusted.clone(),
            scratch: Arc::clone(&scratch),
            progress: Arc::clone(&self.progress),
            people,
            depth,
            scopes,
            now,
        });
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
        let Read {
            ledger,
            items,
            contents,
            damaged,
        } = match read {
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
        let seen = watch::seen(&previous_ledger, &ledger, &vanished, contents);
        let found = guard::look(&before, &seen, self.guard, started);
        let head = Head {
            format: layout::FORMAT,
            labkeep: env!("CARGO_PKG_VERSION").to_owned(),
            run: self.run.clone(),
            started,
            // This machine's clock may be wrong; GitLab's dates all runs alike.
            ended: client.server_time().unwrap_or_else(|| self.clock.now()),
            outcome: ledger.outcome(),
            thorough,
            account,
            plan: self.plan.clone(),
            items,
            groups: count_of(&ledger, Sort::Group),
            projects: count_of(&ledger, Sort::Project),
            uncovered,
            losses: found.losses,
            peaks: found.peaks,
            answered: before.answered,
        };
        let snapshot = self.seal(writer, &head, &ledger, &context.people).await?;
        self.progress.set_stored(snapshot.bytes_stored);
        Ok(BackupResult {
            outcome: head.outcome,
            snapshot,
            previous: parent,
            damaged,
            head,
            ledger,
            vanished: vanished.into_values().collect(),
            requests: client.counts(),
            scratch_peak: scratch.peak(),
        })
    }

    /// Reads every item and hands it to the writer.
    async fn read_all(
        &self,
        context: &Arc<Context>,
        plans: Vec<(Found, ItemPlan)>,
        writer: &Writer,
    ) -> Result<Read, BackupError> {
        let captured = writer.captured();
        let conveyor = Arc::new(Conveyor::default());
        let mut ledger = Ledger::default();
        let (mut contents, mut damaged) = (Vec::new(), Vec::new());
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
            contents.extend(result.contents());
            damaged.extend(result.damaged_item());
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
        Ok(Read {
            ledger,
            items: counts,
            contents,
            damaged,
        })
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
pub(super) async fn blocking<T: Send + 'static>(
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
