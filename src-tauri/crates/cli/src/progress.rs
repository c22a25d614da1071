//! The bar on a terminal: what a run is doing, how far it is, and what it
//! waits for. Elsewhere nothing is drawn.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use labkeep_engine::view::RunProgress;

use crate::words;

/// A bar that is drawn where there is a terminal.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar on standard error.
    pub fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
        bar.set_style(
            ProgressStyle::with_template("{prefix} {wide_msg}").expect("a fixed template"),
        );
        Self(bar)
    }

    /// Shows how far the run is.
    pub fn show(&self, progress: &RunProgress) {
        self.0.set_style(style(progress.share.is_some()));
        if let Some(total) = progress.items_total {
            self.0.set_length(total);
        }
        self.0.set_position(progress.items_done);
        self.0.set_prefix(words::phase(progress.phase));
        self.0.set_message(message(progress));
        self.0.tick();
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}

fn style(has_share: bool) -> ProgressStyle {
    let template = if has_share {
        "{prefix} [{bar:24}] {pos}/{len} {wide_msg}"
    } else {
        "{prefix} {wide_msg}"
    };
    ProgressStyle::with_template(template)
        .expect("a fixed template")
        .progress_chars("=> ")
}

fn message(progress: &RunProgress) -> String {
    if let Some(wait) = &progress.wait {
        return format!("{}, until {}", wait.reason, words::time(wait.until));
    }
    let mut parts = Vec::new();
    if progress.bytes.received > 0 {
        parts.push(format!(
            "{} received",
            words::bytes(progress.bytes.received)
        ));
    }
    if let Some(left) = progress.left_ms {
        parts.push(format!("about {} left", duration(left)));
    }
    if let Some(item) = progress.active.first() {
        parts.push(item.path.clone());
    }
    parts.join(" · ")
}

/// "4 s", "12 min", "3 h 5 min".
fn duration(millis: i64) -> String {
    let seconds = millis.max(0) / 1000;
    match seconds {
        0..=59 => format!("{seconds} s"),
        60..=3599 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_as_fine_as_they_can_be() {
        assert_eq!(duration(4_200), "4 s");
        assert_eq!(duration(125_000), "2 min");
        assert_eq!(duration(3_900_000), "1 h 5 min");
    }
}
