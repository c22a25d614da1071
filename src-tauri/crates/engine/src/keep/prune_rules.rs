//! Who decides how long what stays in a vault: plans and second copies of this
//! machine, and what others say that back up into it as well.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use labkeep_settings::{Run, Settings, VaultEntry};
use labkeep_vault::{PrunePlan, SnapshotId, Vault};

use super::Labkeep;
use super::judge::{Candidate, Rule, rules};
use super::recovered::awaits_token;
use super::snapshot::details;
use crate::backup::job::plan_tag;
use crate::error::Result;

/// How long it counts what another machine said last of a plan: one that backs
/// up no more has nothing to say.
const HEARD: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Who wants a prune, and so what it may remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// A person: what the retentions let go.
    Asked,
    /// Nobody, for it is due: the same, without plans whose account waits for
    /// its first token. All that this machine knows of them is what it found
    /// in a vault.
    Due,
    /// Nobody, after a backup that failed: no snapshot goes, and nothing but
    /// data that was marked before. That may be the room that it lacked.
    Marked,
}

/// The vault's plan of a prune.
pub(super) fn plan_of(
    vault: &Vault,
    known: &[SnapshotId],
    scope: Scope,
) -> labkeep_vault::Result<PrunePlan> {
    match scope {
        Scope::Asked | Scope::Due => vault.prune_plan(known),
        Scope::Marked => vault.prune_plan_of_marked(known),
    }
}

impl Labkeep {
    /// Who decides how long what stays in a vault.
    pub(super) fn prune_rules(
        &self,
        entry: &VaultEntry,
        settings: &Settings,
        scope: Scope,
    ) -> Result<Vec<Rule>> {
        if scope == Scope::Marked {
            return Ok(Vec::new());
        }
        let here = self.plans_in(entry)?;
        let mut rules = rules(settings, entry, &here, |other, plan| {
            Ok(self.plans_in(other)?.contains(plan))
        })?;
        if scope == Scope::Due {
            rules.retain(|rule| !awaits_token_for(settings, &rule.plan));
        }
        Ok(rules)
    }

    /// What the newest snapshot of each plan that another machine made of late
    /// says about how long they stay: what this one knows of the plan may be
    /// older.
    pub(super) fn rules_of_others(
        &self,
        entry: &VaultEntry,
        rules: &[Rule],
        candidates: &[Candidate],
    ) -> Result<Vec<Rule>> {
        let now = self.0.clock.now();
        let mut elsewhere = BTreeSet::new();
        for known in self.0.catalogue.snapshots(&entry.vault_id)? {
            let run = known.run.map(|run| self.0.catalogue.run(run)).transpose()?;
            let is_foreign = |run: Run| !run.details["elsewhere"].is_null();
            if run.flatten().is_none_or(is_foreign) {
                elsewhere.insert(known.id);
            }
        }
        let plans: BTreeSet<&str> = rules.iter().map(|rule| rule.plan.as_str()).collect();
        let stated = plans.into_iter().filter_map(|plan| {
            let tag = plan_tag(plan);
            let is_meant = |one: &&Candidate| {
                one.facts.tags.contains(&tag) && elsewhere.contains(&one.facts.id.to_string())
            };
            let mut its = candidates.iter().filter(is_meant);
            let (time, retention) = its.find_map(|one| Some((one.dated.time, one.stated?)))?;
            let rule = Rule {
                plan: plan.to_owned(),
                retention: Some(retention),
                is_foreign: true,
            };
            (now.duration_since(time) < HEARD).then_some(rule)
        });
        Ok(stated.collect())
    }

    /// IDs of the plans that have snapshots in a vault, as far as is known.
    pub(super) fn plans_in(&self, entry: &VaultEntry) -> Result<BTreeSet<String>> {
        let known = self.0.catalogue.snapshots(&entry.vault_id)?;
        Ok(known.iter().map(|known| details(known).plan).collect())
    }
}

/// Whether nothing is backed up by a plan until its account has a token.
fn awaits_token_for(settings: &Settings, plan: &str) -> bool {
    let plan = settings.plans.iter().find(|one| one.id.to_string() == plan);
    plan.and_then(|plan| settings.account(plan.account))
        .is_some_and(awaits_token)
}
