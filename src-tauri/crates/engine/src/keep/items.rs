//! The list of projects: what is protected, by item and kind.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use labkeep_settings::{Account, KnownItem, Plan, RunKind, RunOutcome, RunQuery};

use super::execute::item_of;
use super::run::ledger_view;
use super::snapshot::view as snapshot_view;
use super::{Labkeep, blocking};
use crate::clock::{from_millis, millis};
use crate::error::{Error, Result, What};
use crate::kind::{Item, Kind, Sort};
use crate::pattern::Selection;
use crate::view::{
    Cell, LedgerLineView, LedgerState, ProjectRow, ProjectView, ProjectsView, Remark, Severity,
    VersionView,
};

/// Versions of an item that are opened for its page at most.
const VERSIONS: usize = 30;

/// What every row of an account needs.
struct Known {
    account: Account,
    items: Vec<KnownItem>,
    lines: HashMap<Item, Vec<LedgerLineView>>,
    selections: Vec<Selection>,
}

impl Labkeep {
    /// Every group and project that was ever seen, in tree order.
    pub fn projects(&self) -> Result<ProjectsView> {
        let mut rows = Vec::new();
        for account in self.settings()?.accounts {
            let known = self.known(account)?;
            rows.extend(tree(&known));
        }
        let projects = rows
            .iter()
            .filter(|row| row.item.sort == Sort::Project)
            .count();
        Ok(ProjectsView {
            rows,
            kinds: Kind::OF_PROJECT.to_vec(),
            projects: u32::try_from(projects).unwrap_or(u32::MAX),
        })
    }

    /// One item with its versions, newest first.
    pub async fn project(&self, account: &str, item: Item) -> Result<ProjectView> {
        let account = self.account_by_id(account)?;
        let known = self.known(account.clone())?;
        let unknown = || Error::Unknown {
            what: What::Item,
            name: item.folder(),
        };
        let its = known
            .items
            .iter()
            .find(|one| item_of(one.item) == Some(item))
            .ok_or_else(unknown)?;
        let row = row(&known, its);
        let versions = self.versions(&account, item).await?;
        Ok(ProjectView {
            url: format!("{}/{}", account.url, its.path),
            previous_paths: its.previous_paths.clone(),
            sort: item.sort,
            versions,
            row,
        })
    }

    /// The item with this path or number, whatever account it belongs to.
    pub fn find_item(&self, account: Option<&str>, name: &str) -> Result<(Account, Item)> {
        let accounts = match account {
            Some(account) => vec![self.find_account(account)?],
            None => self.settings()?.accounts,
        };
        let number: Option<u64> = name.parse().ok();
        let path = name.trim_matches('/');
        let mut found = Vec::new();
        for account in accounts {
            let by_path = self.0.catalogue.item_by_path(account.id, path)?;
            let by_number = || -> Result<_> {
                let items = self.0.catalogue.items(account.id)?;
                Ok(items
                    .into_iter()
                    .map(|known| known.item)
                    .filter(|item| Some(item.id) == number)
                    .max_by_key(|item| item.sort))
            };
            let its = match by_path {
                Some(item) => Some(item),
                None => by_number()?,
            };
            if let Some(item) = its.and_then(item_of) {
                found.push((account, item));
            }
        }
        match found.len() {
            0 => Err(Error::Unknown {
                what: What::Item,
                name: name.to_owned(),
            }),
            1 => Ok(found.remove(0)),
            _ => Err(Error::Ambiguous {
                what: What::Item,
                name: name.to_owned(),
            }),
        }
    }

    /// An item is rebuilt by every drill, or not any more.
    pub fn set_important(&self, account: &str, item: Item, important: bool) -> Result<()> {
        let account = self.account_by_id(account)?;
        let item = super::execute::key(item);
        self.0
            .catalogue
            .set_important(account.id, item, important)?;
        self.0.runs.changed();
        Ok(())
    }

