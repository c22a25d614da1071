//! What there was before a loss that was not meant: the snapshots that have
//! what is gone are kept for ever.

use jiff::tz::TimeZone;
use labkeep_settings::KnownSnapshot;

use super::Labkeep;
use super::loss::Alarm;
use super::snapshot::{SnapshotRef, details};
use crate::advice::Advice;
use crate::error::Result;
use crate::view::{LossAnswer, LossOf};

impl Labkeep {
    /// Pins the snapshots that have what is gone: for each loss the last one
    /// that had all of it.
    pub(super) async fn keep_before(&self, alarm: &Alarm) -> Result<LossAnswer> {
        let mut before = self.0.catalogue.snapshots(&alarm.vault.vault_id)?;
        before.retain(|one| one.time < alarm.last && details(one).plan == alarm.plan);
        let mut kept: Vec<&KnownSnapshot> = Vec::new();
        let mut is_all = true;
        for lost in &alarm.losses {
            let has_it = |one: &&KnownSnapshot| match lost.since {
                Some(since) => one.time <= since,
                None => one.time < alarm.at,
            };
            let last = before.iter().rfind(has_it);
            let is_whole = last.is_some_and(|one| lost.since.is_none_or(|since| one.time == since));
            is_all &= is_whole;
            // One that was removed meanwhile may have had more than this.
            let next = before
                .iter()
                .find(|one| one.time < alarm.at && !has_it(one));
            let found = [last, next.filter(|_| !is_whole)];
            for one in found.into_iter().flatten() {
                if kept.iter().all(|other| other.id != one.id) {
                    kept.push(one);
                }
            }
        }
        let Some(first) = kept.first().copied() else {
            return Ok(LossAnswer {
                ended: false,
                pinned: None,
                advice: Advice::new(
                    "The snapshot before the loss is not known on this machine.",
                    "Look for it on the machine that made it. Nothing is pruned until the loss is answered for.",
                ),
            });
        };
        for one in &kept {
            let snapshot = SnapshotRef {
                vault: alarm.vault.clone(),
                id: one.id.clone(),
            };
            self.pin_snapshot(&snapshot, true).await?;
        }
        let example = alarm.losses.first().and_then(|lost| match lost.subject.of {
            LossOf::Items => lost.names.first().cloned(),
            _ => lost.path.clone(),
        });
        Ok(LossAnswer {
            ended: false,
            pinned: Some(first.id.clone()),
            advice: Advice::new(
                kept_sentence(&kept, is_all),
                format!(
                    "Restore what is missing from it: choose the project and this snapshot, or labkeep-cli restore {} {}. When all is back, say that the rest was meant.",
                    &first.id[..8.min(first.id.len())],
                    example.as_deref().unwrap_or("PROJECT")
                ),
            ),
        })
    }
}

/// Says which snapshots are kept for ever now, and whether they have it all.
fn kept_sentence(kept: &[&KnownSnapshot], is_all: bool) -> String {
    let days: Vec<String> = kept
        .iter()
        .map(|one| {
            let at = one.time.to_zoned(TimeZone::system());
            at.strftime("%-d %B %Y, %H:%M").to_string()
        })
        .collect();
    let (snapshots, have, are) = match days.len() {
        1 => ("snapshot", "has", "It is"),
        _ => ("snapshots", "have", "They are"),
    };
    let what = if is_all {
        "what is gone"
    } else {
        "the most that is left of what is gone"
    };
    format!(
        "The {snapshots} of {} {have} {what}. {are} kept for ever now, and nothing is pruned.",
        days.join(" and of ")
    )
}
