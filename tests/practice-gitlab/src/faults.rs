//! Misbehaviour on demand: rules that say which requests go wrong, how often and
//! how.
//!
//! A file of faults, and the body of `PUT /-/practice/faults`, is
//! `{"rules": [rule, …]}` with
//!
//! ```json
//! {"route": "GET /projects/:id/issues", "path": "*page=2*", "when": {"first": 2},
//!  "action": {"status": {"code": 500}}}
//! ```
//!
//! * `route`: method and route template as `GET /-/practice/requests` counts
//!   them (`POST git-upload-pack`, `GET /projects/:id`); `*` stands for any text.
//!   Left out: every request.
//! * `path`: the path and query as sent, same pattern. Left out: any.
//! * `when`: `"always"` (left out), `{"first": n}`, `{"every": n}`, `{"nth": n}`;
//!   matching requests are counted from 1 and the count starts again when rules
//!   are set.
//! * `action`, one of
//!   * `{"status": {"code": 503, "body": …, "headers": {…}}}`: an answer of that
//!     status; the body is GitLab's for it unless given (a string is sent as text);
//!   * `{"throttle": {"retry_after": 30}}`: 429 as Rack::Attack answers;
//!   * `{"application_limit": {"retry_after": 60}}`: 429 as the application answers;
//!   * `{"reset": {"after_bytes": 0}}`: the TCP connection is reset, before the
//!     answer or after so many bytes of its body;
//!   * `{"truncate": {"after_bytes": 1000}}`: the body ends early but properly;
//!   * `{"wrong_digest": {"at_byte": 1000}}`: one byte of the body is flipped;
//!   * `{"delay": {"milliseconds": 500}}`: the answer comes late;
//!   * `{"slow": {"bytes_per_second": 10000}}`: the body trickles;
//!   * `{"change": {"push": {"project": "a/b", "branch": "main", "files": {"x": "y"}}}}`:
//!     something changes just before the request is answered; see [`Change`].
//!
//! Several rules may fit one request: delays and changes add up, the first
//! answer and the first harm to the body win.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Method and route template.
    #[serde(default = "anything")]
    pub route: String,
    /// Path and query as sent.
    #[serde(default = "anything")]
    pub path: String,
    /// Which of the matching requests.
    #[serde(default)]
    pub when: When,
    /// What goes wrong.
    pub action: Action,
}

fn anything() -> String {
    "*".to_owned()
}

impl FaultRule {
    /// `action` for all requests to `route`.
    pub fn new(route: &str, action: Action) -> Self {
        Self {
            route: route.to_owned(),
            path: anything(),
            when: When::Always,
            action,
        }
    }

    /// The same for the first `count` requests only.
    #[must_use]
    pub fn first(mut self, count: u64) -> Self {
        self.when = When::First(count);
        self
    }

    /// The same for the `count`-th request only.
    #[must_use]
    pub fn nth(mut self, count: u64) -> Self {
        self.when = When::Nth(count);
        self
    }

    /// The same for every `count`-th request only.
    #[must_use]
    pub fn every(mut self, count: u64) -> Self {
        self.when = When::Every(count);
        self
    }

    /// The same for requests whose path and query fit `pattern` only.
    #[must_use]
    pub fn at(mut self, pattern: &str) -> Self {
        pattern.clone_into(&mut self.path);
        self
    }
}

/// Which of the matching requests, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// All.
    #[default]
    Always,
    /// The first so many.
    First(u64),
    /// Every so many-th.
    Every(u64),
    /// That one.
    Nth(u64),
}

