//! What a decision is made from: what the plan promised and what came of it,
//! what the user set, and what is known of the machine.

use jiff::{SignedDuration, Timestamp};
use labkeep_settings::Schedule;

use super::quiet::Quiet;

/// What a plan promised, and what came of it. All of it is on disk but
/// `is_running`.
#[derive(Clone, Debug)]
pub struct Promise {
    /// When it runs.
    pub schedule: Schedule,
    /// Since when it promises.
    pub created_at: Timestamp,
    /// Its last run, however it was started: the last in the order in which
    /// they were written down, not by their dates. What a wrong clock dated
    /// ahead would be the newest for ever, and later pass for today's.
    pub last: Option<Last>,
    /// How many runs failed or crashed since the last good one.
    pub failures: u32,
    /// Whether a run of it is going or queued.
    pub is_running: bool,
    /// What its delays are drawn from (`jitter::seed`).
    pub seed: u64,
}

/// A run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Last {
    /// When it started.
    pub started: Timestamp,
    /// How it ended. None while nothing runs: it never did, the power went.
    pub ended: Option<End>,
}

/// The end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// How.
    pub ending: Ending,
}

/// How a run ended, as far as it matters for the next start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a snapshot, Complete or Partial: the next one is at its moment.
    Good,
    /// Without: tried again after a pause that doubles each time.
    Failed,
    /// Stopped by a person: not before the next moment.
    Cancelled,
    /// Stopped by the end of the session or the machine: gone on with at once.
    Shutdown,
    /// Crashed, or the power went: gone on with at once, a few times.
    Crashed,
}

/// What the user set for all plans.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// When nothing starts.
    pub quiet_hours: Option<Quiet>,
    /// Whether a run waits while the machine is on battery.
    pub wait_on_battery: bool,
    /// Whether a run waits while the connection is metered.
    pub wait_on_metered: bool,
    /// Until when everything is paused.
    pub paused_until: Option<Timestamp>,
}

/// What is known of the world. None: not known, which holds nothing back.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// Whether the machine runs on battery.
    pub on_battery: Option<bool>,
    /// Whether the connection is paid for by volume.
    pub metered: Option<bool>,
    /// Whether there is a network.
    pub online: Option<bool>,
    /// Whether the vault can be reached: the drive is plugged in.
    pub vault_reachable: Option<bool>,
    /// Whether the GitLab instance answers.
    pub instance_answers: Option<bool>,
    /// Since when this plan could have started for all that was known: the
    /// latest of the start of the process, the last wake-up and the last
    /// decision that held this plan back (`Decision::is_held`), unless it was
    /// for an instance that does not answer: each machine asks that at moments
    /// of its own. A start that comes late is counted from here, so that
    /// machines that wake together do not start together.
    pub clear_since: Timestamp,
}

impl Conditions {
    /// Nothing is known but since when the plan could have started.
    pub const fn unknown(clear_since: Timestamp) -> Self {
        Self {
            on_battery: None,
            metered: None,
            online: None,
            vault_reachable: None,
            instance_answers: None,
            clear_since,
        }
    }
}

/// How far in the future a moment of the past may lie: clocks are corrected by
/// a little every day. What lies further ahead was written by a wrong clock,
/// and is not believed.
const TOLERANCE: SignedDuration = SignedDuration::from_hours(1);

/// A moment of the past, if the clock agrees that it can be one.
pub(crate) fn believed(at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    (at.duration_since(now) <= TOLERANCE).then_some(at)
}
