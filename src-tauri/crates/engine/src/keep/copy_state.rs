//! How a second copy is: what it lacks, since when, what it waits for, what is
//! wrong.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use labkeep_settings::{KnownSnapshot, RunOutcome, Settings, VaultCopy, VaultEntry};
use labkeep_vault::SnapshotId;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Labkeep;
use super::copy_choice::Choice;
use super::promise::waits_for;
use super::snapshot::details;
use crate::clock::{from_millis, millis};
use crate::error::Result;
use crate::restore::things;
use crate::schedule::Why;
use crate::view::{AttentionView, CopyInput, CopyView, Remedy, Severity};

/// How long a second copy may be behind before people are told.
const PATIENCE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What is remembered of a second copy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Memo {
    /// When everything that there was had been copied.
    #[serde(default)]
    copied_at: Option<i64>,
    /// Snapshots that are not to be copied.
    #[serde(default)]
    settled: BTreeSet<String>,
}

impl Labkeep {
    /// The second copy as people see it. Blocking: it looks at the drives.
    pub(super) fn copy_view(&self, copy: &VaultCopy) -> Result<CopyView> {
        let settings = self.settings()?;
        let behind = self.behind(copy)?.len();
        let is_running = self.copying(copy.to)?.is_some();
        let away = [copy.from, copy.to]
            .into_iter()
            .filter_map(|vault| settings.vault(vault))
            .find(|vault| !self.is_there(vault));
        let runs = self.runs_of_copy(copy)?;
        let last = runs.iter().find(|run| run.outcome.is_some());
        let is_bad = |outcome| matches!(outcome, Some(RunOutcome::Failed | RunOutcome::Partial));
        let problem = last.filter(|run| is_bad(run.outcome)).map(|run| {
            let said = [run.reason.as_deref(), run.remedy.as_deref()];
            said.into_iter().flatten().collect::<Vec<_>>().join(" ")
        });
        Ok(CopyView {
            id: copy.id.to_string(),
            input: CopyInput {
                from: copy.from.to_string(),
                to: copy.to.to_string(),
                retention: copy.retention,
            },
            copied_at: self.copy_memo(copy)?.copied_at,
            behind: u32::try_from(behind).unwrap_or(u32::MAX),
            waits_for: away
                .filter(|_| behind > 0 && !is_running)
                .map(|vault| waits_for(Why::VaultAway, &vault.name)),
            problem,
        })
    }

    /// Snapshots that this machine knows in the one vault and not in the
    /// other, and that are to be there.
    pub(super) fn behind(&self, copy: &VaultCopy) -> Result<Vec<KnownSnapshot>> {
        let settings = self.settings()?;
        let (Some(from), Some(to)) = (settings.vault(copy.from), settings.vault(copy.to)) else {
            return Ok(Vec::new());
        };
        let there = self.moments_in(to)?;
        let settled = self.copy_memo(copy)?.settled;
        let mut behind = self.0.catalogue.snapshots(&from.vault_id)?;
        behind.retain(|known| !there.contains(&moment(known)) && !settled.contains(&known.id));
        Ok(behind)
    }

    /// Snapshots of a vault that are known to be in another one as well.
    pub(super) fn twins_in(
        &self,
        from: &VaultEntry,
        to: &VaultEntry,
    ) -> Result<BTreeSet<SnapshotId>> {
        let there = self.moments_in(to)?;
        let known = self.0.catalogue.snapshots(&from.vault_id)?;
        Ok(known
            .iter()
            .filter(|known| there.contains(&moment(known)))
            .filter_map(|known| known.id.parse().ok())
            .collect())
    }

    /// The moments and plans of the snapshots in a vault: copies have those of
    /// what they were copied from, and other names.
    pub(super) fn moments_in(&self, vault: &VaultEntry) -> Result<BTreeSet<(Timestamp, String)>> {
        let known = self.0.catalogue.snapshots(&vault.vault_id)?;
        Ok(known.iter().map(moment).collect())
    }

    /// Notes what came of a run; `at`, if everything is there now.
    pub(super) fn note_copy(
        &self,
        copy: &VaultCopy,
        at: Option<Timestamp>,
        choice: &Choice,
    ) -> Result<()> {
        let memo = Memo {
            copied_at: at.map(millis).or(self.copy_memo(copy)?.copied_at),
            settled: choice.settled.iter().map(ToString::to_string).collect(),
        };
        self.set_copy_memo(copy, &memo)
    }

    /// What is to be copied has to be decided anew.
    pub(super) fn reconsider_copy(&self, copy: &VaultCopy) -> Result<()> {
        let memo = Memo {
            settled: BTreeSet::new(),
            ..self.copy_memo(copy)?
        };
        self.set_copy_memo(copy, &memo)
    }

    fn copy_memo(&self, copy: &VaultCopy) -> Result<Memo> {
        let memo = self.0.catalogue.memo(&key(copy))?;
        Ok(memo.map_or_else(Memo::default, |memo| {
            serde_json::from_value(memo).unwrap_or_else(|error| {
                tracing::warn!(copy = %copy.id, %error, "what is copied is decided anew");
                Memo::default()
            })
        }))
    }

