//! Pins and notes of removal: what they do, and that nobody else minds them.

use std::collections::BTreeSet;
use std::fs;

use labkeep_vault::{CheckOptions, Error, unobserved};

use crate::common::{Sandbox, at, restic, save, some_pieces};

#[test]
fn a_pinned_snapshot_is_not_removed() {
    let sandbox = Sandbox::new();
    let vault = &sandbox.vault;
    let first = save(vault, None, at(0), some_pieces(1)).unwrap().id;
    let second = save(vault, None, at(60), some_pieces(2)).unwrap().id;
    vault.pin(first).unwrap();
    vault.pin(first).unwrap();
    assert_eq!(
        sandbox.reopened().pinned().unwrap(),
        BTreeSet::from([first])
    );
    let error = vault.forget(&[second, first]).unwrap_err();
    assert!(matches!(error, Error::Pinned { snapshot } if snapshot == first));
    assert_eq!(vault.snapshots().unwrap().len(), 2);
    assert!(vault.removed().unwrap().is_empty());
    vault.unpin(first).unwrap();
    vault.unpin(first).unwrap();
    vault.forget(&[second, first]).unwrap();
    assert!(vault.snapshots().unwrap().is_empty());
    assert_eq!(vault.removed().unwrap(), BTreeSet::from([first, second]));
}

#[test]
fn what_is_not_there_is_not_pinned() {
    let sandbox = Sandbox::new();
    let vault = &sandbox.vault;
    let id = save(vault, None, at(0), some_pieces(1)).unwrap().id;
    vault.forget(&[id]).unwrap();
    let error = vault.pin(id).unwrap_err();
    assert!(matches!(error, Error::SnapshotNotFound { snapshot } if snapshot == id));
    assert!(vault.pinned().unwrap().is_empty());
}

#[test]
fn a_snapshot_that_somebody_is_removing_is_not_pinned() {
    let sandbox = Sandbox::new();
    let vault = &sandbox.vault;
    let id = save(vault, None, at(0), some_pieces(1)).unwrap().id;
    let note = sandbox
        .folder()
        .join("labkeep/removed")
        .join(id.to_string());
    fs::write(&note, "{}").unwrap();
    let error = vault.pin(id).unwrap_err();
    assert!(matches!(error, Error::BeingRemoved { snapshot } if snapshot == id));
    assert!(vault.pinned().unwrap().is_empty());
    // Whoever wanted to remove it a day ago does not any more.
    let yesterday = std::time::SystemTime::now() - std::time::Duration::from_hours(25);
    fs::File::options()
        .write(true)
        .open(&note)
        .and_then(|file| file.set_modified(yesterday))
        .unwrap();
    // It is there still, so it is not removed yet.
    assert!(vault.removed().unwrap().is_empty());
    vault.pin(id).unwrap();
    vault.unpin(id).unwrap();
    fs::write(&note, "{}").unwrap();
    vault.forget(&[id]).unwrap();
}

#[test]
fn what_another_machine_removed_does_not_stop_a_prune() {
    let sandbox = Sandbox::new();
    let vault = &sandbox.vault;
    let first = save(vault, None, at(0), some_pieces(1)).unwrap().id;
    let second = save(vault, None, at(60), some_pieces(2)).unwrap().id;
    let known = [first, second];
    sandbox.reopened().forget(&[first]).unwrap();
    let plan = vault.prune_plan(&known).unwrap();
    vault.prune(plan, "tester", unobserved()).unwrap();
    // One that nobody removed on purpose still does.
    fs::remove_file(sandbox.folder().join("snapshots").join(second.to_string())).unwrap();
    let error = vault.prune_plan(&known).unwrap_err();
    assert!(matches!(error, Error::SnapshotsMissing { missing } if missing == [second]));
}

#[test]
fn notes_of_removal_go_after_a_year() {
    let sandbox = Sandbox::new();
    let vault = &sandbox.vault;
    let old = save(vault, None, at(0), some_pieces(1)).unwrap().id;
    let young = save(vault, None, at(60), some_pieces(1)).unwrap().id;
    vault.forget(&[old, young]).unwrap();
    let note = sandbox
        .folder()
        .join("labkeep/removed")
        .join(old.to_string());
    let then = std::time::SystemTime::now() - std::time::Duration::from_hours(367 * 24);
    fs::File::options()
        .write(true)
        .open(&note)
        .and_then(|file| file.set_modified(then))
        .unwrap();
    let plan = vault.prune_plan(&[]).unwrap();
    vault.prune(plan, "tester", unobserved()).unwrap();
    assert_eq!(vault.removed().unwrap(), BTreeSet::from([young]));
}

#[test]
fn restic_does_not_mind_the_notes() {
    let sandbox = Sandbox::new();
    let vault = &sandbox.vault;
    let first = save(vault, None, at(0), some_pieces(1)).unwrap().id;
    let second = save(vault, None, at(60), some_pieces(2)).unwrap().id;
    vault.pin(second).unwrap();
    vault.forget(&[first]).unwrap();
    for arguments in [
        &["check", "--read-data"][..],
        &["snapshots"],
        &["list", "packs"],
        &["prune"],
        &["check", "--read-data"],
        &["stats"],
    ] {
        sandbox.restic_ok(arguments);
    }
    assert_eq!(vault.pinned().unwrap(), BTreeSet::from([second]));
    let report = vault.check(CheckOptions::default(), unobserved()).unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[test]
fn a_vault_that_restic_made_can_have_notes() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("vault");
    let key = labkeep_vault::VaultKey::generate();
    assert!(restic(&folder, &key, &["init"]).status.success());
    let location = labkeep_vault::Location::folder(&folder).unwrap();
    let options = labkeep_vault::OpenOptions::default();
    let vault = labkeep_vault::Vault::open(&location, &key, options).unwrap();
    assert!(vault.pinned().unwrap().is_empty());
    assert!(vault.removed().unwrap().is_empty());
    let id = save(&vault, None, at(0), some_pieces(1)).unwrap().id;
    vault.pin(id).unwrap();
    assert_eq!(vault.pinned().unwrap(), BTreeSet::from([id]));
    assert!(restic(&folder, &key, &["check"]).status.success());
    assert!(vault.free_bytes().unwrap().is_some_and(|free| free > 0));
}
