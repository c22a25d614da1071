//! Exports of projects: the archive, and single relations.

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::Refusal;
use super::call::Call;
use super::reply::{Answer, FileReply, Reply, accepted, ok};
use super::route::{Route, get, post};
use crate::clock::stamp;
use crate::export;
use crate::limits::LimitKey;
use crate::model::transfer::{Batch, Export, ExportStatus, RelationExport};
use crate::model::{AccessLevel, Project, World};

/// Routes about exports.
pub const ROUTES: &[Route] = &[
    post("/projects/:id/export", "create_project_export", start),
    get("/projects/:id/export", "read_project_export", status),
    get(
        "/projects/:id/export/download",
        "download_project_export",
        download,
    ),
    post(
        "/projects/:id/export_relations",
        "create_relations_export",
        start_relations,
    ),
    get(
        "/projects/:id/export_relations/status",
        "read_relations_export",
        relations_status,
    ),
    get(
        "/projects/:id/export_relations/download",
        "download_relations_export",
        download_relation,
    ),
];

fn start(call: &Call) -> Answer {
    let id = {
        let world = call.server.read();
        call.project_as(&world, AccessLevel::MAINTAINER)?.id
    };
    call.limited(LimitKey::ProjectExport, 0)?;
    export::start(&call.server, id, call.user_id()?);
    accepted()
}

/// The user's own export of the project, unless it is older than a day.
fn own<'p>(call: &Call, project: &'p Project) -> Result<Option<&'p Export>, Refusal> {
    let export = project.exports.get(&call.user_id()?);
    Ok(export.filter(|export| {
        export
            .finished_at
            .is_none_or(|at| call.now.duration_since(at) < SignedDuration::from_hours(24))
    }))
}

fn status(call: &Call) -> Answer {
    let world = call.server.read();
    let project = call.project_as(&world, AccessLevel::MAINTAINER)?;
    let view = call.view(&world);
    let status = own(call, project)?.map_or("none", |export| export.status.word());
    let mut shown = view.project_identity(project);
    shown["export_status"] = json!(status);
    if status == "finished" {
        shown["_links"] = json!({
            "api_url": view.api(&format!("/projects/{}/export/download", project.id)),
            "web_url": view.web(&format!("{}/download_export", project.full_path)),
        });
    }
    ok(shown)
}

fn download(call: &Call) -> Answer {
    let (id, file) = {
        let world = call.server.read();
        let project = call.project_as(&world, AccessLevel::MAINTAINER)?;
        let export = own(call, project)?.filter(|export| {
            matches!(
                export.status,
                ExportStatus::Finished | ExportStatus::Regenerating
            )
        });
        (project.id, export.and_then(|export| export.file.clone()))
    };
    call.limited(LimitKey::ProjectDownloadExport, id)?;
    let file = file
        .ok_or_else(|| Refusal::message(StatusCode::NOT_FOUND, "404 Not found or has expired"))?;
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    if let Some(storage) = &call.server.object_storage {
        return Ok(Reply::Redirect(storage.offer(file, &name)));
    }
    Ok(Reply::File(FileReply {
        path: file,
        name,
        content_type: "application/gzip",
    }))
}

/// The project, when relations may be exported at all and the role suffices.
fn relations_of<'w>(call: &Call, world: &'w World) -> Result<&'w Project, Refusal> {
    if !world.instance.relations_export {
        return Err(Refusal::not_found(""));
    }
    call.project_as(world, AccessLevel::MAINTAINER)
}

fn start_relations(call: &Call) -> Answer {
    let batched = call.params.truth("batched")?.unwrap_or(false);
    let id = {
        let world = call.server.read();
        relations_of(call, &world)?.id
    };
    export::start_relations(&call.server, id, call.user_id()?, batched);
    accepted()
}

fn batch(batch: &Batch) -> Value {
    json!({
        "status": 1,
        "batch_number": batch.number,
        "objects_count": batch.objects,
        "error": null,
        "updated_at": stamp(batch.updated_at),
    })
}

fn relation(export: &RelationExport) -> Value {
    let status = match (&export.error, export.finished) {
        (Some(_), _) => -1,
        (None, true) => 1,
        (None, false) => 0,
    };
    let mut shown = json!({
        "relation": export.relation,
        "status": status,
        "error": export.error,
        "updated_at": stamp(export.updated_at),
        "batched": export.batched,
        "batches_count": if export.batched { export.batches.len() } else { 0 },
        "total_objects_count": export.batches.iter().map(|batch| batch.objects).sum::<u64>(),
    });
    if export.batched {
        shown["batches"] = export.batches.iter().map(batch).collect();
    }
    shown
}

fn relations_status(call: &Call) -> Answer {
    let world = call.server.read();
    let project = relations_of(call, &world)?;
    match call.params.filled("relation") {
        Some(name) => {
            let export = project
                .relation_exports
                .get(&name)
                .ok_or_else(Refusal::record_not_found)?;
            ok(relation(export))
        }
        None => ok(project.relation_exports.values().map(relation).collect()),
    }
}

fn download_relation(call: &Call) -> Answer {
    let name = call.params.required("relation")?;
    let batched = call.params.truth("batched")?.unwrap_or(false);
    let number = call.params.number("batch_number")?;
    let world = call.server.read();
    let project = relations_of(call, &world)?;
    let export = project
        .relation_exports
        .get(&name)
        .filter(|export| export.finished);
    let export = export.ok_or_else(|| Refusal::not_found(""))?;
    let number = match (batched, export.batched, number) {
        (true, true, Some(number)) => number,
        (false, false, _) => 1,
        (true, true, None) => return Err(Refusal::invalid("batch_number is missing")),
        (true, false, _) => {
            return Err(Refusal::message(
                StatusCode::BAD_REQUEST,
                "Export is not batched",
            ));
        }
        (false, true, _) => {
            return Err(Refusal::message(
                StatusCode::BAD_REQUEST,
                "Export is batched",
            ));
        }
    };
    let batch = export.batches.iter().find(|batch| batch.number == number);
    let batch = batch.ok_or_else(|| Refusal::message(StatusCode::NOT_FOUND, "Batch not found"))?;
    let tar = batch.file.to_string_lossy().ends_with(".tar.gz");
    let (path, name) = (
        batch.file.clone(),
        format!("{name}.{}.gz", if tar { "tar" } else { "ndjson" }),
    );
    if let Some(storage) = &call.server.object_storage {
        return Ok(Reply::Redirect(storage.offer(path, &name)));
    }
    Ok(Reply::File(FileReply {
        path,
        name,
        content_type: "application/gzip",
    }))
}
