//! Pruning: the plan first, and refused on surprises.

use serde_json::{Value, json};

use crate::machine::files;
use crate::world::World;

fn going(plan: &Value) -> Vec<Value> {
    let lines = plan["snapshots"].as_array().unwrap().iter();
    lines
        .filter(|line| line["stays"] == false)
        .map(|line| line["id"].clone())
        .collect()
}

fn world(projects: u64) -> World {
    let mut world = World::new(crate::world::seeded(practice_gitlab::Seed::Many(projects)));
    let token = world.gitlab.tokens.minimal.clone();
    world.connect(&token).expect(0);
    world.make_vault();
    world.make_plan(&["--keep", "last=1"]);
    world
}

fn commit(world: &World, number: u32) {
    let (_, path) = world.gitlab.projects().swap_remove(0);
    let text = format!("change {number}\n");
    world
        .gitlab
        .push_commit(&path, "main", &[("notes.txt", &text)])
        .unwrap();
}

#[test]
fn what_no_rule_keeps_goes_as_planned() {
    let world = world(2);
    let mut made = Vec::new();
    for number in 0..3 {
        commit(&world, number);
        made.push(world.back_up(&[], 0)["snapshot"].clone());
    }
    let plan = world.json(&["vault", "prune", "disk", "--plan-only"]);
    assert_eq!(going(&plan), [made[1].clone(), made[0].clone()]);
    assert_eq!(
        world.json(&["snapshots"])["snapshots"]
            .as_array()
            .unwrap()
            .len(),
        3
    );

    let result = world.json(&["vault", "prune"]);
    assert_eq!(
        (&result["kind"], &result["outcome"]),
        (&json!("prune"), &json!("complete"))
    );
    let left = world.json(&["snapshots"]);
    assert_eq!(left["snapshots"].as_array().unwrap().len(), 1);
    assert_eq!(left["snapshots"][0]["id"], made[2]);
    assert_eq!(files(&world.path("vault/snapshots")).len(), 1);
    world.json(&["vault", "check", "--read-data", "100%"]);
    world.json(&["drill"]);
    assert_eq!(
        going(&world.json(&["vault", "prune", "--plan-only"])),
        [] as [Value; 0]
    );
}

#[test]
fn the_last_whole_copy_of_a_deleted_project_stays() {
    let world = world(3);
    let with = world.back_up(&[], 0)["snapshot"].clone();
    let (_, path) = world.gitlab.projects().swap_remove(2);
    world.gitlab.delete_project(&path).unwrap();
    world.back_up(&[], 0);
    world.back_up(&[], 0);
    world.json(&["vault", "prune"]);
    let left = world.json(&["snapshots"]);
    let left: Vec<&Value> = left["snapshots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["id"])
        .collect();
    assert_eq!(left.len(), 2);
    assert!(left.contains(&&with), "the deleted project is nowhere else");
    assert_eq!(
        world.json(&["drill", with.as_str().unwrap(), &path])["outcome"],
        "complete"
    );
}

#[test]
fn a_snapshot_that_is_not_listed_refuses_prune() {
    let world = world(1);
    world.back_up(&[], 0);
    commit(&world, 1);
    world.back_up(&[], 0);
    let snapshots = files(&world.path("vault/snapshots"));
    let hidden = world.path("hidden");
    std::fs::rename(&snapshots[0], &hidden).unwrap();
    let packs = files(&world.path("vault/data")).len();
    let ran = world.run(&["vault", "prune"]).expect(1);
    assert!(
        ran.err
            .contains("1 snapshots that should be in the vault are not there."),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("Nothing was removed."));
    assert_eq!(files(&world.path("vault/data")).len(), packs);
    std::fs::rename(&hidden, &snapshots[0]).unwrap();
    world.json(&["vault", "prune"]);
}

#[test]
fn a_source_that_lost_most_of_its_projects_refuses_prune() {
    let world = world(6);
    world.back_up(&[], 0);
    for (_, path) in &world.gitlab.projects()[..4] {
        world.gitlab.delete_project(path).unwrap();
    }
    world.back_up(&[], 0);
    let ran = world.run(&["vault", "prune"]).expect(1);
    assert!(
        ran.err.contains("found 2 projects, the one before 6."),
        "{}",
        ran.err
    );
    assert_eq!(
        world.json(&["snapshots"])["snapshots"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    // Whoever backs up once more has seen it.
    world.back_up(&[], 0);
    world.json(&["vault", "prune"]);
    assert_eq!(
        world.json(&["snapshots"])["snapshots"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}
