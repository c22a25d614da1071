//! Groups, projects, members, labels and milestones of the demo.

use super::super::{at, people::People};
use crate::model::group::NewGroup;
use crate::model::new_project::NewProject;
use crate::model::world::next;
use crate::model::{AccessLevel, Label, Milestone, Visibility, World};
use crate::server::Server;

/// Path, name, description, visibility.
const GROUPS: [(&str, &str, &str, Visibility); 6] = [
    (
        "tidewater",
        "Tidewater Instruments",
        "Buoys that know the tide",
        Visibility::Public,
    ),
    (
        "tidewater/platform",
        "Platform",
        "What runs in the cloud",
        Visibility::Private,
    ),
    (
        "tidewater/devices",
        "Devices",
        "What floats",
        Visibility::Private,
    ),
    (
        "tidewater/devices/firmware",
        "Firmware",
        "What runs in what floats",
        Visibility::Private,
    ),
    (
        "tidewater/research",
        "Research",
        "What the sea teaches",
        Visibility::Internal,
    ),
    (
        "tidewater/archive",
        "Archive",
        "What once was",
        Visibility::Private,
    ),
];

/// Path, name, description, visibility, topics.
const PROJECTS: [(&str, &str, &str, Visibility, &[&str]); 12] = [
    (
        "tidewater/platform/api-server",
        "API server",
        "Takes measurements and gives forecasts",
        Visibility::Private,
        &["python", "api"],
    ),
    (
        "tidewater/platform/web-client",
        "Web client",
        "Tides in the browser",
        Visibility::Private,
        &["svelte"],
    ),
    (
        "tidewater/platform/ops-scripts",
        "Infrastructure",
        "Servers, certificates, backups",
        Visibility::Private,
        &["ansible"],
    ),
    (
        "tidewater/devices/firmware/buoy",
        "Buoy firmware",
        "Measures, sleeps, sends",
        Visibility::Private,
        &["c", "embedded"],
    ),
    (
        "tidewater/devices/firmware/sensor-drivers",
        "Sensor drivers",
        "Pressure, temperature, salt",
        Visibility::Internal,
        &["c"],
    ),
    (
        "tidewater/devices/mobile-app",
        "Mobile app",
        "Sets up buoys from a boat",
        Visibility::Private,
        &["kotlin"],
    ),
    (
        "tidewater/research/tide-model",
        "Tide model",
        "Harmonics, fitted nightly",
        Visibility::Internal,
        &["science"],
    ),
    (
        "tidewater/research/datasets",
        "Datasets",
        "Ten years of one harbour",
        Visibility::Internal,
        &["data", "lfs"],
    ),
    (
        "tidewater/handbook",
        "Handbook",
        "How we work",
        Visibility::Private,
        &[],
    ),
    (
        "tidewater/website",
        "Website",
        "tidewater.example",
        Visibility::Public,
        &["hugo"],
    ),
    (
        "tidewater/support",
        "Support desk",
        "Questions from harbours; there is no code here",
        Visibility::Private,
        &[],
    ),
    (
        "tidewater/archive/legacy-portal",
        "Legacy portal",
        "Replaced by the web client",
        Visibility::Private,
        &["php"],
    ),
];

/// Adds everything that needs no git.
pub fn add(server: &Server, people: &People) {
    let mut world = server.write();
    for (path, name, description, visibility) in GROUPS {
        let (parent, last) = path.rsplit_once('/').unwrap_or(("", path));
        let parent_id = world.group_at(parent).map(|group| group.id);
        world.add_group(
            NewGroup {
                parent_id,
                name: name.into(),
                path: last.into(),
                description: description.into(),
                visibility,
                owner: parent_id.is_none().then_some(people.owner),
            },
            at(0, 0),
        );
    }
    let root = group(&world, "tidewater");
    people.join(&mut world, root);
    for (number, (path, name, description, visibility, topics)) in PROJECTS.into_iter().enumerate()
    {
        let (parent, last) = path.rsplit_once('/').unwrap_or(("", path));
        let namespace_id = group(&world, parent);
        let id = world.add_project(
            NewProject {
                namespace_id,
                name: name.into(),
                path: last.into(),
                description: Some(description.into()),
                visibility,
                creator_id: people.owner,
            },
            at(1, 5 * i64::try_from(number).unwrap_or(0)),
        );
        if let Some(project) = world.projects.get_mut(&id) {
            project.topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        }
    }
    add_labels(&mut world);
    add_milestones(&mut world);
    let drivers = project(&world, "tidewater/devices/firmware/sensor-drivers");
    world.set_project_member(
        drivers,
        people.developer,
        AccessLevel::MAINTAINER,
        Some(people.owner),
        at(3, 0),
    );
    let tide_model = project(&world, "tidewater/research/tide-model");
    world.set_project_member(
        tide_model,
        people.outsider,
        AccessLevel::REPORTER,
        Some(people.owner),
        at(4, 0),
    );
    // What was once called ops-scripts keeps its number and answers to both names.
    let renamed = project(&world, "tidewater/platform/ops-scripts");
    let platform = group(&world, "tidewater/platform");
    world.relocate_project(renamed, platform, "infrastructure");
}

