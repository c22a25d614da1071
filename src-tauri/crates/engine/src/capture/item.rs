//! One kind of one item, whichever it is.

use labkeep_gitlab::documents::Labels;

use super::context::Context;
use super::got::{Fresh, Got, NewPiece, Trouble};
use super::issues::capture_issues;
use super::labels::{self, ProjectLabels};
use super::members::capture_members;
use super::merge_requests::capture_merge_requests;
use super::milestones::capture_milestones;
use super::relations::RelationsExport;
use super::repository::capture_repository;
use crate::backup::discover::Found;
use crate::kind::{Kind, Sort};
use crate::layout;
use crate::run::Work;

/// What the kinds of one item share while it is captured.
#[derive(Debug)]
pub struct Shared {
    labels: ProjectLabels,
    export: RelationsExport,
}

impl Shared {
    /// For one item.
    pub fn new(context: &Context, found: &Found) -> Self {
        Self {
            labels: ProjectLabels::default(),
            export: RelationsExport::new(context, found),
        }
    }

    async fn labels(&self, context: &Context, found: &Found) -> Result<&Labels, Trouble> {
        let client = &context.client;
        self.labels
            .get(client, found.seen.item.id, found.group)
            .await
    }
}

/// Captures one kind of an item.
pub async fn capture(
    context: &Context,
    found: &Found,
    kind: Kind,
    shared: &Shared,
    work: &Work<'_>,
) -> Result<Got, Trouble> {
    let item = found.seen.item;
    match kind {
        Kind::Repository | Kind::Wiki => capture_repository(context, found, kind, work).await,
        Kind::Issues => {
            let labels = shared.labels(context, found).await?;
            capture_issues(context, found, labels, &shared.export, work).await
        }
        Kind::MergeRequests => {
            let labels = shared.labels(context, found).await?;
            capture_merge_requests(context, found, labels, &shared.export, work).await
        }
        Kind::Labels if item.sort == Sort::Group => {
            labels::of_group(&context.client, item.id).await
        }
        Kind::Labels => Ok(labels::of_project(shared.labels(context, found).await?)),
        Kind::Milestones => capture_milestones(&context.client, item).await,
        Kind::Members => capture_members(context, item).await,
        Kind::Settings => Ok(settings(found)),
    }
}

/// Discovery brought the document already; none means that it is as before.
fn settings(found: &Found) -> Got {
    match &found.settings {
        Some(document) => Got::Fresh(Fresh {
            pieces: vec![NewPiece::bytes(
                layout::settings(found.seen.item.sort),
                document.clone().into_bytes(),
            )],
            count: 1,
            ..Fresh::default()
        }),
        None => Got::Same,
    }
}
