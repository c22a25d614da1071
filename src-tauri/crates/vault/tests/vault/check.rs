//! Every damage is found, wherever it is, and nothing else is.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use labkeep_vault::{
    CheckOptions, CheckReport, Error, Finding, ReadShare, Severity, Vault, unobserved,
};

use crate::common::{Sandbox, as_before, at, bytes, save, some_pieces};

fn check(sandbox: &Sandbox, read_data: ReadShare) -> CheckReport {
    sandbox
        .vault
        .check(CheckOptions { read_data }, unobserved())
        .expect("the check itself can be done")
}

fn filled() -> Sandbox {
    let sandbox = Sandbox::new();
    save(&sandbox.vault, None, at(0), some_pieces(1)).expect("the vault is sound");
    sandbox
}

/// Files below a folder of the vault, the largest first.
fn files(sandbox: &Sandbox, folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![sandbox.folder().join(folder)];
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

fn flip(path: &PathBuf, place: usize) {
    let mut content = fs::read(path).expect("it is there");
    content[place] ^= 1;
    fs::write(path, content).expect("it is ours");
}

fn lost_files(report: &CheckReport) -> Vec<&str> {
    report
        .findings
        .iter()
        .filter_map(|finding| match finding {
            Finding::FileLost { file, .. } => Some(file.as_str()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_sound_vault_has_no_findings() {
    let sandbox = filled();
    save(&sandbox.vault, None, at(60), some_pieces(2)).unwrap();
    let report = check(&sandbox, ReadShare::All);
    assert_eq!(report.findings, []);
    assert_eq!(report.snapshots, 2);
    assert_eq!(report.packs_read, report.packs);
    assert!(report.bytes_read > 6_000_000);
}

#[test]
fn every_share_is_read_in_turn() {
    let sandbox = filled();
    save(&sandbox.vault, None, at(60), some_pieces(2)).unwrap();
    let packs = check(&sandbox, ReadShare::All).packs;
    let read: u64 = (0..3)
        .map(|n| check(&sandbox, ReadShare::Share { n, of: 3 }).packs_read)
        .sum();
    assert_eq!(read, packs);
    assert_eq!(check(&sandbox, ReadShare::None).packs_read, 0);
}

#[test]
fn a_flipped_bit_in_a_pack_is_found_with_its_files() {
    let sandbox = filled();
    let pack = &files(&sandbox, "data")[0];
    flip(pack, 1_000_000);
    assert!(check(&sandbox, ReadShare::None).is_sound());
    let report = check(&sandbox, ReadShare::All);
    assert!(!report.is_sound());
    assert!(
        report
            .findings
            .iter()
            .any(|f| matches!(f, Finding::Changed { .. }))
    );
    assert!(lost_files(&report).contains(&"projects/12/repository/packs/000001.pack"));
}

#[test]
fn a_pack_that_is_cut_off_or_missing_is_found_without_reading_data() {
    let sandbox = filled();
    let pack = files(&sandbox, "data").remove(0);
    let content = fs::read(&pack).unwrap();
    fs::write(&pack, &content[..content.len() - 1]).unwrap();
    let report = check(&sandbox, ReadShare::None);
    assert!(
        report
            .findings
            .iter()
            .any(|f| matches!(f, Finding::PackSize { .. }))
    );
    assert!(lost_files(&report).contains(&"projects/12/repository/packs/000001.pack"));

    fs::remove_file(&pack).unwrap();
    let report = check(&sandbox, ReadShare::None);
    assert!(
        report
            .findings
            .iter()
            .any(|f| matches!(f, Finding::PackMissing { .. }))
    );
    assert!(lost_files(&report).contains(&"projects/12/repository/packs/000001.pack"));
}

#[test]
fn damage_names_every_snapshot_that_it_concerns_and_where() {
    let sandbox = filled();
    let first = sandbox.vault.snapshots().unwrap()[0].id;
    let pack = files(&sandbox, "data").remove(0);
    // The second has the damaged file of the first, and one of its own.
    let reader = sandbox.vault.read(&first).unwrap();
    let shared = as_before(&reader, "projects/12/repository/packs/000001.pack");
    let pieces = vec![shared, bytes("projects/9/own", "whole")];
    let second = save(&sandbox.vault, Some(first), at(60), pieces)
        .unwrap()
        .id;
    let third = vec![bytes("projects/9/own", "whole")];
    let third = save(&sandbox.vault, None, at(120), third).unwrap().id;
    assert!(check(&sandbox, ReadShare::All).affected.is_empty());

    flip(&pack, 1_000_000);
    let report = check(&sandbox, ReadShare::All);
    assert_eq!(report.affected_snapshots(), [first, second].into());
    for snapshot in [first, second] {
        let paths = &report.affected[&snapshot];
        assert!(paths.contains("projects/12"), "{paths:?}");
        assert!(!paths.contains("projects/9"), "{paths:?}");
    }
    let lost = report.findings.iter().find(|finding| {
        matches!(finding, Finding::FileLost { file, .. } if file.starts_with("projects/12/repository/packs"))
    });
    let lost = lost.expect("the file is lost");
    assert_eq!(lost.item().as_deref(), Some("projects/12"));
    assert!(lost.snapshot().is_some());

    // A snapshot's own file.
    flip(
        &sandbox.folder().join("snapshots").join(third.to_string()),
        20,
    );
    let report = check(&sandbox, ReadShare::None);
    assert_eq!(report.affected[&third], [String::new()].into());
    let (_, unreadable) = sandbox.vault.snapshots_with_damage().unwrap();
    assert_eq!(unreadable[0].0, third);
}

#[test]
fn checks_of_each_part_in_turn_read_every_pack_once() {
    let sandbox = filled();
    save(&sandbox.vault, None, at(60), some_pieces(2)).unwrap();
    let all = check(&sandbox, ReadShare::All).packs_read;
    for of in [1, 2, 3, 8] {
        let read = (1..=of).map(|part| check(&sandbox, ReadShare::part(part, of)).packs_read);
        assert_eq!(read.sum::<u64>(), all, "{of}");
    }
}

#[test]
fn lost_folders_are_found() {
    let sandbox = filled();
    // The small packs hold the trees.
    for pack in &files(&sandbox, "data")[1..] {
        fs::remove_file(pack).unwrap();
    }
    let report = check(&sandbox, ReadShare::None);
    assert!(
        report
            .findings
            .iter()
            .any(|f| matches!(f, Finding::FolderLost { .. }))
    );
    assert_eq!(report.affected.len(), 1);
    assert!(report.affected.values().all(|paths| !paths.is_empty()));
}

#[test]
fn a_damaged_index_is_found_with_the_data_behind_it() {
    let sandbox = filled();
    for index in &files(&sandbox, "index") {
        flip(index, 40);
    }
    let report = check(&sandbox, ReadShare::All);
    let has = |wanted: fn(&Finding) -> bool| report.findings.iter().any(wanted);
    assert!(has(
        |f| matches!(f, Finding::Changed { path } if path.starts_with("index/"))
    ));
    assert!(has(|f| matches!(f, Finding::PackUnreferenced { .. })));
    assert!(has(
        |f| matches!(f, Finding::FolderLost { folder, .. } if folder.is_empty())
    ));
}

#[test]
fn a_missing_index_is_found() {
    let sandbox = filled();
    for index in &files(&sandbox, "index") {
        fs::remove_file(index).unwrap();
    }
    let report = check(&sandbox, ReadShare::None);
    assert!(!report.is_sound(), "{:?}", report.findings);
}

#[test]
fn a_damaged_snapshot_is_found_and_the_others_are_checked() {
    let sandbox = filled();
    save(&sandbox.vault, None, at(60), some_pieces(2)).unwrap();
    flip(&files(&sandbox, "snapshots")[0], 40);
    let report = check(&sandbox, ReadShare::All);
    assert_eq!(report.snapshots, 1);
    assert!(matches!(
        &report.findings[..],
        [Finding::Changed { path }] if path.starts_with("snapshots/")
    ));
    // Whoever lists snapshots is told, too.
    assert!(matches!(
        sandbox.vault.snapshots(),
        Err(Error::Damaged { .. })
    ));
}

#[test]
fn a_damaged_key_file_is_found() {
    let sandbox = filled();
    flip(&files(&sandbox, "keys")[0], 40);
    let report = check(&sandbox, ReadShare::None);
    assert!(matches!(
        &report.findings[..],
        [Finding::Changed { path }] if path.starts_with("keys/")
    ));
}

#[test]
fn what_does_not_belong_to_the_vault_is_a_warning() {
    let sandbox = filled();
    fs::write(sandbox.folder().join("snapshots/notes.txt"), "x").unwrap();
    let stray = sandbox.folder().join("data/ab");
    fs::create_dir_all(&stray).unwrap();
    fs::write(stray.join("ab".repeat(32)), "x").unwrap();
    let report = check(&sandbox, ReadShare::All);
    assert!(report.is_sound());
    assert_eq!(report.findings.len(), 2);
    assert!(
        report
            .findings
            .iter()
            .all(|f| f.severity() == Severity::Warning)
    );
    // Neither stops a snapshot.
    save(&sandbox.vault, None, at(60), some_pieces(2)).unwrap();
}

#[test]
fn a_check_can_be_stopped() {
    let sandbox = filled();
    let stop = std::sync::Arc::new(|_| std::ops::ControlFlow::Break(()));
    let error = sandbox
        .vault
        .check(CheckOptions::default(), stop)
        .unwrap_err();
    assert!(matches!(error, Error::Aborted));
}

#[test]
fn a_vault_that_is_gone_is_no_finding_but_an_error() {
    let sandbox = filled();
    fs::rename(sandbox.folder(), sandbox.home.path().join("elsewhere")).unwrap();
    let error = sandbox
        .vault
        .check(CheckOptions::default(), unobserved())
        .unwrap_err();
    assert!(matches!(error, Error::Gone { .. }), "{error:?}");
}

#[test]
fn damaged_content_is_never_read_as_if_it_were_sound() {
    let sandbox = filled();
    let snapshot = sandbox.vault.snapshots().unwrap()[0].id;
    flip(&files(&sandbox, "data")[0], 1_000_000);
    let reader = sandbox.reopened().read(&snapshot).unwrap();
    let mut copied = Vec::new();
    let error = reader
        .copy_to("projects/12/repository/packs/000001.pack", &mut copied)
        .unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error:?}");
    assert!(
        reader
            .read("projects/12/repository/refs")
            .unwrap()
            .is_some()
    );
}

/// Checks a vault; each time it tells how far it is, others do this to it.
fn check_while(
    sandbox: &Sandbox,
    others: impl Fn(&Vault, usize) + Send + Sync + 'static,
) -> CheckReport {
    let vault = sandbox.reopened();
    let told = Arc::new(Mutex::new(0));
    let options = CheckOptions {
        read_data: ReadShare::All,
    };
    let watch = Arc::new(move |_| {
        let mut told = told.lock().expect("nobody panics");
        *told += 1;
        others(&vault, *told);
        ControlFlow::Continue(())
    });
    let checked = sandbox.vault.check(options, watch);
    checked.expect("the check itself can be done")
}

#[test]
fn what_is_saved_meanwhile_is_no_damage() {
    for moment in 1..12 {
        let sandbox = filled();
        let report = check_while(&sandbox, move |vault, told| {
            if told == moment {
                save(vault, None, at(60), some_pieces(2)).expect("it can be saved");
            }
        });
        assert!(report.is_sound(), "{moment}: {:?}", report.findings);
        assert!(report.affected.is_empty());
    }
}

#[test]
fn what_is_removed_on_purpose_meanwhile_is_no_damage() {
    for moment in 1..12 {
        let sandbox = filled();
        let second = save(&sandbox.vault, None, at(60), some_pieces(2)).unwrap();
        let report = check_while(&sandbox, move |vault, told| {
            if told == moment {
                vault.forget(&[second.id]).expect("it can be removed");
                let plan = vault.prune_plan(&[]).expect("it can be planned");
                let pruned = vault.prune(plan, "another", unobserved());
                pruned.expect("it can be pruned");
            }
        });
        assert!(report.is_sound(), "{moment}: {:?}", report.findings);
        assert!(report.affected.is_empty());
    }
}
