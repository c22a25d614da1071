//! What a finished run leaves behind in memory: pools of the allocator, the
//! index of a vault. The system gets it back when the process begins anew,
//! which costs a blink of the tray and is done only if it is worth it.

use std::fs;
use std::time::{Duration, Instant};

use labkeep_engine::Labkeep;
use labkeep_engine::view::RunEvent;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use super::notifications::Notifications;
use crate::background::ForMain;

/// Bytes of its own that an idle Labkeep may keep: a good quarter more than
/// after a start.
const MOST: u64 = 36 << 20;

/// How long it stays quiet after a run.
const QUIET: Duration = Duration::from_secs(5);

/// Asks for a new beginning after runs that left too much behind.
pub async fn stay_small(
    labkeep: Labkeep,
    notifications: Option<Notifications>,
    main: mpsc::UnboundedSender<ForMain>,
) {
    let mut events = labkeep.runs().listen();
    loop {
        match events.recv().await {
            Ok(RunEvent::Ended { .. }) | Err(RecvError::Lagged(_)) => {}
            Ok(_) => continue,
            Err(RecvError::Closed) => return,
        }
        tokio::time::sleep(QUIET).await;
        let fresh = || notifications.as_ref().and_then(Notifications::fresh_until);
        while let Some(until) = fresh() {
            tokio::time::sleep(until.saturating_duration_since(Instant::now())).await;
        }
        if !labkeep.is_idle() {
            continue;
        }
        match taken() {
            Some(bytes) if bytes > MOST => {
                tracing::info!(bytes, "a run left much behind");
                if main.send(ForMain::BeginAnew).is_err() {
                    return;
                }
            }
            Some(_) => {}
            None => return,
        }
    }
}

/// Bytes of memory that this process has filled. Pages of programs and
/// libraries are left out: those the system takes back by itself.
fn taken() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/smaps_rollup").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Pss_Dirty:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_process_takes_is_known() {
        assert!(taken().unwrap() > 100_000);
    }
}
