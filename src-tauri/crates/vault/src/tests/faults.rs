//! Whatever the storage does while a snapshot is written: either there is a
//! snapshot that can be read, or there is none and an error that says why.

use std::sync::Arc;

use tempfile::TempDir;

use super::faulty::{Faulty, Reported, Rule, Wrong};
use crate::storage::{Operation, OperatorStorage, Storage};
use crate::{
    CheckOptions, Content, CreateOptions, Difference, Error, Expected, Location, OpenOptions,
    Piece, ReadShare, Result, SnapshotFacts, SnapshotId, Vault, VaultKey, Veto, WriteStart,
    unobserved,
};

/// A vault, seen through a storage that fails and through one that does not.
pub(super) struct Sandbox {
    pub home: TempDir,
    pub faulty: Arc<Faulty>,
    pub vault: Vault,
    pub sound: Vault,
}

impl Sandbox {
    pub(super) fn new() -> Self {
        let home = TempDir::new().unwrap();
        let key = VaultKey::generate();
        let folder = home.path().join("vault");
        let location = Location::folder(&folder).unwrap();
        let sound = Vault::create(&location, &key, CreateOptions::default()).unwrap();
        let storage: Arc<dyn Storage> = Arc::new(OperatorStorage::folder(&folder).unwrap());
        let faulty = Faulty::over(storage);
        let vault =
            Vault::open_storage(&location, faulty.clone(), &key, OpenOptions::default()).unwrap();
        Self {
            home,
            faulty,
            vault,
            sound,
        }
    }

    /// The vault is as good as before, and there are so many snapshots.
    pub(super) fn is_sound(&self, snapshots: usize) {
        assert_eq!(self.sound.snapshots().unwrap().len(), snapshots);
        let options = CheckOptions {
            read_data: ReadShare::All,
        };
        let report = self.sound.check(options, unobserved()).unwrap();
        assert!(report.is_sound(), "{:?}", report.findings);
    }
}

pub(super) fn save(
    vault: &Vault,
    parent: Option<SnapshotId>,
    seed: u8,
    pieces: usize,
) -> Result<SnapshotFacts> {
    let writer = vault.writer(WriteStart {
        parent,
        time: jiff::Timestamp::from_second(1_760_000_000 + i64::from(seed)).unwrap(),
        host: "tester".to_owned(),
        plan: "everything".to_owned(),
        tags: Vec::new(),
        run: "run".to_owned(),
    })?;
    let mut expected = Vec::new();
    for number in 0..pieces {
        let path = format!("projects/{number:04}/pack");
        let content = noise(u64::from(seed) * 1_000 + number as u64);
        expected.push(Expected {
            path: path.clone(),
            size: content.len() as u64,
        });
        let piece = Piece {
            path,
            content: Content::Bytes(content.into()),
        };
        if writer.push_blocking(piece).is_err() {
            break;
        }
    }
    let document = Piece {
        path: "labkeep.json".to_owned(),
        content: Content::Bytes(vec![seed].into()),
    };
    writer.close_blocking()?.seal(vec![document], &expected)
}

/// Does not compress, so that several packs are written.
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut content = Vec::with_capacity(700_000);
    while content.len() < 700_000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        content.extend_from_slice(&state.to_le_bytes());
    }
    content
}

fn fails(operation: Operation, folder: &'static str, nth: u32, reported: Reported) -> Rule {
    Rule {
        operation,
        folder,
        nth,
        wrong: Wrong::Fails(reported),
    }
}

#[test]
fn a_disk_that_is_full_at_any_moment_leaves_a_sound_vault() {
    let sandbox = Sandbox::new();
    save(&sandbox.vault, None, 1, 5).unwrap();
    for (folder, nth) in [
        ("data", 1),
        ("data", 2),
        ("data", 3),
        ("data", 4),
        ("index", 1),
        ("index", 2),
        ("snapshots", 1),
    ] {
        let rule = fails(Operation::Write, folder, nth, Reported::Full);
        sandbox.faulty.set(&[rule]);
        let error = save(&sandbox.vault, None, 100 + u8::try_from(nth).unwrap(), 60).unwrap_err();
        assert!(
            matches!(&error, Error::Full { .. }),
            "{folder} {nth}: {error:?}"
        );
        sandbox.is_sound(1);
    }
    sandbox.faulty.set(&[]);
    save(&sandbox.vault, None, 101, 60).unwrap();
    sandbox.is_sound(2);
}

