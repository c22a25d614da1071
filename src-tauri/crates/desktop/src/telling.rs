//! What a desktop notification says and where it leads, on every system.

use labkeep_engine::notify::Notice;
use labkeep_engine::view::{Remedy, Severity};

use crate::place::Place;
use crate::words;

/// A notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// What it is about; one that is shown is replaced by the next of its key.
    pub key: String,
    /// Whether it stays until it is seen.
    pub urgent: bool,
    /// The first line.
    pub title: String,
    /// The rest.
    pub body: String,
    /// What the button says.
    pub button: &'static str,
    /// Where a click leads.
    pub place: Place,
}

impl Telling {
    /// That an order was not carried out, and why.
    pub fn not_done(message: &str, hint: Option<&str>) -> Self {
        Self {
            key: "not-done".to_owned(),
            urgent: false,
            title: words::NOT_DONE.to_owned(),
            body: [message, hint.unwrap_or_default()]
                .join("\n")
                .trim_end()
                .to_owned(),
            button: words::OPEN,
            place: Place::home(),
        }
    }
}

impl From<Notice> for Telling {
    fn from(notice: Notice) -> Self {
        let link = notice.link.as_ref();
        Self {
            key: notice.key,
            urgent: notice.severity == Severity::Danger,
            title: notice.title,
            body: notice.body,
            button: link.map_or(words::OPEN, button),
            place: link.map_or_else(Place::home, Place::of),
        }
    }
}

fn button(remedy: &Remedy) -> &'static str {
    match remedy {
        Remedy::RenewToken { .. } => words::RENEW_TOKEN,
        Remedy::ShowPermissions { .. } => words::SHOW_PERMISSIONS,
        Remedy::ShowProjects { .. } => words::SHOW_PROJECTS,
        Remedy::SaveRecoveryKit { .. } => words::SAVE_KIT,
        Remedy::ShowRun { .. } | Remedy::Resume { .. } => words::SHOW_RUN,
        Remedy::ShowSettings => words::SHOW_SETTINGS,
        _ => words::OPEN,
    }
}
