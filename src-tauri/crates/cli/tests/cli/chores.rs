//! What a machine without a window does beside backups.

use serde_json::{Value, json};

use crate::world::World;

fn kinds(done: &Value) -> Vec<(&str, &str)> {
    let chores = done["chores"].as_array().unwrap().iter();
    chores
        .map(|run| {
            let text = |key: &str| run[key].as_str().unwrap();
            (text("kind"), text("outcome"))
        })
        .collect()
}

#[test]
fn what_is_due_is_done_after_a_backup_and_once() {
    let world = World::ready(2);
    let offsite = world.text("offsite");
    world
        .run(&["vault", "create", &offsite, "--name", "offsite"])
        .expect(0);
    world.back_up(&[], 0);
    let keep = &["vault", "copy", "disk", "offsite", "--keep", "last=5"];
    assert_eq!(world.json(keep)["kind"], "copy");
    let plan = world.json(&["plan", "update", "--keep", "last=1"]);
    assert_eq!(plan["plan"]["retention"]["last"], 1);

    let result = world.back_up(&["--chores"], 0);
    assert_eq!(result["kind"], "backup");
    assert_eq!(
        kinds(&result),
        [("copy", "complete"), ("prune", "complete")]
    );
    assert_eq!(result["failed"], json!([]));
    let count = |vault: &str| {
        let snapshots = world.json(&["snapshots", "--vault", vault]);
        snapshots["snapshots"].as_array().unwrap().len()
    };
    // Each by its own retention.
    assert_eq!((count("disk"), count("offsite")), (1, 2));

    let done = world.json(&["chores"]);
    assert_eq!(kinds(&done), []);
    let said = world.run(&["chores"]).expect(0).err;
    for line in [
        "Second copies: none is due.",
        "Prune of disk: not due.",
        "Check of offsite: not due.",
        "Drill of all: not due.",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    // Changed, and not set up twice.
    world.json(&["vault", "copy", "disk", "offsite", "--keep", "last=2"]);
    assert_eq!((count("disk"), count("offsite")), (1, 2));
}

#[test]
fn a_chore_that_fails_is_told_and_its_outcome_is_the_exit_code() {
    let world = World::ready(1);
    let offsite = world.text("offsite");
    world
        .run(&["vault", "create", &offsite, "--name", "offsite"])
        .expect(0);
    world.back_up(&[], 0);
    let keep = &["vault", "copy", "disk", "offsite", "--keep", "standard"];
    world.json(keep);
    std::fs::remove_dir_all(world.path("offsite/data")).unwrap();
    std::fs::write(world.path("offsite/data"), "no folder").unwrap();
    let result = world.back_up(&["--chores"], 1);
    assert_eq!(result["outcome"], "complete");
    assert_eq!(kinds(&result)[0], ("copy", "failed"));
}

#[test]
fn a_loss_that_was_not_meant_is_said_without_a_window() {
    let world = World::ready(6);
    let before = world.back_up(&[], 0)["snapshot"].clone();
    for (_, path) in &world.gitlab.projects()[..4] {
        world.gitlab.delete_project(path).unwrap();
    }
    world.back_up(&[], 0);
    let said = world.json(&["plan", "loss", "--not-meant"]);
    assert_eq!(said["pinned"], before);
    let loss = world.json(&["plan", "loss"]);
    assert_eq!(loss["losses"].as_array().unwrap().len(), 1, "it stays open");
    world
        .run(&["plan", "loss", "--meant", "--not-meant"])
        .expect(2);
}