#[test]
fn a_snapshot_whose_write_failed_half_way_is_removed() {
    let sandbox = Sandbox::new();
    let rule = Rule {
        operation: Operation::Write,
        folder: "snapshots",
        nth: 1,
        wrong: Wrong::FailsAfterwards(Reported::Other),
    };
    sandbox.faulty.set(&[rule]);
    let error = save(&sandbox.vault, None, 1, 3).unwrap_err();
    assert!(matches!(error, Error::Storage { .. }), "{error:?}");
    sandbox.is_sound(0);
}

#[test]
fn a_snapshot_that_cannot_be_read_back_is_removed() {
    let sandbox = Sandbox::new();
    sandbox
        .faulty
        .set(&[fails(Operation::Read, "snapshots", 1, Reported::Other)]);
    let error = save(&sandbox.vault, None, 1, 3).unwrap_err();
    assert!(matches!(error, Error::Storage { .. }), "{error:?}");
    sandbox.is_sound(0);
}

#[test]
fn a_snapshot_that_cannot_be_removed_is_told() {
    let sandbox = Sandbox::new();
    sandbox.faulty.set(&[
        fails(Operation::Read, "snapshots", 1, Reported::Other),
        fails(Operation::Remove, "snapshots", 1, Reported::Gone),
    ]);
    let error = save(&sandbox.vault, None, 1, 3).unwrap_err();
    let Error::NotRemoved {
        snapshot,
        reason,
        source,
    } = error
    else {
        panic!("{error:?}");
    };
    assert!(matches!(*reason, Error::Storage { .. }));
    assert!(matches!(*source, Error::Gone { .. }));
    assert_eq!(sandbox.sound.snapshots().unwrap()[0].id, snapshot);
}

#[test]
fn a_storage_that_only_says_it_wrote_is_found_out() {
    let sandbox = Sandbox::new();
    for nth in 1..=4 {
        let rule = Rule {
            operation: Operation::Write,
            folder: "data",
            nth,
            wrong: Wrong::Lies,
        };
        sandbox.faulty.set(&[rule]);
        let seed = 10 + u8::try_from(nth).unwrap();
        let error = save(&sandbox.vault, None, seed, 60).unwrap_err();
        let found_out = matches!(
            &error,
            Error::Vetoed(Veto::ReadBack {
                difference: Difference::PackMissing,
                ..
            }) | Error::Missing { .. }
        );
        assert!(found_out, "{nth}: {error:?}");
        assert!(sandbox.sound.snapshots().unwrap().is_empty());
    }
    let rule = Rule {
        operation: Operation::Write,
        folder: "index",
        nth: 1,
        wrong: Wrong::Lies,
    };
    sandbox.faulty.set(&[rule]);
    let error = save(&sandbox.vault, None, 20, 3).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Vetoed(Veto::ReadBack { .. }) | Error::Missing { .. }
        ),
        "{error:?}"
    );
    assert!(sandbox.sound.snapshots().unwrap().is_empty());
}

#[test]
fn an_index_that_cannot_be_listed_stops_a_writer() {
    let sandbox = Sandbox::new();
    let parent = save(&sandbox.vault, None, 1, 3).unwrap().id;
    for rule in [
        fails(Operation::List, "index", 1, Reported::Other),
        fails(Operation::Read, "index", 1, Reported::Other),
        fails(Operation::List, "data", 1, Reported::Other),
    ] {
        sandbox.faulty.set(&[rule]);
        let error = save(&sandbox.vault, Some(parent), 2, 3).unwrap_err();
        assert!(
            matches!(error, Error::Storage { .. }),
            "{rule:?}: {error:?}"
        );
        sandbox.is_sound(1);
    }
}

