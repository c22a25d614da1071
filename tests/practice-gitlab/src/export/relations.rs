//! The relations export API: each relation as a file of its own, in batches if
//! wanted (facts of `doc/api/project_relations_export.md`).

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::archive::{lines, write_bundles};
use super::{ExportError, Relation, Source};
use crate::model::transfer::{Batch, RelationExport};
use crate::server::Server;

/// Documents in a batch at most.
const BATCH: usize = 1000;

/// Relations of the archive that this API leaves out.
const LEFT_OUT: [&str; 1] = ["project_members"];

/// Relations that are files, not documents.
const FILES: [&str; 4] = ["repository", "design", "uploads", "lfs_objects"];

/// Asks for an export of all relations; they are written in the background.
pub fn start(server: &Arc<Server>, project: u64, user: u64, split: bool) {
    let now = server.clock.now();
    {
        let mut world = server.write();
        let names = relation_names(&world, project, user);
        let Some(project) = world.projects.get_mut(&project) else {
            return;
        };
        project.relation_exports = names
            .into_iter()
            .map(|relation| {
                let export = RelationExport {
                    relation: relation.clone(),
                    finished: false,
                    error: None,
                    updated_at: now,
                    batched: split,
                    batches: Vec::new(),
                };
                (relation, export)
            })
            .collect();
    }
    let server = Arc::clone(server);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = write_all(&server, project, user, split) {
            tracing::error!(%error, project, "relations could not be exported");
            fail_unfinished(&server, project, &error);
        }
    });
}

fn relation_names(world: &crate::model::World, project: u64, user: u64) -> Vec<String> {
    let Some(project) = world.projects.get(&project) else {
        return Vec::new();
    };
    let relations = Source {
        world,
        project,
        user,
    }
    .relations();
    relations
        .into_keys()
        .filter(|name| !LEFT_OUT.contains(&name.as_str()))
        .chain(std::iter::once("self".to_owned()))
        .chain(FILES.map(str::to_owned))
        .collect()
}

fn fail_unfinished(server: &Server, project: u64, error: &ExportError) {
    let now = server.clock.now();
    let mut world = server.write();
    let Some(project) = world.projects.get_mut(&project) else {
        return;
    };
    for export in project
        .relation_exports
        .values_mut()
        .filter(|export| !export.finished)
    {
        export.error = Some(error.to_string());
        export.updated_at = now;
    }
}

fn write_all(server: &Server, project: u64, user: u64, split: bool) -> Result<(), ExportError> {
    let folder = server
        .data
        .exports(project)
        .join(format!("relations-{:016x}", rand::random::<u64>()));
    std::fs::create_dir_all(&folder)?;
    let (own, relations) = {
        let world = server.read();
        let project = world.projects.get(&project).ok_or(ExportError::NoProject)?;
        let source = Source {
            world: &world,
            project,
            user,
        };
        (source.project_json(), source.relations())
    };
    finish(
        server,
        project,
        "self",
        false,
        vec![write_batch(server, &folder, "self", 1, &[own])?],
    );
    for (name, relation) in relations {
        if LEFT_OUT.contains(&name.as_str()) {
            continue;
        }
        let (documents, many) = match relation {
            Relation::Many(documents) => (documents, true),
            Relation::One(Value::Null) => (Vec::new(), false),
            Relation::One(document) => (vec![document], false),
        };
        let by_batch = split && many;
        let size = if by_batch {
            BATCH
        } else {
            documents.len().max(1)
        };
        let mut batches = Vec::new();
        for (at, part) in documents.chunks(size).enumerate() {
            batches.push(write_batch(server, &folder, &name, at as u64 + 1, part)?);
        }
        if batches.is_empty() && !by_batch {
            batches.push(write_batch(server, &folder, &name, 1, &[])?);
        }
        finish(server, project, &name, by_batch, batches);
    }
    write_files(server, project, &folder)
}

fn write_batch(
    server: &Server,
    folder: &Path,
    name: &str,
    number: u64,
    documents: &[Value],
) -> Result<Batch, ExportError> {
    let file = folder.join(format!("{name}-{number}.gz"));
    let mut gzip = GzEncoder::new(BufWriter::new(File::create(&file)?), Compression::default());
    gzip.write_all(lines(documents).as_bytes())?;
    gzip.finish()?.flush()?;
    Ok(Batch {
        number,
        objects: documents.len() as u64,
        file,
        updated_at: server.clock.now(),
    })
}

/// Repositories, attached files and LFS objects, each as a gzipped tar.
fn write_files(server: &Server, project: u64, folder: &Path) -> Result<(), ExportError> {
    let (uploads, objects) = {
        let world = server.read();
        let project = world.projects.get(&project).ok_or(ExportError::NoProject)?;
        (project.uploads.clone(), project.lfs_objects.clone())
    };
    let bundles = tempfile::tempdir_in(server.data.incoming())?;
    let written = write_bundles(server, project, bundles.path())?;
    let bundle = |wanted: &str| -> Vec<(String, PathBuf)> {
        let found = written.iter().filter(|(name, _)| *name == wanted);
        found
            .map(|(name, path)| ((*name).to_owned(), path.clone()))
            .collect()
    };
    let uploads = uploads.iter().map(|upload| {
        let name = format!("{}/{}", upload.secret, upload.name);
        let path = server.data.uploads(project).join(&name);
        (name, path)
    });
    let objects = objects
        .keys()
        .map(|oid| (oid.clone(), server.data.lfs_object(oid)));
    for (name, files) in [
        ("repository", bundle("project.bundle")),
        ("design", bundle("project.design.bundle")),
        ("uploads", uploads.collect()),
        ("lfs_objects", objects.collect()),
    ] {
        let file = folder.join(format!("{name}.tar.gz"));
        let gzip = GzEncoder::new(BufWriter::new(File::create(&file)?), Compression::default());
        let mut tar = tar::Builder::new(gzip);
        let objects = files.len() as u64;
        for (name, path) in files {
            tar.append_path_with_name(path, name)?;
        }
        tar.into_inner()?.finish()?.flush()?;
        let batch = Batch {
            number: 1,
            objects,
            file,
            updated_at: server.clock.now(),
        };
        finish(server, project, name, false, vec![batch]);
    }
    Ok(())
}

fn finish(server: &Server, project: u64, name: &str, split: bool, batches: Vec<Batch>) {
    let now = server.clock.now();
    let mut world = server.write();
    let export = world
        .projects
        .get_mut(&project)
        .and_then(|project| project.relation_exports.get_mut(name));
    if let Some(export) = export {
        export.finished = true;
        export.batched = split;
        export.updated_at = now;
        export.batches = batches;
    }
}
