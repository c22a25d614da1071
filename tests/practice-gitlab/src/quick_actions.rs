//! Quick actions: lines such as `/close` in texts that come by REST. GitLab
//! takes them out of the text and carries them out (`doc/user/project/quick_actions.md`).

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::duration;
use crate::issuables::Deed;
use crate::model::issuable::Timelog;
use crate::model::{IssuableKind, World};
use crate::notifications::Cause;

/// A text with its commands taken out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// What is left.
    pub text: String,
    /// Names and arguments.
    pub commands: Vec<(String, String)>,
}

const KNOWN: [&str; 30] = [
    "assign",
    "unassign",
    "reassign",
    "label",
    "labels",
    "unlabel",
    "relabel",
    "remove_label",
    "close",
    "reopen",
    "open",
    "title",
    "milestone",
    "remove_milestone",
    "due",
    "in",
    "remove_due_date",
    "confidential",
    "lock",
    "unlock",
    "estimate",
    "remove_estimate",
    "spend",
    "spent",
    "remove_time_spent",
    "draft",
    "ready",
    "weight",
    "clear_weight",
    "todo",
];

/// Takes the commands out of a text: lines that begin with a slash and a name
/// GitLab knows, outside code and quotations.
pub fn parse(text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let mut kept = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        let command = line.strip_prefix('/').filter(|_| !fenced).and_then(|rest| {
            let (name, argument) = rest.split_once(' ').unwrap_or((rest, ""));
            let name = name.trim_end().to_lowercase();
            KNOWN
                .contains(&name.as_str())
                .then(|| (name, argument.trim().to_owned()))
        });
        match command {
            Some(command) => parsed.commands.push(command),
            None => kept.push(line),
        }
    }
    parsed.text = if parsed.commands.is_empty() {
        text.to_owned()
    } else {
        kept.join("\n").trim().to_owned()
    };
    parsed
}

/// What came of carrying out commands.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Changes by attribute, as a note's answer shows them.
    pub changes: Map<String, Value>,
    /// Sentences, as a note's answer shows them.
    pub summary: Vec<String>,
}

/// Carries out commands.
pub fn carry_out(world: &mut World, deed: Deed, commands: &[(String, String)]) -> Outcome {
    let mut outcome = Outcome::default();
    for (name, argument) in commands {
        world.notifications.occur(Cause::QuickAction);
        carry_out_one(world, deed, name, argument, &mut outcome);
    }
    outcome
}

fn carry_out_one(world: &mut World, deed: Deed, name: &str, argument: &str, outcome: &mut Outcome) {
    let mut say = |attribute: &str, value: Value, sentence: &str| {
        outcome.changes.insert(attribute.to_owned(), value);
        outcome.summary.push(sentence.to_owned());
    };
    let issue = deed.kind == IssuableKind::Issue;
    match name {
        "close" | "reopen" | "open" => {
            let closed = name == "close";
            if issue {
                world.set_issue_state(deed.project, deed.iid, closed, deed.by, deed.now);
            } else {
                world.set_merge_request_state(deed.project, deed.iid, closed, deed.by, deed.now);
            }
            let what = if issue { "issue" } else { "merge request" };
            let (event, verb) = if closed {
                ("close", "Closed")
            } else {
                ("reopen", "Reopened")
            };
            say("state_event", json!(event), &format!("{verb} this {what}."));
        }
        "title" if !argument.is_empty() => {
            deed.set_title(world, argument.to_owned());
            say(
                "title",
                json!(argument),
                &format!("Changed the title to \"{argument}\"."),
            );
        }
        "label" | "labels" | "relabel" => {
            let ids = world.labels_named(deed.project, &titles(argument), deed.now);
            let mut labels = if name == "relabel" {
                Vec::new()
            } else {
                current_labels(world, deed)
            };
            labels.extend(
                ids.iter()
                    .filter(|id| !labels.contains(id))
                    .copied()
                    .collect::<Vec<_>>(),
            );
            deed.set_labels(world, labels);
            say(
                "add_label_ids",
                json!(ids),
                &format!("Added {argument} labels."),
            );
        }
        "unlabel" | "remove_label" => {
            let unwanted = world.labels_named(deed.project, &titles(argument), deed.now);
            let mut labels = current_labels(world, deed);
            labels.retain(|id| !argument.is_empty() && !unwanted.contains(id));
            deed.set_labels(world, labels);
            say(
                "remove_label_ids",
                json!(unwanted),
                &format!("Removed {argument} labels."),
            );
        }
        "assign" | "reassign" | "unassign" => {
            let users: Vec<u64> = argument
                .split([' ', ','])
                .filter_map(|name| name.strip_prefix('@'))
                .filter_map(|name| {
                    if name == "me" {
                        Some(deed.by)
                    } else {
                        world.user_named(name).map(|user| user.id)
                    }
                })
                .collect();
            let mut assignees = deed
                .of(world)
                .map(|shared| shared.assignees.clone())
                .unwrap_or_default();
            match name {
                "unassign" => {
                    assignees.retain(|user| !argument.is_empty() && !users.contains(user));
                }
                "reassign" => assignees.clone_from(&users),
                _ => assignees.extend(
                    users
                        .iter()
                        .filter(|user| !assignees.contains(user))
                        .copied()
                        .collect::<Vec<_>>(),
                ),
            }
            deed.set_assignees(world, assignees.clone());
            say(
                "assignee_ids",
                json!(assignees),
                &format!("Assigned {argument}."),
            );
        }
        "milestone" | "remove_milestone" => {
            let title = argument.trim_start_matches('%').trim_matches('"');
            let milestone = world
                .projects
                .get(&deed.project)
                .and_then(|project| world.milestone_titled(project, title))
                .filter(|_| name == "milestone");
            deed.set_milestone(world, milestone);
            say(
                "milestone_id",
                json!(milestone),
                &format!("Set the milestone to {argument}."),
            );
        }
        "lock" | "unlock" => {
            deed.set_locked(world, name == "lock");
            say(
                "discussion_locked",
                json!(name == "lock"),
                "Changed the discussion lock.",
            );
        }
        "draft" | "ready" if !issue => {
            let Some(title) = deed.of(world).map(|shared| shared.title.clone()) else {
                return;
            };
            let bare = title.trim_start_matches("Draft:").trim().to_owned();
            let title = if name == "draft" {
                format!("Draft: {bare}")
            } else {
                bare
            };
            deed.set_title(world, title);
            say("wip_event", json!(name), "Changed the draft status.");
        }
        "estimate" | "remove_estimate" | "spend" | "spent" | "remove_time_spent" => {
            if let Some((attribute, value)) = track_time(world, deed, name, argument) {
                say(attribute, value, "Changed the time tracking.");
            }
        }
        _ if issue => {
            if let Some((attribute, value)) = change_issue(world, deed, name, argument) {
                say(attribute, value, "Changed the issue.");
            }
        }
        _ => {}
    }
}

