//! Importing one relation of an archive into a project that exists: what is there
//! already is skipped (facts of `doc/api/project_import_export.md`).

use std::path::Path;
use std::sync::Arc;

use super::fields::{number, text};
use super::members::People;
use super::tree::restore_relation;
use super::{Import, ImportError, unpack};
use crate::model::transfer::RelationImport;
use crate::model::world::next;
use crate::server::Server;

/// Relations that can be imported alone.
pub const RELATIONS: [&str; 4] = ["issues", "milestones", "ci_pipelines", "merge_requests"];

/// Asks for the import of `relation`; it happens in the background. Gives its
/// record, or `None` when another one is under way.
pub fn start(
    server: &Arc<Server>,
    archive: tempfile::TempPath,
    project: u64,
    relation: &'static str,
    user: u64,
) -> Option<RelationImport> {
    let now = server.clock.now();
    let record = {
        let mut world = server.write();
        let id = next(&mut world.numbers.relation_import);
        let found = world.projects.get_mut(&project)?;
        if found
            .relation_imports
            .iter()
            .any(|known| ["created", "started"].contains(&known.status))
        {
            return None;
        }
        let record = RelationImport {
            id,
            relation: relation.to_owned(),
            status: "created",
            created_at: now,
            updated_at: now,
        };
        found.relation_imports.push(record.clone());
        record
    };
    let (server, id) = (Arc::clone(server), record.id);
    tokio::task::spawn_blocking(move || {
        set(&server, project, id, "started");
        let done = restore(&server, &archive, project, relation, user);
        if let Err(error) = &done {
            tracing::info!(%error, project, relation, "a relation import failed");
        }
        set(
            &server,
            project,
            id,
            if done.is_ok() { "finished" } else { "failed" },
        );
    });
    Some(record)
}

fn set(server: &Server, project: u64, id: u64, status: &'static str) {
    let now = server.clock.now();
    let mut world = server.write();
    let imports = world
        .projects
        .get_mut(&project)
        .map(|project| &mut project.relation_imports);
    if let Some(record) =
        imports.and_then(|imports| imports.iter_mut().find(|record| record.id == id))
    {
        record.status = status;
        record.updated_at = now;
    }
}

fn restore(
    server: &Server,
    archive: &Path,
    project: u64,
    relation: &str,
    user: u64,
) -> Result<(), ImportError> {
    let folder = tempfile::tempdir_in(server.data.incoming())?;
    unpack::unpack(archive, folder.path())?;
    unpack::check_version(folder.path())?;
    let import = Import {
        server,
        project,
        user,
        people: People::nobody(user),
    };
    match relation {
        "issues" => restore_relation(&import, folder.path(), relation, |world, document| {
            let known = number(document, "iid").is_some_and(|iid| {
                world
                    .projects
                    .get(&project)
                    .is_some_and(|project| project.issues.contains_key(&iid))
            });
            if known {
                Ok(())
            } else {
                import.issue(world, document)
            }
        }),
        "milestones" => restore_relation(&import, folder.path(), relation, |world, document| {
            let iid = number(document, "iid");
            let known = world.projects.get(&project).is_some_and(|project| {
                project
                    .milestones
                    .iter()
                    .any(|known| Some(known.iid) == iid)
            });
            if known {
                Ok(())
            } else {
                import.milestone(world, document).map(|_| ())
            }
        }),
        "merge_requests" => import.merge_requests(folder.path(), true),
        _ => restore_relation(&import, folder.path(), relation, |world, document| {
            let iid = text(document, "iid");
            let known = world.projects.get(&project).is_some_and(|project| {
                let carried = project.carried.get(relation).into_iter().flatten();
                carried
                    .filter_map(|one| one.as_object())
                    .any(|one| text(one, "iid") == iid)
            });
            if !known {
                import.carry(world, relation, document);
            }
            Ok(())
        }),
    }
}
