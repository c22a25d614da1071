//! Losses at GitLab that nobody has answered for. Snapshots carry what the
//! deletion guard found, so every machine that knows a vault knows them. An
//! answer is remembered here, and by the next snapshot of the plan for all.

use std::collections::BTreeMap;

use jiff::Timestamp;
use labkeep_settings::{KnownSnapshot, VaultEntry};
use serde_json::json;

use super::snapshot::{Details, details};
use super::{Labkeep, blocking};
use crate::advice::Advice;
use crate::clock::{from_millis, millis};
use crate::error::{Error, Result, What};
use crate::guard::Lost;
use crate::kind::Sort;
use crate::view::{AttentionView, Loss, LossAlarm, LossAnswer, LossOf, PlanLoss, Remedy, Severity};

/// Losses that are told one by one.
const TOLD: usize = 3;

/// A plan with losses that nobody has answered for.
#[derive(Clone, Debug)]
pub(super) struct Alarm {
    /// The plan's ID.
    pub plan: String,
    /// Its name.
    pub name: String,
    /// Where the snapshots are; the plan's own vault if it is known here.
    pub vault: VaultEntry,
    /// The first snapshot that lacks something.
    pub snapshot: String,
    /// Its time.
    pub at: Timestamp,
    /// Time of the last one.
    pub last: Timestamp,
    /// What is lost, worst first.
    pub losses: Vec<Lost>,
}

impl Alarm {
    pub fn view(&self) -> LossAlarm {
        LossAlarm {
            snapshot: self.snapshot.clone(),
            at: millis(self.at),
            last: millis(self.last),
            losses: self.losses.iter().map(view).collect(),
        }
    }

    fn attention(&self) -> AttentionView {
        AttentionView {
            key: format!("loss:{}", self.plan),
            severity: Severity::Danger,
            title: title(&self.name, &self.losses),
            detail: format!(
                "{} Nothing is removed from the vault until you say that it was meant.",
                told(&self.losses)
            ),
            remedy: Some(Remedy::AnswerLoss {
                plan: self.plan.clone(),
            }),
        }
    }
}

type Known = (VaultEntry, KnownSnapshot, Details);

impl Labkeep {
    /// Every alarm, by the plan's ID, of plans of other machines as well.
    pub(super) fn alarms(&self) -> Result<BTreeMap<String, Alarm>> {
        let mut plans: BTreeMap<String, Vec<Known>> = BTreeMap::new();
        for (entry, snapshot) in self.known_snapshots(None)? {
            let details = details(&snapshot);
            let its = plans.entry(details.plan.clone()).or_default();
            its.push((entry, snapshot, details));
        }
        let mut alarms = BTreeMap::new();
        for (plan, snapshots) in plans {
            if snapshots.iter().all(|(_, _, d)| d.losses.is_empty()) {
                continue;
            }
            if let Some(alarm) = self.alarm(&plan, snapshots)? {
                alarms.insert(plan, alarm);
            }
        }
        Ok(alarms)
    }

    fn alarm(&self, plan: &str, snapshots: Vec<Known>) -> Result<Option<Alarm>> {
        let settings = self.settings()?;
        let known = settings.plans.iter().find(|one| one.id.to_string() == plan);
        let told = snapshots.iter().filter_map(|(_, _, d)| d.answered).max();
        let answered = told.max(self.answered(plan)?);
        let mut open: Vec<Known> = snapshots
            .into_iter()
            .filter(|(_, snapshot, details)| {
                !details.losses.is_empty() && Some(snapshot.time) > answered
            })
            .collect();
        // Copies are the same snapshots again.
        let is_elsewhere = |entry: &VaultEntry| known.is_some_and(|p| p.vault != entry.id);
        open.sort_by_key(|(entry, snapshot, _)| (snapshot.time, is_elsewhere(entry)));
        open.dedup_by_key(|(_, snapshot, _)| snapshot.time);
        let (Some(first), Some(last)) = (open.first(), open.last()) else {
            return Ok(None);
        };
        let (vault, snapshot, last) = (first.0.clone(), first.1.clone(), last.1.time);
        let mut losses: Vec<Lost> = open.into_iter().flat_map(|(_, _, d)| d.losses).collect();
        losses.sort_by_key(|lost| (lost.subject.of, std::cmp::Reverse(lost.gone)));
        Ok(Some(Alarm {
            plan: plan.to_owned(),
            name: known.map_or(snapshot.plan, |plan| plan.name.clone()),
            vault,
            snapshot: snapshot.id,
            at: snapshot.time,
            last,
            losses,
        }))
    }

