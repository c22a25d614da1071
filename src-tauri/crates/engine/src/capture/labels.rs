//! Labels, which issues and merge requests need as well: asked for once.

use labkeep_gitlab::Client;
use labkeep_gitlab::documents::{Labels, normalise};
use labkeep_gitlab::rest::{Kept, Label};
use serde_json::json;
use tokio::sync::OnceCell;

use super::got::{Fresh, Got, NewPiece, Trouble};
use crate::layout;

/// The labels of one project, read when first needed.
#[derive(Debug, Default)]
pub struct ProjectLabels {
    cell: OnceCell<Labels>,
}

impl ProjectLabels {
    /// The labels that the project's issues can have. `group`: the group it
    /// lies in.
    pub async fn get(
        &self,
        client: &Client,
        project: u64,
        group: Option<u64>,
    ) -> Result<&Labels, Trouble> {
        let read = || async {
            let labels = client.project_labels(project).await?;
            Ok(Labels::new(
                project,
                group,
                labels.iter().map(|label| &**label),
            ))
        };
        self.cell.get_or_try_init(read).await
    }
}

/// The project's own labels.
pub fn of_project(labels: &Labels) -> Got {
    documents("labels", &labels.documents())
}

/// The labels of a group itself.
pub async fn of_group(client: &Client, group: u64) -> Result<Got, Trouble> {
    let mut labels: Vec<Kept<Label>> = client.group_labels(group).await?;
    labels.sort_by(|one, other| one.name.cmp(&other.name));
    let lines: Vec<_> = labels
        .iter()
        .map(|label| {
            normalise(
                "labels",
                json!({
                    "title": label.name,
                    "color": label.color,
                    "description": label.description,
                    "type": "GroupLabel",
                    "group_id": group,
                }),
            )
        })
        .collect();
    Ok(documents("labels", &lines))
}

/// A relation from documents that are in memory.
pub fn documents(relation: &str, documents: &[serde_json::Value]) -> Got {
    let count = documents.len() as u64;
    if count == 0 {
        return Got::Empty(Fresh::default());
    }
    let mut text = Vec::new();
    for document in documents {
        serde_json::to_writer(&mut text, document).expect("a value is plain data");
        text.push(b'\n');
    }
    Got::Fresh(Fresh {
        pieces: vec![NewPiece::bytes(layout::relation_path(relation), text)],
        count,
        ..Fresh::default()
    })
}
