//! Telling people: what needs them, once a day and no more, to the desktop and
//! to every channel that is set up; and that all is well, where that was asked
//! for.

use jiff::{SignedDuration, Timestamp};
use labkeep_settings::{Plan, RunId};
use serde_json::json;
use tokio::sync::broadcast;

use super::channels::PROBLEMS;
use super::{Labkeep, blocking};
use crate::clock::millis;
use crate::error::Result;
use crate::notify::{Channels, Message, MessageKind, Notice, Told, due, machine_name};
use crate::outcome::{Outcome, RunKind};
use crate::view::{AttentionView, Channel, ChannelProblem, ChannelsView, Remedy, Severity};

/// Memo of what was told.
const TOLD: &str = "told";

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
        let mut told = self.told()?;
        let due = due(&notices, &told, now);
        if due.is_empty() {
            return Ok(());
        }
        // First noted, then told: a crash in between must not repeat it for ever.
        told.note(&due, now);
        self.0.catalogue.set_memo(TOLD, &json!(told))?;
        for notice in due {
            let message = self.message(&notice, now)?;
            tracing::info!(key = notice.key, "telling");
            // Nobody may be listening: a server has no desktop.
            drop(self.0.notices.send(notice));
            self.send(&message).await?;
        }
        Ok(())
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

    fn told(&self) -> Result<Told> {
        let memo = self.0.catalogue.memo(TOLD)?;
        Ok(memo
            .and_then(|memo| match serde_json::from_value(memo) {
                Ok(told) => Some(told),
                Err(error) => {
                    tracing::warn!(%error, "what was told is not understood; it is told again");
                    None
                }
            })
            .unwrap_or_default())
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
            self.tell_success(&plan, run).await?;
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
