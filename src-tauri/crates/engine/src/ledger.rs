//! The ledger: per item and kind, what became of it, with counts, bytes and
//! the remedy. No kind is ever silently missing; a snapshot is sealed only if
//! its ledger accounts for every piece.
//!
//! A line of an item that did not change stays the same to the byte, so that
//! a ledger of ten thousand projects costs next to nothing when one of them
//! moved.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::kind::{Item, Kind, Sort};
use crate::outcome::Outcome;
use crate::view::{LedgerLineView, LedgerState};

/// A piece of the snapshot that belongs to a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PieceFacts {
    /// Path inside the item's folder.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// When it was captured; the vault carries it as the node's time, and a
    /// piece can only be kept unread when this is known exactly.
    pub captured: Timestamp,
}

/// Git's part of a line, what the next run needs to ask for the difference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitFacts {
    /// Number of packs in the chain.
    pub packs: usize,
    /// Hash of the list of refs, to see at once that nothing moved.
    pub refs: String,
    /// `sha1` or `sha256`.
    pub format: String,
}

/// What was known of an item at GitLab when it was read, to decide next time
/// whether it has to be read again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// GitLab's `last_activity_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_activity_at: Option<Timestamp>,
    /// When the item was last asked about in full, by its own requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// Hash of the settings document.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub settings: String,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Group or project.
    pub sort: Sort,
    /// GitLab's ID.
    pub id: u64,
    /// Full path at that time.
    pub path: String,
    /// The kind.
    pub kind: Kind,
    /// What became of it.
    pub state: LedgerState,
    /// Refs, issues, labels, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// When the version that was kept instead of a failed one was captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_since: Option<Timestamp>,
    /// Why it is not saved, or what to know about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// The pieces that hold it, in path order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pieces: Vec<PieceFacts>,
    /// For git repositories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<GitFacts>,
    /// For settings, which every item has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
}

impl Line {
    /// A line with nothing but a state.
    pub fn new(item: Item, path: &str, kind: Kind, state: LedgerState) -> Self {
        Self {
            sort: item.sort,
            id: item.id,
            path: path.to_owned(),
            kind,
            state,
            count: None,
            stale_since: None,
            reason: None,
            remedy: None,
            pieces: Vec::new(),
            git: None,
            mark: None,
        }
    }

    /// The item.
    pub const fn item(&self) -> Item {
        Item {
            sort: self.sort,
            id: self.id,
        }
    }

    /// Bytes of its pieces.
    pub fn bytes(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.size).sum()
    }

    /// Whether everything that exists and may be read is in the snapshot as it
    /// is at GitLab.
    pub const fn is_whole(&self) -> bool {
        !matches!(self.state, LedgerState::Failed)
    }

    /// Whether the snapshot has what GitLab had of it, so that it can be the last
    /// copy. What could not be seen is not failed, and is no copy either; what
    /// was saved before a feature was switched off is one.
    pub const fn is_copy(&self) -> bool {
        match self.state {
            LedgerState::Saved | LedgerState::Unchanged | LedgerState::Empty => true,
            LedgerState::FeatureOff => !self.pieces.is_empty(),
            LedgerState::NoRight | LedgerState::NotOffered | LedgerState::Failed => false,
        }
    }

    /// Whether people should hear about it.
    pub const fn is_missing(&self) -> bool {
        matches!(
            self.state,
            LedgerState::Failed | LedgerState::NoRight | LedgerState::NotOffered
        )
    }

    /// The line as the border shows it.
    pub fn view(&self) -> LedgerLineView {
        LedgerLineView {
            item: self.item(),
            path: self.path.clone(),
            kind: self.kind,
            state: self.state,
            stale_since: self.stale_since.map(crate::clock::millis),
            count: self.count,
            bytes: (!self.pieces.is_empty()).then(|| self.bytes()),
            reason: self.reason.clone(),
            remedy: self.remedy.clone(),
        }
    }
}

/// A ledger that cannot be read.
#[derive(Debug, Error)]
#[error("line {line} of the snapshot's ledger cannot be read: {source}")]
pub struct LedgerError {
    /// Line number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub source: serde_json::Error,
}

/// The lines of one snapshot or run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    lines: BTreeMap<(Item, Kind), Line>,
}

impl Ledger {
    /// Adds a line; a line for the same item and kind is replaced.
    pub fn put(&mut self, line: Line) {
        self.lines.insert((line.item(), line.kind), line);
    }

