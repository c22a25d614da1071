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
use crate::notify::{
    Message, MessageKind, Notice, Owed, Round, Sent, Sink, is_fresh, machine_name,
};
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

    /// Whether somebody is to be told now who could not be told before, or of
    /// what a process that is gone could not even note.
    pub(super) fn owes(&self) -> Result<bool> {
        let Some(owed) = self.owed()? else {
            return Ok(false);
        };
        if !owed.due(self.0.clock.now()).is_empty() {
            return Ok(true);
        }
        let mut fresh = self.fresh_backups()?.into_iter();
        Ok(fresh.any(|(run, _)| !owed.knows(run.id) && self.is_ours_to_tell(&run)))
    }

    /// Tells of backups that went well: of this process, and of those that are
    /// gone and could not tell it any more.
    pub(super) async fn tell_good_news(&self) -> Result<()> {
        let settings = self.settings()?;
        let due = self.good_news_due(&settings)?;
        let mut result = Ok(());
        for (run, sinks) in &due {
            if sinks.contains(&Sink::Desktop) {
                result = result.and(self.show_well(run));
            }
        }
        let mut sinks = due.iter().flat_map(|(_, sinks)| sinks);
        if !sinks.any(|sink| sink.channel().is_some()) {
            return result;
        }
        let mut round = Round::new(self.load_channels(&settings).await?);
        let beats = due.iter().filter(|(_, sinks)| sinks.contains(&HEARTBEAT));
        let beats: Vec<&Run> = beats.map(|(run, _)| run).collect();
        // First: who waits for it must not be kept waiting by the others.
        let told = self.beat(&beats, &mut round).await;
        if let Err(error) = &told {
            tracing::error!(error = %chain(error), "the heartbeat could not be sent");
        }
        result = result.and(told);
        for (run, sinks) in &due {
            let told = self.tell_well(run, sinks, &mut round).await;
            if let Err(error) = &told {
                tracing::error!(run = %run.id, error = %chain(error), "that it went well could not be told");
            }
            result = result.and(told);
        }
        result
    }

    /// What is to be told now and to whom, the oldest first. It is noted that
    /// it is tried.
    fn good_news_due(&self, settings: &Settings) -> Result<Vec<(Run, Vec<Sink>)>> {
        let now = self.0.clock.now();
        let mut runs: BTreeMap<RunId, Run> = self
            .fresh_backups()?
            .into_iter()
            .filter(|(run, _)| self.is_ours_to_tell(run))
            .map(|(run, _)| (run.id, run))
            .collect();
        let mut owed = self.owed()?.unwrap_or_default();
        let before = owed.clone();
        let sinks = self.sinks_of_good_news(settings)?;
        for run in runs.values() {
            // Nobody asks for that of a plan that was removed.
            let is_planned = run.plan.is_some_and(|plan| settings.plan(plan).is_some());
            let sinks = sinks.iter().copied().filter(|_| is_planned);
            owed.add(run.id, run.ended_at.unwrap_or(now), sinks);
        }
        for (run, sinks) in owed.give_up(now) {
            tracing::warn!(%run, ?sinks, "that it went well could not be told for a day");
        }
        let due: Vec<(Run, Vec<Sink>)> = owed
            .due(now)
            .into_iter()
            .filter_map(|(run, sinks)| Some((runs.remove(&run)?, sinks)))
            .collect();
        for (run, _) in &due {
            // First noted: a crash in between must not repeat it over and over.
            owed.note_tried(run.id, now);
        }
        if owed != before {
            self.keep_owed(owed);
        }
        Ok(due)
    }

    /// Shows on the desktop that a backup went well.
    fn show_well(&self, run: &Run) -> Result<()> {
        let notice = Notice {
            key: format!("success:{}", run.id),
            severity: Severity::Info,
            title: title(run),
            body: "Everything was saved and read back.".to_owned(),
            link: Some(Remedy::ShowRun {
                run: run.id.to_string(),
            }),
        };
        match self.0.notices.send(notice) {
            Ok(_) => self.settle(run.id, Sink::Desktop),
            // Nobody sits there any more; it stays owed.
            Err(_) => Ok(()),
        }
    }

    /// One heartbeat for all these backups, if it is true at this moment.
    async fn beat(&self, runs: &[&Run], round: &mut Round) -> Result<()> {
        let Some(last) = runs.last() else {
            return Ok(());
        };
        // Asked last of all: meanwhile the keychain may have waited for somebody.
        let mut sent = Sent::new();
        if self.is_all_well(&self.settings()?)? {
            let message = self.well(last, true);
            sent = round.send_to(&[Channel::Heartbeat], &message).await;
        } else {
            tracing::info!("the heartbeat would not be true any more");
        }
        if round.is_silent(Channel::Heartbeat) {
            tracing::warn!("the heartbeat is sent later");
        } else {
            for run in runs {
                self.settle(run.id, HEARTBEAT)?;
            }
        }
        self.note_sent(&sent, self.0.clock.now())
    }

    /// Tells the others of a backup that went well.
    async fn tell_well(&self, run: &Run, sinks: &[Sink], round: &mut Round) -> Result<()> {
        let others = sinks.iter().filter(|sink| **sink != HEARTBEAT);
        let wanted: Vec<Channel> = others.filter_map(|sink| sink.channel()).collect();
        let sent = round.send_to(&wanted, &self.well(run, false)).await;
        for channel in wanted {
            if round.is_silent(channel) {
                tracing::warn!(run = %run.id, channel = channel.name(), "it is told later");
            } else {
                // One that is not set up any more is owed nothing.
                self.settle(run.id, Sink::Channel(channel))?;
            }
        }
        self.note_sent(&sent, self.0.clock.now())
    }

    fn well(&self, run: &Run, is_all_well: bool) -> Message {
        Message {
            kind: MessageKind::Success,
            title: title(run),
            body: String::new(),
            machine: machine_name().unwrap_or_default(),
            plan: Some(run.subject.clone()),
            at: run.ended_at.unwrap_or_else(|| self.0.clock.now()),
            is_all_well,
        }
    }

    /// Who is to be told of a backup that goes well now.
    fn sinks_of_good_news(&self, settings: &Settings) -> Result<Vec<Sink>> {
        let set_up = &settings.preferences.notifications;
        let is_wanted = settings.preferences.notify_success;
        let mut sinks = self.sinks(settings);
        sinks.retain(|_| is_wanted);
        if set_up.heartbeat.is_some() && self.is_all_well(settings)? {
            sinks.push(HEARTBEAT);
        }
        Ok(sinks)
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

fn title(run: &Run) -> String {
    format!("“{}” is backed up", run.subject)
}
