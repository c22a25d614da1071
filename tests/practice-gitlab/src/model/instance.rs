//! What an administrator decides for the whole instance.

use clap::ValueEnum;

/// The licence of the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, ValueEnum)]
pub enum Tier {
    /// GitLab Free.
    #[default]
    Free,
    /// GitLab Premium.
    Premium,
    /// GitLab Ultimate.
    Ultimate,
}

/// When a deleted project or group really goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Deletion {
    /// At once.
    #[default]
    Immediate,
    /// After so many days; until then the path stays taken.
    Delayed {
        /// Days of grace.
        days: u16,
    },
}

/// Settings of the instance.
#[derive(Debug, Clone)]
pub struct Instance {
    /// The licence.
    pub tier: Tier,
    /// The version with its edition, such as `18.6.2-ee`.
    pub version: String,
    /// The revision `/version` shows.
    pub revision: String,
    /// Whether "GitLab export" is an import source.
    pub import_sources: bool,
    /// The setting `bulk_import_enabled`: relations may be exported.
    pub relations_export: bool,
    /// When deleted things go.
    pub deletion: Deletion,
}

impl Instance {
    /// Whether this is the Enterprise Edition.
    pub fn enterprise(&self) -> bool {
        self.version.ends_with("-ee")
    }

    /// Whether the licence has what Premium brings.
    pub fn premium(&self) -> bool {
        self.enterprise() && self.tier >= Tier::Premium
    }

    /// `true` when the version is at least `major.minor`.
    pub fn at_least(&self, major: u32, minor: u32) -> bool {
        let mut numbers = self
            .version
            .split(['.', '-'])
            .map(|part| part.parse().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (major, minor)
    }
}
