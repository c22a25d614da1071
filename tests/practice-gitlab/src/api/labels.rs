//! Labels of projects and groups.

use serde_json::Value;

use super::Refusal;
use super::call::Call;
use super::holder::Holder;
use super::page::page;
use super::reply::{Answer, created, no_content, ok};
use super::route::{Route, delete, get, post, put};
use crate::model::label::normal_color;
use crate::model::world::next;
use crate::model::{AccessLevel, Label, World};
use crate::present::View;

/// Routes about labels.
pub const ROUTES: &[Route] = &[
    get("/projects/:id/labels", "read_label", list).open(),
    post("/projects/:id/labels", "create_label", create),
    put("/projects/:id/labels", "update_label", update_named),
    delete("/projects/:id/labels", "delete_label", remove_named),
    get("/projects/:id/labels/:name", "read_label", one).open(),
    put("/projects/:id/labels/:name", "update_label", update),
    delete("/projects/:id/labels/:name", "delete_label", remove),
    get("/groups/:id/labels", "read_label", list).open(),
    post("/groups/:id/labels", "create_label", create),
    put("/groups/:id/labels", "update_label", update_named),
    delete("/groups/:id/labels", "delete_label", remove_named),
    get("/groups/:id/labels/:name", "read_label", one).open(),
    put("/groups/:id/labels/:name", "update_label", update),
    delete("/groups/:id/labels/:name", "delete_label", remove),
];

/// A label with whether it is the holder's own; inherited ones come along.
fn visible(holder: Holder, world: &World, inherited: bool) -> Vec<(&Label, bool)> {
    let above = world
        .ancestry(if inherited { holder.above(world) } else { 0 })
        .flat_map(|group| group.labels.iter().map(|label| (label, false)));
    let mut labels: Vec<(&Label, bool)> = holder
        .labels(world)
        .iter()
        .map(|label| (label, true))
        .chain(above)
        .collect();
    labels.sort_by(|(one, _), (other, _)| one.title.cmp(&other.title));
    labels
}

fn shown(call: &Call, world: &World, holder: Holder, label: &Label, own: bool) -> Value {
    let view = call.view(world);
    view.label(label, matches!(holder, Holder::Project(_)).then_some(own))
}

fn list(call: &Call) -> Answer {
    let world = call.server.read();
    let holder = Holder::of(call, &world)?;
    let inherited = call
        .params
        .truth("include_ancestor_groups")?
        .unwrap_or(true);
    let counts = call.params.truth("with_counts")?.unwrap_or(false);
    let search = call.params.filled("search").map(|text| text.to_lowercase());
    let mut labels = visible(holder, &world, inherited);
    labels.retain(|(label, _)| {
        search
            .as_ref()
            .is_none_or(|text| label.title.to_lowercase().contains(text.as_str()))
    });
    let projects = if counts {
        holder.projects(&world)
    } else {
        Vec::new()
    };
    page(call, &labels, |(label, own)| {
        let mut shown = shown(call, &world, holder, label, *own);
        if counts {
            View::count_label(&mut shown, label, &projects);
        }
        shown
    })
}

fn missing() -> Refusal {
    Refusal::not_found("Label")
}

/// The number of a label, by number or title.
fn find(holder: Holder, world: &World, name: &str, inherited: bool) -> Result<u64, Refusal> {
    let labels = visible(holder, world, inherited);
    let by_number = name
        .parse()
        .ok()
        .and_then(|id: u64| labels.iter().find(|(label, _)| label.id == id));
    by_number
        .or_else(|| labels.iter().find(|(label, _)| label.title == name))
        .map(|(label, _)| label.id)
        .ok_or_else(missing)
}

fn one(call: &Call) -> Answer {
    let world = call.server.read();
    let holder = Holder::of(call, &world)?;
    let id = find(holder, &world, call.part("name"), true)?;
    let labels = visible(holder, &world, true);
    let (label, own) = labels
        .into_iter()
        .find(|(label, _)| label.id == id)
        .ok_or_else(missing)?;
    ok(shown(call, &world, holder, label, own))
}

