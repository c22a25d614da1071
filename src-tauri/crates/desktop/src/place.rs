//! Places in the window, as the window addresses them behind the `#`; see
//! `ui/src/rules/routes.ts`.

use std::str::FromStr;

use labkeep_engine::view::{ProjectFilter, Remedy};
use serde::{Deserialize, Serialize};
use specta::Type;

/// The longest address that is taken from outside.
const LONGEST: usize = 200;

/// A place in the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(transparent)]
pub struct Place(String);

/// What came from outside is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPlace;

impl std::fmt::Display for NoPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no place in the window")
    }
}

impl std::error::Error for NoPlace {}

impl Place {
    /// The list of projects, where restores begin.
    pub fn projects() -> Self {
        Self("#/projects".to_owned())
    }

    /// The first screen.
    pub fn home() -> Self {
        Self("#/home".to_owned())
    }

    /// Where a remedy is applied.
    pub fn of(remedy: &Remedy) -> Self {
        Self(match remedy {
            Remedy::RenewToken { account } | Remedy::ShowPermissions { account } => {
                format!("#/settings/accounts/{account}")
            }
            Remedy::ShowProjects { filter } => match filter {
                ProjectFilter::All => "#/projects".to_owned(),
                ProjectFilter::Unprotected => "#/projects?show=unprotected".to_owned(),
                ProjectFilter::Stale => "#/projects?show=stale".to_owned(),
                ProjectFilter::Partial => "#/projects?show=partial".to_owned(),
                ProjectFilter::Gone => "#/projects?show=gone".to_owned(),
            },
            Remedy::ShowRun { run } | Remedy::Resume { run } => format!("#/activity/{run}"),
            Remedy::SaveRecoveryKit { .. } | Remedy::ShowSettings => "#/settings".to_owned(),
            _ => return Self::home(),
        })
    }

    /// As the window knows it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Place {
    type Err = NoPlace;

    /// Takes an address from another process: the window reads it as one of
    /// its routes and nothing else, and it is short.
    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "#/?=&%-_.".contains(c);
        if text.starts_with("#/") && text.len() <= LONGEST && text.chars().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoPlace)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_leads_to_its_place() {
        let run = Remedy::ShowRun { run: "r1".into() };
        assert_eq!(Place::of(&run).as_str(), "#/activity/r1");
        let filter = ProjectFilter::Stale;
        let stale = Remedy::ShowProjects { filter };
        assert_eq!(Place::of(&stale).as_str(), "#/projects?show=stale");
        let back_up = Remedy::BackUp { plan: "p".into() };
        assert_eq!(Place::of(&back_up), Place::home());
    }

    #[test]
    fn only_places_are_taken_from_outside() {
        assert_eq!("#/activity/r1".parse(), Ok(Place("#/activity/r1".into())));
        for text in [
            "",
            "activity",
            "https://x",
            "#/a b",
            "#/<b>",
            "javascript:x",
        ] {
            assert_eq!(text.parse::<Place>(), Err(NoPlace), "{text}");
        }
        assert_eq!(
            format!("#/{}", "a".repeat(LONGEST)).parse::<Place>(),
            Err(NoPlace)
        );
    }
}
