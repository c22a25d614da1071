//! What the catalogue knows of items and snapshots.

use labkeep_settings::{AccountId, KnownSnapshot, LedgerRow, RunId, RunItem, RunOutcome};
use serde_json::json;

use super::{Sandbox, added, project, seen};
use crate::common::at;

#[test]
fn a_ledger_is_written_as_it_grows() {
    let sandbox = Sandbox::new();
    let catalogue = &sandbox.catalogue;
    let run = added(catalogue, 0);
    let line = |id, kind: &str, state: &str| LedgerRow {
        item: project(id),
        kind: kind.to_owned(),
        path: format!("acme/{id}"),
        state: state.to_owned(),
        reason: Some("role Guest".to_owned()),
        remedy: None,
        count: Some(u64::from(u32::MAX) + 1),
        bytes: None,
        stale_since: Some(at(3)),
    };
    let first = [line(2, "issues", "failed"), line(1, "wiki", "empty")];
    catalogue.put_ledger(run, &first).unwrap();
    catalogue
        .put_ledger(run, &[line(2, "issues", "saved")])
        .unwrap();
    assert_eq!(
        catalogue.ledger(run).unwrap(),
        [line(1, "wiki", "empty"), line(2, "issues", "saved")]
    );
    assert_eq!(
        catalogue.ledger_states(run).unwrap(),
        [("empty".to_owned(), 1), ("saved".to_owned(), 1)]
    );
    // A ledger of no run would never be found again.
    assert!(catalogue.put_ledger(RunId::random(), &first).is_err());

    let later = added(catalogue, 10);
    catalogue.put_ledger(later, &first).unwrap();
    assert_eq!(catalogue.trim_ledgers(1).unwrap(), 2);
    assert!(catalogue.ledger(run).unwrap().is_empty());
    assert_eq!(catalogue.ledger(later).unwrap().len(), 2);
    assert!(catalogue.run(run).unwrap().is_some());
}

#[test]
fn items_of_a_run_are_written_as_they_go_on() {
    let sandbox = Sandbox::new();
    let catalogue = &sandbox.catalogue;
    let run = added(catalogue, 0);
    let item = |state: &str, second| RunItem {
        item: project(1),
        path: "acme/web".to_owned(),
        state: state.to_owned(),
        details: json!({"bytes": 5}),
        updated_at: at(second),
    };
    catalogue.put_run_items(run, &[item("waiting", 1)]).unwrap();
    catalogue
        .put_run_items(run, &[item("captured", 2)])
        .unwrap();
    assert_eq!(catalogue.run_items(run).unwrap(), [item("captured", 2)]);
}

#[test]
fn items_are_followed_through_renames_and_absence() {
    let sandbox = Sandbox::new();
    let catalogue = &sandbox.catalogue;
    let account = AccountId::random();
    let first = catalogue
        .see_items(
            account,
            at(1),
            &[seen(1, "acme/web"), seen(2, "acme/old")],
            true,
        )
        .unwrap();
    assert_eq!(first.new, [project(1), project(2)]);

    let second = catalogue
        .see_items(account, at(2), &[seen(1, "acme/website")], true)
        .unwrap();
    assert_eq!(second.moved, [(project(1), "acme/web".to_owned())]);
    assert_eq!(second.gone, [project(2)]);
    // An incomplete list misses nobody, and who is gone is not gone twice.
    let third = catalogue.see_items(account, at(3), &[], false).unwrap();
    assert_eq!(third, labkeep_settings::Sighting::default());
    let fourth = catalogue
        .see_items(account, at(4), &[seen(1, "acme/website")], true)
        .unwrap();
    assert!(fourth.gone.is_empty());

    catalogue
        .items_saved(account, &[project(1)], "abcd", at(5))
        .unwrap();
    let items = catalogue.items(account).unwrap();
    assert_eq!(items.len(), 2);
    let website = items.iter().find(|item| item.item == project(1)).unwrap();
    assert_eq!(website.previous_paths, ["acme/web"]);
    assert_eq!((website.first_seen, website.last_seen), (at(1), at(4)));
    assert_eq!(website.last_snapshot.as_deref(), Some("abcd"));
    let old = items.iter().find(|item| item.item == project(2)).unwrap();
    assert_eq!(old.gone_since, Some(at(2)));

    for (path, item) in [("acme/website", 1), ("acme/web", 1), ("acme/old", 2)] {
        assert_eq!(
            catalogue.item_by_path(account, path).unwrap(),
            Some(project(item))
        );
    }
    assert_eq!(
        catalogue
            .item_by_path(AccountId::random(), "acme/web")
            .unwrap(),
        None
    );

    let fifth = catalogue
        .see_items(
            account,
            at(6),
            &[seen(1, "acme/website"), seen(2, "acme/old")],
            true,
        )
        .unwrap();
    assert_eq!(fifth.back, [project(2)]);
    // Looked for one by one: gone, and gone only once.
    for second in [7, 8] {
        catalogue
            .items_gone(account, &[project(1)], at(second))
            .unwrap();
    }
    let items = catalogue.items(account).unwrap();
    let website = items.iter().find(|item| item.item == project(1)).unwrap();
    assert_eq!(website.gone_since, Some(at(7)));

    // Older news, such as of a snapshot that is read late.
    catalogue
        .see_items(account, at(0), &[seen(1, "acme/older")], false)
        .unwrap();
    let items = catalogue.items(account).unwrap();
    let website = items.iter().find(|item| item.item == project(1)).unwrap();
    assert_eq!(website.path, "acme/website");
    assert_eq!(website.previous_paths, ["acme/web", "acme/older"]);
    assert_eq!(website.gone_since, Some(at(7)));

    catalogue.remove_items(account).unwrap();
    assert!(catalogue.items(account).unwrap().is_empty());
}

#[test]
fn known_snapshots_stay_known_until_they_are_forgotten() {
    let sandbox = Sandbox::new();
    let catalogue = &sandbox.catalogue;
    let snapshot = |id: &str, second| KnownSnapshot {
        vault: "vault-1".to_owned(),
        id: id.to_owned(),
        time: at(second),
        plan: "Everything".to_owned(),
        run: Some(RunId::random()),
        outcome: Some(RunOutcome::Complete),
        bytes: 10,
        new_bytes: 5,
        proven_at: None,
        pinned: false,
        details: json!({"projects": 3}),
    };
    let (a, b) = (snapshot("a", 2), snapshot("b", 1));
    catalogue.put_snapshot(&a).unwrap();
    catalogue.put_snapshot(&b).unwrap();
    assert_eq!(
        catalogue.snapshots("vault-1").unwrap(),
        [b.clone(), a.clone()]
    );
    assert!(catalogue.snapshots("vault-2").unwrap().is_empty());

    catalogue.snapshot_proven("vault-1", "a", at(9)).unwrap();
    catalogue.snapshot_proven("vault-1", "a", at(3)).unwrap();
    // Listed again by a vault, without what only this machine knew.
    let listed = KnownSnapshot {
        run: None,
        outcome: None,
        ..a.clone()
    };
    catalogue.put_snapshot(&listed).unwrap();
    let known = catalogue.snapshots("vault-1").unwrap().pop().unwrap();
    assert_eq!(
        known,
        KnownSnapshot {
            proven_at: Some(at(9)),
            ..a
        }
    );

    catalogue
        .forget_snapshots("vault-1", &["a".to_owned()])
        .unwrap();
    assert_eq!(catalogue.snapshots("vault-1").unwrap(), [b]);
}
