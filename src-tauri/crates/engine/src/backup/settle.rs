//! Settle: from what became of a kind, make its ledger line and the pieces of
//! the new snapshot. What failed keeps its earlier version and says so; what
//! was saved once is never dropped because it cannot be seen any more.

use jiff::Timestamp;
use labkeep_vault::{Content, Piece};

use super::discover::Found;
use crate::advice::Advice;
use crate::capture::{Fresh, Got, NewPiece, Trouble};
use crate::guard::Turnover;
use crate::kind::Kind;
use crate::layout;
use crate::ledger::{Line, PieceFacts};
use crate::view::LedgerState;

/// A kind's line with its pieces.
#[derive(Debug)]
pub struct Settled {
    /// The line.
    pub line: Line,
    /// The pieces, in path order inside the kind.
    pub pieces: Vec<Piece>,
    /// What is gone of it at GitLab, if it was read.
    pub turnover: Option<Turnover>,
}

/// Keeps a kind as it was, without having asked.
pub fn keep(found: &Found, kind: Kind, previous: Option<&Line>) -> Settled {
    match previous {
        Some(previous) => unchanged(found, previous),
        None => settle(found, kind, Ok(Got::Same), None, Timestamp::UNIX_EPOCH),
    }
}

/// Notes that the feature is off. What was saved while it was on stays.
pub fn switched_off(found: &Found, kind: Kind, previous: Option<&Line>) -> Settled {
    let mut line = fresh_line(found, kind, LedgerState::FeatureOff);
    if let Some(previous) = previous.filter(|line| !line.pieces.is_empty()) {
        carry(&mut line, previous);
        line.reason = Some("It was switched off at GitLab; what was saved before is kept.".into());
    }
    with_kept_pieces(line)
}

/// What became of a kind that was asked for. `captured` is the time that new
/// pieces carry.
pub fn settle(
    found: &Found,
    kind: Kind,
    result: Result<Got, Trouble>,
    previous: Option<&Line>,
    captured: Timestamp,
) -> Settled {
    match result {
        Ok(Got::Fresh(fresh)) => saved(found, kind, fresh, LedgerState::Saved, captured),
        Ok(Got::Empty(fresh)) => saved(found, kind, fresh, LedgerState::Empty, captured),
        Ok(Got::Same) => match previous {
            Some(previous) => still_the_same(found, previous),
            None => failed(
                found,
                kind,
                Advice::new(
                    "It was taken for unchanged, but there is no earlier version.",
                    "Please report it.",
                ),
                None,
            ),
        },
        Ok(Got::Skipped { state, advice }) => not_readable(found, kind, state, advice, previous),
        Err(trouble) => match trouble.missing_right(kind, found.role) {
            Some(advice) => not_readable(found, kind, LedgerState::NoRight, advice, previous),
            None => failed(found, kind, trouble.advice(), previous),
        },
    }
}

fn saved(
    found: &Found,
    kind: Kind,
    fresh: Fresh,
    state: LedgerState,
    captured: Timestamp,
) -> Settled {
    let mut line = fresh_line(found, kind, state);
    line.count = Some(fresh.count);
    line.git = fresh.git;
    line.reason = fresh.remark;
    let mut pieces = Vec::with_capacity(fresh.pieces.len());
    for NewPiece { path, content } in fresh.pieces {
        line.pieces.push(PieceFacts {
            path: path.clone(),
            size: content.size(),
            captured: match &content {
                Content::AsBefore { captured, .. } => *captured,
                _ => captured,
            },
        });
        pieces.push(Piece {
            path: layout::in_item(found.seen.item, &path),
            content,
        });
    }
    Settled {
        line,
        pieces,
        turnover: fresh.turnover,
    }
}

/// GitLab was asked, and the earlier version is what it has. One that was kept
/// over a failure, or while the feature was off, is fresh again.
fn still_the_same(found: &Found, previous: &Line) -> Settled {
    let mut line = previous.clone();
    if matches!(line.state, LedgerState::Failed | LedgerState::FeatureOff) {
        line.state = match line.count {
            Some(0) => LedgerState::Empty,
            _ => LedgerState::Unchanged,
        };
        line.stale_since = None;
        line.reason = None;
        line.remedy = None;
    }
    unchanged(found, &line)
}

fn unchanged(found: &Found, previous: &Line) -> Settled {
    let mut line = previous.clone();
    line.path.clone_from(&found.seen.path);
    if line.state == LedgerState::Saved {
        line.state = LedgerState::Unchanged;
    }
    with_kept_pieces(line)
}

fn not_readable(
    found: &Found,
    kind: Kind,
    state: LedgerState,
    advice: Advice,
    previous: Option<&Line>,
) -> Settled {
    // What could be read once and cannot any more is a loss that people must
    // hear of, not a mere lack of rights.
    if previous.is_some_and(|line| !line.pieces.is_empty()) {
        return failed(found, kind, advice, previous);
    }
    let mut line = fresh_line(found, kind, state);
    line.reason = Some(advice.message);
    line.remedy = Some(advice.hint);
    with_kept_pieces(line)
}

fn failed(found: &Found, kind: Kind, advice: Advice, previous: Option<&Line>) -> Settled {
    let mut line = fresh_line(found, kind, LedgerState::Failed);
    line.reason = Some(advice.message);
    line.remedy = Some(advice.hint);
    if let Some(previous) = previous.filter(|line| !line.pieces.is_empty()) {
        carry(&mut line, previous);
    }
    with_kept_pieces(line)
}

/// Takes over an earlier version: its pieces, counts and marks, and since when
/// it is not fresh any more.
fn carry(line: &mut Line, previous: &Line) {
    line.pieces.clone_from(&previous.pieces);
    line.count = previous.count;
    line.git.clone_from(&previous.git);
    line.mark.clone_from(&previous.mark);
    line.stale_since = previous
        .stale_since
        .or_else(|| previous.pieces.iter().map(|piece| piece.captured).max());
}

fn fresh_line(found: &Found, kind: Kind, state: LedgerState) -> Line {
    Line::new(found.seen.item, &found.seen.path, kind, state)
}

fn with_kept_pieces(line: Line) -> Settled {
    let pieces = line
        .pieces
        .iter()
        .map(|piece| Piece {
            path: layout::in_item(line.item(), &piece.path),
            content: Content::AsBefore {
                size: piece.size,
                captured: piece.captured,
            },
        })
        .collect();
    Settled {
        line,
        pieces,
        turnover: None,
    }
}
