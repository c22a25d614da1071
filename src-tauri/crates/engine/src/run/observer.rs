//! What the wire tells about a run: bytes, and waits that somebody else asked
//! for, shown as waits.

use std::sync::{Arc, Mutex, PoisonError};

use labkeep_gitlab::{Observer, Wait, WaitReason};

use super::progress::Progress;
use crate::clock::millis;
use crate::view::WaitView;

/// Tells a run's progress what happens on the wire.
pub struct WireObserver {
    progress: Arc<Progress>,
    waits: Mutex<Vec<u64>>,
}

impl WireObserver {
    /// For one run.
    pub const fn new(progress: Arc<Progress>) -> Self {
        Self {
            progress,
            waits: Mutex::new(Vec::new()),
        }
    }
}

impl Observer for WireObserver {
    fn waiting(&self, wait: &Wait) {
        let number = self.progress.waiting(WaitView {
            until: millis(wait.until),
            reason: sentence(&wait.reason),
        });
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        waits.push(number);
    }

    fn resumed(&self) {
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        // Waits that end together are all the same; which goes first shows
        // nowhere.
        if !waits.is_empty() {
            self.progress.resumed(waits.remove(0));
        }
    }

    fn received(&self, bytes: u64) {
        self.progress.received(bytes);
    }
}

fn sentence(reason: &WaitReason) -> String {
    match reason {
        WaitReason::RateLimit {
            limit: Some(limit), ..
        } => format!(
            "GitLab asks for a pause ({} requests a minute)",
            grouped(*limit)
        ),
        WaitReason::RateLimit { limit: None, .. } => "GitLab asks for a pause".to_owned(),
        WaitReason::ServerBusy { status } => {
            format!("GitLab is busy or failing ({status}); trying again")
        }
        WaitReason::Network => "The network failed; trying again".to_owned(),
    }
}

/// 2,000 for 2000.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        for (number, text) in [
            (7, "7"),
            (2000, "2,000"),
            (123_456, "123,456"),
            (1_000_000, "1,000,000"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
