//! Runs that are stopped: by Ctrl-C, and from another process.
#![cfg(unix)]

use std::process::Child;
use std::time::{Duration, Instant};

use practice_gitlab::{Action, FaultRule};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::world::World;

/// Starts a backup that would take long.
fn begin(world: &World) -> (Child, String) {
    let slow = Action::Delay {
        milliseconds: 60_000,
    };
    world
        .gitlab
        .set_faults(vec![FaultRule::new("POST git-upload-pack", slow)]);
    let child = world.command(&["--json", "backup"]).spawn().unwrap();
    (child, begun(world))
}

/// The run that reads from git, as soon as there is one.
fn begun(world: &World) -> String {
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        let runs = world.json(&["runs"]);
        let run = &runs["runs"][0];
        let fetches = world.gitlab.requests().count("POST git-upload-pack");
        if run["state"] == "running" && fetches > 0 {
            return run["id"].as_str().unwrap().to_owned();
        }
        assert!(Instant::now() < until, "the backup did not begin: {runs}");
    }
}

fn check_aborted(world: &World, child: Child, why: &str) {
    let ran = world.wait(child).expect(4);
    let result = ran.document();
    assert_eq!(result["outcome"], "aborted");
    assert_eq!(result["reason"], why);
    assert_eq!(result["snapshot"], Value::Null);
    assert_eq!(world.json(&["snapshots"])["snapshots"], json!([]));
    world.check_nothing_leaked();
}

#[test]
fn a_signal_aborts_with_4() {
    let world = World::ready(2);
    let (child, _) = begin(&world);
    let process = Pid::from_child(&child);
    for what in ["cmdline", "environ"] {
        let path = format!("/proc/{}/{what}", child.id());
        if let Ok(text) = std::fs::read(path) {
            let text = String::from_utf8_lossy(&text);
            assert!(world.hidden.iter().all(|secret| !text.contains(secret)));
        }
    }
    kill_process(process, Signal::INT).unwrap();
    check_aborted(&world, child, "It was interrupted.");
}

#[test]
fn another_process_can_cancel_and_resume() {
    let world = World::ready(2);
    let (child, run) = begin(&world);
    let asked = world.json(&["cancel", &run[..8]]);
    assert_eq!(asked["run"]["state"], "stopping");
    check_aborted(&world, child, "It was cancelled.");
    let over = world.run(&["cancel", &run]).expect(2);
    assert!(
        over.err.contains("The run has ended already."),
        "{}",
        over.err
    );
    world.gitlab.set_faults(Vec::new());
    let result = world.json(&["resume", &run]);
    assert_eq!(result["outcome"], "complete");
}
