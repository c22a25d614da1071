//! Copies and prunes that are killed at every single operation: the vault is
//! sound, the next one completes, and nothing that was saved is lost.

use std::fs;
use std::path::Path;

use jiff::SignedDuration;
use tempfile::TempDir;

use super::copying::{ids, is_sound, opened};
use super::faulty::{Reported, Rule, Wrong};
use crate::storage::{LEASE, Operation};
use crate::{
    Content, CreateOptions, Error, Expected, Location, OpenOptions, Piece, SnapshotId, Vault,
    VaultKey, WriteStart, unobserved,
};

const NO_GRACE: SignedDuration = SignedDuration::ZERO;

fn location(folder: &Path) -> Location {
    Location::folder(folder).unwrap()
}

/// A small snapshot: some pieces are every snapshot's, some are its own.
fn save(vault: &Vault, seed: u8) -> SnapshotId {
    let writer = vault
        .writer(WriteStart {
            parent: None,
            time: jiff::Timestamp::from_second(1_760_000_000 + i64::from(seed)).unwrap(),
            host: "tester".to_owned(),
            plan: "everything".to_owned(),
            tags: Vec::new(),
            run: "run".to_owned(),
        })
        .unwrap();
    let mut expected = Vec::new();
    for (path, content) in pieces(seed) {
        expected.push(Expected {
            path: path.clone(),
            size: content.len() as u64,
        });
        let content = Content::Bytes(content.into());
        writer.push_blocking(Piece { path, content }).unwrap();
    }
    let written = writer.close_blocking().unwrap();
    written.seal(Vec::new(), &expected).unwrap().id
}

fn pieces(seed: u8) -> Vec<(String, Vec<u8>)> {
    vec![
        ("groups/1/all".to_owned(), b"shared by all".to_vec()),
        ("projects/1/own".to_owned(), vec![seed; 300]),
        (format!("projects/{}/own", 10 + seed), vec![seed; 30_000]),
    ]
}

/// Everything that was saved is there, byte by byte.
fn has(vault: &Vault, id: SnapshotId, seed: u8) {
    let reader = vault.read(&id).unwrap();
    for (path, content) in pieces(seed) {
        assert_eq!(reader.read(&path).unwrap().unwrap(), content);
    }
}

