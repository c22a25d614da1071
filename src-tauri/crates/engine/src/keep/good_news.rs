//! Telling of backups that went well: the heartbeat, and whoever asked for it.
//! What is to be told follows from the catalogue and not from events, and who
//! is still to be told is written down first: neither a process that ends
//! meanwhile nor a server that does not answer loses it.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use jiff::Timestamp;
use labkeep_settings::{Run, RunId, RunKind, RunOutcome, RunQuery, Settings};
use serde_json::json;

use super::Labkeep;
use crate::error::{Result, chain};
use crate::notify::{Message, MessageKind, Notice, Owed, SendError, Sink, is_fresh, machine_name};
use crate::outcome::RunKind as Kind;
use crate::view::{Channel, Remedy, Severity};

/// Memo of whom good news is owed.
const OWED: &str = "good-news-owed";

/// The heartbeat, which tells of all plans together.
const HEARTBEAT: Sink = Sink::Channel(Channel::Heartbeat);

/// Backups that are looked at.
const MOST: u32 = 256;

impl Labkeep {
    /// What follows the end of a backup of this process: people are told.
    pub async fn after_backup(&self, run: RunId) -> Result<()> {
        if self.run_view(run)?.kind != Kind::Backup {
            return Ok(());
        }
        self.begin_owing(Some(run))?;
        let told = self.tell_good_news().await;
        self.tell().await.and(told)
    }

    /// Good news is told from now on: of what ended before nobody is told, but
    /// for one run. Once for all.
    pub(super) fn begin_owing(&self, but: Option<RunId>) -> Result<()> {
        if self.owed()?.is_some() {
            return Ok(());
        }
        let mut owed = Owed::default();
        for (run, at) in self.fresh_backups()? {
            if Some(run.id) != but {
                owed.add(run.id, at, []);
            }
        }
        self.keep_owed(owed);
        Ok(())
    }

    /// Whether somebody is to be told now who could not be told before.
    pub(super) fn owes(&self) -> Result<bool> {
        let now = self.0.clock.now();
        Ok(self.owed()?.is_some_and(|owed| !owed.due(now).is_empty()))
    }

    /// Tells of backups that went well: of this process, and of those that are
    /// gone and could not tell it any more.
    pub(super) async fn tell_good_news(&self) -> Result<()> {
        let now = self.0.clock.now();
        let settings = self.settings()?;
        let is_all_well = self.is_all_well(&settings)?;
        let runs: BTreeMap<RunId, Run> = self
            .fresh_backups()?
            .into_iter()
            .filter(|(run, _)| self.is_ours_to_tell(run))
            .map(|(run, _)| (run.id, run))
            .collect();
        let mut owed = self.owed()?.unwrap_or_default();
        let before = owed.clone();
        let sinks = self.sinks_of_good_news(&settings, is_all_well);
        for run in runs.values() {
            // Nobody asks for that of a plan that was removed.
            let is_planned = run.plan.is_some_and(|plan| settings.plan(plan).is_some());
            let sinks = sinks.iter().copied().filter(|_| is_planned);
            owed.add(run.id, run.ended_at.unwrap_or(now), sinks);
        }
        for (run, sinks) in owed.give_up(now) {
            tracing::warn!(%run, ?sinks, "that it went well could not be told for a day");
        }
        let due: Vec<(RunId, Vec<Sink>)> = owed
            .due(now)
            .into_iter()
            .filter(|(run, _)| runs.contains_key(run))
            .collect();
        for (run, sinks) in &due {
            if sinks.contains(&HEARTBEAT) && !is_all_well {
                tracing::info!(%run, "the heartbeat would not be true any more");
                owed.settle(*run, HEARTBEAT);
            }
            // First noted: a crash in between must not repeat it over and over.
            owed.note_tried(*run, now);
        }
        if owed != before {
            self.keep_owed(owed);
        }
        let beats = due.iter().filter(|(_, sinks)| sinks.contains(&HEARTBEAT));
        let beats: Vec<RunId> = beats.map(|(run, _)| *run).collect();
        let mut result = Ok(());
        for (id, mut sinks) in due {
            // One for all of them, with the last.
            let beats_for = match beats.last() {
                Some(last) if *last == id && is_all_well => beats.as_slice(),
                _ => &[],
            };
            sinks.retain(|sink| *sink != HEARTBEAT || !beats_for.is_empty());
            let told = self
                .tell_well(&runs[&id], &sinks, beats_for, &settings)
                .await;
            if let Err(error) = &told {
                tracing::error!(run = %id, error = %chain(error), "that it went well could not be told");
            }
            result = result.and(told);
        }
        result
    }

