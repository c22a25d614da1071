//! The relations export: GitLab writes the documents itself, in batches. The
//! fastest way to many issues and merge requests, where the token allows it;
//! one export serves every relation of a project.

use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::time::Duration;

use labkeep_gitlab::documents::normalise;
use labkeep_gitlab::rest::{Portable, RelationExport, RelationSource, RelationState};
use labkeep_gitlab::{AccessLevel, Error, Scope};
use tokio::sync::OnceCell;

use super::context::Context;
use super::document_file::DocumentFile;
use super::got::Trouble;
use crate::backup::discover::Found;

/// Fewer changes than this are read faster one by one.
const WORTH_IT: usize = 25;

/// Pauses between questions how far the export is.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(5),
];

/// How long an export may take without any of its relations moving on.
const PATIENCE: Duration = Duration::from_mins(15);

/// The export of one project, asked for when first needed.
#[derive(Debug)]
pub struct RelationsExport {
    is_allowed: bool,
    state: OnceCell<Option<Vec<RelationExport>>>,
}

impl RelationsExport {
    /// An export that is possible if the token has the scope `api` and its user
    /// is Maintainer (doc/api/project_relations_export.md).
    pub fn new(context: &Context, found: &Found) -> Self {
        let has_scope = context
            .scopes
            .as_ref()
            .is_some_and(|scopes| scopes.contains(&Scope::Api));
        let has_role = found
            .role
            .is_some_and(|role| role >= AccessLevel::MAINTAINER);
        Self {
            is_allowed: has_scope && has_role,
            state: OnceCell::new(),
        }
    }

    /// Whether so many changes are worth an export.
    pub const fn is_worth_it(&self, changed: usize) -> bool {
        self.is_allowed && changed >= WORTH_IT
    }

    /// The documents of a relation by number; none where this GitLab does not
    /// export relations, or failed to. REST serves then.
    pub async fn read(
        &self,
        context: &Context,
        found: &Found,
        relation: &str,
    ) -> Result<Option<DocumentFile>, Trouble> {
        let read = self.documents(context, found, relation).await;
        or_over_rest(read, &found.seen.path)
    }

    async fn documents(
        &self,
        context: &Context,
        found: &Found,
        relation: &str,
    ) -> Result<Option<DocumentFile>, Trouble> {
        let of = Portable::Project(found.seen.item.id);
        let path = &found.seen.path;
        let exported = || async { or_over_rest(export(context, of, path).await, path) };
        let state = self.state.get_or_try_init(exported).await?;
        let Some(exported) = state.as_ref().and_then(|relations| {
            relations
                .iter()
                .find(|exported| exported.relation == relation)
        }) else {
            return Ok(None);
        };
        if exported.status != RelationState::Finished {
            tracing::warn!(path = found.seen.path, relation, error = ?exported.error,
                "GitLab could not export the relation; reading it over REST");
            return Ok(None);
        }
        let batches: Vec<Option<u64>> = if exported.batched {
            exported
                .batches
                .iter()
                .map(|batch| Some(batch.batch_number))
                .collect()
        } else {
            vec![None]
        };
        let mut documents = DocumentFile::new(&context.scratch)?;
        for batch in batches {
            let source = RelationSource {
                of,
                relation,
                batch,
            };
            let file = context
                .client
                .relation_lines(source, || tempfile::tempfile_in(context.scratch.path()))
                .await?;
            take(&mut documents, relation, file)?;
        }
        Ok(Some(documents))
    }
}

/// An export that GitLab fails at is no loss, for REST tells the same.
fn or_over_rest<T>(read: Result<Option<T>, Trouble>, path: &str) -> Result<Option<T>, Trouble> {
    match read {
        Err(Trouble::Gitlab(error))
            if !error.is_dead_token() && !matches!(error, Error::Cancelled | Error::Io { .. }) =>
        {
            tracing::warn!(path, %error, "the export of relations failed; reading over REST");
            Ok(None)
        }
        read => read,
    }
}

fn take(
    documents: &mut DocumentFile,
    relation: &str,
    mut file: std::fs::File,
) -> Result<(), Trouble> {
    file.seek(SeekFrom::Start(0))?;
    for line in BufReader::new(file).lines() {
        let line = line?;
        if line.is_empty() {
            continue;
        }
        let document = serde_json::from_str(&line)
            .map_err(|error| not_understood(relation, &error.to_string()))?;
        let document = normalise(relation, document);
        let number = document["iid"]
            .as_u64()
            .ok_or_else(|| not_understood(relation, "a document has no number"))?;
        documents.put(number, &document)?;
    }
    Ok(())
}

fn not_understood(relation: &str, detail: &str) -> Trouble {
    Trouble::Gitlab(Error::Decode {
        route: format!("export_relations/download?relation={relation}"),
        detail: detail.to_owned(),
    })
}

/// Asks for the export and waits for it. None where it is not to be had.
async fn export(
    context: &Context,
    of: Portable,
    path: &str,
) -> Result<Option<Vec<RelationExport>>, Trouble> {
    let before = match context.client.relations_export(of).await {
        Ok(before) => before,
        Err(Error::NotFound { .. } | Error::Forbidden { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    match context.client.start_relations_export(of, true).await {
        Ok(()) => {}
        Err(Error::NotFound { .. } | Error::Forbidden { .. } | Error::Invalid { .. }) => {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    }
    let mut pauses = PAUSES.iter().copied();
    let mut pause = PAUSES[0];
    let mut idle = Duration::ZERO;
    let mut last = before.clone();
    loop {
        tokio::time::sleep(pause).await;
        let now = context.client.relations_export(of).await?;
        let is_new = |relation: &RelationExport| !before.contains(relation);
        let is_done = |relation: &RelationExport| {
            matches!(
                relation.status,
                RelationState::Finished | RelationState::Failed
            )
        };
        let wanted = |name: &str| now.iter().find(|relation| relation.relation == name);
        let ready = ["issues", "merge_requests"]
            .into_iter()
            .all(|name| wanted(name).is_some_and(|r| is_done(r) && is_new(r)));
        if ready {
            return Ok(Some(now));
        }
        if now == last {
            idle += pause;
        } else {
            idle = Duration::ZERO;
        }
        if idle > PATIENCE {
            tracing::warn!(
                path,
                "GitLab's export of relations does not move on; reading over REST"
            );
            return Ok(None);
        }
        last = now;
        pause = pauses.next().unwrap_or(PAUSES[PAUSES.len() - 1]);
    }
}
