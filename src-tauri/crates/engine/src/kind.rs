//! The sorts of data that Labkeep saves, and the things that are saved as a
//! whole. Order here is the order in which people see them.

use serde::{Deserialize, Serialize};
use specta::Type;

/// One sort of data of an item.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Type,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The git repository with every ref that the server shows.
    Repository,
    /// The wiki's git repository.
    Wiki,
    /// Issues of all types with their threads, links and emoji.
    Issues,
    /// Merge requests with their threads and diffs.
    MergeRequests,
    /// Labels of the project or group itself.
    Labels,
    /// Milestones of the project or group itself.
    Milestones,
    /// Members with their roles, inherited ones included.
    Members,
    /// Settings: the project or group as the API gives it.
    Settings,
}

impl Kind {
    /// Every kind of a project, in display order.
    pub const OF_PROJECT: [Self; 8] = [
        Self::Repository,
        Self::Wiki,
        Self::Issues,
        Self::MergeRequests,
        Self::Labels,
        Self::Milestones,
        Self::Members,
        Self::Settings,
    ];

    /// Every kind of a group, in display order.
    pub const OF_GROUP: [Self; 4] = [
        Self::Labels,
        Self::Milestones,
        Self::Members,
        Self::Settings,
    ];

    /// The name in the ledger, on the command line and in result documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Repository => "repository",
            Self::Wiki => "wiki",
            Self::Issues => "issues",
            Self::MergeRequests => "merge_requests",
            Self::Labels => "labels",
            Self::Milestones => "milestones",
            Self::Members => "members",
            Self::Settings => "settings",
        }
    }

    /// The kind with this name, forgiving `-` for `_`.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.trim().replace('-', "_");
        Self::OF_PROJECT
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    /// How a sentence calls it: "merge requests".
    pub const fn words(self) -> &'static str {
        match self {
            Self::MergeRequests => "merge requests",
            other => other.name(),
        }
    }
}

/// Whether an item is a group or a project.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Type,
)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// A group or subgroup.
    Group,
    /// A project.
    Project,
}

impl Sort {
    /// The kinds that an item of this sort has.
    pub const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Group => &Kind::OF_GROUP,
            Self::Project => &Kind::OF_PROJECT,
        }
    }

    /// The folder in a snapshot: `groups` or `projects`.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Group => "groups",
            Self::Project => "projects",
        }
    }
}

/// An item of one account: GitLab's ID stays the same through renames and
/// moves, so it is the identity; the path is only how people call it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Type,
)]
pub struct Item {
    /// Group or project.
    pub sort: Sort,
    /// GitLab's ID.
    pub id: u64,
}

impl Item {
    /// A project by its ID.
    pub const fn project(id: u64) -> Self {
        Self {
            sort: Sort::Project,
            id,
        }
    }

    /// A group by its ID.
    pub const fn group(id: u64) -> Self {
        Self {
            sort: Sort::Group,
            id,
        }
    }

    /// The item's folder in a snapshot: `projects/12`.
    pub fn folder(self) -> String {
        format!("{}/{}", self.sort.folder(), self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for kind in Kind::OF_PROJECT {
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
            assert_eq!(
                serde_json::to_value(kind).unwrap(),
                serde_json::Value::from(kind.name())
            );
        }
        assert_eq!(Kind::from_name("merge-requests"), Some(Kind::MergeRequests));
        assert_eq!(Kind::from_name("packages"), None);
    }
}
