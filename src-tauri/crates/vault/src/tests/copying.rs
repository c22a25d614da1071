//! Copying into a storage that fails on purpose, and out of one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use super::faults::save;
use super::faulty::{Faulty, Reported, Rule, Wrong};
use crate::storage::{Operation, OperatorStorage, Storage};
use crate::{
    CheckOptions, CopyReport, CreateOptions, Difference, Error, Location, OpenOptions, ReadShare,
    Result, SnapshotId, Vault, VaultKey, Veto, unobserved,
};

/// A vault, and one for its copies that fails on purpose.
pub(super) struct Pair {
    pub home: TempDir,
    pub key: VaultKey,
    pub from: Vault,
    pub faulty: Arc<Faulty>,
    pub to: Vault,
    sound: Vault,
}

impl Pair {
    pub(super) fn new() -> Self {
        let home = TempDir::new().unwrap();
        let key = VaultKey::generate();
        let place = |name: &str| Location::folder(&home.path().join(name)).unwrap();
        let from = Vault::create(&place("from"), &key, CreateOptions::default()).unwrap();
        let sound = Vault::create(&place("to"), &key, CreateOptions::default()).unwrap();
        let (faulty, to) = opened(&home.path().join("to"), &key);
        Self {
            home,
            key,
            from,
            faulty,
            to,
            sound,
        }
    }

    pub(super) fn copy(&self) -> Result<CopyReport> {
        let wanted = ids(&self.from);
        self.from.copy_to(&self.to, &wanted, unobserved())
    }

    pub(super) fn is_sound(&self, snapshots: usize) {
        assert_eq!(self.sound.snapshots().unwrap().len(), snapshots);
        is_sound(&self.sound);
    }
}

/// A vault, seen through a storage that fails on purpose.
pub(super) fn opened(folder: &Path, key: &VaultKey) -> (Arc<Faulty>, Vault) {
    let storage: Arc<dyn Storage> = Arc::new(OperatorStorage::folder(folder).unwrap());
    let faulty = Faulty::over(storage);
    let location = Location::folder(folder).unwrap();
    let vault =
        Vault::open_storage(&location, faulty.clone(), key, OpenOptions::default()).unwrap();
    (faulty, vault)
}

pub(super) fn is_sound(vault: &Vault) {
    let options = CheckOptions {
        read_data: ReadShare::All,
    };
    let report = vault.check(options, unobserved()).unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
}

pub(super) fn ids(vault: &Vault) -> Vec<SnapshotId> {
    vault.snapshots().unwrap().iter().map(|s| s.id).collect()
}

/// The largest file below a folder.
fn largest(folder: &Path) -> PathBuf {
    let mut waiting = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.push((fs::metadata(&path).unwrap().len(), path));
            }
        }
    }
    found.into_iter().max().unwrap().1
}

fn flip(path: &Path, place: usize) {
    let mut content = fs::read(path).unwrap();
    content[place] ^= 1;
    fs::write(path, content).unwrap();
}

#[test]
fn a_disk_that_is_full_while_copying_is_told() {
    let pair = Pair::new();
    save(&pair.from, None, 1, 30).unwrap();
    for (folder, nth) in [("data", 1), ("data", 2), ("index", 1), ("snapshots", 1)] {
        pair.faulty.set(&[Rule {
            operation: Operation::Write,
            folder,
            nth,
            wrong: Wrong::Fails(Reported::Full),
        }]);
        let error = pair.copy().unwrap_err();
        assert!(
            matches!(error, Error::Full { .. }),
            "{folder} {nth}: {error:?}"
        );
        pair.is_sound(0);
    }
    pair.faulty.set(&[]);
    assert_eq!(pair.copy().unwrap().copied.len(), 1);
    pair.is_sound(1);
}

#[test]
fn a_storage_that_only_says_it_wrote_the_copy_is_found_out() {
    let pair = Pair::new();
    save(&pair.from, None, 1, 30).unwrap();
    for (folder, nth) in [("data", 1), ("data", 2), ("index", 1), ("snapshots", 1)] {
        pair.faulty.set(&[Rule {
            operation: Operation::Write,
            folder,
            nth,
            wrong: Wrong::Lies,
        }]);
        let error = pair.copy().unwrap_err();
        let found_out = matches!(
            error,
            Error::Missing { .. } | Error::SnapshotNotFound { .. } | Error::Vetoed(_)
        );
        assert!(found_out, "{folder} {nth}: {error:?}");
        assert!(pair.sound.snapshots().unwrap().is_empty());
    }
}

#[test]
fn a_copy_of_an_index_that_is_not_listed_is_no_copy() {
    let pair = Pair::new();
    save(&pair.from, None, 1, 3).unwrap();
    pair.faulty.set(&[Rule {
        operation: Operation::List,
        folder: "index",
        nth: 1,
        wrong: Wrong::ListsNothing,
    }]);
    let error = pair.copy().unwrap_err();
    assert!(
        matches!(
            error,
            Error::Vetoed(Veto::ReadBack {
                difference: Difference::NotIndexed,
                ..
            })
        ),
        "{error:?}"
    );
    pair.faulty.set(&[]);
    pair.is_sound(0);
}

