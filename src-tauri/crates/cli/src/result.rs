//! The result document of a run (contract.md), and the same for people.

use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::{
    ByteCounts, ItemCounts, LedgerLineView, LedgerState, Mark, RequestCountsView, RunDetail,
};
use serde::Serialize;

use crate::output::Output;
use crate::words;

/// Missing things that are told to people one by one.
const TOLD: usize = 20;

/// What a run came to.
#[derive(Debug, Serialize)]
pub struct RunResult {
    run: String,
    kind: &'static str,
    outcome: &'static str,
    reason: Option<String>,
    started: String,
    finished: Option<String>,
    snapshot: Option<String>,
    items: ItemCounts,
    bytes: ByteCounts,
    requests: RequestCountsView,
    missing: Vec<Missing>,
}

/// Something that is not as it should be.
#[derive(Debug, Serialize)]
struct Missing {
    item: String,
    kind: Option<&'static str>,
    state: &'static str,
    reason: Option<String>,
    remedy: Option<String>,
}

impl RunResult {
    /// The result of a run that has ended.
    pub fn of(detail: &RunDetail, outcome: Outcome) -> Self {
        let run = &detail.run;
        Self {
            run: run.id.clone(),
            kind: run.kind.name(),
            outcome: outcome.name(),
            reason: run.reason.clone(),
            started: words::stamp(run.started_at),
            finished: run.ended_at.map(words::stamp),
            snapshot: run.snapshot.clone(),
            items: run.items,
            bytes: run.bytes,
            requests: run.requests,
            missing: missing(detail),
        }
    }
}

/// The same for people.
pub fn say(detail: &RunDetail, outcome: Outcome, output: &Output) {
    let run = &detail.run;
    output.say(format!(
        "{} of {}: {}.",
        words::kind(run.kind),
        run.subject,
        words::outcome(outcome)
    ));
    for text in run.reason.iter().chain(&run.remedy) {
        output.say(text);
    }
    for line in &detail.report {
        output.say(format!("  {} {}", words::mark(line.mark), line.text));
        if let Some(url) = &line.url {
            output.say(format!("    {url}"));
        }
    }
    let lines = detail.ledger.iter().filter(|line| is_missing(line.state));
    for line in lines.clone().take(TOLD) {
        say_missing(line, output);
    }
    let more = lines.count().saturating_sub(TOLD);
    if more > 0 {
        output.say(format!(
            "  … and {more} more: labkeep-cli ledger {}",
            words::short(&run.id)
        ));
    }
    if let Some(text) = numbers(run.items, run.bytes) {
        output.say(text);
    }
    if let Some(snapshot) = &run.snapshot {
        output.say(format!("Snapshot {}", words::short(snapshot)));
    }
    output.say(format!("Run {}", words::short(&run.id)));
}

fn is_missing(state: LedgerState) -> bool {
    matches!(
        state,
        LedgerState::Failed | LedgerState::NoRight | LedgerState::NotOffered
    )
}

fn say_missing(line: &LedgerLineView, output: &Output) {
    let reason = line.reason.as_deref().unwrap_or_default();
    let kept = line.stale_since.map_or(String::new(), |since| {
        format!(" The version of {} is kept.", words::time(since))
    });
    output.say(format!(
        "  ! {}: {}: {reason}{kept}",
        line.path,
        line.kind.words()
    ));
    if let Some(remedy) = &line.remedy {
        output.say(format!("    {remedy}"));
    }
}

/// What a backup lacks by its ledger; what a restore, drill or check found
/// wrong by its report.
fn missing(detail: &RunDetail) -> Vec<Missing> {
    let ledger = detail
        .ledger
        .iter()
        .filter(|line| is_missing(line.state))
        .map(|line| Missing {
            item: line.path.clone(),
            kind: Some(line.kind.name()),
            state: words::state_name(line.state),
            reason: line.reason.clone(),
            remedy: line.remedy.clone(),
        });
    let report = detail
        .report
        .iter()
        .filter(|line| line.mark == Mark::Bad)
        .map(|line| Missing {
            item: detail.run.subject.clone(),
            kind: None,
            state: "failed",
            reason: Some(line.text.clone()),
            remedy: detail.run.remedy.clone(),
        });
    ledger.chain(report).collect()
}

fn numbers(items: ItemCounts, bytes: ByteCounts) -> Option<String> {
    if items.total == 0 {
        return None;
    }
    let mut parts = vec![words::count(items.total, "item")];
    for (number, what) in [
        (items.captured, "read"),
        (items.unchanged, "unchanged"),
        (items.stale, "kept from before"),
        (items.failed, "failed"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    if bytes.received > 0 {
        parts.push(format!("{} received", words::bytes(bytes.received)));
    }
    if bytes.stored > 0 {
        parts.push(format!("{} stored", words::bytes(bytes.stored)));
    }
    Some(parts.join(", "))
}