fn duplicate(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            duplicate(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn a_copy_that_is_killed_anywhere_is_made_good_by_the_next() {
    let home = TempDir::new().unwrap();
    let key = VaultKey::generate();
    let from = Vault::create(
        &location(&home.path().join("from")),
        &key,
        CreateOptions::default(),
    )
    .unwrap();
    let originals = [save(&from, 1), save(&from, 2), save(&from, 3)];
    let base = home.path().join("base");
    let target = Vault::create(&location(&base), &key, CreateOptions::default()).unwrap();
    let own = save(&target, 9);
    from.copy_to(&target, &originals[..1], unobserved())
        .unwrap();

    let mut operations = 0;
    loop {
        let folder = home.path().join(operations.to_string());
        duplicate(&base, &folder);
        let (faulty, vault) = opened(&folder, &key);
        faulty.stop_after(operations);
        let result = from.copy_to(&vault, &originals, unobserved());
        faulty.stop_after(u64::MAX);

        // What is seen of it is whole.
        for (number, original) in from.snapshots().unwrap().iter().enumerate() {
            let seed = u8::try_from(number + 1).unwrap();
            let copies = vault.snapshots().unwrap();
            for copy in copies.iter().filter(|copy| copy.time == original.time) {
                has(&vault, copy.id, seed);
            }
        }
        is_sound(&vault);
        let finished = result.is_ok();
        if !finished {
            let report = from.copy_to(&vault, &originals, unobserved()).unwrap();
            assert_eq!(report.copied.len() + report.already_there.len(), 3);
        }
        assert_eq!(vault.snapshots().unwrap().len(), 4);
        assert!(from.missing_in(&vault).unwrap().is_empty());
        is_sound(&vault);
        has(&vault, own, 9);
        if finished {
            break;
        }
        fs::remove_dir_all(&folder).unwrap();
        operations += 1;
    }
    assert!(operations > 30, "{operations}");
}

#[test]
fn a_prune_that_is_killed_anywhere_is_made_good_by_the_next() {
    let home = TempDir::new().unwrap();
    let key = VaultKey::generate();
    let base = home.path().join("base");
    let vault = Vault::create(&location(&base), &key, CreateOptions::default()).unwrap();
    // Some packs are to be removed, some to be marked, some to be repacked.
    let [old, going, staying] = [save(&vault, 1), save(&vault, 2), save(&vault, 3)];
    vault.forget(&[old]).unwrap();
    let plan = vault.prune_plan(&[going, staying]).unwrap();
    vault.prune(plan, "tester", unobserved()).unwrap();
    vault.forget(&[going]).unwrap();
    let plan = vault.plan_with_grace(&[staying], NO_GRACE).unwrap();
    let facts = *plan.facts();
    assert!(facts.packs_to_remove > 0, "{facts:?}");
    assert!(facts.packs_to_mark + facts.packs_to_repack > 0, "{facts:?}");

    let mut operations = 0;
    loop {
        let folder = home.path().join(operations.to_string());
        duplicate(&base, &folder);
        let (faulty, vault) = opened(&folder, &key);
        let plan = vault.plan_with_grace(&[staying], NO_GRACE).unwrap();
        faulty.stop_after(operations);
        let result = vault.prune(plan, "tester", unobserved());
        faulty.stop_after(u64::MAX);

        let vault = Vault::open(&location(&folder), &key, OpenOptions::default()).unwrap();
        assert_eq!(ids(&vault), [staying]);
        has(&vault, staying, 3);
        is_sound(&vault);
        let finished = result.is_ok();
        // A storage that fails is no program that ended: its lease ends later.
        let lease = folder.join(LEASE);
        if lease.exists() {
            assert!(matches!(
                vault.lease("another"),
                Err(Error::LeaseHeld { .. })
            ));
            fs::remove_file(lease).unwrap();
        }
        for _ in 0..2 {
            let plan = vault.plan_with_grace(&[staying], NO_GRACE).unwrap();
            vault.prune(plan, "tester", unobserved()).unwrap();
            has(&vault, staying, 3);
            is_sound(&vault);
        }
        save(&vault, 4);
        is_sound(&vault);
        if finished {
            break;
        }
        fs::remove_dir_all(&folder).unwrap();
        operations += 1;
    }
    assert!(operations > 20, "{operations}");
}

#[test]
fn a_disk_that_is_full_while_pruning_is_told_and_loses_nothing() {
    let home = TempDir::new().unwrap();
    let key = VaultKey::generate();
    let folder = home.path().join("vault");
    let sound = Vault::create(&location(&folder), &key, CreateOptions::default()).unwrap();
    let [going, staying] = [save(&sound, 1), save(&sound, 2)];
    sound.forget(&[going]).unwrap();
    let (faulty, vault) = opened(&folder, &key);
    for folder in ["data", "index"] {
        let plan = vault.prune_plan(&[staying]).unwrap();
        assert!(plan.facts().packs_to_repack > 0, "{:?}", plan.facts());
        faulty.set(&[Rule {
            operation: Operation::Write,
            folder,
            nth: 1,
            wrong: Wrong::Fails(Reported::Full),
        }]);
        let error = vault.prune(plan, "tester", unobserved()).unwrap_err();
        assert!(matches!(error, Error::Full { .. }), "{folder}: {error:?}");
        faulty.set(&[]);
        is_sound(&sound);
        has(&sound, staying, 2);
    }
    let plan = vault.prune_plan(&[staying]).unwrap();
    vault.prune(plan, "tester", unobserved()).unwrap();
    is_sound(&sound);
    has(&sound, staying, 2);
}

#[test]
fn forgetting_that_is_killed_anywhere_is_made_good_by_the_next() {
    let home = TempDir::new().unwrap();
    let key = VaultKey::generate();
    let base = home.path().join("base");
    let vault = Vault::create(&location(&base), &key, CreateOptions::default()).unwrap();
    let (going, staying) = (save(&vault, 1), save(&vault, 2));
    let mut operations = 0;
    loop {
        let folder = home.path().join(operations.to_string());
        duplicate(&base, &folder);
        let (faulty, vault) = opened(&folder, &key);
        faulty.stop_after(operations);
        let finished = vault.forget(&[going]).is_ok();
        faulty.stop_after(u64::MAX);
        is_sound(&vault);
        // Whatever is not there any more is known to be removed on purpose.
        vault.prune_plan(&[going, staying]).unwrap();
        let there = vault.snapshots().unwrap().len() == 2;
        assert_eq!(vault.removed().unwrap().contains(&going), !there);
        if there {
            vault.forget(&[going]).unwrap();
        }
        assert_eq!(ids(&vault), [staying]);
        if finished {
            break;
        }
        operations += 1;
    }
    assert!(operations > 4, "{operations}");
}