    fn known(&self, account: Account) -> Result<Known> {
        let settings = self.settings()?;
        let plans: Vec<&Plan> = settings
            .plans
            .iter()
            .filter(|plan| plan.account == account.id)
            .collect();
        let mut lines: HashMap<Item, Vec<LedgerLineView>> = HashMap::new();
        for plan in &plans {
            for line in self.last_ledger(plan)? {
                lines.entry(line.item).or_default().push(line);
            }
        }
        let selections = plans
            .iter()
            .map(|plan| Selection::new(&plan.include, &plan.exclude))
            .collect::<Result<_, _>>()?;
        Ok(Known {
            items: self.0.catalogue.items(account.id)?,
            account,
            lines,
            selections,
        })
    }

    /// The ledger of the last backup of a plan that made a snapshot.
    pub(super) fn last_ledger(&self, plan: &Plan) -> Result<Vec<LedgerLineView>> {
        let query = RunQuery {
            kind: Some(RunKind::Backup),
            plan: Some(plan.id),
            limit: Some(50),
            ..RunQuery::default()
        };
        let runs = self.0.catalogue.runs(&query)?;
        let last = runs.iter().find(|run| {
            matches!(
                run.outcome,
                Some(RunOutcome::Complete | RunOutcome::Partial)
            )
        });
        let Some(last) = last else {
            return Ok(Vec::new());
        };
        let rows = self.0.catalogue.ledger(last.id)?;
        Ok(rows.iter().filter_map(ledger_view).collect())
    }

    async fn versions(&self, account: &Account, item: Item) -> Result<Vec<VersionView>> {
        let mut snapshots = self.known_snapshots(None)?;
        snapshots.retain(|(_, snapshot)| super::snapshot::details(snapshot).url == account.url);
        snapshots.sort_by_key(|(_, snapshot)| std::cmp::Reverse(snapshot.time));
        let mut versions = Vec::new();
        let mut opened = BTreeSet::new();
        for (entry, snapshot) in snapshots {
            let moment = super::copy_state::moment(&snapshot);
            // A copy in another vault is no other version.
            if opened.len() >= VERSIONS || opened.contains(&moment) {
                continue;
            }
            let reference = super::SnapshotRef {
                vault: entry.clone(),
                id: snapshot.id.clone(),
            };
            let open = match self.open_snapshot(&reference).await {
                Ok(open) => open,
                // A vault on a drive that is not connected has no versions now.
                Err(error) => {
                    tracing::warn!(snapshot = snapshot.id, %error, "the snapshot could not be opened");
                    continue;
                }
            };
            opened.insert(moment);
            let found = blocking(move || {
                let lines: Vec<LedgerLineView> = open
                    .ledger
                    .of(item)
                    .map(crate::ledger::Line::view)
                    .collect();
                Ok(lines)
            })
            .await?;
            if let Some(first) = found.first() {
                let damaged = self.damaged_snapshots(entry.id)?;
                versions.push(VersionView {
                    path: first.path.clone(),
                    snapshot: snapshot_view(&entry, &snapshot, &damaged),
                    ledger: found,
                });
            }
        }
        Ok(versions)
    }
}

/// Rows in tree order. Groups that only hold others get a row of their own
/// without cells.
fn tree(known: &Known) -> Vec<ProjectRow> {
    let mut rows: BTreeMap<Vec<String>, ProjectRow> = BTreeMap::new();
    for item in &known.items {
        if item_of(item.item).is_none() {
            continue;
        }
        let row = row(known, item);
        let key = sort_key(&row.path, row.item);
        // A path that was taken over: the one that is there wins.
        match rows.get(&key) {
            Some(other) if other.gone_since.is_none() => {
                let mut key = key;
                key.push(row.item.id.to_string());
                rows.insert(key, row);
            }
            _ => {
                rows.insert(key, row);
            }
        }
    }
    let mut places = Vec::new();
    for row in rows.values() {
        let parts: Vec<&str> = row.path.split('/').collect();
        for depth in 1..parts.len() {
            places.push(parts[..depth].join("/"));
        }
    }
    for path in places {
        let item = Item::group(0);
        rows.entry(sort_key(&path, item))
            .or_insert_with(|| ProjectRow {
                account: known.account.id.to_string(),
                item,
                name: last_part(&path),
                depth: depth(&path),
                path,
                cells: Vec::new(),
                last_saved_at: None,
                bytes: None,
                gone_since: None,
                remarks: Vec::new(),
                protected: false,
                proven_at: None,
                important: false,
                distrusted_since: None,
            });
    }
    rows.into_values().collect()
}

