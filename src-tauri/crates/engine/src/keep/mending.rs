//! Mending: parts that a second copy lost of its snapshots are sent again from
//! the vault that is copied, before anything new is. What is damaged there goes
//! out of use first, by the road on which a backup heals its vault; that it is
//! whole again is for a check to say.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use labkeep_settings::{VaultCopy, VaultEntry};
use labkeep_vault::{MendReport, SnapshotId, Vault};
use serde_json::json;

use super::copying::Pair;
use super::damage::Healed;
use super::execute::Execution;
use super::snapshot::details;
use super::{Labkeep, blocking};
use crate::advice::{Advice, is_damage};
use crate::clock::{from_millis, millis};
use crate::error::Result;
use crate::schedule::promise::believed;

/// How often a second copy is looked through of which nothing bad is known.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(23);

/// Snapshots and where in them something is.
pub(super) type Folders = BTreeMap<String, BTreeSet<String>>;

/// What became of lost parts of a second copy.
#[derive(Debug, Default)]
pub(super) struct Mended {
    /// Parts that were sent again.
    pub parts: u64,
    /// Bytes of them, as they were read and written.
    pub bytes: (u64, u64),
    /// Snapshots that got parts again.
    pub snapshots: usize,
    /// Snapshots that stay without parts: the vault that is copied does not
    /// have them any more.
    pub not_there: BTreeSet<SnapshotId>,
    /// The same, for they cannot be read there either.
    pub unreadable: BTreeSet<SnapshotId>,
    /// Whether any of that was not known before.
    pub is_news: bool,
    /// Files of the second copy that are damaged and cannot be repaired now.
    pub suspects: usize,
    /// Why they cannot, if nothing could be repaired.
    pub refused: Option<Advice>,
    /// Why it was not looked for what is lost, or not to the end.
    pub failed: Option<Advice>,
}

impl Labkeep {
    /// Whether damage was found in a second copy since it was looked through.
    pub(super) fn is_to_be_mended(&self, copy: &VaultCopy) -> Result<bool> {
        let settings = self.settings()?;
        let (Some(from), Some(to)) = (settings.vault(copy.from), settings.vault(copy.to)) else {
            return Ok(false);
        };
        let found_at = self.found_at(to)?;
        let looked_at = self.looked_through_at(from, to)?;
        Ok(found_at.is_some_and(|found| looked_at.is_none_or(|looked| looked < found)))
    }

    /// Sends again what a second copy lost, if it is time to look for that.
    pub(super) async fn mend(
        &self,
        pair: &Pair,
        from: &Vault,
        to: &Vault,
        execution: &Execution,
    ) -> Result<Option<Mended>> {
        let damage = self.damage(pair.to.id)?;
        let now = self.0.clock.now();
        let looked_at = self.looked_through_at(&pair.from, &pair.to)?;
        let is_new = self.found_at(&pair.to)? > looked_at;
        let is_old = looked_at.is_none_or(|at| now.duration_since(at) >= AGAIN_AFTER);
        if !(pair.is_asked || is_new || is_old || damage.is_to_be_repaired()) {
            return Ok(None);
        }
        let mended = match self.mended_twice(pair, from, to, execution).await {
            Ok((report, refused)) => Mended {
                refused,
                ..self.note_mended(pair, to, report, now).await?
            },
            Err(error) if error.is_cancelled() => return Err(error),
            // It is looked for again; what is new is copied meanwhile.
            Err(error) => Mended {
                failed: Some(error.advice()),
                ..Mended::default()
            },
        };
        if mended.parts > 0 {
            execution.log.info(format!(
                "Parts that “{}” had lost were sent again: {}.",
                pair.to.name, mended.parts
            ));
        }
        Ok(Some(mended))
    }

    /// Mends the second copy, once more if something has to go out of use first.
    async fn mended_twice(
        &self,
        pair: &Pair,
        from: &Vault,
        to: &Vault,
        execution: &Execution,
    ) -> Result<(MendReport, Option<Advice>)> {
        match self.mended(pair, from, to, execution).await? {
            (Ok(report), refused) if report.suspects.is_empty() => Ok((report, refused)),
            (first, _) => {
                // What its index relies on wrongly.
                let suspects = first.map_or_else(|_| BTreeSet::new(), |report| report.suspects);
                self.note_suspects(pair.to.id, suspects)?;
                let (report, refused) = self.mended(pair, from, to, execution).await?;
                Ok((report?, refused))
            }
        }
    }

