//! A copy that lost parts gets them again from what was copied, and nothing
//! that is not whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use labkeep_vault::{
    CheckOptions, CheckReport, Error, Finding, MendReport, ReadShare, SnapshotId, Vault, unobserved,
};

use crate::common::{Sandbox, at, bytes, noise, save, some_pieces};
use crate::copy::{ids, same_content};

/// A vault and its copy, with one snapshot.
struct Pair {
    from: Sandbox,
    to: Sandbox,
    original: SnapshotId,
    copy: SnapshotId,
}

impl Pair {
    fn new() -> Self {
        let (from, to) = (Sandbox::new(), Sandbox::new());
        let original = save(&from.vault, None, at(0), some_pieces(1)).unwrap().id;
        let report = from
            .vault
            .copy_to(&to.vault, &[original], unobserved())
            .unwrap();
        let copy = report.copied[0].to;
        Self {
            from,
            to,
            original,
            copy,
        }
    }

    fn mend(&self) -> MendReport {
        self.from.vault.mend(&self.to.vault, unobserved()).unwrap()
    }

    /// Takes what a check suspects out of the copy's index.
    fn repair(&self) {
        let suspects: BTreeSet<String> = check(&self.to.vault)
            .findings
            .iter()
            .filter_map(Finding::pack)
            .map(ToOwned::to_owned)
            .collect();
        assert!(!suspects.is_empty());
        self.to
            .vault
            .repair(&suspects, "tester", unobserved())
            .unwrap();
    }

    fn is_whole(&self) {
        let found = check(&self.to.vault);
        assert!(found.is_sound(), "{:?}", found.findings);
        self.to.restic_ok(&["check", "--read-data"]);
        let copy = self.to.reopened();
        same_content((&self.from.vault, self.original), (&copy, self.copy));
    }
}

fn check(vault: &Vault) -> CheckReport {
    let read_data = ReadShare::All;
    vault
        .check(CheckOptions { read_data }, unobserved())
        .unwrap()
}

/// The files in a folder of a vault, the largest first.
fn files(vault: &Sandbox, folder: &str) -> Vec<PathBuf> {
    let mut waiting = vec![vault.folder().join(folder)];
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
    found.sort_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, path)| path).collect()
}

fn flip(path: &Path, place: usize) {
    let mut content = fs::read(path).unwrap();
    content[place] ^= 1;
    fs::write(path, content).unwrap();
}

fn places(snapshot: SnapshotId, paths: &[&str]) -> BTreeMap<SnapshotId, BTreeSet<String>> {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    BTreeMap::from([(snapshot, paths)])
}

#[test]
fn a_copy_that_lacks_nothing_is_left_as_it_is() {
    let pair = Pair::new();
    let before = files(&pair.to, "");
    assert_eq!(pair.mend(), MendReport::default());
    assert_eq!(files(&pair.to, ""), before);
}

#[test]
fn every_pack_that_is_missing_is_sent_again() {
    let pair = Pair::new();
    for pack in files(&pair.to, "data") {
        fs::remove_file(&pack).unwrap();
        // The index must not go on relying on it.
        let told = pair.mend();
        assert_eq!((told.suspects.len(), told.parts), (1, 0), "{told:?}");
        pair.repair();
        let mended = pair.mend();
        assert!(mended.parts > 0 && mended.bytes_stored > 0, "{mended:?}");
        assert_eq!(mended.mended.keys().collect::<Vec<_>>(), [&pair.copy]);
        assert!(mended.not_there.is_empty() && mended.unreadable.is_empty());
        pair.is_whole();
        assert_eq!(pair.mend(), MendReport::default());
    }
}

#[test]
fn a_damaged_pack_is_sent_again_as_far_as_it_is_lost() {
    let pair = Pair::new();
    for pack in files(&pair.to, "data") {
        flip(&pack, 20);
        pair.repair();
        assert!(pair.mend().parts > 0);
        pair.is_whole();
    }
}

