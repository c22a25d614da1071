//! Snapshots as this machine knows them, by name or by what they hold.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use labkeep_settings::{KnownSnapshot, RunId, VaultEntry};
use labkeep_vault::{SnapshotFacts, SnapshotId, SnapshotReader};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::copy_state::moment;
use super::execute::settings_outcome;
use super::{Labkeep, blocking};
use crate::clock::millis;
use crate::error::{Error, Result, What};
use crate::guard::Lost;
use crate::head::{Head, UncoveredFacts};
use crate::layout;
use crate::ledger::Ledger;
use crate::outcome::Outcome;
use crate::view::SnapshotView;

/// What the catalogue keeps of a snapshot beside its own columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Details {
    /// The plan's ID.
    #[serde(default)]
    pub plan: String,
    /// Groups in it.
    #[serde(default)]
    pub groups: u64,
    /// Projects in it.
    #[serde(default)]
    pub projects: u64,
    /// Items that were kept from an earlier one.
    #[serde(default)]
    pub stale: u64,
    /// The account's address.
    #[serde(default)]
    pub url: String,
    /// What exists at GitLab and is not in it.
    #[serde(default)]
    pub uncovered: BTreeMap<String, UncoveredFacts>,
    /// What was lost at GitLab since the one before, worst first.
    #[serde(default)]
    pub losses: Vec<Lost>,
    /// The losses of snapshots up to this time were meant.
    #[serde(default)]
    pub answered: Option<Timestamp>,
}

/// A snapshot by its place and ID.
#[derive(Clone, Debug)]
pub struct SnapshotRef {
    /// The vault it is in.
    pub vault: VaultEntry,
    /// Its ID.
    pub id: String,
}

/// A snapshot as the catalogue keeps it.
pub(super) fn known(
    vault: &str,
    facts: &SnapshotFacts,
    head: &Head,
    ledger: &Ledger,
    run: Option<RunId>,
) -> KnownSnapshot {
    let details = Details {
        plan: head.plan.id.clone(),
        groups: head.groups,
        projects: head.projects,
        stale: head.items.stale,
        url: head.account.url.clone(),
        uncovered: head.uncovered.clone(),
        losses: head.losses.clone(),
        answered: head.answered,
    };
    KnownSnapshot {
        vault: vault.to_owned(),
        id: facts.id.to_string(),
        time: facts.time,
        plan: head.plan.name.clone(),
        run,
        outcome: Some(settings_outcome(head.outcome)),
        bytes: ledger.lines().map(crate::ledger::Line::bytes).sum(),
        new_bytes: facts.bytes_stored,
        proven_at: None,
        pinned: false,
        details: json!(details),
    }
}

pub(super) fn details(snapshot: &KnownSnapshot) -> Details {
    serde_json::from_value(snapshot.details.clone()).unwrap_or_else(|error| {
        tracing::warn!(snapshot = snapshot.id, %error, "details that are not understood");
        Details::default()
    })
}

pub(super) fn view(
    entry: &VaultEntry,
    snapshot: &KnownSnapshot,
    damaged: &BTreeSet<String>,
) -> SnapshotView {
    let details = details(snapshot);
    let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    SnapshotView {
        id: snapshot.id.clone(),
        vault: entry.id.to_string(),
        plan: snapshot.plan.clone(),
        at: millis(snapshot.time),
        outcome: snapshot
            .outcome
            .and_then(|outcome| Outcome::from_name(outcome.name()))
            .unwrap_or(Outcome::Partial),
        groups: number(details.groups),
        projects: number(details.projects),
        new_bytes: snapshot.new_bytes,
        total_bytes: snapshot.bytes,
        proven_at: snapshot.proven_at.map(millis),
        run: snapshot.run.map(|run| run.to_string()),
        stale: number(details.stale),
        pinned: snapshot.pinned,
        damaged: damaged.contains(&snapshot.id),
    }
}

impl Labkeep {
    /// The snapshot, or its copy in another vault if the drive of its own is not
    /// there.
    pub(super) fn at_hand(
        &self,
        wanted: &(VaultEntry, KnownSnapshot),
        known: &[(VaultEntry, KnownSnapshot)],
    ) -> SnapshotRef {
        let moment = moment(&wanted.1);
        let there = std::iter::once(wanted)
            .chain(known)
            .find(|(vault, snapshot)| self::moment(snapshot) == moment && self.is_there(vault));
        let (vault, snapshot) = there.unwrap_or(wanted);
        SnapshotRef {
            vault: vault.clone(),
            id: snapshot.id.clone(),
        }
    }

