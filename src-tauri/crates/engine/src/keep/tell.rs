//! Telling people: what needs them, once a day and no more, to the desktop and
//! to every channel that is set up; and that all is well, where that was asked
//! for.

use std::sync::{MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use labkeep_settings::{Plan, RunId};
use serde_json::json;
use tokio::sync::broadcast;

use super::channels::PROBLEMS;
use super::{Labkeep, blocking};
use crate::clock::millis;
use crate::error::{Result, chain};
use crate::notify::{
    Channels, Message, MessageKind, Notice, SendError, Sink, ToldBy, machine_name,
};
use crate::outcome::{Outcome, RunKind};
use crate::view::{AttentionView, Channel, ChannelProblem, ChannelsView, Remedy, Severity};

/// Memo of what was told.
const TOLD: &str = "told-by";

/// Of a plan that was made so lately nobody has to be told that it never ran.
const NEW: SignedDuration = SignedDuration::from_hours(1);

/// What could not be told is remembered this often at most.
const MOST_PROBLEMS: usize = 4;

impl Labkeep {
    /// What the desktop should show, from now on.
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.0.notices.subscribe()
    }

    /// Tells what needs the user and was not told within a day.
    pub async fn tell(&self) -> Result<()> {
        let labkeep = self.clone();
        let attention = blocking(move || labkeep.attention(&labkeep.settings()?)).await?;
        let now = self.0.clock.now();
        let new: Vec<String> = self
            .settings()?
            .plans
            .iter()
            .filter(|plan| now.duration_since(plan.created_at) < NEW)
            .map(|plan| format!("never:{}", plan.id))
            .collect();
        let notices: Vec<Notice> = attention
            .iter()
            .filter(|one| one.severity != Severity::Info && !new.contains(&one.key))
            .map(notice)
            .collect();
        let sinks = self.sinks()?;
        let mut result = Ok(());
        for (notice, sinks) in self.told()?.due(&notices, &sinks, now) {
            tracing::info!(key = notice.key, ?sinks, "telling");
            // What one of them comes to does not keep the others from being told.
            if let Err(error) = self.tell_of(&notice, &sinks, now).await {
                tracing::error!(key = notice.key, error = %chain(&error), "it could not be told");
                result = result.and(Err(error));
            }
        }
        result
    }

    /// Who is to be told. Nobody may sit in front of it: a server has no
    /// desktop, nor has the command line.
    fn sinks(&self) -> Result<Vec<Sink>> {
        let set_up = self.settings()?.preferences.notifications;
        let is_watched = self.0.notices.receiver_count() > 0;
        let all = [
            (is_watched, Sink::Desktop),
            (set_up.webhook.is_some(), Sink::Channel(Channel::Webhook)),
            (set_up.ntfy.is_some(), Sink::Channel(Channel::Ntfy)),
            (set_up.email.is_some(), Sink::Channel(Channel::Email)),
        ];
        Ok(all
            .into_iter()
            .filter_map(|(is_there, sink)| is_there.then_some(sink))
            .collect())
    }

    /// Tells of one problem. Who cannot be told now is tried again soon.
    async fn tell_of(&self, notice: &Notice, sinks: &[Sink], now: Timestamp) -> Result<()> {
        // First noted: a crash in between must not repeat it over and over.
        self.note_told(|told| {
            for sink in sinks {
                told.note_tried(*sink, notice, now);
            }
        })?;
        let mut wanted = Vec::new();
        for sink in sinks {
            match sink {
                Sink::Desktop => {
                    if self.0.notices.send(notice.clone()).is_ok() {
                        self.note_told(|told| told.note(*sink, notice, now))?;
                    }
                }
                Sink::Channel(channel) => wanted.push(*channel),
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let message = self.message(notice, now)?;
        let channels = self.load_channels().await?;
        let sent = channels.send_to(&wanted, &message).await;
        self.note_told(|told| {
            for (channel, result) in &sent {
                if !result.as_ref().is_err_and(SendError::may_pass) {
                    told.note(Sink::Channel(*channel), notice, now);
                }
            }
        })?;
        self.note_sent(&sent, now)
    }

    /// Tells of a backup that went well: the heartbeat, and whoever asked for
    /// it.
    pub(super) async fn tell_success(&self, plan: &Plan, run: RunId) -> Result<()> {
        let now = self.0.clock.now();
        let settings = self.settings()?;
        let is_all_well = self.is_all_well()?;
        if settings.preferences.notify_success {
            drop(self.0.notices.send(Notice {
                key: format!("success:{run}"),
                severity: Severity::Info,
                title: format!("“{}” is backed up", plan.name),
                body: "Everything was saved and read back.".to_owned(),
                link: Some(Remedy::ShowRun {
                    run: run.to_string(),
                }),
            }));
        }
        self.send(&Message {
            kind: MessageKind::Success,
            title: format!("“{}” is backed up", plan.name),
            body: String::new(),
            machine: machine_name().unwrap_or_default(),
            plan: Some(plan.name.clone()),
            at: now,
            is_all_well,
        })
        .await
    }

    /// Tries a channel out. What goes wrong is the answer.
    pub async fn test_channel(&self, channel: Channel) -> Result<ChannelsView> {
        let channels = self.load_channels().await?;
        let now = self.0.clock.now();
        let machine = machine_name().unwrap_or_default();
        let sent = channels.test(channel, &machine, now).await;
        self.note_sent(&[(channel, sent)], now)?;
        self.channels()
    }

    /// Whether no plan failed, lacks something or is late.
    fn is_all_well(&self) -> Result<bool> {
        for plan in &self.settings()?.plans {
            let last = self
                .backups_of(plan)?
                .into_iter()
                .find_map(|run| run.outcome);
            let is_whole = last == Some(labkeep_settings::RunOutcome::Complete);
            if !is_whole || self.late_since(plan)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What was told, by this process and by others.
    fn told(&self) -> Result<ToldBy> {
        let memo = self.0.catalogue.memo(TOLD)?;
        let mut told: ToldBy = memo
            .and_then(|memo| match serde_json::from_value(memo) {
                Ok(told) => Some(told),
                Err(error) => {
                    tracing::warn!(%error, "what was told is not understood; it is told again");
                    None
                }
            })
            .unwrap_or_default();
        told.merge(&self.told_here());
        Ok(told)
    }

    /// Remembers what is told. A catalogue that does not take it, as on a full
    /// disk, must keep nobody from being told, nor have it told each minute.
    fn note_told(&self, change: impl FnOnce(&mut ToldBy)) -> Result<()> {
        let mut told = self.told()?;
        change(&mut told);
        *self.told_here() = told.clone();
        if let Err(error) = self.0.catalogue.set_memo(TOLD, &json!(told)) {
            tracing::error!(error = %chain(&error), "what is told could not be noted");
        }
        Ok(())
    }

    fn told_here(&self) -> MutexGuard<'_, ToldBy> {
        self.0.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn message(&self, notice: &Notice, now: Timestamp) -> Result<Message> {
        let (kind, about) = notice.key.split_once(':').unwrap_or((&notice.key, ""));
        let plan = self
            .settings()?
            .plans
            .into_iter()
            .find(|plan| plan.id.to_string() == about);
        let kind = match (kind, &plan) {
            ("failed" | "stopped", _) => MessageKind::Failed,
            ("partial", _) => MessageKind::Partial,
            ("trouble-backup", _) => MessageKind::NotStarted,
            ("late" | "never", Some(plan)) => {
                let preferences = self.settings()?.preferences;
                let is_held = self.outlook(plan, &preferences)?.held.is_some();
                if is_held {
                    MessageKind::NotStarted
                } else {
                    MessageKind::Stale
                }
            }
            _ => MessageKind::Attention,
        };
        Ok(Message {
            kind,
            title: notice.title.clone(),
            body: notice.body.clone(),
            machine: machine_name().unwrap_or_default(),
            plan: plan.map(|plan| plan.name),
            at: now,
            is_all_well: false,
        })
    }

    async fn send(&self, message: &Message) -> Result<()> {
        let channels = self.load_channels().await?;
        let sent = channels.send(message).await;
        self.note_sent(&sent, message.at)
    }

    async fn load_channels(&self) -> Result<Channels> {
        let settings = self.settings()?;
        let secrets = self.0.secrets.clone();
        blocking(move || Ok(Channels::load(&settings, secrets.as_ref()))).await
    }

    /// Remembers what could not be told, until it can.
    fn note_sent(
        &self,
        sent: &[(Channel, std::result::Result<(), crate::notify::SendError>)],
        now: Timestamp,
    ) -> Result<()> {
        if sent.is_empty() {
            return Ok(());
        }
        let mut problems = self.channels()?.problems;
        for (channel, result) in sent {
            problems.retain(|problem| problem.channel != *channel);
            if let Err(error) = result {
                problems.push(ChannelProblem {
                    channel: *channel,
                    at: millis(now),
                    message: error.advice().to_string(),
                });
            }
        }
        problems.truncate(MOST_PROBLEMS);
        self.0.catalogue.set_memo(PROBLEMS, &json!(problems))?;
        self.0.runs.changed();
        Ok(())
    }

    /// What follows the end of a backup of this process: people are told.
    pub async fn after_backup(&self, run: RunId) -> Result<()> {
        let view = self.run_view(run)?;
        if view.kind != RunKind::Backup {
            return Ok(());
        }
        if view.outcome == Some(Outcome::Complete)
            && let Some(plan) = &view.plan
            && let Ok(plan) = self.find_plan(plan)
        {
            let told = self.tell_success(&plan, run).await;
            return self.tell().await.and(told);
        }
        self.tell().await
    }
}

fn notice(one: &AttentionView) -> Notice {
    Notice {
        key: one.key.clone(),
        severity: one.severity,
        title: one.title.clone(),
        body: one.detail.clone(),
        link: one.remedy.clone(),
    }
}