    fn set_copy_memo(&self, copy: &VaultCopy, memo: &Memo) -> Result<()> {
        Ok(self.0.catalogue.set_memo(&key(copy), &json!(memo))?)
    }

    /// What is to be said of second copies.
    pub(super) fn attention_of_copies(&self, settings: &Settings) -> Result<Vec<AttentionView>> {
        let mut all = Vec::new();
        for copy in &settings.copies {
            let (Some(from), Some(to)) = (settings.vault(copy.from), settings.vault(copy.to))
            else {
                continue;
            };
            all.extend(self.attention_of_copy(copy, from, to)?);
        }
        Ok(all)
    }

    fn attention_of_copy(
        &self,
        copy: &VaultCopy,
        from: &VaultEntry,
        to: &VaultEntry,
    ) -> Result<Option<AttentionView>> {
        let view = self.copy_view(copy)?;
        if let Some(problem) = view.problem {
            let runs = self.runs_of_copy(copy)?;
            let last = runs.iter().find(|run| run.outcome.is_some());
            return Ok(Some(AttentionView {
                key: format!("copy:{}", copy.id),
                severity: Severity::Danger,
                title: format!("The last copy of {} to {} failed", from.name, to.name),
                detail: problem,
                remedy: last.map(|run| Remedy::ShowRun {
                    run: run.id.to_string(),
                }),
            }));
        }
        let behind = self.behind(copy)?;
        let copied_at = view.copied_at.map(from_millis);
        if let Some(since) = behind_since(&behind, copied_at, copy.created_at)
            && self.0.clock.now().duration_since(since) > PATIENCE
        {
            return Ok(Some(AttentionView {
                key: format!("copy:{}", copy.id),
                severity: Severity::Warning,
                title: format!(
                    "{} lacks {} of {}",
                    to.name,
                    things(behind.len() as u64, "snapshot", "snapshots"),
                    from.name
                ),
                detail: match view.waits_for {
                    Some(what) => format!(
                        "Nothing was copied for more than a week. It waits for {what} and starts as soon as that is connected."
                    ),
                    None => "Nothing was copied for more than a week.".to_owned(),
                },
                remedy: Some(Remedy::ShowSettings),
            }));
        }
        Ok(
            is_same_disk(&from.location, &to.location).then(|| AttentionView {
                key: format!("copy-disk:{}", copy.id),
                severity: Severity::Info,
                title: format!("{} is on the same disk as {}", to.name, from.name),
                detail:
                    "That is no second copy: what breaks the disk takes both. Use another disk."
                        .to_owned(),
                remedy: Some(Remedy::ShowSettings),
            }),
        )
    }
}

/// When a snapshot was made, and by which plan: the same for its copies.
pub(super) fn moment(known: &KnownSnapshot) -> (Timestamp, String) {
    (known.time, details(known).plan)
}

fn key(copy: &VaultCopy) -> String {
    format!("copy-state:{}", copy.id)
}

/// Since when something was to be copied and is not.
fn behind_since(
    behind: &[KnownSnapshot],
    copied_at: Option<Timestamp>,
    created_at: Timestamp,
) -> Option<Timestamp> {
    let oldest = behind.iter().map(|known| known.time).min()?;
    Some(oldest.max(created_at).max(copied_at.unwrap_or(created_at)))
}

/// Whether two folders are on the same file system, as far as that is known.
#[cfg(unix)]
pub(super) fn is_same_disk(one: &str, other: &str) -> bool {
    use std::os::unix::fs::MetadataExt;
    let disk = |path: &str| std::fs::metadata(path).ok().map(|facts| facts.dev());
    disk(one).is_some_and(|disk_of_one| disk(other) == Some(disk_of_one))
}

/// Whether two folders are on the same drive, by its letter or share.
#[cfg(not(unix))]
pub(super) fn is_same_disk(one: &str, other: &str) -> bool {
    let drive = |path: &str| {
        std::path::PathBuf::from(path)
            .components()
            .next()
            .map(|first| first.as_os_str().to_owned())
    };
    drive(one).is_some_and(|drive_of_one| drive(other) == Some(drive_of_one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(second: i64) -> KnownSnapshot {
        KnownSnapshot {
            vault: String::new(),
            id: String::new(),
            time: Timestamp::from_second(second).unwrap(),
            plan: String::new(),
            run: None,
            outcome: None,
            bytes: 0,
            new_bytes: 0,
            proven_at: None,
            pinned: false,
            details: json!({}),
        }
    }

    #[test]
    fn old_snapshots_do_not_make_a_new_copy_late() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(behind_since(&[], None, at(5)), None);
        let behind = [known(10), known(3)];
        assert_eq!(behind_since(&behind, None, at(100)), Some(at(100)));
        assert_eq!(behind_since(&behind, Some(at(2)), at(1)), Some(at(3)));
        assert_eq!(behind_since(&behind, Some(at(7)), at(1)), Some(at(7)));
    }
}