    /// What is to be said of unanswered losses.
    pub(super) fn attention_of_losses(&self) -> Result<Vec<AttentionView>> {
        Ok(self.alarms()?.values().map(Alarm::attention).collect())
    }

    /// Refuses while a plan with snapshots in a vault has lost something and
    /// nobody has answered: what is in the vault may be all that is left.
    pub(super) fn refuse_unanswered(&self, entry: &VaultEntry) -> Result<()> {
        let alarms = self.alarms()?;
        if alarms.is_empty() {
            return Ok(());
        }
        for snapshot in self.0.catalogue.snapshots(&entry.vault_id)? {
            if let Some(alarm) = alarms.get(&details(&snapshot).plan) {
                return Err(Error::LossUnanswered {
                    plan: alarm.name.clone(),
                    lost: short(&alarm.losses),
                });
            }
        }
        Ok(())
    }

    /// Says whether a loss at GitLab was meant, as far as it was shown: up to
    /// the alarm's `last` of then, in milliseconds. If so, prunes go on unless
    /// more is gone since; if not, the alarm stays and the last snapshot before
    /// it is kept for ever.
    pub async fn answer_loss(&self, plan: &str, meant: bool, seen: i64) -> Result<LossAnswer> {
        let Some(alarm) = self.alarm_of(plan)? else {
            return Ok(LossAnswer {
                ended: true,
                pinned: None,
                advice: Advice::new("Nothing is missing that nobody has answered for.", ""),
            });
        };
        if meant {
            let key = memo(&alarm.plan);
            let seen = json!(seen.min(millis(alarm.last)));
            self.0.catalogue.set_memo(&key, &seen)?;
            self.0.runs.changed();
            tracing::info!(plan = alarm.name, "losses at GitLab were meant");
            if self.alarms()?.contains_key(&alarm.plan) {
                return Ok(LossAnswer {
                    ended: false,
                    pinned: None,
                    advice: Advice::new(
                        "More is gone since that was shown.",
                        "Look at it again. Nothing is pruned until you say that this was meant, too.",
                    ),
                });
            }
            return Ok(LossAnswer {
                ended: true,
                pinned: None,
                advice: Advice::new(
                    "It was meant. The alarm is over.",
                    "Vaults are pruned again. The last whole copy of everything stays all the same.",
                ),
            });
        }
        self.keep_before(&alarm).await
    }

    /// What is gone that nobody has answered for: of one plan by its ID or
    /// name, or of all, those of other machines included.
    pub fn losses(&self, plan: Option<&str>) -> Result<Vec<PlanLoss>> {
        let alarms: Vec<Alarm> = match plan {
            Some(plan) => self.alarm_of(plan)?.into_iter().collect(),
            None => self.alarms()?.into_values().collect(),
        };
        let with_plan = |alarm: Alarm| PlanLoss {
            alarm: alarm.view(),
            plan: alarm.plan,
            name: alarm.name,
        };
        Ok(alarms.into_iter().map(with_plan).collect())
    }

    /// The alarm of a plan by its ID or name, also of a plan that is another
    /// machine's.
    pub(super) fn loss(&self, plan: &str) -> Result<Option<LossAlarm>> {
        Ok(self.alarm_of(plan)?.map(|alarm| alarm.view()))
    }

    fn alarm_of(&self, plan: &str) -> Result<Option<Alarm>> {
        let mut alarms = self.alarms()?;
        let id = self.find_plan(plan).map(|plan| plan.id.to_string());
        if let Some(alarm) = alarms.remove(id.as_deref().unwrap_or(plan)) {
            return Ok(Some(alarm));
        }
        if let Err(unknown) = id {
            let mut named = alarms
                .into_values()
                .filter(|alarm| alarm.name.eq_ignore_ascii_case(plan));
            return match (named.next(), named.next()) {
                (Some(alarm), None) => Ok(Some(alarm)),
                (Some(_), Some(_)) => Err(Error::Ambiguous {
                    what: What::Plan,
                    name: plan.to_owned(),
                }),
                (None, _) => Err(unknown),
            };
        }
        Ok(None)
    }

    /// Time of the snapshot up to which losses of a plan were meant, as far as
    /// it was said on this machine.
    pub(super) fn answered(&self, plan: &str) -> Result<Option<Timestamp>> {
        let memo = self.0.catalogue.memo(&memo(plan))?;
        Ok(memo.and_then(|memo| memo.as_i64()).map(from_millis))
    }

