//! Mending a copy while one of the two storages fails on purpose: what cannot be
//! read just now is not lost, and what is damaged is.

use std::fs;
use std::sync::Arc;

use rustic_core::TreeId;
use rustic_core::repofile::{BlobType, IndexBlob};
use serde_json::json;

use super::copying::{Pair, opened};
use super::faults::save;
use super::faulty::{Reported, Rule, Wrong};
use crate::copy::packs::Packs;
use crate::storage::Operation;
use crate::{Error, MendReport, Result, Vault, unobserved};

/// Takes everything from a vault but its snapshots.
fn empty(pair: &Pair, vault: &str) {
    for folder in ["index", "data"] {
        let folder = pair.home.path().join(vault).join(folder);
        fs::remove_dir_all(&folder).unwrap();
        fs::create_dir(&folder).unwrap();
    }
}

/// A copy that lost everything but its snapshot.
fn emptied() -> Pair {
    let pair = Pair::new();
    save(&pair.from, None, 1, 30).unwrap();
    pair.copy().unwrap();
    empty(&pair, "to");
    pair
}

#[test]
fn what_is_sent_again_counts_only_once_it_is_there() {
    for (folder, nth) in [("data", 1), ("data", 2), ("index", 1)] {
        for wrong in [Wrong::Lies, Wrong::Fails(Reported::Full)] {
            let pair = emptied();
            let mend = || pair.from.mend(&pair.to, unobserved());
            pair.faulty.set(&[Rule {
                operation: Operation::Write,
                folder,
                nth,
                wrong,
            }]);
            mend().unwrap_err();
            pair.faulty.set(&[]);
            // An index that names what is not there must not be relied on.
            let suspects = mend().unwrap().suspects;
            if !suspects.is_empty() {
                pair.to.repair(&suspects, "tester", unobserved()).unwrap();
                assert!(mend().unwrap().suspects.is_empty());
            }
            pair.is_sound(1);
        }
    }
}

#[test]
fn mending_that_is_asked_to_stop_stops() {
    let pair = emptied();
    for at in [0, 1, 5, 20] {
        let told = std::sync::atomic::AtomicU32::new(0);
        let stop = Arc::new(move |_| {
            if told.fetch_add(1, std::sync::atomic::Ordering::SeqCst) >= at {
                std::ops::ControlFlow::Break(())
            } else {
                std::ops::ControlFlow::Continue(())
            }
        });
        let error = pair.from.mend(&pair.to, stop).unwrap_err();
        assert!(matches!(error, Error::Aborted), "{at}: {error:?}");
    }
    pair.from.mend(&pair.to, unobserved()).unwrap();
    pair.is_sound(1);
}

/// Mends out of a vault whose pack files cannot be read from the `nth` time on.
fn mend_while_unread(pair: &Pair, nth: u32, reported: Reported) -> Result<MendReport> {
    let (faulty, from) = opened(&pair.home.path().join("from"), &pair.key);
    faulty.set(&[Rule {
        operation: Operation::Read,
        folder: "data",
        nth,
        wrong: Wrong::Fails(reported),
    }]);
    from.mend(&pair.to, unobserved())
}

#[test]
fn what_cannot_be_read_just_now_ends_mending_and_is_not_lost() {
    let pair = emptied();
    for reported in [
        Reported::Other,
        Reported::Passing,
        Reported::Denied,
        Reported::Gone,
    ] {
        // Folders are read first, and then what is sent.
        for nth in [1, 2, 3] {
            let error = mend_while_unread(&pair, nth, reported).unwrap_err();
            let is_told = match reported {
                Reported::Denied => matches!(error, Error::NotReadable { .. }),
                Reported::Gone => matches!(error, Error::Gone { .. }),
                _ => matches!(error, Error::Storage { .. }),
            };
            assert!(is_told, "{reported:?} {nth}: {error:?}");
        }
    }
    let mended = pair.from.mend(&pair.to, unobserved()).unwrap();
    assert!(mended.not_there.is_empty() && mended.unreadable.is_empty());
    pair.is_sound(1);
}

#[test]
fn mending_goes_on_where_the_last_one_could_not_read() {
    let pair = emptied();
    let all = pair.from.mend(&pair.to, unobserved()).unwrap().parts;
    for reported in [Reported::Other, Reported::Denied, Reported::Gone] {
        empty(&pair, "to");
        // Each time a little more can be read.
        let last = (1..50).find_map(|nth| mend_while_unread(&pair, nth, reported).ok());
        let last = last.unwrap();
        assert!(0 < last.parts && last.parts < all, "{last:?} of {all}");
        assert!(last.not_there.is_empty() && last.unreadable.is_empty());
        pair.is_sound(1);
    }
}

/// Puts something into a vault that is not what its name says.
fn save_misnamed(vault: &Vault, kind: BlobType, name: TreeId) {
    let blob: IndexBlob = serde_json::from_value(json!({
        "id": name,
        "type": kind,
        "offset": 0,
        "length": 0,
        "uncompressed_length": 1_000,
    }))
    .unwrap();
    let mut packs = Packs::new(vault).unwrap();
    packs.add(&blob, b"not even compressed").unwrap();
    packs.finish().unwrap();
}

#[test]
fn what_is_sealed_well_and_still_not_what_it_must_be_is_damaged() {
    let pair = emptied();
    let copy = pair.to.snapshot_files().unwrap().0.remove(0);
    empty(&pair, "from");
    save_misnamed(&pair.from, BlobType::Tree, copy.tree);
    let mended = pair.from.mend(&pair.to, unobserved()).unwrap();
    assert_eq!((mended.parts, mended.unreadable.len()), (0, 1));
    assert!(mended.not_there.is_empty(), "{mended:?}");
}
