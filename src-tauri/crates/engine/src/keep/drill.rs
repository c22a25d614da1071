//! Drills as runs: projects are rebuilt from the vault in scratch and checked,
//! without GitLab. Those that somebody asked for, and those that are due.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use labkeep_gitlab::git::pack::stoppable;
use labkeep_settings::{
    Account, AccountId, KnownItem, Plan, RunId, RunKind as StoredKind, VaultEntryId,
};
use serde_json::json;

use super::affected::listed;
use super::check::{last_ended, tells_of_damage};
use super::drill_failures::{Failure, failure_name};
use super::execute::{Counts, Ended, Execution, Order, item_of, key};
use super::home::PROOF;
use super::recovered::known_account;
use super::restore::people;
use super::snapshot::{OpenSnapshot, SnapshotRef, details};
use super::{Labkeep, blocking};
use crate::advice::Advice;
use crate::capture::People;
use crate::clock::millis;
use crate::error::{Error, Result};
use crate::kind::{Item, Kind, Sort};
use crate::outcome::{Outcome, RunKind};
use crate::proof::{Candidate, choose, due_at};
use crate::rehearse::{DrillReport, drill};
use crate::restore::{Material, RestoreError};
use crate::schedule::promise::believed;
use crate::view::{ItemCounts, LastProof, Mark, Phase, ReportLine};

/// Items of one snapshot that a drill rebuilds.
struct Part {
    snapshot: SnapshotRef,
    /// Opened already, so that whoever asked heard at once if it cannot be.
    open: Option<OpenSnapshot>,
    /// The items, with the paths that this machine knows.
    items: Vec<(Item, Option<String>)>,
}

/// What a drill found so far.
#[derive(Default)]
struct Tally {
    report: Vec<ReportLine>,
    good: usize,
    /// Those of the good ones that are the last that is saved of their item.
    current: usize,
    failed: Vec<String>,
}