#[test]
fn an_index_that_is_listed_incompletely_vetoes_snapshot() {
    let sandbox = Sandbox::new();
    let parent = save(&sandbox.vault, None, 1, 3).unwrap().id;
    let writer = sandbox
        .vault
        .writer(WriteStart {
            parent: Some(parent),
            time: jiff::Timestamp::UNIX_EPOCH,
            host: String::new(),
            plan: String::new(),
            tags: Vec::new(),
            run: "run".to_owned(),
        })
        .unwrap();
    let entry = sandbox.vault.read(&parent).unwrap();
    let entry = entry.entry("projects/0000/pack").unwrap().unwrap();
    let expected = Expected {
        path: "projects/0000/pack".to_owned(),
        size: entry.size,
    };
    let piece = Piece {
        path: expected.path.clone(),
        content: Content::AsBefore {
            size: entry.size,
            captured: entry.modified.unwrap(),
        },
    };
    writer.push_blocking(piece).unwrap();
    let written = writer.close_blocking().unwrap();
    let rule = Rule {
        operation: Operation::List,
        folder: "index",
        nth: 1,
        wrong: Wrong::ListsNothing,
    };
    sandbox.faulty.set(&[rule]);
    let error = written.seal(Vec::new(), &[expected]).unwrap_err();
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
    sandbox.is_sound(1);
}

#[test]
fn a_vault_that_disappears_while_writing_is_told() {
    let sandbox = Sandbox::new();
    sandbox
        .faulty
        .set(&[fails(Operation::Write, "data", 2, Reported::Gone)]);
    let error = save(&sandbox.vault, None, 1, 60).unwrap_err();
    assert!(matches!(error, Error::Gone { .. }), "{error:?}");
    sandbox.is_sound(0);
}

#[test]
fn a_defect_in_the_storage_is_an_error_and_no_snapshot() {
    let sandbox = Sandbox::new();
    for (operation, folder) in [
        (Operation::Write, "data"),
        (Operation::Write, "index"),
        (Operation::Write, "snapshots"),
        (Operation::List, "index"),
    ] {
        let rule = Rule {
            operation,
            folder,
            nth: 1,
            wrong: Wrong::Panics,
        };
        sandbox.faulty.set(&[rule]);
        let error = save(&sandbox.vault, None, 1, 3).unwrap_err();
        // Of an index that a thread died over, the check before the seal may be
        // the first to know.
        assert!(
            matches!(&error, Error::Bug { .. } | Error::Vetoed(_)),
            "{rule:?}: {error:?}"
        );
        sandbox.is_sound(0);
    }
    // The line in front of the vault has moved on.
    sandbox.faulty.set(&[]);
    save(&sandbox.vault, None, 1, 3).unwrap();
    sandbox.is_sound(1);
}

#[test]
fn what_cannot_be_listed_is_an_error_for_readers_too() {
    let sandbox = Sandbox::new();
    let id = save(&sandbox.vault, None, 1, 3).unwrap().id;
    for folder in ["snapshots", "index"] {
        sandbox
            .faulty
            .set(&[fails(Operation::List, folder, 1, Reported::Other)]);
        let result = if folder == "snapshots" {
            sandbox.vault.snapshots().map(drop)
        } else {
            sandbox.vault.read(&id).map(drop)
        };
        assert!(
            matches!(result, Err(Error::Storage { .. })),
            "{folder}: {result:?}"
        );
    }
    sandbox.faulty.set(&[]);
    let reader = sandbox.vault.read(&id).unwrap();
    sandbox
        .faulty
        .set(&[fails(Operation::Read, "data", 1, Reported::Other)]);
    assert!(matches!(
        reader.read("projects/0001/pack"),
        Err(Error::Storage { .. })
    ));
    assert!(matches!(
        sandbox.vault.check(CheckOptions::default(), unobserved()),
        Ok(report) if !report.is_sound()
    ));
}
