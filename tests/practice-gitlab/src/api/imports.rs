//! Imports of project archives, and of single relations out of them.

use http::StatusCode;
use serde_json::Value;

use super::call::Call;
use super::groups::valid_path;
use super::page::page;
use super::principal::Boundary;
use super::project_creation::{check_free, taken};
use super::projects::remove_files;
use super::reply::{Answer, created, ok};
use super::route::{Route, get, post};
use super::{Params, Refusal};
use crate::import;
use crate::limits::LimitKey;
use crate::model::new_project::NewProject;
use crate::model::transfer::ImportStatus;
use crate::model::{AccessLevel, Visibility, World};
use crate::present::View;

/// Routes about imports.
pub const ROUTES: &[Route] = &[
    post("/projects/import", "create_project_import", start),
    get("/projects/:id/import", "read_project_import", status),
    post(
        "/projects/import-relation",
        "create_project_import",
        start_relation,
    ),
    get(
        "/projects/:id/relation-imports",
        "read_project_import",
        relation_imports,
    ),
];

/// The namespace asked for. `namespace_id` and `namespace_path` exist since 18.7
/// and are ignored without a word before; `namespace` works everywhere.
fn namespace(call: &Call, world: &World) -> Result<u64, Refusal> {
    let params = &call.params;
    let newer = if world.instance.at_least(18, 7) {
        params
            .filled("namespace_id")
            .or_else(|| params.filled("namespace_path"))
    } else {
        None
    };
    let user = call.user(world)?;
    let Some(wanted) = newer.or_else(|| params.filled("namespace")) else {
        return Ok(user.namespace_id);
    };
    let missing = || Refusal::not_found("Namespace");
    let id = match wanted.parse() {
        Ok(id) if world.namespace_path(id).is_some() => id,
        _ => world.namespace_named(&wanted).ok_or_else(missing)?,
    };
    let viewer = call.viewer();
    if world.groups.contains_key(&id) {
        if !viewer.sees_group(world, id) {
            return Err(missing());
        }
        if viewer.group_role(world, id) < AccessLevel::MAINTAINER {
            return Err(Refusal::message(
                StatusCode::BAD_REQUEST,
                "User is not allowed to import projects",
            ));
        }
    } else if world.personal.get(&id) != Some(&user.id) && !viewer.admin {
        return Err(missing());
    }
    Ok(id)
}

fn start(call: &Call) -> Answer {
    let params = &call.params;
    {
        let world = call.server.read();
        call.granted(&world, Boundary::User)?;
        if !world.instance.import_sources {
            return Err(Refusal::forbidden());
        }
    }
    params.require_all(&["path", "file"])?;
    let path = params.required("path")?;
    let name = params.filled("name").unwrap_or_else(|| path.clone());
    let overwrite = params.truth("overwrite")?.unwrap_or(false);
    call.limited(LimitKey::ProjectImport, 0)?;
    let archive = call.take_file("file")?;

    let (id, replaced) = {
        let mut world = call.server.write();
        let namespace_id = namespace(call, &world)?;
        let replaced = free_path(call, &mut world, namespace_id, &path, &name, overwrite)?;
        let id = world.add_project(
            NewProject {
                namespace_id,
                name,
                path,
                description: None,
                visibility: Visibility::Private,
                creator_id: call.user_id()?,
            },
            call.now,
        );
        if let Some(project) = world.projects.get_mut(&id) {
            project.import.status = ImportStatus::Scheduled;
            project.import.correlation_id = Some(call.request_id.clone());
        }
        (id, replaced)
    };
    if let Some(replaced) = replaced {
        remove_files(&call.server, replaced);
    }
    let shown = {
        let world = call.server.read();
        let project = world
            .projects
            .get(&id)
            .ok_or_else(|| Refusal::not_found("Project"))?;
        call.view(&world).import_status(project)
    };
    let overrides = overrides(params);
    import::start(&call.server, archive, id, call.user_id()?, overrides);
    created(shown)
}

/// `override_params`: attributes of the projects API, as an archive names and
/// writes them.
fn overrides(params: &Params) -> import::Document {
    let Some(Value::Object(sent)) = params.value("override_params") else {
        return import::Document::new();
    };
    let known = |(name, value): (&String, &Value)| match (name.as_str(), value.as_str()) {
        ("visibility", Some(word)) => {
            let number = Visibility::from_word(word)?.number();
            Some(("visibility_level".to_owned(), number.into()))
        }
        (_, Some("true")) => Some((name.clone(), true.into())),
        (_, Some("false")) => Some((name.clone(), false.into())),
        _ => Some((name.clone(), value.clone())),
    };
    sent.iter().filter_map(known).collect()
}

/// Makes sure that the path is free. With `overwrite`, an own project there goes
/// away; gives its number.
fn free_path(
    call: &Call,
    world: &mut World,
    namespace: u64,
    path: &str,
    name: &str,
    overwrite: bool,
) -> Result<Option<u64>, Refusal> {
    if !valid_path(path) {
        return Err(Refusal::invalid_field(
            "path",
            "can contain only letters, digits, '_', '-' and '.'. Cannot start with '-', end in '.git' or end in '.atom'",
        ));
    }
    let full = format!(
        "{}/{path}",
        world.namespace_path(namespace).unwrap_or_default()
    );
    let there = world
        .project_at(&full)
        .map(|project| (project.id, call.viewer().role(world, project)));
    let replaced = match there {
        Some((id, role)) if overwrite && role >= AccessLevel::OWNER => {
            world.remove_project(id);
            Some(id)
        }
        Some(_) => return Err(taken()),
        None => None,
    };
    check_free(world, namespace, path, name)?;
    Ok(replaced)
}

fn status(call: &Call) -> Answer {
    let world = call.server.read();
    let project = call.project(&world)?;
    ok(call.view(&world).import_status(project))
}

fn start_relation(call: &Call) -> Answer {
    let params = &call.params;
    if !call.server.read().instance.import_sources {
        return Err(Refusal::forbidden());
    }
    params.require_all(&["path", "file", "relation"])?;
    let relation = params
        .word("relation", &import::RELATIONS)?
        .ok_or_else(|| Refusal::missing(&["relation"]))?;
    let path = params.required("path")?;
    let id = {
        let world = call.server.read();
        let project = call.named_project(&world, &path)?;
        call.granted(&world, Boundary::Project(project))?;
        call.require(&world, project, AccessLevel::MAINTAINER)?;
        project.id
    };
    call.limited(LimitKey::ProjectImport, 0)?;
    let archive = call.take_file("file")?;
    let record = import::start_relation(&call.server, archive, id, relation, call.user_id()?)
        .ok_or_else(|| {
            Refusal::conflict("A relation import is already in progress for this project")
        })?;
    let world = call.server.read();
    let project = world
        .projects
        .get(&id)
        .ok_or_else(|| Refusal::not_found("Project"))?;
    created(View::relation_import(project, &record))
}

fn relation_imports(call: &Call) -> Answer {
    let world = call.server.read();
    let project = call.project_as(&world, AccessLevel::MAINTAINER)?;
    page(call, &project.relation_imports, |import| {
        View::relation_import(project, import)
    })
}