fn current_labels(world: &World, deed: Deed) -> Vec<u64> {
    deed.of(world)
        .map(|shared| shared.labels.clone())
        .unwrap_or_default()
}

/// `~one ~"two words"` as titles.
fn titles(argument: &str) -> Vec<String> {
    let mut titles = Vec::new();
    for part in argument.split('~').skip(1) {
        let part = part.trim();
        let title = part
            .strip_prefix('"')
            .and_then(|rest| rest.split('"').next())
            .unwrap_or(part);
        if !title.is_empty() {
            titles.push(title.to_owned());
        }
    }
    if titles.is_empty() && !argument.is_empty() {
        titles.push(argument.trim_matches('"').to_owned());
    }
    titles
}

fn track_time(
    world: &mut World,
    deed: Deed,
    name: &str,
    argument: &str,
) -> Option<(&'static str, Value)> {
    let seconds = duration::parse(argument.split_whitespace().next().unwrap_or_default());
    let shared = deed.of_mut(world)?;
    let changed = match name {
        "estimate" => {
            shared.time_estimate = u64::try_from(seconds?).ok()?;
            ("time_estimate", json!(shared.time_estimate))
        }
        "remove_estimate" => {
            shared.time_estimate = 0;
            ("time_estimate", json!(0))
        }
        "remove_time_spent" => {
            shared.timelogs.clear();
            ("spend_time", json!({ "duration": "reset" }))
        }
        _ => {
            let seconds = seconds?;
            shared.timelogs.push(Timelog {
                time_spent: seconds,
                user_id: deed.by,
                spent_at: deed.now,
                created_at: deed.now,
                summary: None,
            });
            ("spend_time", json!({ "duration": seconds }))
        }
    };
    deed.touch(world);
    Some(changed)
}

fn change_issue(
    world: &mut World,
    deed: Deed,
    name: &str,
    argument: &str,
) -> Option<(&'static str, Value)> {
    let issue = world
        .projects
        .get_mut(&deed.project)?
        .issues
        .get_mut(&deed.iid)?;
    let changed = match name {
        "due" | "in" => {
            let day: Date = argument.parse().ok()?;
            issue.due_date = Some(day);
            ("due_date", json!(day.to_string()))
        }
        "remove_due_date" => {
            issue.due_date = None;
            ("due_date", Value::Null)
        }
        "confidential" => {
            issue.confidential = true;
            ("confidential", json!(true))
        }
        "weight" => {
            issue.weight = Some(argument.parse().ok()?);
            ("weight", json!(issue.weight))
        }
        "clear_weight" => {
            issue.weight = None;
            ("weight", Value::Null)
        }
        _ => return None,
    };
    deed.touch(world);
    Some(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_taken_out_of_the_text() {
        let parsed = parse(
            "Look here\n/close\n/label ~bug ~\"two words\"\n```\n/close\n```\n /reopen\n/unknown x",
        );
        assert_eq!(
            parsed.text,
            "Look here\n```\n/close\n```\n /reopen\n/unknown x"
        );
        assert_eq!(
            parsed.commands,
            [
                ("close".to_owned(), String::new()),
                ("label".to_owned(), "~bug ~\"two words\"".to_owned())
            ]
        );
        assert_eq!(titles("~bug ~\"two words\""), ["bug", "two words"]);
    }

    #[test]
    fn a_text_without_commands_stays_as_it_is() {
        assert_eq!(parse("a\r\nb\n").text, "a\r\nb\n");
    }
}
