//! Drills as runs: items are rebuilt from the vault in scratch and checked,
//! without GitLab. Those that somebody asked for, and those that are due.

use jiff::Timestamp;
use labkeep_settings::{Account, RunId, RunKind as StoredKind};
use serde_json::json;

use super::Labkeep;
use super::check::last_ended;
use super::execute::{Ended, Order};
use super::recovered::known_account;
use super::snapshot::{OpenSnapshot, SnapshotRef, details};
use crate::error::Result;
use crate::kind::Item;
use crate::outcome::RunKind;
use crate::proof::due_at;
use crate::restore::RestoreError;

/// Items of one snapshot that a drill rebuilds.
pub(super) struct Part {
    pub snapshot: SnapshotRef,
    /// Opened already, so that whoever asked heard at once if it cannot be.
    pub open: Option<OpenSnapshot>,
    /// The items, with the paths that this machine knows.
    pub items: Vec<(Item, Option<String>)>,
}

impl Labkeep {
    /// Rebuilds items of a snapshot in scratch and checks everything. No items
    /// means everything in the snapshot.
    pub async fn start_drill(&self, snapshot: &SnapshotRef, items: Vec<Item>) -> Result<RunId> {
        let open = self.open_snapshot(snapshot).await?;
        let account = match self.account_of(&open)? {
            Some(account) => account,
            None => self.account_anew(snapshot, &open).await?,
        };
        let items: Vec<Item> = if items.is_empty() {
            open.ledger.items()
        } else {
            items
        };
        let subject = match items.as_slice() {
            [only] => path_of(&open, *only)?,
            many => format!("{} items", many.len()),
        };
        let order = Order {
            kind: RunKind::Drill,
            subject,
            plan: None,
            vault: Some(snapshot.vault.id),
            account: Some(account.id),
            writes: false,
            details: json!({ "snapshot": short(&snapshot.id) }),
        };
        let parts = vec![Part {
            snapshot: snapshot.clone(),
            open: Some(open),
            items: items.into_iter().map(|item| (item, None)).collect(),
        }];
        self.rehearse(order, account, parts)
    }

    /// When the next drill of a plan is due; none if there are to be none, or
    /// nothing is saved yet.
    pub fn drill_due_at(&self, plan: &str) -> Result<Option<Timestamp>> {
        let plan = self.find_plan(plan)?;
        let known = self.known_snapshots(Some(&plan.vault.to_string()))?;
        let first = known
            .iter()
            .filter(|(_, snapshot)| details(snapshot).plan == plan.id.to_string())
            .map(|(_, snapshot)| snapshot.time)
            .min();
        let Some(since) = first else { return Ok(None) };
        let runs = self.0.catalogue.last_runs(StoredKind::Drill, plan.id, 50)?;
        let every = self.settings()?.preferences.proof.drill_every_days;
        Ok(due_at(every, last_ended(&runs), since, self.0.clock.now()))
    }

    /// Starts the next drill of a plan if it is due: everything important, and
    /// some others in turn, each from the newest snapshot that has it whole.
    pub fn start_due_drill(&self, plan: &str) -> Result<Option<RunId>> {
        let plan = self.find_plan(plan)?;
        let id = plan.id.to_string();
        let due = self.drill_due_at(&id)?;
        if due.is_none_or(|at| at > self.0.clock.now()) {
            return Ok(None);
        }
        let is_running = self.0.catalogue.unended_runs()?.into_iter().any(|run| {
            run.kind == StoredKind::Drill && run.plan == Some(plan.id) && self.is_under_way(&run)
        });
        if is_running {
            return Ok(None);
        }
        let parts = self.next_drill(&plan)?;
        let items: usize = parts.iter().map(|part| part.items.len()).sum();
        if items == 0 {
            return Ok(None);
        }
        let account = self.find_account(&plan.account.to_string())?;
        let order = Order {
            kind: RunKind::Drill,
            subject: match parts.as_slice() {
                [Part { items, .. }] if items.len() == 1 => {
                    items[0].1.clone().unwrap_or_else(|| items[0].0.folder())
                }
                _ => format!("{items} items"),
            },
            plan: Some(plan.id),
            vault: Some(plan.vault),
            account: Some(account.id),
            writes: false,
            details: json!({ "due": true }),
        };
        self.rehearse(order, account, parts).map(Some)
    }

    fn rehearse(&self, order: Order, account: Account, parts: Vec<Part>) -> Result<RunId> {
        self.execute(order, move |labkeep, execution| async move {
            match labkeep.drill(parts, &account, &execution).await {
                Ok(ended) => ended,
                Err(error) if error.is_cancelled() => Ended::aborted(),
                Err(error) => Ended::failed(error.advice()),
            }
        })
    }

    pub(super) fn account_of(&self, open: &OpenSnapshot) -> Result<Option<Account>> {
        Ok(known_account(&self.settings()?, &open.head).cloned())
    }

    /// An account for what is in a vault, with the items that it has there.
    async fn account_anew(&self, snapshot: &SnapshotRef, open: &OpenSnapshot) -> Result<Account> {
        let id = self.account_for(&open.head)?;
        let vault = self.vault(&snapshot.vault).await?;
        self.rebuild_items_from(&vault).await?;
        self.find_account(&id.to_string())
    }
}

pub(super) fn path_of(open: &OpenSnapshot, item: Item) -> Result<String> {
    open.ledger
        .of(item)
        .next()
        .map(|line| line.path.clone())
        .ok_or_else(|| {
            RestoreError::NotInSnapshot {
                item: item.folder(),
            }
            .into()
        })
}

pub(super) fn short(snapshot: &str) -> &str {
    &snapshot[..8.min(snapshot.len())]
}