    /// Every snapshot that this machine knows, newest first.
    pub fn snapshots(&self, vault: Option<&str>) -> Result<Vec<SnapshotView>> {
        let mut all = self.snapshot_views(&self.known_snapshots(vault)?)?;
        all.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.at));
        Ok(all)
    }

    pub(super) fn snapshot_views(
        &self,
        known: &[(VaultEntry, KnownSnapshot)],
    ) -> Result<Vec<SnapshotView>> {
        let mut damaged = BTreeMap::new();
        let mut all = Vec::with_capacity(known.len());
        for (entry, snapshot) in known {
            let of_vault = match damaged.entry(entry.id) {
                Entry::Occupied(found) => found.into_mut(),
                Entry::Vacant(vacant) => vacant.insert(self.damaged_snapshots(entry.id)?),
            };
            all.push(view(entry, snapshot, of_vault));
        }
        Ok(all)
    }

    /// Keeps a snapshot for ever, or leaves it to the retention again. The
    /// vault knows, so that every machine does.
    pub async fn pin_snapshot(&self, snapshot: &SnapshotRef, pinned: bool) -> Result<()> {
        let opened = self.vault(&snapshot.vault).await?;
        let id: SnapshotId = snapshot.id.parse().map_err(|_| Error::Unknown {
            what: What::Snapshot,
            name: snapshot.id.clone(),
        })?;
        blocking(move || {
            if pinned {
                opened.pin(id)?;
            } else {
                opened.unpin(id)?;
            }
            Ok(())
        })
        .await?;
        let vault = &snapshot.vault.vault_id;
        self.0.catalogue.pin_snapshot(vault, &snapshot.id, pinned)?;
        self.0.runs.changed();
        Ok(())
    }

    pub(super) fn known_snapshots(
        &self,
        vault: Option<&str>,
    ) -> Result<Vec<(VaultEntry, KnownSnapshot)>> {
        let entries = match vault {
            Some(vault) => vec![self.find_vault(vault)?],
            None => self.settings()?.vaults,
        };
        let mut all = Vec::new();
        for entry in entries {
            for snapshot in self.0.catalogue.snapshots(&entry.vault_id)? {
                all.push((entry.clone(), snapshot));
            }
        }
        Ok(all)
    }

    /// The snapshot with this ID, or the beginning of one; `latest` is the
    /// latest of all.
    pub fn find_snapshot(&self, name: &str) -> Result<SnapshotRef> {
        let mut known = self.known_snapshots(None)?;
        known.sort_by_key(|(_, snapshot)| snapshot.time);
        let unknown = || Error::Unknown {
            what: What::Snapshot,
            name: name.to_owned(),
        };
        if name == "latest" {
            let latest = known.last().ok_or_else(unknown)?;
            return Ok(self.at_hand(latest, &known));
        }
        let mut fitting: Vec<_> = known
            .into_iter()
            .filter(|(_, snapshot)| name.len() >= 4 && snapshot.id.starts_with(name))
            .collect();
        let (_, first) = fitting.first().ok_or_else(unknown)?;
        let (vault, id) = (first.vault.clone(), first.id.clone());
        if fitting
            .iter()
            .any(|(_, s)| (&s.vault, &s.id) != (&vault, &id))
        {
            return Err(Error::Ambiguous {
                what: What::Snapshot,
                name: name.to_owned(),
            });
        }
        // Entries of the same vault are the same place by two names.
        let there = fitting.iter().position(|(entry, _)| self.is_there(entry));
        let (vault, _) = fitting.swap_remove(there.unwrap_or(0));
        Ok(SnapshotRef { vault, id })
    }

    /// Opens a snapshot with its head and ledger.
    pub(crate) async fn open_snapshot(&self, snapshot: &SnapshotRef) -> Result<OpenSnapshot> {
        let vault = self.vault(&snapshot.vault).await?;
        let id: SnapshotId = snapshot.id.parse().map_err(|_| Error::Unknown {
            what: What::Snapshot,
            name: snapshot.id.clone(),
        })?;
        blocking(move || {
            let reader = vault.read(&id)?;
            let head = Head::parse(reader.read(layout::HEAD)?.as_deref())?;
            let ledger = Ledger::from_ndjson(&reader.read(layout::LEDGER)?.unwrap_or_default())?;
            Ok(OpenSnapshot {
                reader,
                head,
                ledger,
            })
        })
        .await
    }
}

/// A snapshot that can be read.
#[derive(Debug)]
pub(crate) struct OpenSnapshot {
    /// Its contents.
    pub reader: SnapshotReader,
    /// What it says about itself.
    pub head: Head,
    /// Its ledger.
    pub ledger: Ledger,
}