impl Labkeep {
    /// Rebuilds projects of a snapshot in scratch and checks everything. No
    /// items means every project of the snapshot.
    pub async fn start_drill(&self, snapshot: &SnapshotRef, items: Vec<Item>) -> Result<RunId> {
        let open = self.open_snapshot(snapshot).await?;
        let account = match self.account_of(&open)? {
            Some(account) => account,
            None => self.account_anew(snapshot, &open).await?,
        };
        let items: Vec<Item> = if items.is_empty() {
            let all = open.ledger.items();
            all.into_iter()
                .filter(|item| item.sort == Sort::Project)
                .collect()
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

    /// What the next drill of a plan rebuilds.
    fn next_drill(&self, plan: &Plan) -> Result<Vec<Part>> {
        let others = self.settings()?.preferences.proof.drill_items;
        let known = self.known_snapshots(Some(&plan.vault.to_string()))?;
        let mut of_plan: Vec<_> = known
            .into_iter()
            .filter(|(_, snapshot)| details(snapshot).plan == plan.id.to_string())
            .collect();
        of_plan.sort_by_key(|(_, snapshot)| snapshot.time);
        let failures = self.drill_failures()?;
        let damage = self.damage(plan.vault)?;
        let now = self.0.clock.now();
        let items = self.0.catalogue.items(plan.account)?;
        let mut places: BTreeMap<Item, (String, String)> = BTreeMap::new();
        let mut candidates = Vec::new();
        for known_item in &items {
            let Some(item) = item_of(known_item.item).filter(|item| item.sort == Sort::Project)
            else {
                continue;
            };
            // Where it is whole; what was never whole is not there to be rebuilt.
            let is_last = |id: &str| known_item.last_snapshot.as_deref() == Some(id);
            let Some((_, snapshot)) = of_plan.iter().rev().find(|(_, s)| is_last(&s.id)) else {
                continue;
            };
            if damage.is_given_up(&snapshot.id, &item.folder()) {
                continue;
            }
            places.insert(item, (snapshot.id.clone(), known_item.path.clone()));
            let candidate = candidate(item, known_item, &failures, plan);
            candidates.push(Candidate {
                proven_at: candidate.proven_at.and_then(|at| believed(at, now)),
                ..candidate
            });
        }
        let mut parts: BTreeMap<String, Vec<(Item, Option<String>)>> = BTreeMap::new();
        for item in choose(candidates, others) {
            let (snapshot, path) = places[&item].clone();
            parts.entry(snapshot).or_default().push((item, Some(path)));
        }
        Ok(of_plan
            .into_iter()
            .rev()
            .filter_map(|(vault, snapshot)| {
                let items = parts.remove(&snapshot.id)?;
                let id = snapshot.id;
                Some(Part {
                    snapshot: SnapshotRef { vault, id },
                    open: None,
                    items,
                })
            })
            .collect())
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

    async fn drill(
        &self,
        parts: Vec<Part>,
        account: &Account,
        execution: &Execution,
    ) -> Result<Ended> {
        let progress = execution.progress();
        let total: usize = parts.iter().map(|part| part.items.len()).sum();
        progress.set_items(total as u64);
        progress.enter(Phase::Checking);
        let mut tally = Tally::default();
        let mut snapshots = BTreeSet::new();
        for part in parts {
            snapshots.insert(part.snapshot.id.clone());
            self.drill_part(part, account, execution, &mut tally)
                .await?;
        }
        let now = self.0.clock.now();
        let is_good = tally.failed.is_empty();
        if is_good && tally.current > 0 {
            let proof = LastProof {
                run: execution.id.to_string(),
                at: millis(now),
                items: u32::try_from(tally.current).unwrap_or(u32::MAX),
            };
            self.0.catalogue.set_memo(PROOF, &json!(proof))?;
        }
        let failed = tally.failed.len();
        Ok(Ended {
            outcome: match (tally.good, failed) {
                (_, 0) => Outcome::Complete,
                (0, _) => Outcome::Failed,
                _ => Outcome::Partial,
            },
            advice: (!is_good).then(|| {
                Advice::new(
                    format!(
                        "{failed} of {total} items could not be rebuilt: {}.",
                        listed(&tally.failed)
                    ),
                    "The report says what is wrong. Check the vault; the next backup reads what is damaged anew.",
                )
            }),
            snapshot: (snapshots.len() == 1).then(|| snapshots.pop_first()).flatten(),
            counts: Counts {
                items: ItemCounts {
                    total: total as u64,
                    captured: tally.good as u64,
                    failed: failed as u64,
                    ..ItemCounts::default()
                },
                ..Counts::default()
            },
            report: tally.report,
            ..Ended::complete()
        })
    }

    /// Rebuilds the items of one snapshot.
    async fn drill_part(
        &self,
        part: Part,
        account: &Account,
        execution: &Execution,
        tally: &mut Tally,
    ) -> Result<()> {
        let open = match part.open {
            Some(open) => Ok(open),
            None => execution.opening(self.open_snapshot(&part.snapshot)).await,
        };
        let opened = match open {
            Ok(open) => match people(&open.reader).await {
                Ok(people) => Ok((open, Arc::new(people))),
                Err(error) => Err(Error::from(error)),
            },
            Err(error) => Err(error),
        };
        let (opened, why) = match opened {
            Ok(opened) => (Some(opened), String::new()),
            // The snapshot itself is damaged, and so is every item of it.
            Err(error) if tells_of_damage(&error) => (None, error.advice().message),
            Err(error) => return Err(error),
        };
        let progress = execution.progress();
        let SnapshotRef { vault, id } = &part.snapshot;
        let mut proven = Vec::new();
        for (item, path) in &part.items {
            let path = match (path, &opened) {
                (Some(path), _) => path.clone(),
                (None, Some((open, _))) => path_of(open, *item)?,
                (None, None) => item.folder(),
            };
            let work = progress.work_on(&path);
            let found = match &opened {
                Some((open, people)) => {
                    let rebuilt = self.rebuild(open, people, *item, execution).await;
                    rebuilt.or_else(|error| self.not_rebuilt(vault.id, error))?
                }
                None => DrillReport {
                    bad: vec![why.clone()],
                    ..DrillReport::default()
                },
            };
            drop(work);
            tally.report.extend(lines(&path, &found));
            if found.is_good() {
                proven.push(*item);
                tally.good += 1;
            } else {
                let wrong: Vec<String> = found.bad.iter().chain(&found.lacking).cloned().collect();
                let told = wrong.iter().map(|bad| format!("{path}: {bad}"));
                execution.log.warn_all(told);
                let why = wrong.into_iter().next().unwrap_or_default();
                self.note_failure(account, &part.snapshot, *item, &path, execution, why)?;
                tally.failed.push(path);
                // At once: the drill may not come to its end.
                if !found.bad.is_empty() {
                    self.note_damaged(account.id, vault.id, id, &[*item])?;
                }
            }
            progress.items_done(1);
        }
        let projects = opened.map_or(0, |(open, _)| {
            let items = open.ledger.items();
            items.iter().filter(|i| i.sort == Sort::Project).count()
        });
        tally.current += self.note_proven(account, &part.snapshot, &proven, projects)?;
        Ok(())
    }

    /// An item could not be looked at. A file of the vault that cannot be read is
    /// for a check to look into.
    fn not_rebuilt(&self, vault: VaultEntryId, error: Error) -> Result<DrillReport> {
        if matches!(
            error,
            Error::Restore(RestoreError::Vault(labkeep_vault::Error::Storage { .. }))
        ) {
            self.suspect(vault)?;
        }
        Err(error)
    }

    /// Rebuilds one item. That it cannot be is what the report says.
    async fn rebuild(
        &self,
        open: &OpenSnapshot,
        people: &Arc<People>,
        item: Item,
        execution: &Execution,
    ) -> Result<DrillReport> {
        if execution.active.cancel.is_cancelled() {
            return Err(RestoreError::Cancelled.into());
        }
        let (reader, ledger) = (execution.reading(&open.reader), open.ledger.clone());
        let people = Arc::clone(people);
        let folder = self.scratch_folder()?;
        let cancel = execution.active.cancel.clone();
        let stop = move || cancel.is_cancelled();
        let work = move || -> Result<DrillReport> {
            let material =
                Material::gather(&reader, &ledger, item, &Kind::OF_PROJECT, folder.path())?;
            Ok(drill(&material, &people, folder.path())?)
        };
        let found = blocking(move || stoppable(stop, work)).await;
        if execution.active.cancel.is_cancelled() {
            return Err(RestoreError::Cancelled.into());
        }
        match found {
            Err(Error::Restore(error)) if error.is_of_what_is_saved() => Ok(DrillReport {
                bad: vec![error.advice().message],
                ..DrillReport::default()
            }),
            found => found,
        }
    }

    /// Items were rebuilt and are whole. `projects` are in the snapshot in all.
    /// Tells of how many it was the last that is saved: that an earlier version
    /// can be rebuilt says nothing of a later one.
    fn note_proven(
        &self,
        account: &Account,
        snapshot: &SnapshotRef,
        proven: &[Item],
        projects: usize,
    ) -> Result<usize> {
        if proven.is_empty() {
            return Ok(0);
        }
        let now = self.0.clock.now();
        let at = self.time_of(snapshot)?;
        let catalogue = &self.0.catalogue;
        let known: Vec<KnownItem> = catalogue
            .items(account.id)?
            .into_iter()
            .filter(|known| item_of(known.item).is_some_and(|item| proven.contains(&item)))
            .filter(|known| is_current(known, &snapshot.id, at))
            .collect();
        let keys: Vec<_> = known.iter().map(|known| known.item).collect();
        catalogue.items_proven(account.id, &keys, now)?;
        if projects == proven.len() {
            catalogue.snapshot_proven(&snapshot.vault.vault_id, &snapshot.id, now)?;
        }
        let mut failures = self.drill_failures()?;
        for item in proven {
            let name = failure_name(account, *item);
            if failures.get(&name).is_some_and(|failure| failure.at <= at) {
                failures.remove(&name);
            }
        }
        self.set_drill_failures(&failures)?;
        self.note_readable(snapshot.vault.id, &snapshot.id, proven)?;
        // What is gone at GitLab cannot be read in full any more: that it can
        // be rebuilt is all that there is to know.
        let gone: Vec<Item> = known
            .iter()
            .filter(|known| known.gone_since.is_some())
            .filter_map(|known| item_of(known.item))
            .collect();
        self.trust(account.id, &gone, now)?;
        Ok(keys.len())
    }

    /// Items could not be rebuilt: what is saved of them is damaged.
    pub(super) fn note_damaged(
        &self,
        account: AccountId,
        vault: VaultEntryId,
        snapshot: &str,
        damaged: &[Item],
    ) -> Result<()> {
        let keys: Vec<_> = damaged.iter().copied().map(key).collect();
        let now = self.0.clock.now();
        self.0.catalogue.items_distrusted(account, &keys, now)?;
        self.note_unreadable(vault, snapshot, damaged)
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

/// Whether a snapshot of that time has the last that is saved of an item; a copy
/// in another vault is as good.
fn is_current(known: &KnownItem, snapshot: &str, at: Timestamp) -> bool {
    known.last_snapshot.as_deref() == Some(snapshot)
        || known.last_saved.is_none_or(|last| at >= last)
}

fn candidate(
    item: Item,
    known: &KnownItem,
    failures: &BTreeMap<String, Failure>,
    plan: &Plan,
) -> Candidate<Item> {
    Candidate {
        item,
        important: known.important,
        failed: failures.contains_key(&format!("{}/{}", plan.account, item.folder())),
        proven_at: known.proven_at,
    }
}

fn lines(path: &str, found: &DrillReport) -> Vec<ReportLine> {
    let line = |mark, text: &String| ReportLine {
        mark,
        text: format!("{path}: {text}"),
        url: None,
    };
    let bad = found.bad.iter().chain(&found.lacking);
    let bad = bad.map(|text| line(Mark::Bad, text));
    let closed = found.closed.iter().map(|text| line(Mark::Changed, text));
    let good = found.good.iter().map(|text| line(Mark::Good, text));
    bad.chain(closed).chain(good).collect()
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
