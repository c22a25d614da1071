//! What a system note is about.
//!
//! The export tells it in `system_note_metadata`, REST only by the sentence
//! (app/services/system_notes/*.rb), from which it is derived. A sentence that is
//! not known here has no metadata; the note itself stays.

/// Beginnings of sentences and the action they stand for
/// (app/models/system_note_metadata.rb). The first that fits counts.
const BEGINNINGS: [(&str, &str); 62] = [
    ("changed title from", "title"),
    ("changed the title", "title"),
    ("changed the description", "description"),
    ("assigned to ", "assignee"),
    ("unassigned ", "assignee"),
    ("removed assignee", "assignee"),
    ("changed assignee", "assignee"),
    ("requested review from", "reviewer"),
    ("removed review request for", "reviewer"),
    ("mentioned in ", "cross_reference"),
    ("approved this merge request", "approved"),
    ("unapproved this merge request", "unapproved"),
    ("enabled an automatic merge", "merge"),
    ("enabled auto-merge", "merge"),
    ("canceled the automatic merge", "merge"),
    ("canceled auto-merge", "merge"),
    ("aborted the automatic merge", "merge"),
    ("aborted auto-merge", "merge"),
    ("started a merge train", "merge"),
    ("added this merge request to the merge train", "merge"),
    ("removed this merge request from the merge train", "merge"),
    ("created merge request", "merge"),
    ("marked this merge request as **draft**", "title"),
    ("marked this merge request as **ready**", "title"),
    ("marked as a **work in progress**", "title"),
    ("unmarked as a **work in progress**", "title"),
    ("marked the checklist item", "task"),
    ("marked the task", "task"),
    ("made the ", "confidential"),
    ("changed target branch", "branch"),
    ("changed source branch", "branch"),
    ("changed automatically target branch", "branch"),
    ("deleted source branch", "branch"),
    ("deleted target branch", "branch"),
    ("restored source branch", "branch"),
    ("restored target branch", "branch"),
    ("created branch", "branch"),
    ("created new branch", "branch"),
    ("changed milestone", "milestone"),
    ("removed milestone", "milestone"),
    ("changed time estimate", "time_tracking"),
    ("removed time estimate", "time_tracking"),
    ("removed time spent", "time_tracking"),
    ("subtracted ", "time_tracking"),
    ("locked the discussion", "locked"),
    ("locked this ", "locked"),
    ("unlocked the discussion", "unlocked"),
    ("unlocked this ", "unlocked"),
    ("resolved all ", "discussion"),
    ("closed", "closed"),
    ("reopened", "opened"),
    ("opened", "opened"),
    ("merged", "merged"),
    ("moved from", "moved"),
    ("moved to", "moved"),
    ("cloned from", "cloned"),
    ("cloned to", "cloned"),
    ("marked this issue as a duplicate", "duplicate"),
    ("marked this issue as related to", "relate"),
    ("removed the relation with", "unrelate"),
    ("tagged commit", "tag"),
    ("picked the changes into", "cherry_pick"),
];

/// Action and number of commits of a system note, if its sentence is known.
pub(super) fn read(sentence: &str) -> Option<(&'static str, Option<u64>)> {
    let line = sentence.lines().next().unwrap_or_default().trim();
    if let Some(rest) = line.strip_prefix("added ") {
        return added(rest);
    }
    if line.starts_with("changed this line in") || line.starts_with("changed this file in") {
        return Some(("outdated", None));
    }
    if line.starts_with("made the ") && line.contains("visible") {
        return Some(("visible", None));
    }
    if line.starts_with("made the ") && !line.contains("confidential") {
        return None;
    }
    let dates = [
        "changed due date",
        "removed due date",
        "changed start date",
        "removed start date",
    ];
    if dates.iter().any(|start| line.starts_with(start)) {
        return Some(("start_date_or_due_date", None));
    }
    if (line.starts_with("changed ") || line.starts_with("removed ")) && line.contains('~') {
        return Some(("label", None));
    }
    if line.starts_with("deleted ") && line.contains("spent time") {
        return Some(("time_tracking", None));
    }
    BEGINNINGS
        .iter()
        .find(|(start, _)| line.starts_with(start))
        .map(|(_, action)| (*action, None))
}

/// "added …": commits, time, labels.
fn added(rest: &str) -> Option<(&'static str, Option<u64>)> {
    let (first, second) = rest.split_once(' ').unwrap_or((rest, ""));
    if let Ok(count) = first.parse::<u64>()
        && (second == "commit" || second == "commits")
    {
        return Some(("commit", Some(count)));
    }
    if rest.contains("of time spent") {
        return Some(("time_tracking", None));
    }
    if rest.starts_with('~') || rest.contains(" label") {
        return Some(("label", None));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_tell_the_action() {
        for (sentence, action) in [
            (
                "changed title from **{-a-}** to **{+b+}**",
                Some(("title", None)),
            ),
            (
                "assigned to @ada and unassigned @bob",
                Some(("assignee", None)),
            ),
            (
                "added 1 commit\n\n<ul><li>abc - x</li></ul>",
                Some(("commit", Some(1))),
            ),
            ("added 12 commits\n\n<ul></ul>", Some(("commit", Some(12)))),
            (
                "added 2h 30m of time spent at 2026-01-02",
                Some(("time_tracking", None)),
            ),
            ("added ~12 label", Some(("label", None))),
            (
                "mentioned in merge request !3",
                Some(("cross_reference", None)),
            ),
            ("made the issue confidential", Some(("confidential", None))),
            (
                "made the issue visible to everyone",
                Some(("visible", None)),
            ),
            (
                "changed due date to January 5, 2026",
                Some(("start_date_or_due_date", None)),
            ),
            (
                "changed this line in [version 2 of the diff](/x)",
                Some(("outdated", None)),
            ),
            ("closed", Some(("closed", None))),
            ("removed milestone", Some(("milestone", None))),
            ("danced on the table", None),
            ("", None),
        ] {
            assert_eq!(read(sentence), action, "{sentence}");
        }
    }
}