#[test]
fn what_no_index_names_any_more_is_sent_again() {
    let pair = Pair::new();
    for folder in ["index", "data"] {
        for file in files(&pair.to, folder) {
            fs::remove_file(file).unwrap();
        }
    }
    let mended = pair.mend();
    assert!(mended.mended[&pair.copy].contains("projects/12"));
    assert!(mended.not_there.is_empty(), "{mended:?}");
    pair.is_whole();
}

#[test]
fn what_the_other_vault_never_had_stays_lost_and_is_named() {
    let pair = Pair::new();
    let pieces = vec![bytes("projects/77/refs", noise(9, 3_000_000))];
    let own = save(&pair.to.vault, None, at(60), pieces).unwrap().id;
    for folder in ["index", "data"] {
        for file in files(&pair.to, folder) {
            fs::remove_file(file).unwrap();
        }
    }
    let mended = pair.mend();
    assert_eq!(mended.mended.keys().collect::<Vec<_>>(), [&pair.copy]);
    assert_eq!(mended.not_there, places(own, &[""]));
    let affected = check(&pair.to.vault).affected;
    assert_eq!(affected.keys().collect::<Vec<_>>(), [&own]);
    same_content(
        (&pair.from.vault, pair.original),
        (&pair.to.reopened(), pair.copy),
    );
}

#[test]
fn what_is_damaged_in_both_stays_lost_and_the_rest_is_sent() {
    let (from, to) = (Sandbox::new(), Sandbox::new());
    let pieces = |range: std::ops::Range<u64>| -> Vec<_> {
        range
            .map(|id| bytes(&format!("projects/{id}/data"), noise(id, 80_000)))
            .collect()
    };
    let original = save(&from.vault, None, at(0), pieces(10..30)).unwrap().id;
    let report = from
        .vault
        .copy_to(&to.vault, &[original], unobserved())
        .unwrap();
    let copy = report.copied[0].to;
    fs::remove_file(&files(&to, "data")[0]).unwrap();
    flip(&files(&from, "data")[0], 1_000);
    let pair = Pair {
        from,
        to,
        original,
        copy,
    };
    pair.repair();
    let mended = pair.mend();
    assert_eq!(
        mended.mended[&copy].len(),
        21,
        "nineteen, and two documents"
    );
    let lost: Vec<&BTreeSet<String>> = mended.unreadable.values().collect();
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0].len(), 1);
    let found = check(&pair.to.vault);
    assert_eq!(found.affected, mended.unreadable);

    // Once the one is whole again, so is the other.
    let suspects = check(&pair.from.vault);
    let suspects = suspects.findings.iter().filter_map(Finding::pack);
    let suspects = suspects.map(ToOwned::to_owned).collect();
    let source = &pair.from.vault;
    source.repair(&suspects, "tester", unobserved()).unwrap();
    save(source, None, at(60), pieces(10..30)).unwrap();
    assert_eq!(pair.mend().parts, 1);
    pair.is_whole();
    assert_eq!(ids(&pair.to.vault.snapshots().unwrap()), [copy]);
}

#[test]
fn what_lost_its_pack_in_both_is_damaged_and_never_was_absent() {
    let pair = Pair::new();
    for pack in files(&pair.from, "data") {
        let whole = fs::read(&pack).unwrap();
        for left in [None, Some(0), Some(20)] {
            for folder in ["index", "data"] {
                for file in files(&pair.to, folder) {
                    fs::remove_file(file).unwrap();
                }
            }
            match left {
                None => fs::remove_file(&pack).unwrap(),
                Some(left) => fs::write(&pack, &whole[..left]).unwrap(),
            }
            let mended = pair.mend();
            assert_eq!(mended.not_there, BTreeMap::new(), "{left:?}");
            assert!(mended.unreadable.contains_key(&pair.copy), "{left:?}");
            fs::write(&pack, &whole).unwrap();
        }
        assert!(pair.mend().parts > 0);
        pair.is_whole();
    }
}

#[test]
fn a_vault_does_not_mend_itself() {
    let sandbox = Sandbox::new();
    let error = sandbox
        .vault
        .mend(&sandbox.reopened(), unobserved())
        .unwrap_err();
    assert!(matches!(error, Error::SameVault { .. }));
}
