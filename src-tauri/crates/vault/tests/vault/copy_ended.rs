//! Copies that are stopped or killed at any moment.

use std::io::{BufRead, BufReader, Write};
use std::ops::ControlFlow;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use labkeep_vault::{
    CheckOptions, CreateOptions, Error, Location, OpenOptions, Progress, ReadShare, Unit, Vault,
    VaultKey, unobserved,
};
use tempfile::TempDir;

use crate::common::{Sandbox, at, file, noise, restic, save};
use crate::copy::{Other, ids, same, same_content};

#[test]
fn a_copy_ends_within_two_seconds_of_being_asked_to() {
    let sandbox = Sandbox::new();
    let pieces = (0..150)
        .map(|number| {
            let path = format!("projects/{number:03}/pack");
            file(&path, &noise(number, 700_000))
        })
        .collect();
    let snapshot = save(&sandbox.vault, None, at(0), pieces).unwrap().id;
    for after in [0, 20_000_000, 60_000_000, 100_000_000] {
        let other = Other::new(None);
        let asked = Arc::new(Mutex::new(None));
        let first_asked = Arc::clone(&asked);
        let stop = Arc::new(move |progress: Progress| {
            if progress.unit == Unit::Bytes && progress.done >= after {
                let mut asked = first_asked.lock().unwrap();
                asked.get_or_insert_with(Instant::now);
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        let error = sandbox
            .vault
            .copy_to(&other.vault, &[snapshot], stop)
            .unwrap_err();
        assert!(matches!(error, Error::Aborted), "{after}: {error:?}");
        let took = asked.lock().unwrap().expect("it was asked").elapsed();
        assert!(took < Duration::from_secs(2), "{after}: {took:?}");
        assert!(other.vault.snapshots().unwrap().is_empty());
    }
}

#[test]
fn a_killed_copy_leaves_a_sound_vault_and_the_next_completes() {
    let sandbox = Sandbox::new();
    for seed in 0..4 {
        let pieces = (0..12_u64)
            .map(|number| {
                let path = format!("projects/{number:03}/pack");
                file(&path, &noise(seed * 1_000 + number, 700_000))
            })
            .collect();
        let time = at(i64::try_from(seed).unwrap());
        save(&sandbox.vault, None, time, pieces).unwrap();
    }
    let originals = sandbox.vault.snapshots().unwrap();
    for kill in 0..12_u64 {
        let target = TempDir::new().unwrap();
        let folder = target.path().join("vault");
        let location = Location::folder(&folder).unwrap();
        let vault = Vault::create(&location, &sandbox.key, CreateOptions::default()).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "copy_ended::copying_all",
                "--ignored",
                "--nocapture",
            ])
            .env("FROM", sandbox.folder())
            .env("TO", &folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut key = child.stdin.take().unwrap();
        writeln!(key, "{}", sandbox.key.expose()).unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        lines
            .find(|line| line.as_ref().is_ok_and(|line| line == "copying"))
            .unwrap()
            .unwrap();
        std::thread::sleep(Duration::from_millis(kill * 45));
        child.kill().unwrap();
        child.wait().unwrap();

        let options = CheckOptions {
            read_data: ReadShare::All,
        };
        let report = vault.check(options, unobserved()).unwrap();
        assert!(report.is_sound(), "{kill}: {:?}", report.findings);
        let behind = sandbox.vault.missing_in(&vault).unwrap();
        assert_eq!(vault.snapshots().unwrap().len() + behind.len(), 4);
        sandbox
            .vault
            .copy_to(&vault, &ids(&behind), unobserved())
            .unwrap();
        let copies = vault.snapshots().unwrap();
        assert_eq!(copies.len(), 4);
        for (original, copy) in originals.iter().zip(&copies) {
            same(original, copy);
            same_content((&sandbox.vault, original.id), (&vault, copy.id));
        }
        if kill % 4 == 1 {
            let output = restic(&folder, &sandbox.key, &["check", "--read-data"]);
            assert!(output.status.success(), "{output:?}");
        }
    }
}

#[test]
#[ignore = "run by another, who kills it"]
fn copying_all() {
    let mut key = String::new();
    std::io::stdin().read_line(&mut key).unwrap();
    let key = VaultKey::parse(&key).unwrap();
    let open = |name: &str| {
        let location = Location::parse(&std::env::var(name).unwrap()).unwrap();
        Vault::open(&location, &key, OpenOptions::default()).unwrap()
    };
    let (from, to) = (open("FROM"), open("TO"));
    println!("copying");
    from.copy_to(&to, &ids(&from.snapshots().unwrap()), unobserved())
        .unwrap();
}
