//! A writer that is killed at any moment, as by a power button or a hungry
//! system, leaves a vault that is sound, here and for restic.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use labkeep_vault::{CheckOptions, Location, OpenOptions, ReadShare, Vault, VaultKey, unobserved};

use crate::common::{Sandbox, at, bytes, file, noise, save};

const KILLS: u64 = 30;

#[test]
fn a_killed_writer_leaves_a_sound_vault() {
    let sandbox = Sandbox::new();
    let first = save(
        &sandbox.vault,
        None,
        at(0),
        vec![bytes("projects/1/a", "kept")],
    )
    .unwrap();
    let mut finished = 0;
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "killed::writing_without_end",
                "--ignored",
                "--nocapture",
            ])
            .env("FOLDER", sandbox.folder())
            .env("SEED", kill.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut key = child.stdin.take().unwrap();
        writeln!(key, "{}", sandbox.key.expose()).unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        lines
            .find(|line| line.as_ref().is_ok_and(|line| line == "writing"))
            .unwrap()
            .unwrap();
        // Anywhere in the 300 ms or so that a snapshot takes, or in the next.
        std::thread::sleep(Duration::from_millis(kill * 37 % 500));
        child.kill().unwrap();
        child.wait().unwrap();
        finished += lines
            .filter(|line| line.as_ref().is_ok_and(|line| line == "saved"))
            .count();

        if kill % 6 == 5 {
            let check = sandbox.restic_ok(&["check", "--read-data"]);
            assert!(check.contains("no errors were found"), "{check}");
        }
    }
    let options = CheckOptions {
        read_data: ReadShare::All,
    };
    let report = sandbox.vault.check(options, unobserved()).unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
    let snapshots = sandbox.vault.snapshots().unwrap();
    // One may have been saved just before its line was printed.
    assert!(snapshots.len() > finished, "{} {finished}", snapshots.len());
    for snapshot in snapshots {
        let reader = sandbox.vault.read(&snapshot.id).unwrap();
        let mut files = 0;
        reader
            .walk::<labkeep_vault::Error>("", &mut |path, entry| {
                if !entry.is_dir {
                    let copied = reader.copy_to(path, &mut std::io::sink())?;
                    assert_eq!(copied, entry.size);
                    files += 1;
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(files, snapshot.files);
    }
    // What killed writers left is cleared away, and nothing else is.
    let known: Vec<_> = sandbox
        .vault
        .snapshots()
        .unwrap()
        .iter()
        .map(|s| s.id)
        .collect();
    let plan = sandbox.vault.prune_plan(&known).unwrap();
    sandbox.vault.prune(plan, "tester", unobserved()).unwrap();
    let kept = sandbox
        .vault
        .read(&first.id)
        .unwrap()
        .read("projects/1/a")
        .unwrap();
    assert_eq!(kept.unwrap(), b"kept");
    assert!(
        sandbox
            .restic_ok(&["check", "--read-data"])
            .contains("no errors")
    );
}

#[test]
fn a_killed_prune_leaves_a_sound_vault_and_holds_nobody_up() {
    let sandbox = Sandbox::new();
    let vault = &sandbox.vault;
    let kept = save(vault, None, at(0), vec![bytes("projects/1/a", "kept")]).unwrap();
    for kill in 0..20_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "killed::pruning_without_end",
                "--ignored",
                "--nocapture",
            ])
            .env("FOLDER", sandbox.folder())
            .env("KEPT", kept.id.to_string())
            .env("SEED", kill.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut key = child.stdin.take().unwrap();
        writeln!(key, "{}", sandbox.key.expose()).unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        lines
            .find(|line| line.as_ref().is_ok_and(|line| line == "pruning"))
            .unwrap()
            .unwrap();
        std::thread::sleep(Duration::from_millis(kill * 53 % 400));
        child.kill().unwrap();
        child.wait().unwrap();

        let options = CheckOptions {
            read_data: ReadShare::All,
        };
        let report = vault.check(options, unobserved()).unwrap();
        assert!(report.is_sound(), "{kill}: {:?}", report.findings);
        let known: Vec<_> = vault.snapshots().unwrap().iter().map(|s| s.id).collect();
        assert!(known.contains(&kept.id));
        // Whoever held the lease is known to have ended.
        let plan = vault.prune_plan(&known).unwrap();
        vault.prune(plan, "tester", unobserved()).unwrap();
        let content = vault.read(&kept.id).unwrap().read("projects/1/a").unwrap();
        assert_eq!(content.unwrap(), b"kept");
    }
    let check = sandbox.restic_ok(&["check", "--read-data"]);
    assert!(check.contains("no errors were found"), "{check}");
}

