//! Closing the window: whether anything goes on without it, and when the
//! process may let go of it for good.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use labkeep_engine::view::{Protection, StatusView};
use tokio::sync::watch;

use crate::schedule::Schedule;
use crate::system::notifications::Notifications;

/// Wishes of the window that are being answered.
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// A wish of the window, until it is answered. It may be about to become a run,
/// which nobody sees yet.
#[derive(Debug)]
pub struct Asked(());

impl Asked {
    /// It is being answered.
    pub fn begin() -> Self {
        ASKED.fetch_add(1, Ordering::SeqCst);
        Self(())
    }

    /// How many there are.
    pub fn count() -> usize {
        ASKED.load(Ordering::SeqCst)
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        ASKED.fetch_sub(1, Ordering::SeqCst);
    }
}

/// How the process leaves a window that is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// Not yet.
    NotYet,
    /// It goes on without one.
    Hide,
    /// It ends.
    Quit,
}

/// What decides about closing the window.
#[derive(Clone)]
pub struct Closing {
    /// Whether the tray is shown.
    pub tray_is_shown: watch::Receiver<bool>,
    /// The status.
    pub status: watch::Receiver<StatusView>,
    /// Notifications, if there are any on this desktop.
    pub notifications: Option<Notifications>,
    /// What starts runs by itself.
    pub schedule: Schedule,
    /// Whether the process can begin anew without a window.
    pub can_hide: bool,
}

impl Closing {
    /// Whether there is a plan.
    pub fn is_set_up(&self) -> bool {
        self.status.borrow().protection != Protection::NotSetUp
    }

    /// Whether the tray is shown.
    pub fn tray_is_shown(&self) -> bool {
        *self.tray_is_shown.borrow()
    }

    /// Whether anything goes on when the window is closed. `is_running`: there
    /// are runs.
    pub fn goes_on(&self, is_running: bool) -> bool {
        self.is_set_up() || is_busy(is_running, Asked::count())
    }

    /// How the process leaves the closed window now, so that nothing is lost.
    pub fn leaving(&self, is_running: bool) -> Leaving {
        self.leaving_with(is_running, Asked::count())
    }

    fn leaving_with(&self, is_running: bool, asked: usize) -> Leaving {
        if is_busy(is_running, asked) {
            return Leaving::NotYet;
        }
        match self.is_set_up() {
            false => Leaving::Quit,
            true if self.can_hide && !self.is_held_back() => Leaving::Hide,
            true => Leaving::NotYet,
        }
    }

    fn is_held_back(&self) -> bool {
        let fresh = self
            .notifications
            .as_ref()
            .and_then(Notifications::fresh_until);
        fresh.is_some_and(|until| until > Instant::now())
    }
}

const fn is_busy(is_running: bool, asked: usize) -> bool {
    is_running || asked > 0
}

#[cfg(test)]
mod tests {
    use labkeep_engine::advice::Advice;

    use super::*;
    use crate::background;

    fn closing(protection: Protection) -> Closing {
        let status = StatusView {
            protection,
            ..background::unknown(Advice::new("", ""))
        };
        Closing {
            tray_is_shown: watch::channel(true).1,
            status: watch::channel(status).1,
            notifications: None,
            schedule: Schedule::none(),
            can_hide: true,
        }
    }

    #[test]
    fn nothing_that_was_asked_for_is_lost_by_closing_the_window() {
        for protection in [Protection::Protected, Protection::NotSetUp] {
            let closing = closing(protection);
            assert_eq!(closing.leaving_with(true, 0), Leaving::NotYet);
            assert_eq!(closing.leaving_with(false, 1), Leaving::NotYet);
        }
        let protected = closing(Protection::Protected);
        assert_eq!(protected.leaving_with(false, 0), Leaving::Hide);
        assert!(protected.goes_on(false));
        let bare = closing(Protection::NotSetUp);
        assert_eq!(bare.leaving_with(false, 0), Leaving::Quit);
        assert!(bare.goes_on(true), "a restore needs no plan");
    }

    #[test]
    fn a_system_that_cannot_hide_keeps_what_is_set_up() {
        let cannot = |protection| Closing {
            can_hide: false,
            ..closing(protection)
        };
        let leaving = |protection| cannot(protection).leaving_with(false, 0);
        assert_eq!(leaving(Protection::Protected), Leaving::NotYet);
        assert_eq!(leaving(Protection::NotSetUp), Leaving::Quit);
    }

    #[test]
    fn a_wish_counts_until_it_is_answered() {
        let before = Asked::count();
        let asked = Asked::begin();
        assert_eq!(Asked::count(), before + 1);
        drop(asked);
        assert_eq!(Asked::count(), before);
    }
}
