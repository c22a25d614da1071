//! Exit codes and result documents of runs that do not go well.

use practice_gitlab::{Action, FaultRule};
use serde_json::{Value, json};

use crate::world::World;

/// The requests of one project go wrong, whatever is tried.
fn fail(world: &World, project: u64) {
    let mut rule = FaultRule::new("GET /projects/:id/issues*", Action::status(500));
    rule.path = format!("*/projects/{project}/*");
    world.gitlab.set_faults(vec![rule]);
}

#[test]
fn partial_is_3_and_says_what_is_missing() {
    let world = World::ready(2);
    let (project, path) = world.gitlab.projects().swap_remove(0);
    fail(&world, project);
    let result = world.back_up(&[], 3);
    assert_eq!(result["outcome"], "partial");
    assert_eq!(result["items"]["failed"], 1);
    let missing = &result["missing"].as_array().unwrap()[0];
    assert_eq!(missing["item"], json!(path));
    assert_eq!(
        (&missing["kind"], &missing["state"]),
        (&json!("issues"), &json!("failed"))
    );
    assert!(
        missing["reason"].as_str().unwrap().contains("500"),
        "{missing}"
    );
    assert!(missing["remedy"].is_string());
    assert!(result["snapshot"].is_string() && result["reason"].is_string());

    world.gitlab.set_faults(Vec::new());
    let whole = world.back_up(&[], 0);
    assert_eq!(
        (&whole["outcome"], &whole["missing"]),
        (&json!("complete"), &json!([]))
    );
    world.check_nothing_leaked();
}

#[test]
fn failed_is_1_and_makes_no_snapshot() {
    let world = World::ready(1);
    world.gitlab.revoke_token("minimal").unwrap();
    let ran = world.run(&["backup"]).expect(1);
    assert!(ran.err.contains("The token was revoked."), "{}", ran.err);
    assert!(
        ran.err.contains("Create a new token at GitLab"),
        "{}",
        ran.err
    );
    let result = world.back_up(&[], 1);
    assert_eq!(
        (&result["outcome"], &result["snapshot"]),
        (&json!("failed"), &Value::Null)
    );
    assert_eq!(world.json(&["snapshots"])["snapshots"], json!([]));
    world.check_nothing_leaked();
}

#[test]
fn nothing_new_is_0() {
    let world = World::ready(3);
    world.back_up(&[], 0);
    let second = world.back_up(&[], 0);
    assert_eq!(second["items"]["unchanged"], second["items"]["total"]);
    assert_eq!(second["requests"]["git"], 0);
    let planned = world.json(&["backup", "--plan-only"]);
    assert_eq!(planned["unchanged"], planned["total"]);
    let thorough = world.json(&["backup", "--plan-only", "--thorough"]);
    assert_eq!(
        (&thorough["thorough"], &thorough["unchanged"]),
        (&json!(true), &json!(0))
    );
}

#[test]
fn events_come_line_by_line_and_end_with_the_result() {
    let world = World::ready(3);
    let ran = world.run(&["--json=events", "backup"]).expect(0);
    let lines: Vec<Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (result, events) = lines.split_last().unwrap();
    assert_eq!(events[0]["type"], "started");
    for event in events {
        assert!(
            event["type"] == "started" || event["type"] == "progress",
            "{event}"
        );
    }
    assert_eq!(result["outcome"], "complete");
    assert_eq!(result["run"], events[0]["run"]);
}

#[test]
fn a_vault_check_tells_damage() {
    let world = World::ready(1);
    world.back_up(&[], 0);
    let sound = world.json(&["vault", "check", "disk", "--read-data", "100%"]);
    assert_eq!(
        (&sound["kind"], &sound["outcome"]),
        (&json!("verify"), &json!("complete"))
    );
    assert!(world.json(&["vault", "list"])["vaults"][0]["last_checked_at"].is_i64());
    let packs = crate::machine::files(&world.path("vault/data"));
    let mut bytes = std::fs::read(&packs[0]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&packs[0], bytes).unwrap();
    let ran = world
        .run(&["--json", "vault", "check", "--read-data", "100%"])
        .expect(1);
    assert!(!ran.document()["missing"].as_array().unwrap().is_empty());
}
