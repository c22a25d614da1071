//! The scheduler: starts what is due, one thing at a time, and tells what
//! needs the user. What is due is decided elsewhere, by pure rules; this is the
//! loop that asks them whenever something may have changed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use labkeep_settings::{Plan, PlanId, Settings};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::answers::{SILENCE, Silent};
use super::chore::Failed;
use super::promise::rules;
use super::recovered::awaits_token;
use super::trouble::backup_key;
use super::{BackupWish, Labkeep, blocking};
use crate::error::{Result, chain};
use crate::machine::{Machine, MachineConditions};
use crate::schedule::{Conditions, Decision, Why, decide};
use crate::view::RunEvent;

/// The longest time between two looks.
const LOOK: Duration = Duration::from_mins(1);

/// How long telling may take before the schedule stops: mails and messages are
/// tried more than once.
const TELLING: Duration = Duration::from_secs(90);

/// The clock on the wall went on by so much more than time passed: the machine
/// slept.
const SLEPT: SignedDuration = SignedDuration::from_secs(20);

/// The scheduler at work. It stops at once when this is dropped; runs go on.
#[derive(Debug)]
pub struct Scheduler {
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl Scheduler {
    /// Starts nothing any more, once what is being told is told.
    pub async fn stop(self) {
        self.stop_within(TELLING).await;
    }

    /// The same, with less patience. What is not told by then stays written
    /// down, and the next scheduler tells it.
    pub async fn stop_within(mut self, patience: Duration) {
        self.stop.cancel();
        if tokio::time::timeout(patience, &mut self.task)
            .await
            .is_err()
        {
            tracing::warn!("the schedule did not end in time; what it was telling is told later");
        }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the loop remembers between two looks. All of it can be lost.
struct Memory {
    machine: Arc<dyn Machine>,
    /// Since when each plan could have started.
    clear_since: HashMap<PlanId, Timestamp>,
    /// When the GitLab of a plan was asked last and did not answer.
    silent: Silent,
    /// When the process started, or the machine last woke.
    woken: Timestamp,
    /// When a chore could not be started.
    failed: Failed,
    seen: (Timestamp, Instant),
    wakes: u64,
}

impl Labkeep {
    /// Starts what is due, for as long as the answer is kept.
    pub fn keep_going(&self, machine: Arc<dyn Machine>) -> Scheduler {
        let labkeep = self.clone();
        let now = self.0.clock.now();
        let memory = Memory {
            wakes: machine.conditions().wakes,
            machine,
            clear_since: HashMap::new(),
            silent: Silent::new(),
            woken: now,
            failed: Failed::new(),
            seen: (now, Instant::now()),
        };
        if let Err(error) = self.begin_owing(None) {
            tracing::error!(error = %chain(&error), "it is not known which backups were told of");
        }
        let stop = CancellationToken::new();
        Scheduler {
            task: tokio::spawn(labkeep.go_on(memory, stop.clone())),
            stop,
        }
    }

    async fn go_on(self, mut memory: Memory, stop: CancellationToken) {
        let mut events = self.0.runs.listen();
        let mut changes = memory.machine.changes();
        tokio::select! {
            () = stop.cancelled() => {}
            () = memory.machine.settle() => {}
        }
        // What ended before somebody who could tell it ended as well.
        self.tell_what_went_well().await;
        let mut is_heard = true;
        loop {
            // What is only looked at is left at once; what is told is not.
            let looked = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                looked = self.look(&mut memory) => looked,
            };
            let wait = match looked {
                Ok(wait) => {
                    self.tell_what_needs_people().await;
                    wait
                }
                Err(error) => {
                    tracing::error!(error = %chain(&error), "the schedule could not be looked at");
                    if let Err(error) = self.tell_blind(&error).await {
                        tracing::error!(error = %chain(&error), "and that could not be told");
                    }
                    LOOK
                }
            };
            let alarm = tokio::time::sleep(wait);
            tokio::pin!(alarm);
            loop {
                tokio::select! {
                    biased;
                    () = stop.cancelled() => break,
                    () = &mut alarm => break,
                    heard = changes.changed(), if is_heard => match heard {
                        Ok(()) => {
                            // It may be the network that is back.
                            memory.silent.clear();
                            break;
                        }
                        // The machine tells no more; the minute still passes.
                        Err(_) => is_heard = false,
                    },
                    event = events.recv() => match event {
                        // Ends may be among what was missed.
                        Ok(RunEvent::Ended { .. }) | Err(RecvError::Lagged(_)) => {
                            self.tell_what_went_well().await;
                            self.tell_what_needs_people().await;
                            break;
                        }
                        Ok(RunEvent::Changed) => break,
                        Ok(_) => {}
                        Err(RecvError::Closed) => return,
                    },
                }
            }
        }
        // What ended meanwhile.
        self.tell_what_went_well().await;
    }

    async fn tell_what_went_well(&self) {
        if let Err(error) = self.tell_good_news().await {
            tracing::error!(error = %chain(&error), "not everybody was told what went well");
        }
    }

    async fn tell_what_needs_people(&self) {
        let told = match self.owes() {
            Ok(true) => self.tell_good_news().await,
            told => told.map(drop),
        };
        if let Err(error) = self.tell().await.and(told) {
            tracing::error!(error = %chain(&error), "not everybody was told");
        }
    }

    /// Starts what is due and says when to look again, at the latest.
    async fn look(&self, memory: &mut Memory) -> Result<Duration> {
        let now = self.0.clock.now();
        memory.notice_sleep(now);
        let labkeep = self.clone();
        if let Err(error) = blocking(move || labkeep.note_crashes()).await {
            // What is due is due nevertheless, and people have to be told.
            tracing::error!(error = %chain(&error), "what crashed could not be noted");
        }
        let machine = memory.machine.conditions();
        if machine.is_shutting_down {
            return Ok(LOOK);
        }
        let settings = self.settings()?;
        self.forget_troubles(&settings);
        if self.running().is_empty() && may_work(&settings, machine, now) {
            // Backups that follow each other leave no quiet moment.
            self.start_overdue(&settings, &mut memory.failed, now).await;
        }
        let mut next = now + SignedDuration::try_from(LOOK).expect("a minute is short");
        let mut is_free = true;
        // Those of a vault that was opened wait for their first token.
        let awaits = |plan: &&Plan| settings.account(plan.account).is_some_and(awaits_token);
        for plan in settings.plans.iter().filter(|plan| !awaits(plan)) {
            let decision = match self.decide_on(plan, &settings, machine, memory).await {
                Ok(decision) => decision,
                Err(error) => {
                    tracing::error!(plan = plan.name, error = %chain(&error), "a plan could not be looked at");
                    self.set_trouble(&backup_key(plan), Some(error.advice()));
                    is_free = false;
                    continue;
                }
            };
            if !matches!(decision, Decision::Start { .. }) {
                // What could not be started is not due any more, or runs.
                self.set_trouble(&backup_key(plan), None);
            }
            match decision {
                Decision::NotScheduled => {}
                Decision::Running => is_free = false,
                Decision::Wait { until, why, .. } => {
                    next = next.min(until);
                    let is_held = !matches!(why, Why::NotDue | Why::BackOff);
                    self.hold(plan.id, is_held.then_some(why));
                }
                Decision::Start { due, caught_up } => {
                    self.hold(plan.id, None);
                    is_free = false;
                    let key = backup_key(plan);
                    match self.start_backup(&plan.id.to_string(), BackupWish::default()) {
                        Ok(run) => {
                            tracing::info!(%run, %due, caught_up, "started by the schedule");
                            self.set_trouble(&key, None);
                        }
                        Err(error) => {
                            tracing::error!(plan = plan.name, error = %chain(&error), "a due backup could not be started");
                            self.set_trouble(&key, Some(error.advice()));
                        }
                    }
                }
            }
        }
        if is_free && self.running().is_empty() && may_work(&settings, machine, now) {
            self.start_what_waits(&settings, &mut memory.failed, now)
                .await;
        }
        let wait = next.duration_since(self.0.clock.now());
        Ok(Duration::try_from(wait)
            .unwrap_or_default()
            .max(Duration::from_secs(1)))
    }

    async fn decide_on(
        &self,
        plan: &Plan,
        settings: &Settings,
        machine: MachineConditions,
        memory: &mut Memory,
    ) -> Result<Decision> {
        let labkeep = self.clone();
        let its = plan.clone();
        let vault = settings.vault(plan.vault).cloned();
        let (promise, vault_reachable) = blocking(move || {
            let is_there = vault.map(|vault| labkeep.is_there(&vault));
            Ok((labkeep.promise(&its)?, is_there))
        })
        .await?;
        let now = self.0.clock.now();
        let zone = TimeZone::system();
        let rules = rules(&settings.preferences);
        let clear_since = memory.clear_since.get(&plan.id).copied();
        let mut conditions = Conditions {
            on_battery: machine.on_battery,
            metered: machine.metered,
            online: machine
                .online
                .filter(|_| !is_on_this_machine(settings, plan)),
            vault_reachable,
            instance_answers: None,
            clear_since: clear_since.map_or(memory.woken, |since| since.max(memory.woken)),
        };
        let mut decision = decide(&promise, &rules, &conditions, now, &zone);
        if matches!(decision, Decision::Start { .. }) {
            let answers = self.answers_now(plan, &mut memory.silent, now).await?;
            conditions.instance_answers = Some(answers);
            decision = decide(&promise, &rules, &conditions, now, &zone);
        }
        let again = memory.silent.get(&plan.id).map(|asked| *asked + SILENCE);
        match &mut decision {
            // Each machine asks at moments of its own, so that no delay is
            // needed to keep them apart when it answers.
            Decision::Wait {
                why: Why::InstanceSilent,
                until,
                ..
            } => *until = again.map_or(*until, |again| again.max(now)),
            held if held.is_held() => drop(memory.clear_since.insert(plan.id, now)),
            _ => {}
        }
        Ok(decision)
    }

    fn hold(&self, plan: PlanId, why: Option<Why>) {
        let mut held = self.held_plans();
        let changed = match why {
            Some(why) => held.insert(plan, why) != Some(why),
            None => held.remove(&plan).is_some(),
        };
        drop(held);
        if changed {
            self.0.runs.changed();
        }
    }
}

/// Whether chores that nobody waits for may be done now.
fn may_work(settings: &Settings, machine: MachineConditions, now: Timestamp) -> bool {
    let rules = rules(&settings.preferences);
    let zone = TimeZone::system();
    let is_quiet = rules
        .quiet_hours
        .is_some_and(|quiet| quiet.holds(now, &zone));
    let is_paused = rules.paused_until.is_some_and(|until| until > now);
    let on_battery = rules.wait_on_battery && machine.on_battery == Some(true);
    !is_quiet && !is_paused && !on_battery
}

/// Whether the plan's GitLab is on this machine, which needs no network.
fn is_on_this_machine(settings: &Settings, plan: &Plan) -> bool {
    let account = settings.account(plan.account);
    // What is no address is for the run to tell.
    let url = account.and_then(|account| url::Url::parse(&account.url).ok());
    match url.as_ref().and_then(url::Url::host) {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl Memory {
    fn notice_sleep(&mut self, now: Timestamp) {
        let awake = SignedDuration::try_from(self.seen.1.elapsed()).unwrap_or(SignedDuration::MAX);
        let passed = now.duration_since(self.seen.0);
        let wakes = self.machine.conditions().wakes;
        if wakes != self.wakes || passed - awake > SLEPT {
            self.woken = now;
        }
        self.wakes = wakes;
        self.seen = (now, Instant::now());
    }
}
