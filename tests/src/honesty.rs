//! Whether a backup told the truth: what it calls saved is what GitLab holds,
//! and what it could not save it says, with the earlier version still there.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use labkeep_engine::backup::job::BackupResult;
use labkeep_engine::kind::{Item, Kind};
use labkeep_engine::ledger::Line;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::LedgerState;
use serde_json::Value;

use crate::saved::Saved;
use crate::world::World;

/// Parts of an item's own document that move without anybody changing a
/// setting.
const VOLATILE: [&str; 8] = [
    "last_activity_at",
    "updated_at",
    "statistics",
    "open_issues_count",
    "star_count",
    "forks_count",
    "description_html",
    "readme_url",
];

/// Checks a backup against what GitLab holds, read without faults, and against
/// the snapshot before it.
pub fn check(
    world: &World,
    result: &BackupResult,
    truth: &Saved,
    before: Option<&Saved>,
) -> Result<()> {
    let saved = world.saved(result)?;
    saved.check()?;
    ensure!(
        result.outcome == saved.head.outcome && result.ledger == saved.ledger,
        "the run says other things than its snapshot"
    );
    let items: BTreeSet<Item> = saved.ledger.items().into_iter().collect();
    let real: BTreeSet<Item> = truth.ledger.items().into_iter().collect();
    ensure!(
        items == real,
        "{items:?} are in the snapshot, {real:?} exist"
    );
    for real in truth.ledger.lines() {
        let line = saved.line(real.item(), real.kind)?;
        compare(&saved, line, truth, real, before)
            .with_context(|| format!("{} of {}: {line:?}", line.kind.name(), line.path))?;
    }
    let is_missing = saved
        .ledger
        .lines()
        .any(|line| line.state == LedgerState::Failed);
    ensure!(
        (saved.head.outcome == Outcome::Complete) != is_missing,
        "the outcome is {:?}",
        saved.head.outcome
    );
    Ok(())
}

fn compare(
    saved: &Saved,
    line: &Line,
    truth: &Saved,
    real: &Line,
    before: Option<&Saved>,
) -> Result<()> {
    let old = before.and_then(|before| {
        let old = before.ledger.line(line.item(), line.kind)?;
        (!old.pieces.is_empty()).then_some((before, old))
    });
    match line.state {
        LedgerState::Saved | LedgerState::Unchanged | LedgerState::Empty => {
            ensure!(
                matches!(real.state, LedgerState::Saved | LedgerState::Empty),
                "in truth it is {:?}",
                real.state
            );
            ensure!(
                line.count == real.count,
                "in truth there are {:?}",
                real.count
            );
            ensure!(line.stale_since.is_none(), "it is called stale");
            same_content(saved, truth, line.item(), line.kind)
        }
        LedgerState::Failed => {
            let Some((before, old)) = old else {
                ensure!(line.pieces.is_empty(), "it holds something");
                return Ok(());
            };
            ensure!(line.stale_since.is_some(), "it does not say since when");
            ensure!(
                saved.pieces(line.item(), line.kind)? == before.pieces(old.item(), old.kind)?,
                "the earlier version is not kept"
            );
            Ok(())
        }
        state => {
            ensure!(real.state == state, "in truth it is {:?}", real.state);
            Ok(())
        }
    }
}

/// Whether a kind holds the same in two snapshots. Packs may be cut
/// differently, as long as they hold all that the refs lead to.
pub fn same_content(one: &Saved, other: &Saved, item: Item, kind: Kind) -> Result<()> {
    match kind {
        Kind::Repository | Kind::Wiki => {
            let folder = kind.name();
            let has =
                |saved: &Saved| -> Result<bool> { Ok(!saved.line(item, kind)?.pieces.is_empty()) };
            if !has(one)? && !has(other)? {
                return Ok(());
            }
            let (refs, real) = (one.refs(item, folder)?, other.refs(item, folder)?);
            ensure!(refs == real, "it has {refs:?}; in truth {real:?}");
            let report = one.drill(item)?;
            ensure!(report.bad.is_empty(), "{:?}", report.bad);
        }
        Kind::Settings => {
            let of = |saved: &Saved| Ok::<_, anyhow::Error>(steady(saved.settings(item)?));
            ensure!(of(one)? == of(other)?, "the settings differ");
        }
        _ => {
            let (pieces, real) = (one.pieces(item, kind)?, other.pieces(item, kind)?);
            for (path, text) in &real {
                let found = pieces.get(path).with_context(|| format!("no {path}"))?;
                ensure!(
                    found == text,
                    "{path} is\n{}\nin truth\n{}",
                    String::from_utf8_lossy(found),
                    String::from_utf8_lossy(text)
                );
            }
            ensure!(pieces.len() == real.len(), "there is more than in truth");
        }
    }
    Ok(())
}

/// A settings document without what moves by itself.
pub fn steady(mut settings: Value) -> Value {
    if let Some(object) = settings.as_object_mut() {
        object.retain(|name, _| !VOLATILE.contains(&name.as_str()));
    }
    settings
}
