//! The retry policy: which failures are tried again, and after how long.
//!
//! Pure. Waiting for a limit (429) is no attempt and is bounded by patience;
//! everything else is bounded by the number of attempts.
use std::time::Duration;

use crate::error::Error;
use crate::options::Pauses;

/// The state of one request over its attempts.
#[derive(Debug)]
pub(crate) struct Tries {
    attempts_left: u32,
    next_pause: Duration,
    longest: Duration,
    patience: Duration,
    waited: Duration,
}

impl Tries {
    pub(crate) fn new(attempts: u32, pauses: &Pauses) -> Tries {
        Tries {
            attempts_left: attempts.saturating_sub(1),
            next_pause: pauses.first,
            longest: pauses.longest,
            patience: pauses.patience,
            waited: Duration::ZERO,
        }
    }

    /// The pause before the next attempt, or `None` when `error` is final.
    ///
    /// `random` is from 0 to 1 and spreads many clients; `asked` is what the
    /// server said in `Retry-After`.
    pub(crate) fn pause_after(
        &mut self,
        error: &Error,
        is_idempotent: bool,
        random: f64,
        asked: Option<Duration>,
    ) -> Option<Duration> {
        let may_repeat = error.is_transient() && (is_idempotent || error.is_before_sending());
        if !may_repeat || self.attempts_left == 0 {
            return None;
        }
        self.attempts_left -= 1;
        let pause = self.next_pause.mul_f64(0.75 + random.clamp(0.0, 1.0) / 2.0);
        self.next_pause = (self.next_pause * 2).min(self.longest);
        let pause = asked.map_or(pause, |asked| pause.max(asked));
        (pause <= self.patience).then_some(pause)
    }

    /// Takes a wait for a limit from what is left of the patience.
    pub(crate) fn wait_for_limit(&mut self, wait: Duration, name: &str) -> Result<(), Error> {
        if self.waited + wait > self.patience {
            return Err(Error::RateLimited {
                limit: name.to_owned(),
                waited: self.waited,
                remaining: wait,
            });
        }
        self.waited += wait;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(status: u16) -> Error {
        Error::Server {
            status,
            message: String::new(),
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_end_with_the_attempts() {
        let pauses = Pauses {
            longest: Duration::from_secs(3),
            ..Pauses::default()
        };
        let mut tries = Tries::new(5, &pauses);
        let taken: Vec<_> = std::iter::from_fn(|| tries.pause_after(&server(502), true, 0.5, None))
            .map(|pause| pause.as_secs())
            .collect();
        assert_eq!(taken, [1, 2, 3, 3]);
    }

    #[test]
    fn what_may_have_had_an_effect_is_not_repeated() {
        let mut tries = Tries::new(5, &Pauses::default());
        assert_eq!(tries.pause_after(&server(502), false, 0.5, None), None);
        assert_eq!(
            tries.pause_after(
                &Error::Forbidden {
                    message: String::new()
                },
                true,
                0.5,
                None
            ),
            None
        );
    }

    #[test]
    fn the_server_may_ask_for_a_longer_pause() {
        let mut tries = Tries::new(5, &Pauses::default());
        let asked = Some(Duration::from_secs(40));
        assert_eq!(tries.pause_after(&server(503), true, 0.5, asked), asked);
        let absurd = Some(Duration::from_secs(100_000));
        assert_eq!(tries.pause_after(&server(503), true, 0.5, absurd), None);
    }

    #[test]
    fn limits_are_waited_for_until_patience_ends() {
        let pauses = Pauses {
            patience: Duration::from_secs(100),
            ..Pauses::default()
        };
        let mut tries = Tries::new(1, &pauses);
        assert!(tries.wait_for_limit(Duration::from_mins(1), "api").is_ok());
        let error = tries
            .wait_for_limit(Duration::from_mins(1), "api")
            .unwrap_err();
        assert!(matches!(
            error,
            Error::RateLimited { waited, .. } if waited == Duration::from_mins(1)
        ));
    }
}
