//! Exports of a project: the archive of `POST /projects/:id/export` and the
//! relations of `POST /projects/:id/export_relations`. Both write the same
//! documents (facts of `lib/gitlab/import_export/project/import_export.yml` and
//! of real archives).

mod archive;
mod documents;
mod issuables;
mod notes;
mod relations;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::git::GitError;
use crate::model::transfer::{Export, ExportStatus};
use crate::model::{Project, World};
use crate::server::Server;

pub use relations::start as start_relations;

/// The only version of the format that GitLab accepts.
pub const VERSION: &str = "0.2.4";

/// An export that did not come about.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The project is gone.
    #[error("the project is gone")]
    NoProject,
    /// Files could not be written.
    #[error("files could not be written")]
    Files(#[from] std::io::Error),
    /// A repository could not be bundled.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// What documents are made from: the world, and one project in it.
#[derive(Clone, Copy)]
struct Source<'w> {
    world: &'w World,
    project: &'w Project,
    /// Who exports; decides whether group members come along.
    user: u64,
}

/// The documents of a relation: none, a list, or one that may be null.
enum Relation {
    Many(Vec<Value>),
    One(Value),
}

impl Source<'_> {
    /// All relations by name, in no need of order: each is a file of its own.
    fn relations(&self) -> BTreeMap<String, Relation> {
        let mut relations = BTreeMap::new();
        let mut many = |name: &str, documents: Vec<Value>| {
            relations.insert(name.to_owned(), Relation::Many(documents));
        };
        many("labels", self.labels());
        many("milestones", self.milestones());
        many(
            "issues",
            self.project
                .issues
                .values()
                .map(|issue| self.issue(issue))
                .collect(),
        );
        let requests = self.project.merge_requests.values();
        many(
            "merge_requests",
            requests
                .map(|request| self.merge_request(request))
                .collect(),
        );
        many("project_members", self.members());
        many("protected_branches", self.protected_branches());
        many("protected_tags", self.protected_tags());
        for (name, document) in self.singles() {
            relations.insert(name.to_owned(), Relation::One(document));
        }
        for (name, documents) in &self.project.carried {
            let documents = documents.clone();
            match relations.get(name) {
                Some(Relation::One(_)) => {
                    let one = documents.into_iter().next().unwrap_or(Value::Null);
                    relations.insert(name.clone(), Relation::One(one));
                }
                _ => {
                    relations.insert(name.clone(), Relation::Many(documents));
                }
            }
        }
        relations
    }
}

/// Adds the fields of `more` to `document`.
fn extend(document: &mut Value, more: Value) {
    if let (Value::Object(document), Value::Object(more)) = (document, more) {
        document.extend(more);
    }
}

/// A JSON object of the pairs.
fn object(pairs: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Object(pairs.into_iter().collect::<Map<String, Value>>())
}

/// Asks for an export for `user`; the archive is written in the background.
pub fn start(server: &Arc<Server>, project: u64, user: u64) {
    let queued = {
        let mut world = server.write();
        let Some(project) = world.projects.get_mut(&project) else {
            return;
        };
        let export = project.exports.entry(user).or_insert(Export {
            status: ExportStatus::Queued,
            file: None,
            finished_at: None,
        });
        export.status = if export.file.is_some() {
            ExportStatus::Regenerating
        } else {
            ExportStatus::Queued
        };
        export.clone()
    };
    let server = Arc::clone(server);
    tokio::task::spawn_blocking(move || {
        if queued.status == ExportStatus::Queued {
            set(&server, project, user, |export| {
                export.status = ExportStatus::Started;
            });
        }
        match archive::write(&server, project, user) {
            Ok(file) => finish(&server, project, user, file),
            Err(error) => {
                tracing::error!(%error, project, "an export failed");
                set(&server, project, user, |export| {
                    export.status = ExportStatus::Failed;
                    export.file = None;
                });
            }
        }
    });
}

fn set(server: &Server, project: u64, user: u64, change: impl FnOnce(&mut Export)) {
    let mut world = server.write();
    let export = world
        .projects
        .get_mut(&project)
        .and_then(|project| project.exports.get_mut(&user));
    if let Some(export) = export {
        change(export);
    }
}

fn finish(server: &Server, project: u64, user: u64, file: PathBuf) {
    let now = server.clock.now();
    set(server, project, user, |export| {
        export.status = ExportStatus::Finished;
        export.file = Some(file);
        export.finished_at = Some(now);
    });
}