fn color(call: &Call) -> Result<Option<String>, Refusal> {
    let Some(color) = call.params.filled("color") else {
        return Ok(None);
    };
    normal_color(&color)
        .map(Some)
        .ok_or_else(|| Refusal::invalid_field("color", "must be a valid color code"))
}

fn create(call: &Call) -> Answer {
    call.params.require_all(&["name", "color"])?;
    let title = call.params.required("name")?;
    let color = color(call)?.unwrap_or_default();
    let priority = call.params.number("priority")?;
    let mut world = call.server.write();
    let holder = Holder::managed(call, &world, AccessLevel::PLANNER)?;
    if visible(holder, &world, true)
        .iter()
        .any(|(label, _)| label.title == title)
    {
        return Err(Refusal::conflict("Label already exists"));
    }
    if title.is_empty() || title.contains(',') {
        return Err(Refusal::invalid_field("title", "is invalid"));
    }
    let label = Label {
        id: next(&mut world.numbers.label),
        title,
        color,
        description: call.params.text("description"),
        priority,
        created_at: call.now,
        updated_at: call.now,
    };
    let answer = shown(call, &world, holder, &label, true);
    if let Some(labels) = holder.labels_mut(&mut world) {
        labels.push(label);
    }
    created(answer)
}

fn update(call: &Call) -> Answer {
    change(call, call.part("name"))
}

fn update_named(call: &Call) -> Answer {
    let name = call
        .params
        .text("label_id")
        .map_or_else(|| call.params.required("name"), Ok)?;
    change(call, &name)
}

fn change(call: &Call, name: &str) -> Answer {
    let color = color(call)?;
    let priority = call.params.number("priority")?;
    let mut world = call.server.write();
    let holder = Holder::managed(call, &world, AccessLevel::PLANNER)?;
    let id = find(holder, &world, name, false)?;
    let labels = holder.labels_mut(&mut world).ok_or_else(missing)?;
    let label = labels
        .iter_mut()
        .find(|label| label.id == id)
        .ok_or_else(missing)?;
    if let Some(title) = call.params.filled("new_name") {
        label.title = title;
    }
    if let Some(color) = color {
        label.color = color;
    }
    if call.params.has("description") {
        label.description = call.params.text("description");
    }
    if call.params.has("priority") {
        label.priority = priority;
    }
    label.updated_at = call.now;
    let label = label.clone();
    ok(shown(call, &world, holder, &label, true))
}

fn remove(call: &Call) -> Answer {
    discard(call, call.part("name"))
}

fn remove_named(call: &Call) -> Answer {
    let name = call
        .params
        .text("label_id")
        .map_or_else(|| call.params.required("name"), Ok)?;
    discard(call, &name)
}

fn discard(call: &Call, name: &str) -> Answer {
    let mut world = call.server.write();
    let holder = Holder::managed(call, &world, AccessLevel::PLANNER)?;
    let id = find(holder, &world, name, false)?;
    if let Some(labels) = holder.labels_mut(&mut world) {
        labels.retain(|label| label.id != id);
    }
    let affected: Vec<u64> = holder
        .projects(&world)
        .iter()
        .map(|project| project.id)
        .collect();
    for project in affected {
        let Some(project) = world.projects.get_mut(&project) else {
            continue;
        };
        let issues = project.issues.values_mut().map(|issue| &mut issue.shared);
        let requests = project
            .merge_requests
            .values_mut()
            .map(|request| &mut request.shared);
        for shared in issues.chain(requests) {
            shared.labels.retain(|label| *label != id);
            for event in &mut shared.label_events {
                if event.label_id == Some(id) {
                    event.label_id = None;
                }
            }
        }
    }
    no_content()
}