    /// Takes over from a vault which snapshots are kept for ever, and which
    /// were removed on purpose, by whatever machine.
    pub(super) async fn take_over_records(&self, vault: &labkeep_vault::Vault) -> Result<()> {
        let reading = vault.clone();
        let (pinned, removed) = blocking(move || Ok((reading.pins()?, reading.removed()?))).await?;
        let id = vault.id().as_str();
        let catalogue = &self.0.catalogue;
        let removed: Vec<String> = removed.iter().map(ToString::to_string).collect();
        catalogue.forget_snapshots(id, &removed)?;
        let Some(pinned) = pinned else {
            return self.pin_again(vault).await;
        };
        let pinned: Vec<String> = pinned.iter().map(ToString::to_string).collect();
        for snapshot in catalogue.snapshots(id)? {
            let is_pinned = pinned.contains(&snapshot.id);
            if snapshot.pinned != is_pinned {
                catalogue.pin_snapshot(id, &snapshot.id, is_pinned)?;
            }
        }
        Ok(())
    }

    /// Writes the notes of what is kept for ever again: the vault has lost the
    /// folder of them, and this machine knows them.
    async fn pin_again(&self, vault: &labkeep_vault::Vault) -> Result<()> {
        let mut known = self.0.catalogue.snapshots(vault.id().as_str())?;
        known.retain(|snapshot| snapshot.pinned);
        let writing = vault.clone();
        blocking(move || {
            for snapshot in known {
                let Ok(id) = snapshot.id.parse() else {
                    continue;
                };
                // As long as this machine knows, it is kept all the same.
                if let Err(error) = writing.pin(id) {
                    tracing::warn!(snapshot = snapshot.id, %error, "its pin is not in the vault");
                }
            }
            Ok(())
        })
        .await
    }
}

fn memo(plan: &str) -> String {
    format!("loss-answered:{plan}")
}

fn view(lost: &Lost) -> Loss {
    Loss {
        path: lost.path.clone(),
        of: lost.subject.of,
        before: lost.before,
        gone: lost.gone,
    }
}

/// The worst of it, as the title of an alarm.
pub(super) fn title(plan: &str, losses: &[Lost]) -> String {
    let worst = short(losses);
    match losses.first() {
        Some(lost) if lost.subject.of == LossOf::Items => {
            format!("Much is gone at GitLab: {worst} of “{plan}”")
        }
        _ => format!("Much is gone at GitLab: {worst}"),
    }
}

/// The worst of it: "12 of 14 projects", "30 of 40 issues of acme/web".
fn short(losses: &[Lost]) -> String {
    losses.first().map_or_else(String::new, |lost| {
        let what = counted(lost);
        match &lost.path {
            Some(path) => format!("{what} of {path}"),
            None => what,
        }
    })
}

fn counted(lost: &Lost) -> String {
    let what = match (lost.subject.of, lost.subject.sort) {
        (LossOf::Items, Sort::Project) => "projects",
        (LossOf::Items, Sort::Group) => "groups",
        (LossOf::Refs, _) => "branches and tags",
        (LossOf::WikiRefs, _) => "branches of the wiki",
        (LossOf::Issues, _) => "issues",
        (LossOf::MergeRequests, _) => "merge requests",
    };
    format!("{} of {} {what}", lost.gone, lost.before)
}

/// The worst losses by name.
fn told(losses: &[Lost]) -> String {
    let mut all: Vec<String> = losses.iter().take(TOLD).map(sentence).collect();
    if losses.len() > TOLD {
        all.push(format!("{} more like this.", losses.len() - TOLD));
    }
    all.join(" ")
}

/// One loss in a sentence, for the log and for people.
pub(super) fn sentence(lost: &Lost) -> String {
    let what = counted(lost);
    let mut names = lost.names.join(", ");
    let more = lost.gone.saturating_sub(lost.names.len() as u64);
    if !names.is_empty() && more > 0 {
        names = format!("{names} and {more} more");
    }
    let names = match names.as_str() {
        "" => String::new(),
        names => format!(" ({names})"),
    };
    match &lost.path {
        Some(path) => format!("{path}: {what} are gone{names}."),
        None => format!("{what} are gone{names}, or this token does not see them any more."),
    }
}

/// What a run that saw losses says beside its outcome.
pub(super) fn advice(plan: &str, losses: &[Lost]) -> Advice {
    Advice::new(
        format!("{}. {}", title(plan, losses), told(losses)),
        "Say whether it was meant. Until then nothing is removed from the vault, and what is gone can be restored from earlier snapshots.",
    )
}
