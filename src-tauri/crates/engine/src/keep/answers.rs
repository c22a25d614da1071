//! Whether a plan's GitLab answers. Asked before a start, so that nothing fails
//! for want of a network; each machine asks at moments of its own.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use labkeep_settings::{Plan, PlanId};

use super::Labkeep;
use crate::error::Result;

/// How long GitLab has to answer at all.
const ANSWER: Duration = Duration::from_secs(30);

/// How often it is asked at once.
const ATTEMPTS: u32 = 2;

/// When one that did not answer is asked again.
pub(super) const SILENCE: SignedDuration = SignedDuration::from_mins(1);

/// When the GitLab of a plan was asked last and did not answer.
pub(super) type Silent = HashMap<PlanId, Timestamp>;

impl Labkeep {
    /// Whether the plan's GitLab answers. One that did not is left alone for a
    /// minute, unless the machine tells of a change.
    pub(super) async fn answers_now(
        &self,
        plan: &Plan,
        silent: &mut Silent,
        now: Timestamp,
    ) -> Result<bool> {
        let asked = silent.get(&plan.id);
        if asked.is_some_and(|asked| now.duration_since(*asked).abs() < SILENCE) {
            return Ok(false);
        }
        let answers = self.answers(plan).await?;
        if answers {
            silent.remove(&plan.id);
        } else {
            silent.insert(plan.id, self.0.clock.now());
        }
        Ok(answers)
    }

    /// Whether the plan's GitLab answers, whatever it says: what is wrong then
    /// is for the run to tell.
    async fn answers(&self, plan: &Plan) -> Result<bool> {
        let account = self.find_account(&plan.account.to_string())?;
        let Ok(client) = self.client(&account, None).await else {
            // No token, no keychain: the run tells.
            return Ok(true);
        };
        // Other plans wait for this; it is asked again in a minute.
        let client = client.with_attempts(ATTEMPTS);
        let asked = tokio::time::timeout(ANSWER, client.instance_facts()).await;
        Ok(match asked {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => !is_silence(&error),
            Err(_) => false,
        })
    }
}

/// Whether no GitLab answered: no network yet, the page of a hotel's network in
/// its place, or an instance that is being updated.
const fn is_silence(error: &labkeep_gitlab::Error) -> bool {
    use labkeep_gitlab::Error;
    matches!(
        error,
        Error::Resolve { .. }
            | Error::Connect { .. }
            | Error::Timeout { .. }
            | Error::Interrupted { .. }
            | Error::NotGitlab { .. }
            | Error::Redirected { .. }
            | Error::ForeignHost { .. }
            | Error::Server { .. }
    )
}
