//! Roles and visibility, with the numbers and words GitLab uses for them.

use serde::{Deserialize, Serialize};

/// A role's number: 5 Minimal, 10 Guest, 15 Planner, 20 Reporter, 25 Security
/// Manager, 30 Developer, 40 Maintainer, 50 Owner; 0 is no access.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct AccessLevel(pub u8);

impl AccessLevel {
    /// No access at all.
    pub const NONE: Self = Self(0);
    /// May see issues and, in public projects, code.
    pub const GUEST: Self = Self(10);
    /// May plan: labels, milestones, confidential issues.
    pub const PLANNER: Self = Self(15);
    /// May read code and packages.
    pub const REPORTER: Self = Self(20);
    /// May push to unprotected branches.
    pub const DEVELOPER: Self = Self(30);
    /// May change settings, export, push to protected branches.
    pub const MAINTAINER: Self = Self(40);
    /// May do everything, and set numbers and dates of issues.
    pub const OWNER: Self = Self(50);

    /// The level for a number that GitLab accepts for members.
    pub fn from_number(number: u64) -> Option<Self> {
        match number {
            5 | 10 | 15 | 20 | 25 | 30 | 40 | 50 => u8::try_from(number).ok().map(Self),
            _ => None,
        }
    }
}

/// Who may see a project or group without being a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Members only.
    #[default]
    Private,
    /// Everybody who is signed in.
    Internal,
    /// Everybody.
    Public,
}

impl Visibility {
    /// The word REST uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Internal => "internal",
            Self::Public => "public",
        }
    }

    /// Reads the word REST uses.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "private" => Some(Self::Private),
            "internal" => Some(Self::Internal),
            "public" => Some(Self::Public),
            _ => None,
        }
    }

    /// The number export documents use: 0, 10, 20.
    pub fn number(self) -> u8 {
        match self {
            Self::Private => 0,
            Self::Internal => 10,
            Self::Public => 20,
        }
    }

    /// Reads the number export documents use.
    pub fn from_number(number: u64) -> Option<Self> {
        match number {
            0 => Some(Self::Private),
            10 => Some(Self::Internal),
            20 => Some(Self::Public),
            _ => None,
        }
    }
}
