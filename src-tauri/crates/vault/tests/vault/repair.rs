//! After a repair, what is captured again is stored again, old snapshots are
//! whole again, and what was sound stays.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use labkeep_vault::{
    CheckOptions, CheckReport, Finding, ReadShare, RepairReport, Vault, unobserved,
};

use crate::common::{Sandbox, at, bytes, save, some_pieces};

fn check(vault: &Vault) -> CheckReport {
    let read_data = ReadShare::All;
    vault
        .check(CheckOptions { read_data }, unobserved())
        .expect("the check itself can be done")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort_by_key(|path| std::cmp::Reverse(fs::metadata(path).map_or(0, |m| m.len())));
    found
}

fn flip(path: &Path, place: usize) {
    let mut content = fs::read(path).expect("it is there");
    content[place] ^= 1;
    fs::write(path, content).expect("it is ours");
}

/// The pack files that a check's findings name.
fn suspects(report: &CheckReport) -> BTreeSet<String> {
    report
        .findings
        .iter()
        .filter_map(Finding::pack)
        .map(ToOwned::to_owned)
        .collect()
}

fn repair(sandbox: &Sandbox, report: &CheckReport) -> RepairReport {
    sandbox
        .vault
        .repair(&suspects(report), "tester", unobserved())
        .expect("it can be repaired")
}

#[test]
fn a_damaged_pack_is_stored_again_and_old_snapshots_are_whole_again() {
    let sandbox = Sandbox::new();
    let first = save(&sandbox.vault, None, at(0), some_pieces(1)).unwrap();
    let pack = files(&sandbox.folder().join("data")).remove(0);
    flip(&pack, 1_000_000);
    // Captured again without a repair, the damage is taken for stored.
    save(&sandbox.vault, None, at(60), some_pieces(1)).unwrap();
    let found = check(&sandbox.vault);
    assert!(found.affected_snapshots().contains(&first.id));

    let repaired = repair(&sandbox, &found);
    assert_eq!(repaired.packs_dropped, 1);
    assert!(repaired.parts_lost > 0, "{repaired:?}");
    assert!(pack.exists(), "nothing but the index forgets it");
    let after = check(&sandbox.vault);
    assert!(!after.is_sound(), "nothing was captured yet");
    let lost = after.findings.iter().filter(|f| f.snapshot().is_some());
    assert!(lost.count() > 0);

    save(&sandbox.vault, None, at(120), some_pieces(1)).unwrap();
    let whole = check(&sandbox.vault);
    assert!(whole.is_sound(), "{:?}", whole.findings);
    assert_eq!(whole.affected.len(), 0);
    sandbox.restic_ok(&["check", "--read-data"]);
    // Told from another view, too.
    let reader = sandbox.reopened().read(&first.id).unwrap();
    let path = "projects/12/repository/packs/000001.pack";
    assert!(reader.has_all_parts(path).unwrap());
    assert!(reader.read(path).unwrap().is_some());
}

#[test]
fn what_is_sound_in_a_damaged_pack_is_kept() {
    let sandbox = Sandbox::new();
    let pieces = |upto: u32| -> Vec<_> {
        (10..upto)
            .map(|id| {
                let content: Vec<u8> = (0..20_000_u32)
                    .flat_map(|n| (n.wrapping_mul(2_654_435_761) ^ (id << 7)).to_le_bytes())
                    .collect();
                bytes(&format!("projects/{id}/data"), content)
            })
            .collect()
    };
    let snapshot = save(&sandbox.vault, None, at(0), pieces(30)).unwrap();
    let pack = files(&sandbox.folder().join("data")).remove(0);
    flip(&pack, 1_000);
    let found = check(&sandbox.vault);
    let repaired = repair(&sandbox, &found);
    assert_eq!((repaired.packs_dropped, repaired.parts_lost), (1, 1));
    assert!(repaired.parts_saved >= 18, "{repaired:?}");
    // Only one file is lost; nobody has to capture the others again.
    let after = check(&sandbox.vault);
    let lost = after.findings.iter().filter(|f| f.snapshot().is_some());
    assert_eq!(lost.count(), 1, "{:?}", after.findings);
    let reader = sandbox.reopened().read(&snapshot.id).unwrap();
    let whole = (10..30)
        .filter(|id| {
            let path = format!("projects/{id}/data");
            reader.has_all_parts(&path).unwrap() && reader.read(&path).unwrap().is_some()
        })
        .count();
    assert_eq!(whole, 19);
}

#[test]
fn a_missing_pack_is_stored_again() {
    let sandbox = Sandbox::new();
    save(&sandbox.vault, None, at(0), some_pieces(1)).unwrap();
    fs::remove_file(&files(&sandbox.folder().join("data"))[0]).unwrap();
    let found = check(&sandbox.vault);
    assert_eq!(repair(&sandbox, &found).packs_dropped, 1);
    save(&sandbox.vault, None, at(120), some_pieces(1)).unwrap();
    let whole = check(&sandbox.vault);
    assert!(whole.is_sound(), "{:?}", whole.findings);
    sandbox.restic_ok(&["check", "--read-data"]);
}

#[test]
fn a_pack_that_comes_back_is_taken_in_again() {
    let sandbox = Sandbox::new();
    save(&sandbox.vault, None, at(0), some_pieces(1)).unwrap();
    let pack = files(&sandbox.folder().join("data")).remove(0);
    let away = sandbox.home.path().join("away");
    fs::rename(&pack, &away).unwrap();
    let found = check(&sandbox.vault);
    repair(&sandbox, &found);
    fs::rename(&away, &pack).unwrap();
    assert!(!check(&sandbox.vault).is_sound());
    let found = check(&sandbox.vault);
    assert_eq!(repair(&sandbox, &found).packs_adopted, 1);
    let whole = check(&sandbox.vault);
    assert_eq!(whole.findings, []);
    sandbox.restic_ok(&["check", "--read-data"]);
}

#[test]
fn a_damaged_index_is_made_anew_from_the_packs() {
    let sandbox = Sandbox::new();
    let snapshot = save(&sandbox.vault, None, at(0), some_pieces(1)).unwrap();
    for index in files(&sandbox.folder().join("index")) {
        flip(&index, 40);
    }
    let found = check(&sandbox.vault);
    assert!(!found.is_sound());
    let repaired = repair(&sandbox, &found);
    assert!(repaired.indexes_removed > 0 && repaired.packs_adopted > 0);
    assert_eq!(check(&sandbox.vault).findings, []);
    sandbox.restic_ok(&["check", "--read-data"]);
    let reader = sandbox.reopened().read(&snapshot.id).unwrap();
    assert!(reader.read("labkeep.json").unwrap().is_some());
}

#[test]
fn a_sound_vault_is_left_as_it_is() {
    let sandbox = Sandbox::new();
    save(&sandbox.vault, None, at(0), some_pieces(1)).unwrap();
    let before = files(&sandbox.folder());
    // A suspicion that is not true, such as of a disk that was slow once.
    let suspects: BTreeSet<String> = files(&sandbox.folder().join("data"))
        .iter()
        .filter_map(|path| path.strip_prefix(sandbox.folder()).ok())
        .map(|path| path.display().to_string())
        .collect();
    assert!(!suspects.is_empty());
    let report = sandbox
        .vault
        .repair(&suspects, "tester", unobserved())
        .unwrap();
    assert_eq!(report, RepairReport::default());
    assert_eq!(files(&sandbox.folder()), before);
}
