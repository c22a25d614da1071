//! The role of a user in a group or project.
use std::fmt;

use serde::{Deserialize, Serialize};

/// A role, as GitLab's number (lib/gitlab/access.rb). Roles that this version
/// does not know keep their number, and every role compares by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccessLevel(u8);

impl AccessLevel {
    /// 0: nobody, in lists of who may push or merge.
    pub const NOBODY: AccessLevel = AccessLevel(0);
    /// 5
    pub const MINIMAL: AccessLevel = AccessLevel(5);
    /// 10
    pub const GUEST: AccessLevel = AccessLevel(10);
    /// 15
    pub const PLANNER: AccessLevel = AccessLevel(15);
    /// 20
    pub const REPORTER: AccessLevel = AccessLevel(20);
    /// 25
    pub const SECURITY_MANAGER: AccessLevel = AccessLevel(25);
    /// 30
    pub const DEVELOPER: AccessLevel = AccessLevel(30);
    /// 40
    pub const MAINTAINER: AccessLevel = AccessLevel(40);
    /// 50
    pub const OWNER: AccessLevel = AccessLevel(50);
    /// 60: an administrator of the instance, in lists of who may push or merge.
    pub const ADMINISTRATOR: AccessLevel = AccessLevel(60);

    /// The role with that number.
    pub const fn from_number(number: u8) -> AccessLevel {
        AccessLevel(number)
    }

    /// GitLab's number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// GitLab's word for the role; `None` for a number that is unknown here.
    pub const fn label(self) -> Option<&'static str> {
        Some(match self.0 {
            0 => "No access",
            5 => "Minimal Access",
            10 => "Guest",
            15 => "Planner",
            20 => "Reporter",
            25 => "Security Manager",
            30 => "Developer",
            40 => "Maintainer",
            50 => "Owner",
            60 => "Administrator",
            _ => return None,
        })
    }
}

impl fmt::Display for AccessLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.label() {
            Some(label) => formatter.write_str(label),
            None => write!(formatter, "role {}", self.0),
        }
    }
}

impl fmt::Debug for AccessLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({self})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_compare_by_their_number() {
        assert!(AccessLevel::OWNER > AccessLevel::MAINTAINER);
        assert!(AccessLevel::from_number(35) > AccessLevel::DEVELOPER);
        assert_eq!(AccessLevel::from_number(35).to_string(), "role 35");
        assert_eq!(AccessLevel::PLANNER.to_string(), "Planner");
    }
}
