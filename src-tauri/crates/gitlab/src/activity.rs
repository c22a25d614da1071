//! The moment of the last byte in either direction, for the limit on silence.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Shared by a request and the body it sends.
#[derive(Debug, Clone)]
pub(crate) struct Activity {
    began: Instant,
    last: Arc<AtomicU64>,
}

impl Activity {
    pub(crate) fn new() -> Activity {
        Activity {
            began: Instant::now(),
            last: Arc::new(AtomicU64::new(0)),
        }
    }

    /// A byte went or came.
    pub(crate) fn touch(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    /// Ends when nothing was touched for `idle`.
    pub(crate) async fn silence(&self, idle: Duration) {
        loop {
            let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
            let deadline = self.began + last + idle;
            if Instant::now() >= deadline {
                return;
            }
            tokio::time::sleep_until(deadline).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_is_counted_from_the_last_touch() {
        let activity = Activity::new();
        let began = Instant::now();
        let toucher = activity.clone();
        tokio::spawn(async move {
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_secs(50)).await;
                toucher.touch();
            }
        });
        activity.silence(Duration::from_mins(1)).await;
        assert_eq!(began.elapsed().as_secs(), 210);
    }
}
