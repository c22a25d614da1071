//! Telling people what needs them, once a day and no more, to the desktop and
//! to every channel that is set up.

use std::sync::{MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use labkeep_settings::Settings;
use serde_json::json;
use tokio::sync::broadcast;

use super::channels::PROBLEMS;
use super::{Labkeep, blocking};
use crate::clock::millis;
use crate::error::{Error, Result, chain};
use crate::notify::{
    Channels, Message, MessageKind, Notice, Round, SendError, Sink, ToldBy, machine_name,
};
use crate::view::{AttentionView, Channel, ChannelProblem, ChannelsView, Remedy, Severity};

/// Memo of what was told.
const TOLD: &str = "told-by";

/// The problem that no problem can be seen.
const BLIND: &str = "blind";

/// Of a plan that was made so lately nobody has to be told that it never ran.
const NEW: SignedDuration = SignedDuration::from_hours(1);

/// What could not be told is remembered this often at most.
const MOST_PROBLEMS: usize = 4;

impl Labkeep {
    /// What the desktop should show, from now on.
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.0.notices.subscribe()
    }

    /// Tells what needs the user and was not told within a day. That nobody can
    /// know what does is told as well.
    pub async fn tell(&self) -> Result<()> {
        let labkeep = self.clone();
        let known = blocking(move || {
            let settings = labkeep.settings()?;
            let attention = labkeep.attention(&settings)?;
            Ok((settings, attention))
        });
        let (settings, attention) = match known.await {
            Ok(known) => known,
            Err(error) => {
                self.tell_blind(&error).await?;
                return Err(error);
            }
        };
        let now = self.0.clock.now();
        let new: Vec<String> = settings
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
        *self.settings_here() = settings.clone();
        self.tell_due(&notices, &settings, now).await
    }

    /// Tells that it cannot be known what is due and what needs the user. Who
    /// is to be told is then known from before.
    pub(super) async fn tell_blind(&self, error: &Error) -> Result<()> {
        let settings = self
            .settings()
            .unwrap_or_else(|_| self.settings_here().clone());
        let notice = Notice {
            key: BLIND.to_owned(),
            severity: Severity::Danger,
            title: "Labkeep cannot see what is due and whether all is well".to_owned(),
            body: error.advice().to_string(),
            link: Some(Remedy::ShowSettings),
        };
        let now = self.0.clock.now();
        self.tell_due(&[notice], &settings, now).await
    }

    async fn tell_due(
        &self,
        notices: &[Notice],
        settings: &Settings,
        now: Timestamp,
    ) -> Result<()> {
        let sinks = self.sinks(settings);
        let mut round = None;
        let mut result = Ok(());
        for (notice, sinks) in self.told().due(notices, &sinks, now) {
            tracing::info!(key = notice.key, ?sinks, "telling");
            // What one of them comes to does not keep the others from being told.
            let told = self.tell_of(&notice, &sinks, settings, &mut round, now);
            if let Err(error) = told.await {
                tracing::error!(key = notice.key, error = %chain(&error), "it could not be told");
                result = result.and(Err(error));
            }
        }
        result
    }

    /// Who is to be told. Nobody may sit in front of it: a server has no
    /// desktop, nor has the command line.
    pub(super) fn sinks(&self, settings: &Settings) -> Vec<Sink> {
        let set_up = &settings.preferences.notifications;
        let is_watched = self.0.notices.receiver_count() > 0;
        let all = [
            (is_watched, Sink::Desktop),
            (set_up.webhook.is_some(), Sink::Channel(Channel::Webhook)),
            (set_up.ntfy.is_some(), Sink::Channel(Channel::Ntfy)),
            (set_up.email.is_some(), Sink::Channel(Channel::Email)),
        ];
        all.into_iter()
            .filter_map(|(is_there, sink)| is_there.then_some(sink))
            .collect()
    }

    /// Tells of one problem. Who cannot be told now is tried again soon.
    async fn tell_of(
        &self,
        notice: &Notice,
        sinks: &[Sink],
        settings: &Settings,
        round: &mut Option<Round>,
        now: Timestamp,
    ) -> Result<()> {
        // First noted: a crash in between must not repeat it over and over.
        self.note_told(|told| {
            for sink in sinks {
                told.note_tried(*sink, notice, now);
            }
        });
        if sinks.contains(&Sink::Desktop) && self.0.notices.send(notice.clone()).is_ok() {
            self.note_told(|told| told.note(Sink::Desktop, notice, now));
        }
        let wanted: Vec<Channel> = sinks.iter().filter_map(|sink| sink.channel()).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let message = self.message(notice, settings, now)?;
        let round = match round {
            Some(round) => round,
            none => none.insert(Round::new(self.load_channels(settings).await?)),
        };
        let sent = round.send_to(&wanted, &message).await;
        self.note_told(|told| {
            for (channel, result) in &sent {
                if !result.as_ref().is_err_and(SendError::may_pass) {
                    told.note(Sink::Channel(*channel), notice, now);
                }
            }
        });
        self.note_sent(&sent, now)
    }

    /// Tries a channel out. What goes wrong is the answer.
    pub async fn test_channel(&self, channel: Channel) -> Result<ChannelsView> {
        let channels = self.load_channels(&self.settings()?).await?;
        let now = self.0.clock.now();
        let machine = machine_name().unwrap_or_default();
        let sent = channels.test(channel, &machine, now).await;
        self.note_sent(&[(channel, sent)], now)?;
        self.channels()
    }

    /// What was told, by this process and by others.
    fn told(&self) -> ToldBy {
        let mut told = self.told_before().unwrap_or_else(|error| {
            tracing::warn!(error = %chain(&error), "what was told is not known; it is told again");
            ToldBy::default()
        });
        told.merge(&self.told_here());
        told
    }

    fn told_before(&self) -> Result<ToldBy> {
        let memo = self.0.catalogue.memo(TOLD)?;
        Ok(memo
            .map(serde_json::from_value)
            .transpose()
            .unwrap_or_else(|error| {
                tracing::warn!(%error, "what was told is not understood; it is told again");
                None
            })
            .unwrap_or_default())
    }

    /// Remembers what is told. A catalogue that does not take it, as on a full
    /// disk, must keep nobody from being told, nor have it told each minute.
    fn note_told(&self, change: impl FnOnce(&mut ToldBy)) {
        let mut told = self.told();
        change(&mut told);
        *self.told_here() = told.clone();
        if let Err(error) = self.0.catalogue.set_memo(TOLD, &json!(told)) {
            tracing::error!(error = %chain(&error), "what is told could not be noted");
        }
    }

    /// The settings as they could be read last.
    fn settings_here(&self) -> MutexGuard<'_, Settings> {
        self.0
            .settings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn told_here(&self) -> MutexGuard<'_, ToldBy> {
        self.0.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn message(&self, notice: &Notice, settings: &Settings, now: Timestamp) -> Result<Message> {
        let (kind, about) = notice.key.split_once(':').unwrap_or((&notice.key, ""));
        let mut plans = settings.plans.iter();
        let plan = plans.find(|plan| plan.id.to_string() == about);
        let kind = match (kind, plan) {
            ("failed" | "stopped", _) => MessageKind::Failed,
            ("partial", _) => MessageKind::Partial,
            ("trouble-backup", _) => MessageKind::NotStarted,
            ("late" | "never", Some(plan)) => {
                let outlook = self.outlook(plan, &settings.preferences)?;
                let is_held = outlook.held.is_some();
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
            plan: plan.map(|plan| plan.name.clone()),
            at: now,
            is_all_well: false,
        })
    }

    pub(super) async fn load_channels(&self, settings: &Settings) -> Result<Channels> {
        let settings = settings.clone();
        let secrets = self.0.secrets.clone();
        blocking(move || Ok(Channels::load(&settings, secrets.as_ref()))).await
    }

    /// Remembers what could not be told, until it can.
    pub(super) fn note_sent(
        &self,
        sent: &[(Channel, std::result::Result<(), SendError>)],
        now: Timestamp,
    ) -> Result<()> {
        if sent.is_empty() {
            return Ok(());
        }
        let mut problems = self.channel_problems()?;
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
