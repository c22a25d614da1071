//! Troubles: what is due and could not be started, and why. Each is known by
//! what it is about, and forgotten with it.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use labkeep_settings::{Plan, Settings};

use super::Labkeep;
use crate::advice::Advice;
use crate::view::{AttentionView, Remedy, Severity};

/// What second copies that cannot be started are remembered by.
pub(super) const COPY: &str = "copy:";

/// What a backup that cannot be started is remembered by.
pub(super) fn backup_key(plan: &Plan) -> String {
    format!("backup:{}", plan.id)
}

impl Labkeep {
    /// Remembers why something that is due could not be started, for people.
    pub(super) fn set_trouble(&self, what: &str, why: Option<Advice>) {
        let mut troubles = self.troubles();
        let before = troubles.get(what).cloned();
        let is_news = before != why;
        match why {
            Some(why) => troubles.insert(what.to_owned(), why),
            None => troubles.remove(what),
        };
        drop(troubles);
        if is_news {
            self.0.runs.changed();
        }
    }

    /// Forgets troubles of what is not there any more.
    pub(super) fn forget_troubles(&self, settings: &Settings) {
        let mut troubles = self.troubles();
        let before = troubles.len();
        troubles.retain(|key, _| {
            if key == COPY {
                return !settings.copies.is_empty();
            }
            let (_, id) = key.split_once(':').unwrap_or_default();
            let mut plans = settings.plans.iter();
            let mut vaults = settings.vaults.iter();
            plans.any(|plan| plan.id.to_string() == id)
                || vaults.any(|vault| vault.id.to_string() == id)
        });
        let is_news = troubles.len() != before;
        drop(troubles);
        if is_news {
            self.0.runs.changed();
        }
    }

    /// What is due and could not be started.
    pub(super) fn attention_of_troubles(&self) -> Vec<AttentionView> {
        let troubles = self.troubles();
        troubles
            .iter()
            .map(|(key, why)| {
                let what = key.split(':').next().unwrap_or_default();
                AttentionView {
                    key: format!("trouble-{key}"),
                    severity: Severity::Warning,
                    title: match what {
                        "backup" => "A backup that is due cannot be started",
                        "copy" => "Second copies cannot be started",
                        "prune" => "Old snapshots cannot be removed",
                        "check" => "A vault cannot be checked",
                        _ => "A restore cannot be rehearsed",
                    }
                    .to_owned(),
                    detail: why.to_string(),
                    remedy: Some(Remedy::ShowSettings),
                }
            })
            .collect()
    }

    fn troubles(&self) -> MutexGuard<'_, BTreeMap<String, Advice>> {
        self.0
            .troubles
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
