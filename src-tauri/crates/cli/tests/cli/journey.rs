//! The whole way: connect, back up, look, rehearse, lose, restore, compare.

use std::process::Command;

use practice_gitlab::Seed;
use serde_json::{Value, json};

use crate::machine::Ran;
use crate::world::{World, seeded};

const PROJECT: &str = "tidewater/platform/api-server";

/// Branches and tags of the project at GitLab.
fn refs(world: &World) -> String {
    let (scheme, host) = world.gitlab.url.split_once("://").unwrap();
    let token = &world.gitlab.tokens.owner;
    let output = Command::new("git")
        .args(["ls-remote", "--heads", "--tags"])
        .arg(format!("{scheme}://test:{token}@{host}/{PROJECT}.git"))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Number, title and state of everything in a relation, from a snapshot.
fn documents(world: &World, snapshot: &str, relation: &str) -> Vec<Value> {
    let path = format!("relations/{relation}.ndjson");
    let ran: Ran = world.run(&["cat", snapshot, PROJECT, &path]).expect(0);
    let mut documents: Vec<Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|document| {
            let notes = document["notes"].as_array().map_or(0, |notes| {
                notes.iter().filter(|note| note["system"] != true).count()
            });
            json!([document["iid"], document["title"], document["state"], notes])
        })
        .collect();
    documents.sort_by_key(|document| document[0].as_u64());
    documents
}

