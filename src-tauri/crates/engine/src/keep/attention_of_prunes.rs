//! Prunes that failed, or that could free nothing: old snapshots stay and the
//! vault grows until it is full.

use labkeep_settings::{RunKind, RunOutcome, RunQuery, VaultEntry};

use super::Labkeep;
use crate::error::Result;
use crate::view::{AttentionView, Remedy, Severity};

/// Prunes that are looked through for the last that came to an end.
const LOOKED_THROUGH: u32 = 20;

impl Labkeep {
    /// The last prune of a vault, if it failed, until a later one goes well or
    /// there is nothing more to do.
    pub(super) fn attention_of_prunes(&self, vault: &VaultEntry) -> Result<Option<AttentionView>> {
        let runs = self.0.catalogue.runs(&RunQuery {
            kind: Some(RunKind::Prune),
            vault: Some(vault.id),
            limit: Some(LOOKED_THROUGH),
            ..RunQuery::default()
        })?;
        let counts = |outcome| outcome != RunOutcome::Aborted;
        let last = runs.iter().find(|run| run.outcome.is_some_and(counts));
        let idle_since = self.nothing_to_prune_at(vault)?;
        let Some(last) = last.filter(|run| run.ended_at > idle_since) else {
            return Ok(None);
        };
        let (severity, title) = match last.outcome {
            Some(RunOutcome::Failed) => (
                Severity::Warning,
                format!("Old snapshots of {} could not be removed", vault.name),
            ),
            Some(RunOutcome::Partial) => (
                Severity::Info,
                format!("No room can be freed in {}", vault.name),
            ),
            Some(RunOutcome::Complete | RunOutcome::Aborted) | None => return Ok(None),
        };
        let said = [last.reason.as_deref(), last.remedy.as_deref()];
        Ok(Some(AttentionView {
            key: format!("prune:{}", vault.id),
            severity,
            title,
            detail: said.into_iter().flatten().collect::<Vec<_>>().join(" "),
            remedy: Some(Remedy::ShowRun {
                run: last.id.to_string(),
            }),
        }))
    }
}