/// A project's number.
pub fn project(world: &World, path: &str) -> u64 {
    world.project_at(path).map_or(0, |project| project.id)
}

/// A group's number.
pub fn group(world: &World, path: &str) -> u64 {
    world.group_at(path).map_or(0, |group| group.id)
}

fn label(
    world: &mut World,
    title: &str,
    color: &str,
    description: &str,
    priority: Option<u64>,
) -> Label {
    Label {
        id: next(&mut world.numbers.label),
        title: title.into(),
        color: color.into(),
        description: Some(description.into()),
        priority,
        created_at: at(1, 0),
        updated_at: at(1, 0),
    }
}

fn add_labels(world: &mut World) {
    let root = group(world, "tidewater");
    for (title, color, description) in [
        ("bug", "#D9534F", "Something is wrong"),
        ("feature", "#428BCA", "Something is wanted"),
        ("security", "#AD4363", "Somebody could do harm"),
        ("customer", "#F0AD4E", "A harbour asked for it"),
    ] {
        let label = label(world, title, color, description, None);
        if let Some(group) = world.groups.get_mut(&root) {
            group.labels.push(label);
        }
    }
    for (path, title, color, description, priority) in [
        (
            "tidewater/platform/api-server",
            "performance",
            "#5CB85C",
            "Too slow, too big",
            Some(2),
        ),
        (
            "tidewater/platform/api-server",
            "api::v2",
            "#8E44AD",
            "For the next version",
            None,
        ),
        (
            "tidewater/devices/firmware/buoy",
            "power",
            "#69D100",
            "Costs battery",
            Some(1),
        ),
        (
            "tidewater/devices/firmware/buoy",
            "radio",
            "#34495E",
            "Between buoy and shore",
            None,
        ),
    ] {
        let label = label(world, title, color, description, priority);
        let id = project(world, path);
        if let Some(project) = world.projects.get_mut(&id) {
            project.labels.push(label);
        }
    }
}

fn milestone(
    world: &mut World,
    iid: u64,
    title: &str,
    start: i64,
    due: i64,
    closed: bool,
) -> Milestone {
    Milestone {
        id: next(&mut world.numbers.milestone),
        iid,
        title: title.into(),
        description: Some(format!("Everything for {title}")),
        closed,
        start_date: Some(crate::clock::day(at(start, 0))),
        due_date: Some(crate::clock::day(at(due, 0))),
        created_at: at(2, iid.cast_signed()),
        updated_at: at(2, iid.cast_signed()),
    }
}

fn add_milestones(world: &mut World) {
    let spring = milestone(world, 1, "Spring tide", 10, 80, false);
    let root = group(world, "tidewater");
    if let Some(group) = world.groups.get_mut(&root) {
        group.milestones.push(spring);
    }
    for (path, titles) in [
        ("tidewater/platform/api-server", ["1.0", "1.1", "2.0"]),
        ("tidewater/devices/firmware/buoy", ["fw-3", "fw-4", "fw-5"]),
    ] {
        let id = project(world, path);
        for (number, title) in (1_u64..).zip(titles) {
            let start = 20 * number.cast_signed();
            let one = milestone(world, number, title, start, start + 20, number == 1);
            if let Some(project) = world.projects.get_mut(&id) {
                project.milestones.push(one);
            }
        }
    }
}

/// Sets the days of last activity, and archives what is archived.
pub fn age(server: &Server) {
    let mut world = server.write();
    for project in world.projects.values_mut() {
        let issues = project.issues.values().map(|issue| issue.shared.updated_at);
        let requests = project
            .merge_requests
            .values()
            .map(|request| request.shared.updated_at);
        let last = issues.chain(requests).max().unwrap_or(project.created_at);
        project.last_activity_at = last.max(project.created_at);
        project.updated_at = project.created_at;
        project.archived = project.path == "legacy-portal";
    }
}
