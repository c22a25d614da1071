//! Labels of projects and groups.
use serde::Deserialize;

use crate::client::Client;
use crate::error::Error;
use crate::paging::Paging;
use crate::rest::Kept;

/// A label. REST does not tell when it was made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Label {
    /// GitLab's number.
    pub id: u64,
    /// The title; issues name their labels by it.
    pub name: String,
    /// For example `#34495E`.
    pub color: String,
    /// The text about it.
    #[serde(default)]
    pub description: Option<String>,
    /// Its place among the prioritised labels of the project, 0 first.
    #[serde(default)]
    pub priority: Option<u64>,
    /// Whether it belongs to the project and not to a group above. Absent in
    /// lists of a group.
    #[serde(default)]
    pub is_project_label: Option<bool>,
    /// Whether it is archived (19.x).
    #[serde(default)]
    pub archived: Option<bool>,
}

impl Client {
    /// The labels of a project, those of the groups above it included.
    pub async fn project_labels(&self, project: u64) -> Result<Vec<Kept<Label>>, Error> {
        let query = [("include_ancestor_groups", "true")];
        self.all(
            &format!("projects/{project}/labels"),
            &query,
            Paging::Offset,
        )
        .await
    }

    /// The labels of a group itself.
    pub async fn group_labels(&self, group: u64) -> Result<Vec<Kept<Label>>, Error> {
        let query = [
            ("include_ancestor_groups", "false"),
            ("include_descendant_groups", "false"),
            ("only_group_labels", "true"),
        ];
        self.all(&format!("groups/{group}/labels"), &query, Paging::Offset)
            .await
    }
}
