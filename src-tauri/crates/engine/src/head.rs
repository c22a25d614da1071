//! `labkeep.json`: what a snapshot says about itself, enough to rebuild
//! accounts, plans and history on a machine that has nothing but the vault.

use std::collections::BTreeMap;

use jiff::Timestamp;
use labkeep_settings::{Retention, Schedule};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::guard::{Lost, Peak};
use crate::kind::Kind;
use crate::layout;
use crate::outcome::Outcome;
use crate::view::ItemCounts;

/// The document at the root of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Layout of the snapshot.
    pub format: u32,
    /// Labkeep that wrote it.
    pub labkeep: String,
    /// The run that wrote it.
    pub run: String,
    /// When that run began.
    pub started: Timestamp,
    /// When everything had been read.
    pub ended: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// The last time everything was asked for, whatever the marks said.
    pub thorough: Timestamp,
    /// Where it comes from.
    pub account: HeadAccount,
    /// What was to be saved.
    pub plan: HeadPlan,
    /// Items and what became of them.
    pub items: ItemCounts,
    /// Groups in it.
    pub groups: u64,
    /// Projects in it.
    pub projects: u64,
    /// What exists at GitLab and is not in it: projects and bytes, by GitLab's
    /// name of its size.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub uncovered: BTreeMap<String, UncoveredFacts>,
    /// What was lost at GitLab since the snapshot before, worst first. Until a
    /// person says that it was meant, nothing is pruned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Lost>,
    /// Where there was more within the last days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peaks: Vec<Peak>,
    /// The losses of snapshots up to this time were meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Timestamp>,
}

/// The account of a snapshot, without its token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadAccount {
    /// Base address of the instance.
    pub url: String,
    /// The token's user.
    #[serde(default)]
    pub user: Option<String>,
    /// The token's scopes.
    pub scopes: Vec<String>,
    /// GitLab's version.
    #[serde(default)]
    pub version: Option<String>,
    /// Whether it is an Enterprise Edition.
    #[serde(default)]
    pub enterprise: Option<bool>,
}

/// The plan of a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadPlan {
    /// Its ID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Patterns of what it includes.
    pub include: Vec<String>,
    /// Patterns of what it leaves out.
    pub exclude: Vec<String>,
    /// Kinds; none means every kind.
    #[serde(default)]
    pub kinds: Option<Vec<Kind>>,
    /// When it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// How long its snapshots are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// The vault that it is backed up into, by the vault's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vault: Option<String>,
    /// Second copies of that vault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<HeadCopy>,
}

impl HeadPlan {
    /// How long its snapshots are kept in a vault, by the vault's own name, as
    /// far as it says. None for a retention that would keep nothing.
    pub fn retention_in(&self, vault: &str) -> Option<Retention> {
        let said = match self.vault.as_deref() {
            Some(own) if own != vault => {
                let mut copies = self.copies.iter();
                copies
                    .find(|copy| copy.vault == vault)
                    .map(|copy| copy.retention)
            }
            _ => self.retention,
        };
        said.filter(|retention| !retention.keeps_nothing())
    }
}

/// A second copy of a plan's vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadCopy {
    /// The vault with the copies, by its own name.
    pub vault: String,
    /// How long snapshots are kept there.
    pub retention: Retention,
}

/// Something that is not saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UncoveredFacts {
    /// Projects that have some.
    pub projects: u64,
    /// Bytes, as GitLab counts them.
    pub bytes: u64,
}

/// A head that cannot be used.
#[derive(Debug, Error)]
pub enum HeadError {
    /// The snapshot is not one of Labkeep's.
    #[error("the snapshot has no labkeep.json")]
    Missing,
    /// A newer Labkeep wrote it.
    #[error("the snapshot has format {found}; this version knows up to {known}", known = layout::FORMAT)]
    Newer {
        /// Its format.
        found: u64,
    },
    /// It cannot be read.
    #[error("labkeep.json cannot be read: {source}")]
    Unreadable {
        /// Why.
        #[from]
        source: serde_json::Error,
    },
}

impl Head {
    /// As it lies in a snapshot.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("a head is plain data")
    }

    /// Reads it; a newer format is refused before anything else is looked at.
    pub fn parse(text: Option<&[u8]>) -> Result<Self, HeadError> {
        let text = text.ok_or(HeadError::Missing)?;
        let value: Value = serde_json::from_slice(text)?;
        let found = value["format"].as_u64().unwrap_or(0);
        if found > u64::from(layout::FORMAT) {
            return Err(HeadError::Newer { found });
        }
        Ok(serde_json::from_value(value)?)
    }
}