#[test]
fn damage_in_what_is_copied_names_the_snapshot_and_spares_the_others() {
    let pair = Pair::new();
    let damaged = save(&pair.from, None, 1, 4).unwrap().id;
    flip(&largest(&pair.home.path().join("from/data")), 1_000);
    let whole = save(&pair.from, None, 2, 4).unwrap().id;
    for _ in 0..2 {
        let error = pair.copy().unwrap_err();
        assert!(error.to_string().contains(&damaged.to_string()), "{error}");
        let Error::NotCopied { failed, report } = error else {
            panic!("{error:?}");
        };
        assert_eq!(failed.len(), 1);
        assert_eq!(failed[0].0, damaged);
        assert!(matches!(failed[0].1, Error::Damaged { .. }), "{failed:?}");
        let there = report.copied.iter().chain(&report.already_there);
        assert_eq!(there.map(|one| one.from).collect::<Vec<_>>(), [whole]);
        pair.is_sound(1);
    }
    let behind = pair.from.missing_in(&pair.to).unwrap();
    assert_eq!(behind.iter().map(|s| s.id).collect::<Vec<_>>(), [damaged]);
}

#[test]
fn a_snapshot_file_that_is_damaged_is_not_copied_and_told() {
    let pair = Pair::new();
    let damaged = save(&pair.from, None, 1, 2).unwrap().id;
    let whole = save(&pair.from, None, 2, 2).unwrap().id;
    let name = format!("from/snapshots/{damaged}");
    flip(&pair.home.path().join(name), 20);
    let error = pair
        .from
        .copy_to(&pair.to, &[damaged, whole], unobserved())
        .unwrap_err();
    assert!(
        matches!(&error, Error::NotCopied { failed, report }
            if failed[0].0 == damaged && report.copied[0].from == whole),
        "{error:?}"
    );
    let (sound, unreadable) = pair.from.snapshots_with_damage().unwrap();
    assert_eq!(sound.iter().map(|s| s.id).collect::<Vec<_>>(), [whole]);
    assert_eq!(unreadable.len(), 1);
    assert_eq!(unreadable[0].0, damaged);
    assert!(matches!(&unreadable[0].1, Error::Damaged { path, .. } if path.contains("snapshots")));
}

#[test]
fn a_vault_that_is_gone_is_no_damage_of_a_snapshot() {
    let pair = Pair::new();
    save(&pair.from, None, 1, 3).unwrap();
    let (faulty, from) = opened(&pair.home.path().join("from"), &pair.key);
    for nth in 1..5 {
        faulty.set(&[Rule {
            operation: Operation::Read,
            folder: "data",
            nth,
            wrong: Wrong::Fails(Reported::Gone),
        }]);
        let error = from
            .copy_to(&pair.to, &ids(&pair.from), unobserved())
            .unwrap_err();
        assert!(matches!(error, Error::Gone { .. }), "{nth}: {error:?}");
    }
    pair.is_sound(0);
}

#[test]
fn a_copy_that_is_asked_to_stop_stops() {
    let pair = Pair::new();
    save(&pair.from, None, 1, 30).unwrap();
    for at in [0, 1, 2, 5, 9, 14] {
        let told = std::sync::atomic::AtomicU32::new(0);
        let stop = Arc::new(move |_| {
            if told.fetch_add(1, std::sync::atomic::Ordering::SeqCst) >= at {
                std::ops::ControlFlow::Break(())
            } else {
                std::ops::ControlFlow::Continue(())
            }
        });
        let error = pair
            .from
            .copy_to(&pair.to, &ids(&pair.from), stop)
            .unwrap_err();
        assert!(matches!(error, Error::Aborted), "{at}: {error:?}");
        pair.is_sound(0);
    }
    pair.copy().unwrap();
    pair.is_sound(1);
}

#[test]
fn a_copy_can_be_stopped_at_every_part() {
    let parts = 30;
    let pair = Pair::new();
    save(&pair.from, None, 1, parts).unwrap();
    let told = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let listener = Arc::new(move |seen: crate::Progress| {
        if seen.unit == crate::Unit::Bytes {
            count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
        std::ops::ControlFlow::Continue(())
    });
    pair.from
        .copy_to(&pair.to, &ids(&pair.from), listener)
        .unwrap();
    let told = told.load(std::sync::atomic::Ordering::SeqCst);
    assert!(told >= parts, "asked {told} times");
    pair.is_sound(1);
}

#[test]
fn a_copy_that_waits_for_a_writer_can_be_stopped() {
    let pair = Pair::new();
    save(&pair.from, None, 1, 1).unwrap();
    let turn = pair.to.turn();
    let stop = Arc::new(|_| std::ops::ControlFlow::Break(()));
    let error = pair
        .from
        .copy_to(&pair.to, &ids(&pair.from), stop)
        .unwrap_err();
    assert!(matches!(error, Error::Aborted), "{error:?}");
    drop(turn);
    pair.copy().unwrap();
}