#[test]
#[ignore = "run by another, who kills it"]
fn pruning_without_end() {
    let mut key = String::new();
    std::io::stdin().read_line(&mut key).unwrap();
    let location = Location::parse(&std::env::var("FOLDER").unwrap()).unwrap();
    let kept = std::env::var("KEPT").unwrap().parse().unwrap();
    let seed: u64 = std::env::var("SEED").unwrap().parse().unwrap();
    let key = VaultKey::parse(&key).unwrap();
    let vault = Vault::open(&location, &key, OpenOptions::default()).unwrap();
    println!("pruning");
    for round in 1..1_000 {
        let seed = seed * 1_000 + round;
        let pieces = (0..3)
            .map(|number| {
                let path = format!("projects/{number:03}/pack");
                bytes(&path, noise(seed * 10 + number, 300_000))
            })
            .collect();
        let time = at(i64::try_from(seed).unwrap());
        save(&vault, None, time, pieces).unwrap();
        let snapshots = vault.snapshots().unwrap();
        let going: Vec<_> = snapshots
            .iter()
            .map(|s| s.id)
            .filter(|id| *id != kept)
            .collect();
        vault.forget(&going).unwrap();
        let plan = vault.prune_plan(&[kept]).unwrap();
        vault.prune(plan, "tester", unobserved()).unwrap();
    }
}

#[test]
fn several_processes_write_at_once() {
    let sandbox = Sandbox::new();
    let children: Vec<_> = (0..3_u32)
        .map(|number| {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "killed::writing_without_end", "--ignored"])
                .env("FOLDER", sandbox.folder())
                // Two of them write the same.
                .env("SEED", (number / 2).to_string())
                .env("ROUNDS", "4")
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            let mut key = child.stdin.take().unwrap();
            writeln!(key, "{}", sandbox.key.expose()).unwrap();
            child
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(sandbox.vault.snapshots().unwrap().len(), 12);
    assert!(
        sandbox
            .restic_ok(&["check", "--read-data"])
            .contains("no errors")
    );
}

#[test]
#[ignore = "run by the others, who may kill it"]
fn writing_without_end() {
    let mut key = String::new();
    std::io::stdin().read_line(&mut key).unwrap();
    let location = Location::parse(&std::env::var("FOLDER").unwrap()).unwrap();
    let seed: u64 = std::env::var("SEED").unwrap().parse().unwrap();
    let key = VaultKey::parse(&key).unwrap();
    let vault = Vault::open(&location, &key, OpenOptions::default()).unwrap();
    let rounds: u64 = std::env::var("ROUNDS").map_or(1_000, |rounds| rounds.parse().unwrap());
    let mut parent = None;
    println!("writing");
    for round in 0..rounds {
        let mut pieces = Vec::new();
        for number in 0..20 {
            let seed = seed * 100_000 + round * 100 + number;
            pieces.push(file(
                &format!("projects/{number:03}/pack"),
                &noise(seed, 400_000),
            ));
            pieces.push(bytes(
                &format!("projects/{number:03}/refs"),
                noise(seed, 200),
            ));
        }
        let time = at(i64::try_from(seed * 1_000 + round).unwrap());
        parent = Some(save(&vault, parent, time, pieces).unwrap().id);
        println!("saved");
    }
}
