//! Forgetting and pruning, and what restic says of it.

use std::fs;

use labkeep_vault::{CheckOptions, Error, ReadShare, unobserved};
use sha2::{Digest, Sha256};

use crate::common::{Sandbox, at, bytes, noise, save, some_pieces};

#[test]
fn lost_snapshot_list_refuses_prune() {
    let sandbox = Sandbox::new();
    let vault = &sandbox.vault;
    let first = save(vault, None, at(0), some_pieces(1)).unwrap().id;
    let second = save(vault, None, at(60), some_pieces(2)).unwrap().id;
    let known = [first, second];
    let before = vault.usage().unwrap();

    // One snapshot is not listed any more.
    let folder = sandbox.folder().join("snapshots");
    let hidden = sandbox.home.path().join("hidden");
    fs::rename(folder.join(first.to_string()), &hidden).unwrap();
    let error = vault.prune_plan(&known).unwrap_err();
    assert!(matches!(error, Error::SnapshotsMissing { missing } if missing == [first]));
    fs::rename(&hidden, folder.join(first.to_string())).unwrap();

    // None is: their folder is gone, which a folder listing calls empty.
    fs::rename(&folder, &hidden).unwrap();
    for known in [&known[..], &[]] {
        let error = vault.prune_plan(known).unwrap_err();
        assert!(
            matches!(&error, Error::Missing { path } if path.ends_with("snapshots")),
            "{error:?}"
        );
    }
    fs::rename(&hidden, &folder).unwrap();

    // The whole vault is gone: a drive that is not connected.
    fs::rename(sandbox.folder(), &hidden).unwrap();
    let error = vault.prune_plan(&known).unwrap_err();
    assert!(matches!(error, Error::Gone { .. }), "{error:?}");
    assert!(!sandbox.folder().exists());
    fs::rename(&hidden, sandbox.folder()).unwrap();

    let usage = vault.usage().unwrap();
    assert_eq!(
        (usage.packs, usage.snapshots),
        (before.packs, before.snapshots)
    );
    vault.prune_plan(&known).unwrap();
}

#[test]
fn a_pruned_vault_is_sound_for_restic_too() {
    let sandbox = Sandbox::new();
    let vault = &sandbox.vault;
    let first = save(vault, None, at(0), some_pieces(1)).unwrap().id;
    let second = save(vault, None, at(60), some_pieces(2)).unwrap().id;
    vault.forget(&[first]).unwrap();
    assert!(matches!(
        vault.forget(&[first]).unwrap_err(),
        Error::SnapshotNotFound { snapshot } if snapshot == first
    ));
    let plan = vault.prune_plan(&[second]).unwrap();
    assert!(plan.facts().bytes_to_mark + plan.facts().bytes_to_repack > 3_000_000);
    let report = vault.prune(plan, "tester", unobserved()).unwrap();
    // Marked, not removed: nothing goes on the first day.
    assert_eq!(report.packs_removed, 0);
    assert!(
        sandbox
            .restic_ok(&["check", "--read-data"])
            .contains("no errors")
    );

    let reader = sandbox.reopened().read(&second).unwrap();
    let pack = reader
        .read("projects/12/repository/packs/000001.pack")
        .unwrap();
    assert_eq!(pack.unwrap(), noise(2, 3_000_000));
    let third = save(vault, Some(second), at(120), some_pieces(3)).unwrap();
    assert_eq!(third.parent, Some(second));
    let options = CheckOptions {
        read_data: ReadShare::All,
    };
    assert!(vault.check(options, unobserved()).unwrap().is_sound());
    assert!(
        sandbox
            .restic_ok(&["check", "--read-data"])
            .contains("no errors")
    );
}

#[test]
fn what_a_killed_writer_left_is_no_damage_while_it_waits_for_its_removal() {
    let sandbox = Sandbox::new();
    let vault = &sandbox.vault;
    let kept = save(vault, None, at(0), some_pieces(1)).unwrap().id;
    // A pack that no index names.
    let pack = b"what a killed writer left";
    let name = hex::encode(Sha256::digest(pack));
    let folder = sandbox.folder().join("data").join(&name[..2]);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(&name), pack).unwrap();
    let going = save(vault, None, at(60), some_pieces(2)).unwrap().id;
    vault.forget(&[going]).unwrap();
    let plan = vault.prune_plan(&[kept]).unwrap();
    vault.prune(plan, "tester", unobserved()).unwrap();
    assert!(folder.join(&name).exists());
    let options = CheckOptions {
        read_data: ReadShare::All,
    };
    let report = vault.check(options, unobserved()).unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
}

#[test]
fn the_lease_does_not_disturb_restic() {
    let sandbox = Sandbox::new();
    save(&sandbox.vault, None, at(0), some_pieces(1)).unwrap();
    let lease = sandbox.vault.lease("tester").unwrap();
    for arguments in [
        &["check", "--read-data"][..],
        &["snapshots"],
        &["list", "packs"],
        &["prune"],
        &["stats"],
    ] {
        sandbox.restic_ok(arguments);
    }
    lease.check().unwrap();
    drop(lease);
    assert!(!sandbox.folder().join("labkeep/lease").exists());
}

#[test]
fn leftovers_of_killed_writers_go_after_a_day() {
    let sandbox = Sandbox::new();
    let vault = &sandbox.vault;
    save(vault, None, at(0), vec![bytes("a/b", "c")]).unwrap();
    let temporary = sandbox.folder().join("labkeep/tmp");
    let (old, young) = (temporary.join("old.abc"), temporary.join("young.abc"));
    for path in [&old, &young] {
        fs::write(path, "half").unwrap();
    }
    let yesterday = std::time::SystemTime::now() - std::time::Duration::from_hours(25);
    fs::File::options()
        .write(true)
        .open(&old)
        .and_then(|file| file.set_modified(yesterday))
        .unwrap();
    // Neither a reader nor restic takes them for data.
    assert!(
        sandbox
            .restic_ok(&["check", "--read-data"])
            .contains("no errors")
    );
    let report = vault.check(CheckOptions::default(), unobserved()).unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);

    let plan = vault.prune_plan(&[]).unwrap();
    let report = vault.prune(plan, "tester", unobserved()).unwrap();
    assert_eq!(report.leftovers_removed, 1);
    assert!(!old.exists() && young.exists());
}
