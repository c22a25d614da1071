//! Proofs that failed: checks that found damage and drills that could not
//! rebuild something, until they are made up for.

use labkeep_settings::{Run, RunKind, RunOutcome, RunQuery, VaultEntry};

use super::Labkeep;
use super::affected::listed;
use super::check::{is_about_the_past, is_settled, needed_after, share_of};
use crate::error::Result;
use crate::proof::Share;
use crate::schedule::promise::believed;
use crate::view::{AttentionView, Remedy, Severity};

impl Labkeep {
    /// Items that their last drill could not rebuild, and a drill that could not
    /// be made at all.
    pub(super) fn attention_of_drills(&self) -> Result<Vec<AttentionView>> {
        let mut all = Vec::new();
        let failures = self.drill_failures()?;
        let mut newest: Vec<_> = failures.values().collect();
        newest.sort_by(|one, other| other.at.cmp(&one.at).then(one.path.cmp(&other.path)));
        if let Some(first) = newest.first() {
            let names: Vec<String> = newest.iter().map(|one| one.path.clone()).collect();
            all.push(AttentionView {
                key: format!("drill:{}", names.join(",")),
                severity: Severity::Danger,
                title: match names.as_slice() {
                    [only] => format!("The last drill of {only} failed"),
                    many => format!("The last drills of {} items failed", many.len()),
                },
                detail: format!(
                    "{} could not be rebuilt from what is saved. {}",
                    listed(&names),
                    first.why
                ),
                remedy: Some(Remedy::ShowRun {
                    run: first.run.clone(),
                }),
            });
        }
        let runs = self.0.catalogue.runs(&RunQuery {
            kind: Some(RunKind::Drill),
            limit: Some(20),
            as_written: true,
            ..RunQuery::default()
        })?;
        let last = runs
            .iter()
            .find(|run| run.outcome.is_some_and(|o| o != RunOutcome::Aborted));
        if let Some(run) = last
            && run.outcome == Some(RunOutcome::Failed)
            && run.counts["items"]["total"].as_u64().unwrap_or(0) == 0
        {
            all.push(AttentionView {
                key: format!("drill:{}", run.subject),
                severity: Severity::Danger,
                title: format!("The last drill of {} failed", run.subject),
                detail: run.reason.clone().unwrap_or_default(),
                remedy: Some(Remedy::ShowRun {
                    run: run.id.to_string(),
                }),
            });
        }
        Ok(all)
    }

    /// Checks of a vault that found something, until later ones make up for it:
    /// those that read the same again, or everything.
    pub(super) fn attention_of_checks(&self, vault: &VaultEntry) -> Result<Option<AttentionView>> {
        let now = self.0.clock.now();
        let healed_at = self.healed_at(vault.id)?;
        let healed_at = healed_at.and_then(|at| believed(at, now));
        let mut past = None;
        let mut clean: Vec<Share> = Vec::new();
        for run in self.checks(vault.id)? {
            if is_about_the_past(&run) && is_settled(&run) {
                // Nobody can do anything about it; a clean one ends it.
                if clean.is_empty() {
                    past = Some(past_of(vault, &run));
                }
                clean.push(share_of(&run));
                continue;
            }
            match run.outcome {
                Some(RunOutcome::Complete) => clean.push(share_of(&run)),
                Some(RunOutcome::Failed | RunOutcome::Partial) => {
                    let needed = if run.ended_at < healed_at {
                        Share::Percent(0)
                    } else {
                        needed_after(&run)
                    };
                    if clean.iter().any(|share| share.makes_up_for(needed)) {
                        continue;
                    }
                    let is_damage = run.details["needed"].is_object();
                    return Ok(Some(AttentionView {
                        key: format!("check:{}", vault.id),
                        severity: Severity::Danger,
                        title: if is_damage {
                            format!("A check of the vault {} found damage", vault.name)
                        } else {
                            format!("A check of the vault {} failed", vault.name)
                        },
                        detail: run.reason.clone().unwrap_or_default(),
                        remedy: Some(self.remedy_of_damage(vault, &run.id.to_string())?),
                    }));
                }
                Some(RunOutcome::Aborted) | None => {}
            }
        }
        Ok(past)
    }

    /// A backup, as long as something waits to be read in full; then there is
    /// only to give up what cannot be, or the run to look at.
    fn remedy_of_damage(&self, vault: &VaultEntry, run: &str) -> Result<Remedy> {
        for plan in self.settings()?.plans {
            if plan.vault != vault.id {
                continue;
            }
            let items = self.0.catalogue.items(plan.account)?;
            let waits = |item: &labkeep_settings::KnownItem| {
                item.distrusted_since.is_some() && item.gone_since.is_none()
            };
            if items.iter().any(waits) {
                return Ok(Remedy::BackUp {
                    plan: plan.id.to_string(),
                });
            }
        }
        if !self.to_give_up(vault)?.is_empty() {
            return Ok(Remedy::GiveUp {
                vault: vault.id.to_string(),
            });
        }
        Ok(Remedy::ShowRun {
            run: run.to_owned(),
        })
    }
}

fn past_of(vault: &VaultEntry, run: &Run) -> AttentionView {
    AttentionView {
        key: format!("past:{}", vault.id),
        severity: Severity::Info,
        title: format!("Earlier snapshots in {} are damaged", vault.name),
        detail: run.reason.clone().unwrap_or_default(),
        remedy: Some(Remedy::ShowRun {
            run: run.id.to_string(),
        }),
    }
}
