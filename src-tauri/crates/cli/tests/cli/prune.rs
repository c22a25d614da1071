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
fn a_loss_at_gitlab_refuses_prune_until_it_is_said_that_it_was_meant() {
    let world = world(6);
    world.back_up(&[], 0);
    for (_, path) in &world.gitlab.projects()[..4] {
        world.gitlab.delete_project(path).unwrap();
    }
    world.back_up(&[], 0);
    world.back_up(&[], 0);
    let ran = world.run(&["vault", "prune"]).expect(1);
    assert!(ran.err.contains("4 of 6 projects."), "{}", ran.err);
    assert!(ran.err.contains("plan loss --meant"), "{}", ran.err);
    let count = || {
        let snapshots = world.json(&["snapshots"]);
        snapshots["snapshots"].as_array().unwrap().len()
    };
    assert_eq!(count(), 3);
    let loss = world.json(&["plan", "loss"]);
    assert_eq!(loss["losses"][0]["name"], "all");
    assert_eq!(loss["losses"][0]["losses"][0]["gone"], 4);
    let shown = world.run(&["plan", "loss", "all"]).expect(0);
    assert!(shown.err.contains("projects or groups"), "{}", shown.err);

    world.json(&["plan", "loss", "all", "--meant"]);
    assert_eq!(world.json(&["plan", "loss"])["losses"], json!([]));
    world.run(&["plan", "loss", "--meant"]).expect(0);
    world.json(&["vault", "prune"]);
    assert_eq!(count(), 2, "the last copy of what is deleted stays");
}

#[test]
fn a_pin_is_shown_and_holds() {
    let world = world(1);
    let first = world.back_up(&[], 0)["snapshot"].clone();
    let first = first.as_str().unwrap();
    commit(&world, 1);
    world.back_up(&[], 0);
    let pinned = world.json(&["pin", first]);
    assert_eq!(pinned, json!({ "snapshot": first, "pinned": true }));
    assert!(world.run(&["snapshots"]).expect(0).err.contains("pinned"));
    let plan = world.json(&["vault", "prune", "--plan-only"]);
    assert_eq!(going(&plan), [] as [Value; 0]);
    assert_eq!(plan["snapshots"][1]["why"], "pinned");
    world.json(&["unpin", first]);
    let plan = world.json(&["vault", "prune", "--plan-only"]);
    assert_eq!(going(&plan), [json!(first)]);
    world.run(&["pin", "0000"]).expect(2);
}