    /// Tells these of a backup that went well, and whoever takes the heartbeat
    /// of some others as well.
    async fn tell_well(
        &self,
        run: &Run,
        sinks: &[Sink],
        beats_for: &[RunId],
        settings: &Settings,
    ) -> Result<()> {
        let title = format!("“{}” is backed up", run.subject);
        if sinks.contains(&Sink::Desktop) {
            let notice = Notice {
                key: format!("success:{}", run.id),
                severity: Severity::Info,
                title: title.clone(),
                body: "Everything was saved and read back.".to_owned(),
                link: Some(Remedy::ShowRun {
                    run: run.id.to_string(),
                }),
            };
            if self.0.notices.send(notice).is_ok() {
                self.settle(run.id, Sink::Desktop)?;
            }
        }
        let wanted: Vec<Channel> = sinks.iter().filter_map(|sink| sink.channel()).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let now = self.0.clock.now();
        let message = Message {
            kind: MessageKind::Success,
            title,
            body: String::new(),
            machine: machine_name().unwrap_or_default(),
            plan: Some(run.subject.clone()),
            at: run.ended_at.unwrap_or(now),
            is_all_well: !beats_for.is_empty(),
        };
        let channels = self.load_channels(settings).await?;
        let sent = channels.send_to(&wanted, &message).await;
        for channel in wanted {
            let result = sent.iter().find(|(sent, _)| *sent == channel);
            // One that is not set up any more is owed nothing.
            if result.is_some_and(|(_, result)| result.as_ref().is_err_and(SendError::may_pass)) {
                tracing::warn!(run = %run.id, channel = channel.name(), "it is told later");
                continue;
            }
            let sink = Sink::Channel(channel);
            self.settle(run.id, sink)?;
            if sink == HEARTBEAT {
                for run in beats_for {
                    self.settle(*run, sink)?;
                }
            }
        }
        self.note_sent(&sent, now)
    }

    /// Who is to be told of a backup that goes well now.
    fn sinks_of_good_news(&self, settings: &Settings, is_all_well: bool) -> Vec<Sink> {
        let set_up = &settings.preferences.notifications;
        let is_wanted = settings.preferences.notify_success;
        let mut sinks = self.sinks(settings);
        sinks.retain(|_| is_wanted);
        if is_all_well && set_up.heartbeat.is_some() {
            sinks.push(HEARTBEAT);
        }
        sinks
    }

    /// Whether no plan failed, lacks something or is late.
    fn is_all_well(&self, settings: &Settings) -> Result<bool> {
        for plan in &settings.plans {
            let last = self
                .backups_of(plan)?
                .into_iter()
                .find_map(|run| run.outcome);
            if last != Some(RunOutcome::Complete) || self.late_since(plan)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Backups that went well within a day, with their ends.
    fn fresh_backups(&self) -> Result<Vec<(Run, Timestamp)>> {
        let now = self.0.clock.now();
        let query = RunQuery {
            kind: Some(RunKind::Backup),
            limit: Some(MOST),
            as_written: true,
            ..RunQuery::default()
        };
        let runs = self.0.catalogue.runs(&query)?.into_iter();
        Ok(runs
            .map(|run| self.with_end(run))
            .filter(|run| run.outcome == Some(RunOutcome::Complete))
            .filter_map(|run| run.ended_at.map(|at| (run, at)))
            .filter(|(_, at)| is_fresh(*at, now))
            .collect())
    }

    /// Whether the process of a run is this one, or gone. What another machine
    /// did, as a vault tells it, was told there.
    fn is_ours_to_tell(&self, run: &Run) -> bool {
        let presence = &self.0.presence;
        run.process.mark != 0
            && (run.process == *presence.process() || !presence.is_alive(&run.process))
    }

    fn settle(&self, run: RunId, sink: Sink) -> Result<()> {
        let mut owed = self.owed()?.unwrap_or_default();
        owed.settle(run, sink);
        self.keep_owed(owed);
        Ok(())
    }

    /// What is owed. None: nothing was ever told.
    fn owed(&self) -> Result<Option<Owed>> {
        if let Some(owed) = &*self.owed_here() {
            return Ok(Some(owed.clone()));
        }
        let memo = self.0.catalogue.memo(OWED)?;
        Ok(memo.and_then(|memo| match serde_json::from_value(memo) {
            Ok(owed) => Some(owed),
            Err(error) => {
                tracing::warn!(%error, "whom good news is owed is not understood");
                None
            }
        }))
    }

    /// Writes down what is owed. A catalogue that does not take it, as on a
    /// full disk, must keep nobody from being told, nor have it told each
    /// minute.
    fn keep_owed(&self, owed: Owed) {
        let written = self.0.catalogue.set_memo(OWED, &json!(owed));
        if let Err(error) = &written {
            tracing::error!(error = %chain(error), "whom good news is owed could not be noted");
        }
        *self.owed_here() = written.is_err().then_some(owed);
    }

    fn owed_here(&self) -> MutexGuard<'_, Option<Owed>> {
        self.0.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
