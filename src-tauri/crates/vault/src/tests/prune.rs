//! Pruning, with the day between its two steps left out.

use jiff::SignedDuration;

use super::faults::{Sandbox, save};
use super::faulty::{Reported, Rule, Wrong};
use crate::storage::Operation;
use crate::{Error, SnapshotId, Vault, unobserved};

const NO_GRACE: SignedDuration = SignedDuration::ZERO;

fn known(vault: &Vault) -> Vec<SnapshotId> {
    vault.snapshots().unwrap().iter().map(|s| s.id).collect()
}

#[test]
fn data_is_marked_first_and_removed_later() {
    let sandbox = Sandbox::new();
    let vault = &sandbox.vault;
    let first = save(vault, None, 1, 60).unwrap().id;
    let second = save(vault, None, 2, 60).unwrap().id;
    let both = vault.usage().unwrap();
    vault.forget(&[first]).unwrap();

    let plan = vault.prune_plan(&[second]).unwrap();
    assert_eq!(plan.facts().snapshots, 1);
    assert!(plan.facts().packs_to_mark > 0 && plan.facts().bytes_to_mark > 30_000_000);
    assert_eq!(plan.facts().packs_to_remove, 0);
    let report = vault.prune(plan, "tester", unobserved()).unwrap();
    assert_eq!(report.packs_removed, 0);
    sandbox.is_sound(1);

    // On the same day nothing more happens.
    let plan = vault.prune_plan(&[second]).unwrap();
    assert_eq!(plan.facts().packs_to_remove, 0);
    assert!(plan.facts().is_nothing(), "{:?}", plan.facts());

    let plan = vault.plan_with_grace(&[second], NO_GRACE).unwrap();
    let facts = *plan.facts();
    assert!(facts.packs_to_remove > 0 && facts.bytes_to_remove > 30_000_000);
    let report = vault.prune(plan, "tester", unobserved()).unwrap();
    assert_eq!(report.packs_removed, facts.packs_to_remove);
    sandbox.is_sound(1);
    let left = vault.usage().unwrap();
    assert!(left.bytes < both.bytes * 6 / 10, "{left:?} {both:?}");
}

#[test]
fn what_was_marked_goes_while_nothing_else_changes() {
    let sandbox = Sandbox::new();
    let vault = &sandbox.vault;
    let first = save(vault, None, 1, 60).unwrap().id;
    let second = save(vault, None, 2, 60).unwrap().id;
    let third = save(vault, None, 3, 3).unwrap().id;
    vault.forget(&[first]).unwrap();
    let plan = vault.prune_plan(&[second, third]).unwrap();
    vault.prune(plan, "tester", unobserved()).unwrap();
    // Needed no more, and not marked yet.
    vault.forget(&[second]).unwrap();
    let today = vault.prune_plan_of_marked(&[third]).unwrap();
    assert!(today.facts().is_nothing(), "{:?}", today.facts());
    let plan = vault.plan_of_marked_with_grace(&[third], NO_GRACE).unwrap();
    let facts = *plan.facts();
    assert!(facts.packs_to_remove > 0 && facts.bytes_to_remove > 30_000_000);
    assert_eq!((facts.packs_to_mark, facts.packs_to_repack), (0, 0));
    let before = vault.usage().unwrap().bytes;
    let report = vault.prune(plan, "tester", unobserved()).unwrap();
    assert_eq!(report.packs_removed, facts.packs_to_remove);
    assert!(vault.usage().unwrap().bytes < before - 30_000_000);
    sandbox.is_sound(1);
}

#[test]
fn marked_data_that_is_needed_again_is_recovered() {
    let sandbox = Sandbox::new();
    let vault = &sandbox.vault;
    let first = save(vault, None, 1, 60).unwrap().id;
    save(vault, None, 2, 3).unwrap();
    // A writer that read the index before the data was marked.
    let snapshot = sandbox
        .home
        .path()
        .join("vault/snapshots")
        .join(first.to_string());
    let kept = std::fs::read(&snapshot).unwrap();
    vault.forget(&[first]).unwrap();
    let plan = vault.prune_plan(&[]).unwrap();
    vault.prune(plan, "tester", unobserved()).unwrap();
    std::fs::write(&snapshot, kept).unwrap();

    let plan = vault.plan_with_grace(&known(vault), NO_GRACE).unwrap();
    assert!(plan.facts().packs_to_recover > 0);
    vault.prune(plan, "tester", unobserved()).unwrap();
    sandbox.is_sound(2);
}

