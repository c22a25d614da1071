//! Chains of packs, joined, as the real git sees them.
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::source::{Source, fsck, git, stored, try_git};
use crate::git::object_id::ObjectFormat;
use crate::git::pack::{PackError, join, verify};

/// Takes a pack into a new repository as strictly as git can.
fn accepted(pack: &Path, format: ObjectFormat) -> Source {
    let target = Source::empty(format);
    let bytes = fs::read(pack).unwrap();
    git(
        target.path(),
        &["index-pack", "--strict", "--stdin"],
        &bytes,
    );
    target
}

#[test]
fn joined_chains_hold_every_object_once() {
    let folder = TempDir::new().unwrap();
    for (seed, format) in [
        (10, ObjectFormat::Sha1),
        (11, ObjectFormat::Sha1),
        (12, ObjectFormat::Sha256),
    ] {
        let source = Source::random(seed, format, 80);
        for (links, overlap) in [(1, false), (2, false), (5, false), (5, true)] {
            let packs = source.chain(links, overlap, folder.path());
            let into = folder.path().join("joined.pack");
            let facts = join(&packs, &into, format).unwrap();
            assert_eq!(facts, verify(&into, format).unwrap());
            let before: u64 = packs
                .iter()
                .map(|pack| verify(pack, format).unwrap().objects)
                .sum();
            assert!(!overlap || facts.objects < before, "something is dropped");
            let target = accepted(&into, format);
            assert_eq!(stored(target.path()), source.objects());
            for (id, name) in source.refs() {
                target.run(&["update-ref", &name, &id.to_string()]);
            }
            fsck(target.path());
        }
    }
}

#[test]
fn the_same_pack_twice_is_as_good_as_once() {
    let folder = TempDir::new().unwrap();
    let source = Source::random(13, ObjectFormat::Sha1, 40);
    let pack = source.whole(&folder.path().join("whole.pack"));
    let into = folder.path().join("joined.pack");
    join(&[pack.clone(), pack.clone()], &into, ObjectFormat::Sha1).unwrap();
    assert_eq!(fs::read(&into).unwrap(), fs::read(&pack).unwrap());
}

#[test]
fn deltas_that_name_their_bases_survive() {
    let folder = TempDir::new().unwrap();
    let source = Source::random(14, ObjectFormat::Sha1, 60);
    let tips = source.tips();
    // Without --delta-base-offset every delta names its base.
    let pack = source.pack_with(&[], &tips, &[], &folder.path().join("named.pack"));
    let other = source.pack(&tips[..3], &[], &folder.path().join("other.pack"));
    let into = folder.path().join("joined.pack");
    for packs in [
        vec![pack.clone()],
        vec![other.clone(), pack.clone()],
        vec![pack, other],
    ] {
        join(&packs, &into, ObjectFormat::Sha1).unwrap();
        let target = accepted(&into, ObjectFormat::Sha1);
        assert_eq!(stored(target.path()), source.objects());
    }
}

#[test]
fn a_chain_without_its_beginning_names_what_is_missing() {
    let folder = TempDir::new().unwrap();
    let source = Source::random(15, ObjectFormat::Sha1, 60);
    let packs = source.chain(3, false, folder.path());
    let into = folder.path().join("joined.pack");
    let error = join(&packs[1..], &into, ObjectFormat::Sha1).unwrap_err();
    let PackError::MissingObject { id } = error else {
        panic!("{error}");
    };
    let target = Source::empty(ObjectFormat::Sha1);
    for pack in &packs[1..] {
        git(
            target.path(),
            &["unpack-objects", "-q"],
            &fs::read(pack).unwrap(),
        );
    }
    assert!(source.objects().contains(&id));
    assert!(!stored(target.path()).contains(&id));
    assert!(
        !into.exists(),
        "nothing is left of a pack that was not finished"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), packs.len());
}

#[test]
fn a_thin_pack_is_refused_with_the_base_it_lacks() {
    let folder = TempDir::new().unwrap();
    let source = Source::random(16, ObjectFormat::Sha1, 60);
    let tips = source.tips();
    let half = &tips[..tips.len() / 2];
    let first = source.pack(half, &[], &folder.path().join("first.pack"));
    let thin = source.pack_with(
        &["--thin", "--delta-base-offset"],
        &tips,
        half,
        &folder.path().join("thin.pack"),
    );
    let bytes = fs::read(&thin).unwrap();
    let (is_whole, ..) = try_git(
        Source::empty(ObjectFormat::Sha1).path(),
        &["index-pack", "--stdin"],
        &bytes,
    );
    assert!(!is_whole, "git made a thin pack");
    let error = join(
        &[first, thin],
        &folder.path().join("joined.pack"),
        ObjectFormat::Sha1,
    )
    .unwrap_err();
    let PackError::MissingBase { id } = error else {
        panic!("{error}");
    };
    assert!(source.objects().contains(&id));
}