#[test]
fn a_deleted_project_comes_back() {
    let mut world = World::new(seeded(Seed::Demo));
    let minimal = world.gitlab.tokens.minimal.clone();

    let added = world.connect(&minimal).expect(0);
    for sentence in [
        "Connected: office",
        "read_repository",
        "Danger: With minimal privileges, some metadata may not be included.",
        "restoring will need a new token with write permissions.",
    ] {
        assert!(added.err.contains(sentence), "{sentence}: {}", added.err);
    }
    assert_eq!(added.out, "");
    let checked = world.json(&["account", "check", "office"]);
    assert_eq!(checked["checklist"]["can_restore"], false);
    let accounts = world.json(&["account", "list"]);
    assert_eq!(accounts["accounts"][0]["username"], "olivia");

    let (vault, kit) = (world.text("vault"), world.text("kit.txt"));
    world
        .run(&[
            "vault",
            "create",
            &vault,
            "--name",
            "disk",
            "--recovery-kit",
            &kit,
        ])
        .expect(0);
    let keys = world.secrets("vault-key");
    let sheet = std::fs::read_to_string(&kit).unwrap();
    assert!(sheet.contains(&keys[0]) && sheet.contains(&vault));
    // Written once more later, as to whoever has put it off.
    let later = world.text("later.txt");
    world.run(&["vault", "kit", "disk", &later]).expect(0);
    let sheet = std::fs::read_to_string(&later).unwrap();
    assert!(sheet.contains(&keys[0]) && sheet.contains(&vault));
    world.run(&["vault", "kit", "disk", &later]).expect(2);
    world.machine.hidden.extend(keys);
    world.make_plan(&["--keep", "daily=7"]);

    let planned = world.json(&["backup", "--plan-only"]);
    assert_eq!(planned["unchanged"], 0);
    assert_eq!(world.json(&["snapshots"])["snapshots"], json!([]));
    let result = world.back_up(&[], 0);
    let names: Vec<&String> = result.as_object().unwrap().keys().collect();
    let mut expected = [
        "run", "kind", "outcome", "reason", "started", "finished", "snapshot", "items", "bytes",
        "requests", "missing",
    ];
    expected.sort_unstable();
    let mut names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!(
        (&result["kind"], &result["outcome"]),
        (&json!("backup"), &json!("complete"))
    );
    assert_eq!(result["items"]["total"], planned["total"]);
    assert!(result["requests"]["git"].as_u64() > Some(10));
    assert!(result["bytes"]["stored"].as_u64() > Some(1000));
    let snapshot = result["snapshot"].as_str().unwrap();

    look_around(&world, snapshot);
    rehearse(&world);

    let (before, issues, requests) = (
        refs(&world),
        documents(&world, snapshot, "issues"),
        documents(&world, snapshot, "merge_requests"),
    );
    assert!(before.lines().count() > 1 && !issues.is_empty());
    world.gitlab.delete_project(PROJECT).unwrap();
    restore(&world);
    assert_eq!(refs(&world), before);
    let again = world.back_up(&[], 0);
    let again = again["snapshot"].as_str().unwrap();
    assert_eq!(documents(&world, again, "issues"), issues);
    assert_eq!(documents(&world, again, "merge_requests"), requests);

    let kinds: Vec<Value> = world.json(&["runs"])["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["kind"].clone())
        .collect();
    assert_eq!(
        kinds,
        ["backup", "restore", "export", "export", "drill", "backup"]
    );
    world.check_nothing_leaked();
}

fn look_around(world: &World, snapshot: &str) {
    let snapshots = world.json(&["snapshots", "--vault", "disk"]);
    assert_eq!(snapshots["snapshots"][0]["id"], snapshot);
    let ledger = world.json(&["ledger", "latest"]);
    let by_run = world.json(&["runs"]);
    let by_run = by_run["runs"][0]["id"].as_str().unwrap();
    assert_eq!(
        world.json(&["ledger", by_run])["ledger"]
            .as_array()
            .unwrap()
            .len(),
        ledger["ledger"].as_array().unwrap().len()
    );
    assert!(ledger["ledger"].as_array().unwrap().iter().any(|line| {
        line["path"] == PROJECT && line["kind"] == "repository" && line["state"] == "saved"
    }));
    let items = world.json(&["ls", &snapshot[..8]]);
    let found = items["items"].as_array().unwrap().iter();
    let found = found.clone().find(|item| item["path"] == PROJECT).unwrap();
    let id = found["item"]["id"].to_string();
    let files = world.json(&["ls", "latest", &id]);
    let names: Vec<&str> = files["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"project.json") && names.contains(&"repository"),
        "{names:?}"
    );
    let inside = world.json(&["ls", "latest", PROJECT, "relations"]);
    assert!(!inside["files"].as_array().unwrap().is_empty());
    let document = world
        .run(&["cat", "latest", PROJECT, "project.json"])
        .expect(0);
    let document: Value = serde_json::from_str(&document.out).unwrap();
    assert_eq!(document["path_with_namespace"], PROJECT);
    for bad in [
        &["cat", "latest", PROJECT, "nothing"][..],
        &["ls", "latest", PROJECT, "nothing"],
    ] {
        let ran = world.run(bad).expect(2);
        assert!(
            ran.err
                .contains("There is no nothing in tidewater/platform/api-server"),
            "{}",
            ran.err
        );
    }
}

fn rehearse(world: &World) {
    let drill = world.json(&["drill", "latest", PROJECT]);
    assert_eq!(
        (&drill["outcome"], &drill["items"]["captured"]),
        (&json!("complete"), &json!(1))
    );
    // One project's proof is not the whole snapshot's.
    assert!(world.json(&["snapshots"])["snapshots"][0]["proven_at"].is_null());
    let folder = world.text("plain");
    world.run(&["export", "latest", PROJECT, &folder]).expect(0);
    let checked = Command::new("git")
        .args(["-C", &folder, "--git-dir=repository.git", "fsck", "--full"])
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");
    let folder = world.text("archives");
    world
        .run(&["export", "latest", PROJECT, &folder, "--archive"])
        .expect(0);
    assert!(
        world
            .path("archives/tidewater_platform_api-server.tar.gz")
            .exists()
    );
}

fn restore(world: &World) {
    let there = world.gitlab.projects().len();
    let refused = world.run(&["restore", "latest", PROJECT]).expect(2);
    for sentence in [
        "This needs a token that may write. It is used for this restore only and not kept.",
        "/-/user_settings/personal_access_tokens?",
        "add --token-stdin",
    ] {
        assert!(
            refused.err.contains(sentence),
            "{sentence}: {}",
            refused.err
        );
    }
    let minimal = world.gitlab.tokens.minimal.clone();
    let again = world
        .tell(&["restore", "latest", PROJECT, "--token-stdin"], &minimal)
        .expect(2);
    assert!(
        again.err.contains("This token may not write."),
        "{}",
        again.err
    );
    let plan = world.json(&["restore", "latest", PROJECT, "--plan-only"]);
    assert_eq!(plan["destination"], PROJECT);
    assert_eq!(plan["token"]["need"], "write");
    assert_eq!(world.gitlab.projects().len(), there, "nothing was created");

    let owner = world.gitlab.tokens.owner.clone();
    let back = world.tell(
        &["--json", "restore", "latest", PROJECT, "--token-stdin"],
        &owner,
    );
    let back = back.expect(0).document();
    assert_eq!(
        (&back["kind"], &back["outcome"]),
        (&json!("restore"), &json!("complete"))
    );
    world.gitlab.project_id(PROJECT).unwrap();
    assert_eq!(
        world.secrets("account-token"),
        [minimal],
        "the write token was not kept"
    );
}

#[test]
fn a_new_machine_needs_only_the_vault_and_its_key() {
    let world = World::ready(2);
    let first = world.back_up(&[], 0);
    let key = world.secrets("vault-key").remove(0);
    let mut other = World::new(seeded(Seed::Empty));
    other.machine.hidden.push(key.clone());
    let vault = world.text("vault");
    let opened = other
        .tell(&["vault", "open", &vault, "--key-stdin"], &key)
        .expect(0);
    assert!(
        opened.err.contains("It holds 1 snapshot."),
        "{}",
        opened.err
    );
    let known = other.json(&["snapshots"]);
    assert_eq!(known["snapshots"][0]["id"], first["snapshot"]);
    let path = &world.gitlab.projects()[0].1;
    let drill = other.json(&["drill", "latest", path]);
    assert_eq!(drill["outcome"], "complete");
    other.check_nothing_leaked();
}
