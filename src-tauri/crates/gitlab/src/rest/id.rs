//! What a route is about: a number or a full path, an issue or a merge request.
use std::fmt;

use crate::address::encode_segment;

/// A group or project: by its number, which outlives renames, or by full path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Id<'a> {
    /// GitLab's number.
    Number(u64),
    /// For example `group/subgroup/project`.
    Path(&'a str),
}

impl From<u64> for Id<'_> {
    fn from(number: u64) -> Self {
        Id::Number(number)
    }
}

impl<'a> From<&'a str> for Id<'a> {
    fn from(path: &'a str) -> Self {
        Id::Path(path)
    }
}

impl fmt::Display for Id<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Id::Number(number) => write!(formatter, "{number}"),
            Id::Path(path) => formatter.write_str(&encode_segment(path)),
        }
    }
}

/// The two things that people discuss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IssuableKind {
    /// An issue, incident or task.
    Issue,
    /// A merge request.
    MergeRequest,
}

impl IssuableKind {
    /// The word of export documents: `Issue`, `MergeRequest`.
    pub fn as_str(self) -> &'static str {
        match self {
            IssuableKind::Issue => "Issue",
            IssuableKind::MergeRequest => "MergeRequest",
        }
    }
}

/// One issue or merge request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Issuable {
    /// Which of the two.
    pub kind: IssuableKind,
    /// The project's number.
    pub project: u64,
    /// The number within the project.
    pub iid: u64,
}

impl Issuable {
    /// An issue.
    pub fn issue(project: u64, iid: u64) -> Issuable {
        Issuable {
            kind: IssuableKind::Issue,
            project,
            iid,
        }
    }

    /// A merge request.
    pub fn merge_request(project: u64, iid: u64) -> Issuable {
        Issuable {
            kind: IssuableKind::MergeRequest,
            project,
            iid,
        }
    }

    /// The path of something that belongs to it.
    pub(crate) fn path(self, what: &str) -> String {
        let noun = match self.kind {
            IssuableKind::Issue => "issues",
            IssuableKind::MergeRequest => "merge_requests",
        };
        format!("projects/{}/{noun}/{}/{what}", self.project, self.iid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_encoded_as_one_segment() {
        assert_eq!(Id::from("a/b.c").to_string(), "a%2Fb.c");
        assert_eq!(Id::from(7).to_string(), "7");
        assert_eq!(
            Issuable::merge_request(7, 3).path("discussions"),
            "projects/7/merge_requests/3/discussions"
        );
    }
}