    /// The line of an item and kind.
    pub fn line(&self, item: Item, kind: Kind) -> Option<&Line> {
        self.lines.get(&(item, kind))
    }

    /// The lines of an item.
    pub fn of(&self, item: Item) -> impl Iterator<Item = &Line> {
        self.lines
            .range((item, Kind::Repository)..=(item, Kind::Settings))
            .map(|(_, line)| line)
    }

    /// All lines, by item and kind.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.values()
    }

    /// All items, each once.
    pub fn items(&self) -> Vec<Item> {
        let mut items: Vec<_> = self.lines.keys().map(|(item, _)| *item).collect();
        items.dedup();
        items
    }

    /// Number of lines.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// As it lies in a snapshot: a line of JSON each.
    pub fn to_ndjson(&self) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.lines.len() * 256);
        for line in self.lines.values() {
            serde_json::to_writer(&mut text, line).expect("a line is plain data");
            text.push(b'\n');
        }
        text
    }

    /// Reads what `to_ndjson` wrote.
    pub fn from_ndjson(text: &[u8]) -> Result<Self, LedgerError> {
        let mut ledger = Self::default();
        for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
            if line.is_empty() {
                continue;
            }
            ledger.put(serde_json::from_slice(line).map_err(|source| LedgerError {
                line: number + 1,
                source,
            })?);
        }
        Ok(ledger)
    }

    /// How a backup with this ledger ended. One line that failed makes it
    /// Partial; a snapshot in which nothing is whole is Failed.
    pub fn outcome(&self) -> Outcome {
        if self.lines.values().all(Line::is_whole) {
            Outcome::Complete
        } else if self.lines.values().any(Line::is_whole) {
            Outcome::Partial
        } else {
            Outcome::Failed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: u64, kind: Kind, state: LedgerState) -> Line {
        Line::new(Item::project(id), "acme/web", kind, state)
    }

    #[test]
    fn one_failed_line_is_never_complete() {
        let mut ledger = Ledger::default();
        ledger.put(line(1, Kind::Repository, LedgerState::Saved));
        ledger.put(line(1, Kind::Issues, LedgerState::NoRight));
        assert_eq!(ledger.outcome(), Outcome::Complete);
        ledger.put(line(2, Kind::Wiki, LedgerState::Failed));
        assert_eq!(ledger.outcome(), Outcome::Partial);
    }

    #[test]
    fn what_could_not_be_seen_is_no_copy() {
        let is_copy = |state| line(1, Kind::Issues, state).is_copy();
        assert!(is_copy(LedgerState::Saved) && is_copy(LedgerState::Empty));
        assert!(!is_copy(LedgerState::NoRight) && !is_copy(LedgerState::NotOffered));
        assert!(!is_copy(LedgerState::Failed) && !is_copy(LedgerState::FeatureOff));
        let mut kept = line(1, Kind::Issues, LedgerState::FeatureOff);
        kept.pieces.push(PieceFacts {
            path: "relations/issues.ndjson".to_owned(),
            size: 12,
            captured: Timestamp::UNIX_EPOCH,
        });
        assert!(kept.is_copy());
    }

    #[test]
    fn nothing_whole_is_failed() {
        let mut ledger = Ledger::default();
        ledger.put(line(1, Kind::Repository, LedgerState::Failed));
        assert_eq!(ledger.outcome(), Outcome::Failed);
    }

    #[test]
    fn ndjson_round_trips() {
        let mut ledger = Ledger::default();
        let mut saved = line(1, Kind::Repository, LedgerState::Saved);
        saved.pieces.push(PieceFacts {
            path: "repository/refs".to_owned(),
            size: 12,
            captured: Timestamp::from_millisecond(1_700_000_000_123).unwrap(),
        });
        saved.git = Some(GitFacts {
            packs: 1,
            refs: "ab".to_owned(),
            format: "sha1".to_owned(),
        });
        ledger.put(saved);
        ledger.put(line(10, Kind::Issues, LedgerState::Empty));
        let text = ledger.to_ndjson();
        assert_eq!(Ledger::from_ndjson(&text).unwrap(), ledger);
        assert_eq!(ledger.of(Item::project(1)).count(), 1);
        assert_eq!(ledger.items().len(), 2);
    }

    #[test]
    fn a_broken_line_is_named() {
        let error = Ledger::from_ndjson(b"{}\n").unwrap_err();
        assert_eq!(error.line, 1);
    }
}