impl When {
    fn holds(self, count: u64) -> bool {
        match self {
            Self::Always => true,
            Self::First(number) => count <= number,
            Self::Every(number) => number > 0 && count.is_multiple_of(number),
            Self::Nth(number) => count == number,
        }
    }
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields are described in the module's header"
)]
pub enum Action {
    /// An answer of that status.
    Status {
        code: u16,
        #[serde(default)]
        body: Option<Value>,
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// 429 of Rack::Attack.
    Throttle { retry_after: u64 },
    /// 429 of the application.
    ApplicationLimit { retry_after: u64 },
    /// The connection is reset.
    Reset {
        #[serde(default)]
        after_bytes: u64,
    },
    /// The body ends early but properly.
    Truncate { after_bytes: u64 },
    /// One byte of the body is flipped.
    WrongDigest {
        #[serde(default)]
        at_byte: u64,
    },
    /// The answer comes late.
    Delay { milliseconds: u64 },
    /// The body trickles.
    Slow { bytes_per_second: u64 },
    /// Something changes before the answer.
    Change(Change),
}

impl Action {
    /// An answer of that status with GitLab's body.
    pub fn status(code: u16) -> Self {
        Self::Status {
            code,
            body: None,
            headers: BTreeMap::new(),
        }
    }
}

/// A change of data in the middle of a client's run. Projects are named by path
/// or number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields say it")]
pub enum Change {
    /// A commit is pushed.
    Push {
        project: String,
        branch: String,
        files: BTreeMap<String, String>,
    },
    /// A branch is deleted.
    DeleteBranch { project: String, branch: String },
    /// A project is deleted.
    DeleteProject { project: String },
    /// A project gets another path in its namespace.
    RenameProject { project: String, path: String },
    /// An issue is opened.
    CreateIssue { project: String, title: String },
    /// An issue is commented on.
    CreateNote {
        project: String,
        issue: u64,
        body: String,
    },
    /// A member's role in a project changes; 0 removes the membership.
    SetRole {
        project: String,
        user: String,
        level: u8,
    },
    /// A token, by name, is revoked.
    RevokeToken { name: String },
}

/// What one request has to suffer.
#[derive(Debug, Default)]
pub struct Suffering {
    /// Waits before the answer.
    pub delay: Duration,
    /// Changes before the answer.
    pub changes: Vec<Change>,
    /// An answer in place of the real one, or a reset before it.
    pub answer: Option<Action>,
    /// Harm to the body.
    pub body: Option<Action>,
}

/// The rules and how often each matched.
#[derive(Debug, Default)]
pub struct Faults {
    rules: Vec<(FaultRule, u64)>,
}

impl Faults {
    /// Takes rules; their counts start from nothing.
    pub fn set(&mut self, rules: Vec<FaultRule>) {
        self.rules = rules.into_iter().map(|rule| (rule, 0)).collect();
    }

    /// The rules.
    pub fn rules(&self) -> Vec<FaultRule> {
        self.rules.iter().map(|(rule, _)| rule.clone()).collect()
    }

    /// What the request `route` (method and template) with `path` has to suffer.
    pub fn befall(&mut self, route: &str, path: &str) -> Suffering {
        let mut suffering = Suffering::default();
        for (rule, count) in &mut self.rules {
            if !fits(&rule.route, route) || !fits(&rule.path, path) {
                continue;
            }
            *count += 1;
            if !rule.when.holds(*count) {
                continue;
            }
            match &rule.action {
                Action::Delay { milliseconds } => {
                    suffering.delay += Duration::from_millis(*milliseconds);
                }
                Action::Change(change) => suffering.changes.push(change.clone()),
                Action::Status { .. }
                | Action::Throttle { .. }
                | Action::ApplicationLimit { .. }
                | Action::Reset { after_bytes: 0 } => {
                    suffering.answer.get_or_insert_with(|| rule.action.clone());
                }
                Action::Reset { .. }
                | Action::Truncate { .. }
                | Action::WrongDigest { .. }
                | Action::Slow { .. } => {
                    suffering.body.get_or_insert_with(|| rule.action.clone());
                }
            }
        }
        suffering
    }
}

/// Matches `text` against a pattern in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut tail) = text.strip_prefix(start) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match tail.find(part) {
            Some(at) => tail = &tail[at + part.len()..],
            None => return false,
        }
    }
    tail.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn patterns_match_any_text_at_a_star() {
        assert!(fits("*", "GET /projects"));
        assert!(fits("GET /projects/:id*", "GET /projects/:id/issues"));
        assert!(fits("*page=2*", "/api/v4/projects?page=2&per_page=1"));
        assert!(!fits("GET /projects", "GET /projects/:id"));
        assert!(!fits("a*a", "a"));
    }

    #[test]
    fn rules_read_from_json_and_count_their_own_matches() {
        let rules: Vec<FaultRule> = serde_json::from_value(json!([
            {"route": "POST git-upload-pack", "when": {"nth": 2}, "action": {"truncate": {"after_bytes": 9}}},
            {"action": {"delay": {"milliseconds": 5}}},
            {"route": "GET *", "when": {"every": 2}, "action": {"status": {"code": 500}}},
        ]))
        .expect("rules");
        let mut faults = Faults::default();
        faults.set(rules);
        assert!(faults.befall("POST git-upload-pack", "/").body.is_none());
        let second = faults.befall("POST git-upload-pack", "/");
        assert_eq!(second.body, Some(Action::Truncate { after_bytes: 9 }));
        assert_eq!(second.delay, Duration::from_millis(5));
        assert!(faults.befall("GET /user", "/").answer.is_none());
        assert_eq!(
            faults.befall("GET /user", "/").answer,
            Some(Action::status(500))
        );
    }

    #[test]
    fn unknown_words_in_a_rule_are_refused() {
        let rule = json!({"rout": "*", "action": {"delay": {"milliseconds": 5}}});
        assert!(serde_json::from_value::<FaultRule>(rule).is_err());
    }
}
