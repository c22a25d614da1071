//! The way of one item through a backup: its kinds are read one after the
//! other, many items at once; what comes out is in the order of the snapshot.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::FutureExt;
use jiff::Timestamp;
use labkeep_vault::Piece;

use super::decide::{Decision, ItemPlan};
use super::discover::Found;
use super::settle::{Settled, keep, settle, switched_off};
use crate::capture::{Context, Got, Shared, Trouble, capture};
use crate::guard::Turnover;
use crate::kind::{Item, Kind, Sort};
use crate::ledger::{Line, Mark};
use crate::run::Work;
use crate::view::LedgerState;

/// After so many items in a row to which nobody answered, the rest is not
/// tried any more in this run.
const GIVE_UP_AFTER: u32 = 3;

/// An item as it goes into the snapshot.
#[derive(Debug)]
pub struct ItemResult {
    /// Its lines.
    pub lines: Vec<Line>,
    /// Its pieces, in path order.
    pub pieces: Vec<Piece>,
    /// What is gone of its kinds at GitLab, of those that were read.
    pub turnovers: Vec<(Kind, Turnover)>,
    /// Whether what is saved of it could not be read as it should.
    pub is_damaged: bool,
    /// Why the whole run must end, if it must.
    pub fatal: Option<Trouble>,
}

impl ItemResult {
    /// The item, if what is saved of it is damaged.
    pub fn damaged_item(&self) -> Option<Item> {
        let line = self.lines.first()?;
        self.is_damaged.then(|| line.item())
    }

    /// What is gone of the item's kinds, with its path.
    pub fn contents(&self) -> Vec<(Item, Kind, String, Turnover)> {
        let Some(line) = self.lines.first() else {
            return Vec::new();
        };
        let of_kind = |(kind, turnover): &(Kind, Turnover)| {
            (line.item(), *kind, line.path.clone(), turnover.clone())
        };
        self.turnovers.iter().map(of_kind).collect()
    }
}

/// What the items of a run share beyond the capture context.
#[derive(Debug, Default)]
pub struct Conveyor {
    unreachable: AtomicU32,
}

impl Conveyor {
    /// Takes one item through. `turn` is its place in the snapshot, `captured`
    /// the time that new pieces carry.
    pub async fn carry(
        &self,
        context: &Context,
        turn: usize,
        found: &Found,
        plan: &ItemPlan,
        captured: Timestamp,
    ) -> ItemResult {
        let before = |kind| context.kept(found.seen.item, kind);
        if plan.is_kept() {
            let settled = plan
                .decisions
                .iter()
                .map(|(kind, decision)| match decision {
                    Decision::Off => switched_off(found, *kind, before(*kind)),
                    Decision::Keep | Decision::Ask(_) => keep(found, *kind, before(*kind)),
                });
            return result(found, settled.collect(), context, false);
        }
        context.scratch.admit(turn).await;
        let work = context.progress.work_on(&found.seen.path);
        let shared = Shared::new(context, found);
        let mut settled = Vec::with_capacity(plan.decisions.len());
        let (mut is_gone, mut is_damaged) = (false, false);
        let mut fatal = None;
        for (kind, decision) in &plan.decisions {
            let kind = *kind;
            settled.push(match decision {
                Decision::Keep => keep(found, kind, before(kind)),
                Decision::Off => switched_off(found, kind, before(kind)),
                Decision::Ask(_) => {
                    let got = if is_gone {
                        Err(Trouble::Deleted)
                    } else {
                        self.ask(context, found, kind, &shared, &work).await
                    };
                    if let Err(trouble) = &got {
                        is_gone |= matches!(trouble, Trouble::Deleted);
                        is_damaged |= trouble.tells_of_damage();
                        tracing::warn!(path = found.seen.path, kind = kind.name(), error = %trouble,
                            "could not be read");
                        if trouble.is_fatal() {
                            fatal = got.err();
                            break;
                        }
                    }
                    settle(found, kind, got, before(kind), captured)
                }
            });
        }
        let asked_all = plan
            .decisions
            .iter()
            .all(|(kind, decision)| *kind == Kind::Settings || !matches!(decision, Decision::Keep));
        let mut result = result(found, settled, context, asked_all);
        result.fatal = fatal;
        result.is_damaged = is_damaged;
        result
    }

    /// Asks for a kind; a panic is a failure of that kind alone, and an item
    /// that is not there any more is told apart from one without a right.
    async fn ask(
        &self,
        context: &Context,
        found: &Found,
        kind: Kind,
        shared: &Shared,
        work: &Work<'_>,
    ) -> Result<Got, Trouble> {
        if self.unreachable.load(Ordering::Relaxed) >= GIVE_UP_AFTER && kind != Kind::Settings {
            return Err(Trouble::GivenUp);
        }
        let asked =
            AssertUnwindSafe(Box::pin(capture(context, found, kind, shared, work))).catch_unwind();
        let got = asked.await.unwrap_or_else(|panic| {
            let message = panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                .unwrap_or_else(|| "a panic".to_owned());
            Err(Trouble::Bug { message })
        });
        match &got {
            Err(trouble) if trouble.is_unreachable() => {
                self.unreachable.fetch_add(1, Ordering::Relaxed);
            }
            Ok(_) if kind != Kind::Settings => self.unreachable.store(0, Ordering::Relaxed),
            _ => {}
        }
        if let Err(
            Trouble::Gitlab(labkeep_gitlab::Error::NotFound { .. })
            | Trouble::Part {
                source: labkeep_gitlab::Error::NotFound { .. },
            },
        ) = &got
            && is_gone(context, found).await?
        {
            return Err(Trouble::Deleted);
        }
        got
    }
}

/// Whether the item itself is not there any more.
async fn is_gone(context: &Context, found: &Found) -> Result<bool, Trouble> {
    let id = found.seen.item.id;
    Ok(match found.seen.item.sort {
        Sort::Project => context.client.project(id).await?.is_none(),
        Sort::Group => context.client.group(id).await?.is_none(),
    })
}

fn result(found: &Found, settled: Vec<Settled>, context: &Context, asked_all: bool) -> ItemResult {
    let is_whole = settled.iter().all(|one| one.line.is_whole());
    let mut lines = Vec::with_capacity(settled.len());
    let mut pieces = Vec::new();
    let mut turnovers = Vec::new();
    for Settled {
        mut line,
        pieces: its,
        turnover,
    } in settled
    {
        turnovers.extend(turnover.map(|turnover| (line.kind, turnover)));
        if line.kind == Kind::Settings && line.state != LedgerState::Failed {
            line.mark = Some(mark(found, context, asked_all && is_whole));
        }
        lines.push(line);
        pieces.extend(its);
    }
    pieces.sort_by(|one, other| one.path.split('/').cmp(other.path.split('/')));
    ItemResult {
        lines,
        pieces,
        turnovers,
        is_damaged: false,
        fatal: None,
    }
}

/// What the next run may rely on: GitLab's mark, if everything of the item was
/// asked for and came.
fn mark(found: &Found, context: &Context, asked_and_got_all: bool) -> Mark {
    let before = context
        .line(found.seen.item, Kind::Settings)
        .and_then(|line| line.mark.clone())
        .unwrap_or_default();
    let settings = found.seen.settings.clone();
    if asked_and_got_all {
        Mark {
            last_activity_at: found.seen.last_activity_at,
            asked_at: Some(context.now),
            settings,
        }
    } else {
        Mark { settings, ..before }
    }
}
