//! The lease between machines.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use tempfile::TempDir;

use crate::lease::{Lease, take};
use crate::storage::{LEASE, OperatorStorage, Storage};
use crate::{CreateOptions, Error, Location, Vault, VaultKey};

fn vault() -> (TempDir, Vault) {
    let home = TempDir::new().unwrap();
    let location = Location::folder(&home.path().join("vault")).unwrap();
    let key = VaultKey::generate();
    let vault = Vault::create(&location, &key, CreateOptions::default()).unwrap();
    (home, vault)
}

fn storage(home: &TempDir) -> Arc<dyn Storage> {
    Arc::new(OperatorStorage::folder(&home.path().join("vault")).unwrap())
}

#[test]
fn only_one_holds_the_lease() {
    let (home, vault) = vault();
    let lease = vault.lease("first").unwrap();
    let error = take(storage(&home), "second", Timestamp::now).unwrap_err();
    let Error::LeaseHeld { owner, until } = error else {
        panic!("{error:?}");
    };
    assert_eq!(owner, "first");
    assert_eq!(until, lease.until());
    lease.check().unwrap();
    drop(lease);
    take(storage(&home), "second", Timestamp::now).unwrap();
}

#[test]
fn only_one_of_many_gets_the_lease() {
    let (home, _vault) = vault();
    let got: Vec<_> = std::thread::scope(|scope| {
        let home = &home;
        let threads: Vec<_> = (0..8)
            .map(|n| scope.spawn(move || take(storage(home), &n.to_string(), Timestamp::now)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(
        got.iter().filter(|lease| lease.is_ok()).count(),
        1,
        "{got:?}"
    );
}

static HOURS: AtomicI64 = AtomicI64::new(0);

/// A clock that this test alone turns.
fn clock() -> Timestamp {
    Timestamp::from_second(1_760_000_000 + HOURS.load(Ordering::SeqCst) * 3600).unwrap()
}

#[test]
fn a_lease_that_ran_out_is_taken_over_and_lost() {
    let (home, _vault) = vault();
    let first: Lease = take(storage(&home), "first", clock).unwrap();
    first.check().unwrap();
    HOURS.store(1, Ordering::SeqCst);
    assert!(matches!(first.check(), Err(Error::LeaseLost)));
    let second = take(storage(&home), "second", clock).unwrap();
    assert!(matches!(first.check(), Err(Error::LeaseLost)));
    // Whoever lost it does not take it from the other when he goes.
    drop(first);
    second.check().unwrap();
}

#[test]
fn a_lease_is_renewed_in_its_second_half() {
    use std::sync::atomic::AtomicI64;
    static MINUTES: AtomicI64 = AtomicI64::new(0);
    fn clock() -> Timestamp {
        Timestamp::from_second(1_760_000_000 + MINUTES.load(Ordering::SeqCst) * 60).unwrap()
    }
    let (home, _vault) = vault();
    let lease = take(storage(&home), "first", clock).unwrap();
    let until = lease.until();
    MINUTES.store(5, Ordering::SeqCst);
    lease.check().unwrap();
    assert_eq!(lease.until(), until);
    for minute in (10..120).step_by(10) {
        MINUTES.store(minute, Ordering::SeqCst);
        lease.check().unwrap();
    }
    assert!(lease.until() > until);
    assert!(matches!(
        take(storage(&home), "second", clock),
        Err(Error::LeaseHeld { .. })
    ));
}

#[test]
fn a_lease_that_cannot_be_read_is_respected() {
    let (home, _vault) = vault();
    let storage = storage(&home);
    storage.write(LEASE, vec!["{".into()]).unwrap();
    assert!(matches!(
        take(Arc::clone(&storage), "first", Timestamp::now),
        Err(Error::LeaseHeld { .. })
    ));
    let later = || Timestamp::now() + jiff::SignedDuration::from_hours(25);
    take(storage, "first", later).unwrap();
}

#[test]
fn an_empty_lease_is_of_one_who_was_ended_and_respected_for_minutes_only() {
    let (home, _vault) = vault();
    let storage = storage(&home);
    storage.write(LEASE, vec![]).unwrap();
    assert!(matches!(
        take(Arc::clone(&storage), "first", Timestamp::now),
        Err(Error::LeaseHeld { .. })
    ));
    let later = || Timestamp::now() + jiff::SignedDuration::from_mins(3);
    take(storage, "first", later).unwrap();
}
