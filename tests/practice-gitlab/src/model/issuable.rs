//! What issues and merge requests have in common.

use jiff::Timestamp;
use serde_json::Value;

use super::Note;

/// Issue or merge request, where both are handled alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuableKind {
    /// An issue.
    Issue,
    /// A merge request.
    MergeRequest,
}

impl IssuableKind {
    /// The word REST and exports use for the type.
    pub fn word(self) -> &'static str {
        match self {
            Self::Issue => "Issue",
            Self::MergeRequest => "MergeRequest",
        }
    }
}

/// A reaction.
#[derive(Debug, Clone)]
pub struct Award {
    /// Number, unique in the instance.
    pub id: u64,
    /// The emoji's name without colons.
    pub name: String,
    /// Who reacted.
    pub user_id: u64,
    /// When.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// Time somebody spent.
#[derive(Debug, Clone)]
pub struct Timelog {
    /// Seconds, negative to take time back.
    pub time_spent: i64,
    /// Who.
    pub user_id: u64,
    /// When the time was spent.
    pub spent_at: Timestamp,
    /// When it was noted.
    pub created_at: Timestamp,
    /// On what.
    pub summary: Option<String>,
}

/// A state was entered.
#[derive(Debug, Clone)]
pub struct StateEvent {
    /// Number, unique in the instance.
    pub id: u64,
    /// Who did it.
    pub user_id: u64,
    /// When.
    pub created_at: Timestamp,
    /// `closed`, `reopened` or `merged`.
    pub state: String,
}

/// A label was added or removed.
#[derive(Debug, Clone)]
pub struct LabelEvent {
    /// Number, unique in the instance.
    pub id: u64,
    /// Who did it.
    pub user_id: u64,
    /// When.
    pub created_at: Timestamp,
    /// Which label, unless it is gone.
    pub label_id: Option<u64>,
    /// Added, or removed.
    pub added: bool,
}

/// A milestone was set or taken away.
#[derive(Debug, Clone)]
pub struct MilestoneEvent {
    /// Number, unique in the instance.
    pub id: u64,
    /// Who did it.
    pub user_id: u64,
    /// When.
    pub created_at: Timestamp,
    /// Which milestone, unless it is gone.
    pub milestone_id: Option<u64>,
    /// Set, or taken away.
    pub added: bool,
    /// The state of the issuable at that time.
    pub state: String,
}

/// The shared half of an issue or merge request.
#[derive(Debug, Clone)]
pub struct Issuable {
    /// Number, unique among its kind in the instance.
    pub id: u64,
    /// Number in its project.
    pub iid: u64,
    /// One line.
    pub title: String,
    /// The text.
    pub description: Option<String>,
    /// Who opened it.
    pub author_id: u64,
    /// Who is to do it, in order.
    pub assignees: Vec<u64>,
    /// Labels of the project or of a group above.
    pub labels: Vec<u64>,
    /// A milestone of the project or of a group above.
    pub milestone_id: Option<u64>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// When it was closed last.
    pub closed_at: Option<Timestamp>,
    /// By whom.
    pub closed_by: Option<u64>,
    /// Whether only members may comment.
    pub discussion_locked: Option<bool>,
    /// Estimated seconds.
    pub time_estimate: u64,
    /// Time spent.
    pub timelogs: Vec<Timelog>,
    /// Comments, oldest first.
    pub notes: Vec<Note>,
    /// Reactions.
    pub awards: Vec<Award>,
    /// State changes, oldest first.
    pub state_events: Vec<StateEvent>,
    /// Label changes, oldest first.
    pub label_events: Vec<LabelEvent>,
    /// Milestone changes, oldest first.
    pub milestone_events: Vec<MilestoneEvent>,
    /// Who changed it last.
    pub updated_by: Option<u64>,
    /// When title or text were edited last.
    pub last_edited_at: Option<Timestamp>,
    /// By whom.
    pub last_edited_by: Option<u64>,
    /// Users who do not want to hear of it, and users who do.
    pub subscriptions: Vec<(u64, bool)>,
    /// Whether an import brought it.
    pub imported: bool,
    /// Parts of the export document that nothing else here reads, by name.
    pub carried: Vec<(String, Value)>,
}

impl Issuable {
    /// A new one, opened now.
    pub fn new(id: u64, iid: u64, title: String, author_id: u64, now: Timestamp) -> Self {
        Self {
            id,
            iid,
            title,
            description: None,
            author_id,
            assignees: Vec::new(),
            labels: Vec::new(),
            milestone_id: None,
            created_at: now,
            updated_at: now,
            closed_at: None,
            closed_by: None,
            discussion_locked: None,
            time_estimate: 0,
            timelogs: Vec::new(),
            notes: Vec::new(),
            awards: Vec::new(),
            state_events: Vec::new(),
            label_events: Vec::new(),
            milestone_events: Vec::new(),
            updated_by: None,
            last_edited_at: None,
            last_edited_by: None,
            subscriptions: Vec::new(),
            imported: false,
            carried: Vec::new(),
        }
    }

    /// Seconds spent, never below zero.
    pub fn time_spent(&self) -> u64 {
        let sum: i64 = self.timelogs.iter().map(|log| log.time_spent).sum();
        u64::try_from(sum).unwrap_or(0)
    }

    /// Reactions named `name`.
    pub fn count_awards(&self, name: &str) -> usize {
        self.awards
            .iter()
            .filter(|award| award.name == name)
            .count()
    }

    /// Everybody who took part, the author first.
    pub fn participants(&self) -> Vec<u64> {
        let written = self
            .notes
            .iter()
            .filter(|note| !note.system)
            .map(|note| note.author_id);
        let everybody = std::iter::once(self.author_id)
            .chain(self.assignees.iter().copied())
            .chain(written);
        let mut seen = Vec::new();
        for user in everybody {
            if !seen.contains(&user) {
                seen.push(user);
            }
        }
        seen
    }

    /// Tasks in the text, and how many of them are done.
    pub fn tasks(&self) -> (usize, usize) {
        let lines = self.description.as_deref().unwrap_or_default().lines();
        let boxes: Vec<bool> = lines.filter_map(task_box).collect();
        (boxes.len(), boxes.iter().filter(|done| **done).count())
    }
}

/// Reads `- [ ] text` and `1. [x] text`; `None` when the line is no task.
fn task_box(line: &str) -> Option<bool> {
    let line = line.trim_start_matches([' ', '\t', '>']);
    let rest = line.strip_prefix(['-', '*', '+']).or_else(|| {
        let digits = line.trim_start_matches(|digit: char| digit.is_ascii_digit());
        (digits.len() < line.len()).then(|| digits.strip_prefix(['.', ')']))?
    })?;
    let rest = rest.strip_prefix(' ')?.trim_start();
    match rest.get(..4)? {
        "[ ] " => Some(false),
        "[x] " | "[X] " => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn task_lists_are_counted() {
        let mut issue = Issuable::new(1, 1, "t".into(), 1, Timestamp::UNIX_EPOCH);
        issue.description =
            Some("- [ ] one\n* [x] two\n1. [X] three\n- not [x] four\n[ ] five".into());
        assert_eq!(issue.tasks(), (3, 2));
    }
}
