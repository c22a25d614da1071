//! Milestones of a project or group itself.

use labkeep_gitlab::Client;
use labkeep_gitlab::documents::milestone;

use super::got::{Got, Trouble};
use super::labels::documents;
use crate::kind::{Item, Sort};

/// Captures the milestones of an item.
pub async fn capture_milestones(client: &Client, item: Item) -> Result<Got, Trouble> {
    let mut milestones = match item.sort {
        Sort::Project => client.project_milestones(item.id).await?,
        Sort::Group => client.group_milestones(item.id).await?,
    };
    milestones.sort_by_key(|milestone| milestone.iid);
    let lines: Vec<_> = milestones.iter().map(|one| milestone(one)).collect();
    Ok(documents("milestones", &lines))
}