    /// Repairs the second copy where that is known to be needed, and mends it.
    /// The inner error tells of damage; beside it stands why nothing could be
    /// repaired.
    async fn mended(
        &self,
        pair: &Pair,
        from: &Vault,
        to: &Vault,
        execution: &Execution,
    ) -> Result<(Result<MendReport>, Option<Advice>)> {
        let (log, watch) = (&execution.log, execution.watch());
        let refused = match self.heal(&pair.to, to, log, watch).await? {
            Healed::Refused(advice) => Some(advice),
            Healed::Whole | Healed::Left => None,
        };
        let (from, to, watch) = (from.clone(), to.clone(), execution.watch());
        match blocking(move || Ok(from.mend(&to, watch))).await? {
            Err(error) if !is_damage(&error) => Err(error.into()),
            report => Ok((report.map_err(Into::into), refused)),
        }
    }

    async fn note_mended(
        &self,
        pair: &Pair,
        to: &Vault,
        report: MendReport,
        began: Timestamp,
    ) -> Result<Mended> {
        let mut mended = Mended {
            parts: report.parts,
            bytes: (report.bytes_read, report.bytes_stored),
            snapshots: report.mended.len(),
            suspects: report.suspects.len(),
            ..Mended::default()
        };
        if !report.suspects.is_empty() {
            return Ok(mended);
        }
        let mut unhealed = Folders::new();
        let is_lost = !(report.not_there.is_empty() && report.unreadable.is_empty());
        if is_lost {
            self.rebuild_from(to).await?;
        }
        let its = self.of_plans_in(&pair.from, &pair.to)?;
        if is_lost {
            let lost = [
                (report.not_there, &mut mended.not_there),
                (report.unreadable, &mut mended.unreadable),
            ];
            for (places, snapshots) in lost {
                let places = places.into_iter().filter(|(id, _)| its.contains(id));
                for (snapshot, folders) in places {
                    snapshots.insert(snapshot);
                    let known = unhealed.entry(snapshot.to_string()).or_default();
                    known.extend(folders);
                }
            }
        }
        mended.is_news = self.note_unhealed(pair.to.id, &its, unhealed, report.parts > 0)?;
        if mended.is_news && !mended.unreadable.is_empty() {
            // It was read just now, and is not what it should be.
            self.suspect(pair.from.id)?;
        }
        let at = json!(millis(began));
        let catalogue = &self.0.catalogue;
        catalogue.set_memo(&memo(&pair.from, &pair.to), &at)?;
        Ok(mended)
    }

    /// Snapshots in a second copy of plans that have some in the vault that is
    /// copied: what others lack is not for this copy to send.
    pub(super) fn of_plans_in(
        &self,
        from: &VaultEntry,
        to: &VaultEntry,
    ) -> Result<BTreeSet<SnapshotId>> {
        let plans = self.plans_in(from)?;
        let known = self.0.catalogue.snapshots(&to.vault_id)?;
        Ok(known
            .iter()
            .filter(|known| plans.contains(&details(known).plan))
            .filter_map(|known| known.id.parse().ok())
            .collect())
    }

    /// Snapshots in a vault that second copies brought there: what is lost of
    /// them is sent again by the next one, and by no backup.
    pub(super) fn brought_by_copies(&self, to: &VaultEntry) -> Result<BTreeSet<String>> {
        let settings = self.settings()?;
        let mut plans = BTreeSet::new();
        for copy in settings.copies.iter().filter(|copy| copy.to == to.id) {
            if let Some(from) = settings.vault(copy.from) {
                plans.extend(self.plans_in(from)?);
            }
        }
        for plan in settings.plans.iter().filter(|plan| plan.vault == to.id) {
            plans.remove(&plan.id.to_string());
        }
        let known = self.0.catalogue.snapshots(&to.vault_id)?;
        Ok(known
            .into_iter()
            .filter(|known| plans.contains(&details(known).plan))
            .map(|known| known.id)
            .collect())
    }

    /// When damage was found in a vault, if the clock agrees.
    fn found_at(&self, vault: &VaultEntry) -> Result<Option<Timestamp>> {
        let found_at = self.damage(vault.id)?.found_at();
        Ok(found_at.and_then(|at| believed(at, self.0.clock.now())))
    }

    /// When a second copy was last looked through for parts that it lost.
    fn looked_through_at(&self, from: &VaultEntry, to: &VaultEntry) -> Result<Option<Timestamp>> {
        let memo = self.0.catalogue.memo(&memo(from, to))?;
        let at = memo.and_then(|memo| memo.as_i64()).map(from_millis);
        Ok(at.and_then(|at| believed(at, self.0.clock.now())))
    }
}

fn memo(from: &VaultEntry, to: &VaultEntry) -> String {
    format!("copy-looked-through:{}:{}", from.vault_id, to.vault_id)
}