/// Groups before what lies in them, and before projects beside them.
fn sort_key(path: &str, item: Item) -> Vec<String> {
    let mut parts: Vec<String> = path
        .to_lowercase()
        .split('/')
        .map(ToOwned::to_owned)
        .collect();
    if item.sort == Sort::Project
        && let Some(last) = parts.last_mut()
    {
        // Behind every group of the same level, by name.
        *last = format!("\u{10ffff}{last}");
    }
    parts
}

fn last_part(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

fn depth(path: &str) -> u32 {
    u32::try_from(path.matches('/').count()).unwrap_or(0)
}

fn row(known: &Known, item: &KnownItem) -> ProjectRow {
    let its = item_of(item.item).unwrap_or(Item::group(0));
    let lines = known.lines.get(&its).map_or(&[][..], Vec::as_slice);
    let is_gone = item.gone_since.is_some();
    let protected = known.selections.iter().any(|s| s.covers(&item.path));
    ProjectRow {
        account: known.account.id.to_string(),
        item: its,
        path: item.path.clone(),
        name: last_part(&item.path),
        depth: depth(&item.path),
        cells: cells(its, lines),
        last_saved_at: item.last_saved.map(millis),
        bytes: (!lines.is_empty()).then(|| lines.iter().filter_map(|line| line.bytes).sum()),
        gone_since: item.gone_since.map(millis),
        remarks: remarks(item, lines, protected),
        protected: protected && !is_gone,
        proven_at: item.proven_at.map(millis),
        important: item.important,
        distrusted_since: item.distrusted_since.map(millis),
    }
}

fn cells(item: Item, lines: &[LedgerLineView]) -> Vec<Cell> {
    item.sort
        .kinds()
        .iter()
        .filter_map(|kind| lines.iter().find(|line| line.kind == *kind))
        .map(|line| Cell {
            kind: line.kind,
            state: line.state,
            stale_since: line.stale_since,
            reason: line.reason.clone(),
        })
        .collect()
}

fn remarks(item: &KnownItem, lines: &[LedgerLineView], protected: bool) -> Vec<Remark> {
    let mut remarks = Vec::new();
    if item.gone_since.is_some() {
        remarks.push(Remark {
            severity: Severity::Info,
            text: "deleted at GitLab".to_owned(),
        });
        return remarks;
    }
    let failed: Vec<&LedgerLineView> = lines
        .iter()
        .filter(|line| line.state == LedgerState::Failed)
        .collect();
    match failed.as_slice() {
        [] => {}
        [one] => remarks.push(Remark {
            severity: Severity::Danger,
            text: match one.stale_since {
                Some(since) => format!(
                    "{} failed, kept from {}",
                    one.kind.words(),
                    from_millis(since).strftime("%-d %b")
                ),
                None => format!("{} failed", one.kind.words()),
            },
        }),
        many => remarks.push(Remark {
            severity: Severity::Danger,
            text: format!("{} kinds failed", many.len()),
        }),
    }
    let unreadable = lines
        .iter()
        .filter(|line| line.state == LedgerState::NoRight)
        .count();
    if unreadable > 0 {
        remarks.push(Remark {
            severity: Severity::Warning,
            text: if unreadable == 1 {
                "1 kind not readable".to_owned()
            } else {
                format!("{unreadable} kinds not readable")
            },
        });
    }
    if protected && item.last_saved.is_none() && failed.is_empty() {
        remarks.push(Remark {
            severity: Severity::Warning,
            text: "never saved".to_owned(),
        });
    }
    remarks
}