#[test]
fn a_listing_that_fails_refuses_prune() {
    let sandbox = Sandbox::new();
    let id = save(&sandbox.vault, None, 1, 3).unwrap().id;
    for folder in ["snapshots", "index", "data"] {
        sandbox.faulty.set(&[Rule {
            operation: Operation::List,
            folder,
            nth: 1,
            wrong: Wrong::Fails(Reported::Other),
        }]);
        let error = sandbox.vault.prune_plan(&[id]).unwrap_err();
        assert!(
            matches!(error, Error::Storage { .. }),
            "{folder}: {error:?}"
        );
    }
    sandbox.faulty.set(&[Rule {
        operation: Operation::List,
        folder: "snapshots",
        nth: 1,
        wrong: Wrong::ListsNothing,
    }]);
    let error = sandbox.vault.prune_plan(&[id]).unwrap_err();
    assert!(matches!(error, Error::SnapshotsMissing { missing } if missing == [id]));
    sandbox.is_sound(1);
}

#[test]
fn a_listing_that_changes_its_mind_loses_nothing() {
    let sandbox = Sandbox::new();
    let id = save(&sandbox.vault, None, 1, 60).unwrap().id;
    // Complete when it is compared, empty when the plan would be made of it.
    sandbox.faulty.set(&[Rule {
        operation: Operation::List,
        folder: "snapshots",
        nth: 2,
        wrong: Wrong::ListsNothing,
    }]);
    let plan = sandbox.vault.prune_plan(&[id]).unwrap();
    assert_eq!(plan.facts().packs_to_mark, 0);
    assert!(plan.facts().bytes_unused < 1_000, "{:?}", plan.facts());
    let error = sandbox
        .vault
        .prune(plan, "tester", unobserved())
        .unwrap_err();
    assert!(matches!(error, Error::PlanOutdated));
    sandbox.is_sound(1);
}

#[test]
fn a_vault_that_changed_since_the_plan_is_left_alone() {
    let sandbox = Sandbox::new();
    let vault = &sandbox.vault;
    let first = save(vault, None, 1, 3).unwrap().id;
    vault.forget(&[first]).unwrap();
    let plan = vault.prune_plan(&[]).unwrap();
    save(vault, None, 2, 3).unwrap();
    let error = vault.prune(plan, "tester", unobserved()).unwrap_err();
    assert!(matches!(error, Error::PlanOutdated));
    sandbox.is_sound(1);
}

#[test]
fn a_prune_that_fails_anywhere_leaves_a_sound_vault() {
    let sandbox = Sandbox::new();
    let vault = &sandbox.vault;
    for (operation, folder, reported) in [
        (Operation::Write, "index", Reported::Full),
        (Operation::Remove, "index", Reported::Other),
        (Operation::Remove, "data", Reported::Gone),
    ] {
        let first = save(vault, None, 1, 60).unwrap().id;
        let second = save(vault, None, 2, 3).unwrap().id;
        vault.forget(&[first]).unwrap();
        let plan = vault.plan_with_grace(&[second], NO_GRACE).unwrap();
        vault.prune(plan, "tester", unobserved()).unwrap();
        let plan = vault.plan_with_grace(&[second], NO_GRACE).unwrap();
        sandbox.faulty.set(&[Rule {
            operation,
            folder,
            nth: 1,
            wrong: Wrong::Fails(reported),
        }]);
        let error = vault.prune(plan, "tester", unobserved()).unwrap_err();
        let told = match reported {
            Reported::Full => matches!(error, Error::Full { .. }),
            Reported::Gone => matches!(error, Error::Gone { .. }),
            Reported::Other | Reported::Passing => matches!(error, Error::Storage { .. }),
            Reported::Denied => {
                matches!(error, Error::NotReadable { .. } | Error::NotWritable { .. })
            }
        };
        assert!(told, "{folder}: {error:?}");
        sandbox.faulty.set(&[]);
        sandbox.is_sound(1);
        vault.forget(&[second]).unwrap();
    }
}

#[test]
fn a_prune_can_be_stopped() {
    let sandbox = Sandbox::new();
    let vault = &sandbox.vault;
    let first = save(vault, None, 1, 60).unwrap().id;
    let second = save(vault, None, 2, 3).unwrap().id;
    vault.forget(&[first]).unwrap();
    let plan = vault.prune_plan(&[second]).unwrap();
    let stop = std::sync::Arc::new(|_| std::ops::ControlFlow::Break(()));
    let error = vault.prune(plan, "tester", stop).unwrap_err();
    assert!(matches!(error, Error::Aborted), "{error:?}");
    sandbox.is_sound(1);
    // The lease was given back.
    let plan = vault.prune_plan(&[second]).unwrap();
    vault.prune(plan, "tester", unobserved()).unwrap();
    sandbox.is_sound(1);
}

#[test]
fn a_prune_waits_for_nobody_elses_lease() {
    let sandbox = Sandbox::new();
    let first = save(&sandbox.vault, None, 1, 3).unwrap().id;
    sandbox.vault.forget(&[first]).unwrap();
    let plan = sandbox.vault.prune_plan(&[]).unwrap();
    let lease = sandbox.vault.lease("another machine").unwrap();
    let error = sandbox
        .vault
        .prune(plan, "tester", unobserved())
        .unwrap_err();
    assert!(matches!(error, Error::LeaseHeld { owner, .. } if owner == "another machine"));
    drop(lease);
}
