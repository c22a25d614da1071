//! Mails that GitLab would have sent, kept so that tests can see whether a
//! client woke people up. Archive imports send none.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{Issuable, IssuableKind, World};

/// Why GitLab would have written to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// An issue or merge request was opened.
    Opened,
    /// It was closed, reopened or merged.
    StateChanged,
    /// Somebody was assigned.
    Assigned,
    /// Somebody commented.
    Note,
    /// Somebody was mentioned.
    Mention,
    /// Somebody became a member.
    MemberAdded,
    /// A text had a quick action, which was carried out; no mail goes out for it.
    QuickAction,
}

/// One mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notification {
    /// Why.
    pub cause: Cause,
    /// To whom, by username.
    pub to: String,
    /// About what, such as `group/project#12`.
    pub about: String,
}

/// What would have woken people up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Notifications {
    /// How often something happened that GitLab writes about, even if nobody but
    /// the one who did it would have got a mail.
    pub occasions: BTreeMap<Cause, u64>,
    /// The mails.
    pub mails: Vec<Notification>,
}

impl Notifications {
    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.occasions.is_empty() && self.mails.is_empty()
    }

    /// Counts one occasion.
    pub(crate) fn occur(&mut self, cause: Cause) {
        *self.occasions.entry(cause).or_default() += 1;
    }
}

impl World {
    /// Writes to the users with these numbers, except `actor`.
    pub fn notify(&mut self, cause: Cause, to: &[u64], actor: u64, about: &str) {
        self.notifications.occur(cause);
        for id in to {
            if *id == actor {
                continue;
            }
            if let Some(user) = self.users.get(id).filter(|user| !user.is_bot()) {
                self.notifications.mails.push(Notification {
                    cause,
                    to: user.username.clone(),
                    about: about.to_owned(),
                });
            }
        }
    }

    /// Writes to everybody whom `text` mentions.
    pub fn notify_mentioned(&mut self, text: &str, actor: u64, about: &str) {
        let users: Vec<u64> = mentions(text)
            .filter_map(|name| self.user_named(name))
            .map(|user| user.id)
            .collect();
        for user in users {
            self.notify(Cause::Mention, &[user], actor, about);
        }
    }
}

/// How an issue or merge request is referred to from anywhere.
pub fn reference(project_path: &str, kind: IssuableKind, issuable: &Issuable) -> String {
    match kind {
        IssuableKind::Issue => format!("{project_path}#{}", issuable.iid),
        IssuableKind::MergeRequest => format!("{project_path}!{}", issuable.iid),
    }
}

/// Usernames after an `@` that starts a word, outside code.
pub fn mentions(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines()
        .filter(move |line| {
            let fence = line.trim_start().starts_with("```");
            fenced ^= fence;
            !fence && !fenced
        })
        .flat_map(|line| line.split('`').step_by(2))
        .flat_map(|prose| {
            prose.match_indices('@').filter_map(move |(at, _)| {
                let before = prose[..at].chars().next_back();
                if before.is_some_and(|sign| sign.is_alphanumeric() || sign == '\u{200b}') {
                    return None;
                }
                let rest = &prose[at + 1..];
                let end = rest
                    .find(|sign: char| !(sign.is_ascii_alphanumeric() || "_-.".contains(sign)))
                    .unwrap_or(rest.len());
                let name = rest[..end].trim_end_matches(['.', '-']);
                (!name.is_empty()).then_some(name)
            })
        })
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn mentions_are_found_outside_code_only() {
        let text = "@ada see a@b.example, (@grace.h). `@code`\n```\n@fenced\n```\n@linus";
        assert_eq!(
            mentions(text).collect::<Vec<_>>(),
            ["ada", "grace.h", "linus"]
        );
    }
}
