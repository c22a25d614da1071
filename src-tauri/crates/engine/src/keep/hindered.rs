//! A prune that damage hinders: while a snapshot stays that cannot be read in
//! full, nobody can tell what data is needed, and none of it is freed.

use jiff::tz::TimeZone;
use labkeep_settings::{KnownSnapshot, VaultEntry};
use labkeep_vault::{SnapshotFacts, SnapshotId, Vault};

use super::affected::listed;
use super::drill::short;
use super::execute::Ended;
use super::snapshot::details;
use super::{Labkeep, blocking};
use crate::advice::Advice;
use crate::backup::job::plan_tag;
use crate::error::{Error, Result};
use crate::outcome::Outcome;

impl Labkeep {
    /// How a prune ends that removed snapshots and could free nothing.
    pub(super) async fn hindered(
        &self,
        entry: &VaultEntry,
        vault: Vault,
        error: labkeep_vault::Error,
    ) -> Result<Ended> {
        let known = self.damaged_snapshots(entry.id)?;
        let (there, lost) = blocking(move || Ok(vault.snapshots_with_damage()?)).await?;
        let mut damaged: Vec<String> = lost.into_iter().map(|(id, _)| id.to_string()).collect();
        let there = there.iter().map(|facts| facts.id.to_string());
        damaged.extend(there.filter(|id| known.contains(id)));
        if damaged.is_empty() {
            // Nobody knew: a check has to tell.
            self.suspect(entry.id)?;
            return Ok(Ended::failed(Error::from(error).advice()));
        }
        Ok(Ended {
            outcome: Outcome::Partial,
            advice: Some(self.advice_of_hindered(entry, &damaged)?),
            ..Ended::complete()
        })
    }

    fn advice_of_hindered(&self, entry: &VaultEntry, damaged: &[String]) -> Result<Advice> {
        let known = self.0.catalogue.snapshots(&entry.vault_id)?;
        let day_of = |id: &String| {
            let day = known.iter().find(|note| note.id == *id).map(|note| {
                let at = note.time.to_zoned(TimeZone::system());
                at.strftime(" of %-d %b %Y").to_string()
            });
            format!("{}{}", short(id), day.unwrap_or_default())
        };
        let names: Vec<String> = damaged.iter().map(day_of).collect();
        let (what, goes) = match names.len() {
            1 => ("snapshot", "it goes"),
            _ => ("snapshots", "they go"),
        };
        Ok(Advice::new(
            format!(
                "No room is freed in the vault {}: the {what} {} cannot be read in full, so nobody can tell what is needed.",
                entry.name,
                listed(&names)
            ),
            format!(
                "Room is freed when {goes}, as the retention says. If it runs short before that, back up into a vault on another disk."
            ),
        ))
    }
}

/// What this machine knows of a snapshot whose own file cannot be read.
pub(super) fn facts_of(id: SnapshotId, note: &KnownSnapshot) -> SnapshotFacts {
    SnapshotFacts {
        id,
        time: note.time,
        plan: note.plan.clone(),
        host: String::new(),
        tags: vec![plan_tag(&details(note).plan)],
        run: None,
        parent: None,
        bytes_processed: 0,
        bytes_added: 0,
        bytes_stored: 0,
        files: 0,
    }
}
