//! What came of a copy, in lines and sentences.

use std::collections::BTreeSet;

use labkeep_vault::{CopyReport, SnapshotId};

use super::copy_choice::Choice;
use super::copying::Pair;
use super::execute::{Counts, Ended};
use super::mending::Mended;
use crate::advice::Advice;
use crate::outcome::Outcome;
use crate::restore::things;
use crate::run::grouped;
use crate::view::{ByteCounts, ItemCounts, Mark, ReportLine};

/// How a copy ended. `mended` is what became of what the other vault had lost,
/// if that was looked for.
pub(super) fn ended(
    pair: &Pair,
    choice: &Choice,
    report: &CopyReport,
    error: Option<&labkeep_vault::Error>,
    mended: Option<Mended>,
) -> Ended {
    let mended = mended.unwrap_or_default();
    let failed = match error {
        Some(labkeep_vault::Error::NotCopied { failed, .. }) => failed.as_slice(),
        _ => &[],
    };
    let copied = report.copied.len() as u64;
    let wanted = choice.wanted.len() as u64;
    let mut lines = vec![match copied {
        0 if failed.is_empty() => line(Mark::Good, "Everything is there already.".to_owned()),
        _ => line(
            Mark::Good,
            format!(
                "{} copied and compared, {} bytes.",
                match copied {
                    1 => "1 snapshot is".to_owned(),
                    copied => format!("{copied} snapshots are"),
                },
                grouped(report.bytes_stored)
            ),
        ),
    }];
    if choice.not_kept > 0 {
        let text = format!(
            "{} not copied: the copy's retention would not keep them.",
            things(choice.not_kept, "snapshot was", "snapshots were")
        );
        lines.push(line(Mark::Good, text));
    }
    lines.extend(failed.iter().map(|(snapshot, error)| {
        let why = crate::advice::of_vault(error).message;
        let text = format!(
            "The snapshot {} could not be copied: {why}",
            super::drill::short(&snapshot.to_string())
        );
        line(Mark::Bad, text)
    }));
    lines.extend(lines_of(pair, &mended));
    let lasting = advice_of(pair, &mended);
    Ended {
        outcome: match (error, copied) {
            (None, _) if lasting.is_none() => Outcome::Complete,
            (Some(_), 0) => Outcome::Failed,
            _ => Outcome::Partial,
        },
        advice: error.map(crate::advice::of_vault).or(lasting),
        counts: Counts {
            items: ItemCounts {
                total: wanted,
                captured: copied,
                unchanged: wanted.saturating_sub(copied + failed.len() as u64),
                stale: 0,
                failed: failed.len() as u64,
            },
            bytes: ByteCounts {
                received: report.bytes_read + mended.bytes.0,
                stored: report.bytes_stored + mended.bytes.1,
            },
            ..Counts::default()
        },
        report: lines,
        ..Ended::complete()
    }
}

/// What became of what the other vault had lost.
fn lines_of(pair: &Pair, mended: &Mended) -> Vec<ReportLine> {
    let (from, to) = (&pair.from.name, &pair.to.name);
    let mut lines = Vec::new();
    if mended.parts > 0 {
        let text = format!(
            "{to} had lost parts of {}: {} sent again. A check says whether it is whole.",
            things(mended.snapshots as u64, "snapshot", "snapshots"),
            things(mended.parts, "part was", "parts were"),
        );
        lines.push(line(Mark::Changed, text));
    }
    let mark = if mended.is_news {
        Mark::Bad
    } else {
        Mark::Changed
    };
    let lost = |snapshots: &BTreeSet<SnapshotId>, why: &str| -> Vec<ReportLine> {
        let text = |id: &SnapshotId| {
            let id = id.to_string();
            let id = super::drill::short(&id);
            format!("Parts of the snapshot {id} in {to} stay lost: {why}.")
        };
        let lines = snapshots.iter().map(text);
        lines.map(|text| line(mark, text)).collect()
    };
    lines.extend(lost(
        &mended.not_there,
        &format!("{from} does not have them any more"),
    ));
    lines.extend(lost(
        &mended.unreadable,
        &format!("they are damaged in {from} as well"),
    ));
    if let Some(why) = &mended.failed {
        let text = format!("What {to} lost could not be looked for. {}", why.message);
        lines.push(line(Mark::Bad, text));
    }
    if mended.suspects > 0 {
        let text = format!(
            "{} of {to} cannot be used, and cannot be repaired now.",
            things(mended.suspects as u64, "file", "files")
        );
        lines.push(line(Mark::Bad, text));
    }
    lines
}

/// What to say of what stays lost. Nothing, if that was said before.
fn advice_of(pair: &Pair, mended: &Mended) -> Option<Advice> {
    let (from, to) = (&pair.from.name, &pair.to.name);
    if let Some(Advice { message, hint }) = &mended.failed {
        let lost = format!("What {to} lost could not be looked for. {message}");
        return Some(Advice::new(lost, hint));
    }
    if mended.suspects > 0 {
        let sent = format!("What {to} lost could not be sent again");
        return Some(match &mended.refused {
            Some(Advice { message, hint }) => Advice::new(format!("{sent}. {message}"), hint),
            None => Advice::new(
                format!("{sent}: it cannot be repaired now."),
                "Look after its disk, and copy again.",
            ),
        });
    }
    if !mended.is_news {
        return None;
    }
    let lost = mended.not_there.union(&mended.unreadable).count() as u64;
    let lost = format!(
        "Parts of {} in {to} stay lost:",
        things(lost, "snapshot", "snapshots")
    );
    Some(if mended.unreadable.is_empty() {
        Advice::new(
            format!("{lost} {from} does not have them any more."),
            "Restore from other snapshots. The damaged ones go when the copy's retention no longer needs them, or when you give them up.",
        )
    } else {
        Advice::new(
            format!("{lost} they are damaged in {from} as well."),
            format!(
                "Back up now: what is still at GitLab is saved again in {from}, and the next copy sends it. Look after both disks."
            ),
        )
    })
}

fn line(mark: Mark, text: String) -> ReportLine {
    ReportLine {
        mark,
        text,
        url: None,
    }
}
