//! What a restore tells when it has ended.

use super::super::execute::{Counts, Ended};
use crate::advice::{Advice, capital};
use crate::kind::Kind;
use crate::outcome::Outcome;
use crate::restore::{RestoreResult, things};
use crate::run::grouped;
use crate::view::{ItemCounts, Mark, ReportLine};

pub(super) fn ended(path: &str, result: &RestoreResult) -> Ended {
    let mut report = vec![ReportLine {
        mark: Mark::Good,
        text: format!("{path} is back."),
        url: Some(result.url.clone()),
    }];
    let mut say = |mark, text: String| {
        report.push(ReportLine {
            mark,
            text,
            url: None,
        });
    };
    for (kind, count) in &result.comparison.same {
        let words = capital(kind.words());
        say(
            Mark::Good,
            match kind {
                Kind::Repository | Kind::Wiki => format!(
                    "{words}: {} as in the snapshot.",
                    all(*count, "branch or tag", "branches and tags")
                ),
                _ => format!("{words}: {} as in the snapshot.", all(*count, "", "")),
            },
        );
    }
    if result.links > 0 {
        say(
            Mark::Good,
            format!(
                "{} made again.",
                things(
                    result.links,
                    "link between issues was",
                    "links between issues were"
                )
            ),
        );
    }
    for difference in &result.comparison.differences {
        say(Mark::Bad, difference.text.clone());
    }
    for failed in &result.failed {
        say(
            Mark::Bad,
            format!(
                "GitLab did not take {}{}: {}",
                failed.relation_name.as_deref().unwrap_or("a document"),
                failed
                    .line_number
                    .map_or_else(String::new, |line| format!(", line {}", line + 1)),
                failed
                    .exception_message
                    .as_deref()
                    .unwrap_or("it does not say why"),
            ),
        );
    }
    for unlinked in &result.unlinked {
        say(Mark::Changed, format!("{unlinked}."));
    }
    let bad = report.iter().filter(|line| line.mark == Mark::Bad).count();
    let is_whole = bad == 0 && result.unlinked.is_empty();
    let advice = (!is_whole).then(|| {
        Advice::new(
            "The project is back, but not everything is as in the snapshot.",
            "The report says what differs. The snapshot has it all; an export gives every single document.",
        )
    });
    Ended {
        outcome: if is_whole {
            Outcome::Complete
        } else {
            Outcome::Partial
        },
        advice,
        snapshot: None,
        counts: Counts {
            items: ItemCounts {
                total: 1,
                captured: 1,
                ..ItemCounts::default()
            },
            missing: u32::try_from(bad + result.unlinked.len()).unwrap_or(u32::MAX),
            ..Counts::default()
        },
        ledger: None,
        report,
        result_url: Some(result.url.clone()),
    }
}

/// "the one branch or tag is", "all 7 branches and tags are".
fn all(count: u64, one: &str, many: &str) -> String {
    let text = match count {
        0 => "there were none, which is".to_owned(),
        1 => format!("the one {one} is"),
        _ => format!("all {} {many} are", grouped(count)),
    };
    text.replace("  ", " ")
}
