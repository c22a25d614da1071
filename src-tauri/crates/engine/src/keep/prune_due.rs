//! Pruning without being asked: whether it is time for it. Never while a loss
//! is unanswered or something else writes to the vault, and snapshots go only
//! after backups that went well.

use jiff::{SignedDuration, Timestamp};
use labkeep_settings::{RunId, RunKind, RunOutcome, RunQuery, VaultEntry};
use serde_json::json;

use super::Labkeep;
use super::judge::Rule;
use super::prune::Planned;
use super::prune_rules::Scope;
use crate::clock::{from_millis, millis};
use crate::error::{Error, Result};

/// Once a day, at about the same time of day.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(23);

impl Labkeep {
    /// Whether a vault should be pruned now. Reads every snapshot's ledger when
    /// nothing speaks against it.
    pub async fn prune_due(&self, vault: &str) -> Result<bool> {
        let entry = self.find_vault(vault)?;
        Ok(self.due_prune(&entry).await?.is_some())
    }

    /// Prunes a vault if that is due. Looks at it once a day at most, however
    /// often it is asked.
    pub async fn start_due_prune(&self, vault: &str) -> Result<Option<RunId>> {
        let entry = self.find_vault(vault)?;
        let Some(scope) = self.may_prune(&entry)? else {
            return Ok(None);
        };
        let due = self.worth_pruning(&entry, scope).await;
        if due.is_ok() {
            let now = json!(millis(self.0.clock.now()));
            self.0.catalogue.set_memo(&memo(&entry, scope), &now)?;
        }
        due?.map(|planned| self.start_prune_of(&planned.view, scope))
            .transpose()
    }

    async fn due_prune(&self, entry: &VaultEntry) -> Result<Option<Planned>> {
        match self.may_prune(entry)? {
            Some(scope) => self.worth_pruning(entry, scope).await,
            None => Ok(None),
        }
    }

    async fn worth_pruning(&self, entry: &VaultEntry, scope: Scope) -> Result<Option<Planned>> {
        match self.planned_prune(entry, scope).await {
            Ok(planned) if is_worth_it(&planned) => Ok(Some(planned)),
            Ok(_) if scope == Scope::Marked => Ok(None),
            Ok(_) => {
                let now = json!(millis(self.0.clock.now()));
                self.0.catalogue.set_memo(&idle_memo(entry), &now)?;
                Ok(None)
            }
            // Another machine has seen a loss.
            Err(Error::LossUnanswered { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What may be done, as far as this machine knows; none if something speaks
    /// against all of it.
    fn may_prune(&self, entry: &VaultEntry) -> Result<Option<Scope>> {
        let rules = self.prune_rules(entry, &self.settings()?, Scope::Due)?;
        if rules.is_empty()
            // What is damaged may be saved again before anything goes.
            || self.damage(entry.id)?.is_to_be_repaired()
            || self.is_unanswered(entry)?
            || self.is_written_to(entry)?
        {
            return Ok(None);
        }
        // A backup may have failed because the vault is full.
        let scope = if self.are_backups_good(&rules)? {
            Scope::Due
        } else {
            Scope::Marked
        };
        Ok(self.is_a_day_ago(entry, scope)?.then_some(scope))
    }

    /// When a vault is to be looked at next; in the past if it waits.
    pub(super) fn prune_look_at(&self, vault: &str) -> Result<Timestamp> {
        let entry = self.find_vault(vault)?;
        let mut last = entry.created_at;
        for scope in [Scope::Due, Scope::Marked] {
            let memo = self.0.catalogue.memo(&memo(&entry, scope))?;
            let looked = memo.and_then(|memo| memo.as_i64()).map(from_millis);
            last = looked.map_or(last, |looked| looked.max(last));
        }
        Ok(last + AGAIN_AFTER)
    }

    fn is_a_day_ago(&self, entry: &VaultEntry, scope: Scope) -> Result<bool> {
        let memo = self.0.catalogue.memo(&memo(entry, scope))?;
        let last = memo.and_then(|memo| memo.as_i64()).map(from_millis);
        Ok(is_over(last, self.0.clock.now()))
    }

    /// When there was nothing to prune when somebody looked, last.
    pub(super) fn nothing_to_prune_at(&self, entry: &VaultEntry) -> Result<Option<Timestamp>> {
        let memo = self.0.catalogue.memo(&idle_memo(entry))?;
        Ok(memo.and_then(|memo| memo.as_i64()).map(from_millis))
    }

    fn is_unanswered(&self, entry: &VaultEntry) -> Result<bool> {
        match self.refuse_unanswered(entry) {
            Ok(()) => Ok(false),
            Err(Error::LossUnanswered { .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }

    fn is_written_to(&self, entry: &VaultEntry) -> Result<bool> {
        let runs = self.0.catalogue.unended_runs()?;
        let id = entry.id.to_string();
        Ok(runs.iter().any(|run| {
            // A copy is a run of the vault that it goes to.
            let is_copied = run.kind == RunKind::Copy && run.details["from"].as_str() == Some(&id);
            (run.vault == Some(entry.id) || is_copied)
                && matches!(run.kind, RunKind::Backup | RunKind::Prune | RunKind::Copy)
                && self.is_under_way(run)
        }))
    }

    /// Whether the last backup of every plan of this machine that has
    /// snapshots there made one.
    fn are_backups_good(&self, rules: &[Rule]) -> Result<bool> {
        let plans = self.settings()?.plans;
        let its = plans
            .iter()
            .filter(|plan| rules.iter().any(|rule| rule.plan == plan.id.to_string()));
        for plan in its {
            let runs = self.0.catalogue.runs(&RunQuery {
                kind: Some(RunKind::Backup),
                plan: Some(plan.id),
                limit: Some(20),
                ..RunQuery::default()
            })?;
            let last = runs.iter().find(|run| run.outcome.is_some());
            let is_good = last.is_none_or(|run| {
                run.snapshot.is_some()
                    && matches!(
                        run.outcome,
                        Some(RunOutcome::Complete | RunOutcome::Partial)
                    )
            });
            if !is_good {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether a snapshot goes, or data was marked long enough ago to go.
fn is_worth_it(planned: &Planned) -> bool {
    let is_marked = planned.facts.is_some_and(|facts| facts.packs_to_remove > 0);
    planned.view.goes().next().is_some() || is_marked
}

/// Whether the last time is long ago. One that is still to come is none: the
/// clock was set back.
fn is_over(last: Option<Timestamp>, now: Timestamp) -> bool {
    last.is_none_or(|last| last > now || now.duration_since(last) >= AGAIN_AFTER)
}

fn memo(entry: &VaultEntry, scope: Scope) -> String {
    match scope {
        Scope::Asked | Scope::Due => format!("prune-looked:{}", entry.vault_id),
        Scope::Marked => format!("prune-looked-marked:{}", entry.vault_id),
    }
}

fn idle_memo(entry: &VaultEntry) -> String {
    format!("prune-idle:{}", entry.vault_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_a_day_also_when_the_clock_was_set_back() {
        let at = |hour: i64| Timestamp::from_second(hour * 3600).unwrap();
        assert!(is_over(None, at(0)));
        assert!(!is_over(Some(at(0)), at(22)));
        assert!(is_over(Some(at(0)), at(23)));
        assert!(is_over(Some(at(48)), at(24)));
    }
}
