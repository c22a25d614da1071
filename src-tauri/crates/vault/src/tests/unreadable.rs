//! Files that are there and cannot be read, as on a disk with a bad place.

use std::collections::BTreeSet;

use super::faults::{Sandbox, save};
use super::faulty::{Reported, Rule, Wrong};
use crate::storage::Operation;
use crate::{CheckOptions, CheckReport, Finding, ReadShare, unobserved};

impl Sandbox {
    /// The largest file below a folder of the vault, by its path in it.
    fn largest(&self, folder: &str) -> String {
        let storage = &self.sound.0.storage;
        let files = storage.list(folder).unwrap();
        let largest = files.into_iter().max_by_key(|file| file.size);
        largest.expect("there are files").path
    }

    fn cannot_read(&self, paths: &[String], reported: Reported) {
        let rule = |path: &String| Rule {
            operation: Operation::Read,
            folder: path.clone().leak(),
            nth: 1,
            wrong: Wrong::Fails(reported),
        };
        let rules: Vec<Rule> = paths.iter().map(rule).collect();
        self.faulty.set(&rules);
    }

    fn looked_through(&self) -> CheckReport {
        let read_data = ReadShare::All;
        let options = CheckOptions { read_data };
        self.vault.check(options, unobserved()).unwrap()
    }
}

fn suspects(report: &CheckReport) -> BTreeSet<String> {
    let packs = report.findings.iter().filter_map(Finding::pack);
    packs.map(ToOwned::to_owned).collect()
}

#[test]
fn an_unreadable_pack_is_out_of_use_and_stored_again() {
    let sandbox = Sandbox::new();
    save(&sandbox.vault, None, 1, 3).unwrap();
    let pack = sandbox.largest("data");
    sandbox.cannot_read(std::slice::from_ref(&pack), Reported::Other);
    let found = sandbox.looked_through();
    assert_eq!(suspects(&found), BTreeSet::from([pack.clone()]));
    let repaired = sandbox
        .vault
        .repair(&suspects(&found), "tester", unobserved())
        .unwrap();
    assert_eq!(repaired.packs_dropped, 1);
    assert_eq!(
        (repaired.unreadable, repaired.left_alone),
        (vec![pack.clone()], vec![])
    );

    // It is there no more for those that capture the same again.
    save(&sandbox.vault, None, 1, 3).unwrap();
    let after = sandbox.looked_through();
    assert!(after.is_sound(), "{:?}", after.findings);
    // Nor is it in the way of the next repair.
    let again = sandbox
        .vault
        .repair(&BTreeSet::new(), "tester", unobserved());
    let again = again.unwrap();
    assert_eq!((again.packs_dropped, again.left_alone), (0, vec![]));
    sandbox.faulty.set(&[]);
    let back = sandbox
        .vault
        .repair(&BTreeSet::new(), "tester", unobserved());
    assert_eq!(back.unwrap().packs_adopted, 1);
    sandbox.is_sound(2);
}

#[test]
fn what_may_pass_puts_nothing_out_of_use() {
    let sandbox = Sandbox::new();
    save(&sandbox.vault, None, 1, 3).unwrap();
    let pack = sandbox.largest("data");
    sandbox.cannot_read(std::slice::from_ref(&pack), Reported::Passing);
    let suspects = BTreeSet::from([pack.clone()]);
    let repaired = sandbox.vault.repair(&suspects, "tester", unobserved());
    let repaired = repaired.unwrap();
    assert_eq!(
        (repaired.packs_dropped, repaired.left_alone),
        (0, vec![pack])
    );
    sandbox.faulty.set(&[]);
    sandbox.is_sound(1);
}

#[test]
fn an_unreadable_index_is_made_anew_and_hides_nothing_meanwhile() {
    let sandbox = Sandbox::new();
    let first = save(&sandbox.vault, None, 1, 3).unwrap();
    let listed = sandbox.sound.0.storage.list("index").unwrap();
    let indexes: Vec<String> = listed.into_iter().map(|file| file.path).collect();
    let second = save(&sandbox.vault, None, 2, 3).unwrap();
    sandbox.cannot_read(&indexes, Reported::Other);
    let read = |id| sandbox.vault.read(id).and_then(|reader| reader.list(""));
    assert!(read(&first.id).is_err());
    assert!(!read(&second.id).unwrap().is_empty());

    let repaired = sandbox
        .vault
        .repair(&BTreeSet::new(), "tester", unobserved());
    let repaired = repaired.unwrap();
    assert_eq!(repaired.indexes_removed, indexes.len() as u64);
    assert!(repaired.packs_adopted > 0);
    assert!(!read(&first.id).unwrap().is_empty());
    sandbox.is_sound(2);
}
