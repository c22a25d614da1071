//! The few words that Labkeep's window takes on its command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Parser;

use crate::place::{NoPlace, Place};

/// Labkeep keeps a copy of your GitLab that you own.
#[derive(Clone, Debug, Parser)]
#[command(name = "labkeep", version, about)]
pub struct Arguments {
    /// Start in the tray, without a window.
    #[arg(long)]
    pub hidden: bool,

    /// Keep tokens and keys as files in this folder (mode 0700) instead of the
    /// system's keychain.
    #[arg(long, value_name = "FOLDER")]
    pub secrets: Option<PathBuf>,

    /// A notification that is still shown, from before the window was closed.
    #[arg(long, value_name = "NUMBER=PLACE", hide = true)]
    pub shown: Vec<Shown>,
}

/// A notification that is still shown, and where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its number at the notification service.
    pub id: u32,
    /// Where it leads.
    pub place: Place,
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={}", self.id, self.place.as_str())
    }
}

impl FromStr for Shown {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (id, place) = text.split_once('=').ok_or(NoPlace)?;
        Ok(Self {
            id: id.parse().map_err(|_| NoPlace)?,
            place: place.parse()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_notification_is_handed_over_as_text() {
        let shown: Shown = "12=#/projects?show=stale".parse().unwrap();
        assert_eq!(shown.id, 12);
        assert_eq!(shown.to_string().parse(), Ok(shown));
        assert!("x=#/home".parse::<Shown>().is_err());
    }
}
