//! Settings that contradict themselves are never written, and never used.

use std::collections::HashSet;

use crate::error::Problem;
use crate::settings::Settings;

/// Finds the first contradiction.
pub(crate) fn validate(settings: &Settings) -> Result<(), Problem> {
    let accounts = settings
        .accounts
        .iter()
        .map(|a| (a.id.to_string(), &a.name));
    let vaults = settings.vaults.iter().map(|v| (v.id.to_string(), &v.name));
    let plans = settings.plans.iter().map(|p| (p.id.to_string(), &p.name));
    let mut ids = HashSet::new();
    for (id, name) in accounts.chain(vaults).chain(plans) {
        if name.trim().is_empty() {
            return Err(Problem::NoName { id });
        }
        if !ids.insert(id.clone()) {
            return Err(Problem::IdTwice { id });
        }
    }
    for plan in &settings.plans {
        if settings.account(plan.account).is_none() {
            return Err(Problem::UnknownAccount {
                plan: plan.id,
                account: plan.account,
            });
        }
        if settings.vault(plan.vault).is_none() {
            return Err(Problem::UnknownVault {
                plan: plan.id,
                vault: plan.vault,
            });
        }
        if !plan.schedule.is_possible() {
            return Err(Problem::ImpossibleSchedule { plan: plan.id });
        }
        if plan.retention.keeps_nothing() {
            return Err(Problem::KeepsNothing { plan: plan.id });
        }
    }
    for copy in &settings.copies {
        for vault in [copy.from, copy.to] {
            if settings.vault(vault).is_none() {
                return Err(Problem::UnknownCopyVault {
                    copy: copy.id,
                    vault,
                });
            }
        }
        if copy.from == copy.to {
            return Err(Problem::CopiesItself { vault: copy.from });
        }
        if copy.retention.keeps_nothing() {
            return Err(Problem::CopyKeepsNothing { copy: copy.id });
        }
    }
    Ok(())
}
