//! Packs that somebody made to do harm.
use std::fs;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tempfile::TempDir;

use super::forge::{Forge, blob_id, deflated, new_first_byte};
use super::source::{Source, git, stored};
use crate::git::object_id::{ObjectFormat, ObjectId};
use crate::git::pack::hasher::Hasher;
use crate::git::pack::index::PackIndex;
use crate::git::pack::{PackError, PackFacts, Verifier, join};

const SHA1: ObjectFormat = ObjectFormat::Sha1;

fn verified(pack: &[u8]) -> Result<PackFacts, PackError> {
    let mut verifier = Verifier::new(SHA1);
    verifier.feed(pack)?;
    verifier.finish()
}

fn indexed(forge: Forge) -> Result<PackIndex, PackError> {
    let folder = TempDir::new().unwrap();
    PackIndex::build(&forge.write(folder.path(), "pack"), SHA1, &mut ())
}

#[test]
fn sizes_that_are_not_true_are_refused() {
    for size in [0, 4, 6, 1 << 20, u64::MAX] {
        let mut forge = Forge::new();
        forge.entry(3, size, &[], &deflated(b"hello"));
        let result = verified(&forge.finish());
        assert!(
            matches!(result, Err(PackError::EntrySize { declared, .. }) if declared == size),
            "{size}: {result:?}"
        );
    }
}

#[test]
fn data_that_goes_on_and_on_is_stopped_at_once() {
    let bomb = deflated(&vec![0; 64 << 20]);
    assert!(bomb.len() < 100_000);
    let mut forge = Forge::new();
    forge.entry(3, 10, &[], &bomb);
    let pack = forge.finish();
    let mut verifier = Verifier::new(SHA1);
    let error = verifier.feed(&pack[..1000]).unwrap_err();
    assert!(
        matches!(error, PackError::EntrySize { .. }),
        "the first piece suffices"
    );
}

#[test]
fn counts_that_are_not_true_take_no_memory() {
    let mut forge = Forge::new();
    forge.blob(b"hello");
    forge.entries = u32::MAX;
    assert!(verified(&forge.finish()).is_err());
    let mut forge = Forge::new();
    forge.blob(b"hello");
    forge.blob(b"world");
    forge.entries = 1;
    assert!(verified(&forge.finish()).is_err());
}

#[test]
fn deltas_on_nothing_are_refused() {
    let base = b"hello";
    let delta = new_first_byte(base, b'j');
    for shift in [1, 2, 11, 12] {
        let mut forge = Forge::new();
        let blob = forge.blob(base);
        // Into the middle of an entry, into the header, before the beginning.
        forge.delta(blob.wrapping_sub(shift).max(1), &delta);
        let pack = forge.finish();
        assert!(
            matches!(verified(&pack), Err(PackError::BaseOffset { .. })),
            "{shift}"
        );
    }
}

#[test]
fn deltas_of_deltas_are_named_as_git_names_them() {
    let mut forge = Forge::new();
    let mut expected = vec![b"hello".to_vec()];
    let mut base = forge.blob(b"hello");
    for letter in b'a'..b'f' {
        let before = expected.last().unwrap();
        let delta = new_first_byte(before, letter);
        let mut after = before.clone();
        after[0] = letter;
        base = if letter % 2 == 0 {
            forge.delta(base, &delta)
        } else {
            forge.named_delta(&blob_id(before), &delta)
        };
        expected.push(after);
    }
    // A base that comes later, by name.
    forge.named_delta(&blob_id(b"later"), &new_first_byte(b"later", b'w'));
    forge.blob(b"later");
    let target = Source::empty(SHA1);
    let folder = TempDir::new().unwrap();
    let pack = forge.write(folder.path(), "pack");
    git(
        target.path(),
        &["index-pack", "--stdin"],
        &fs::read(&pack).unwrap(),
    );
    let index = PackIndex::build(&pack, SHA1, &mut ()).unwrap();
    let mut names: Vec<ObjectId> = index
        .sorted()
        .iter()
        .map(|&entry| index.id(entry))
        .collect();
    assert_eq!(names, stored(target.path()));
    names.retain(|id| expected.iter().any(|content| blob_id(content) == *id));
    assert_eq!(names.len(), expected.len());
}

#[test]
fn deltas_that_build_on_each_other_in_a_circle_are_refused() {
    let mut forge = Forge::new();
    let (one, two) = (blob_id(b"aello"), blob_id(b"bello"));
    forge.named_delta(&one, &new_first_byte(b"aello", b'b'));
    forge.named_delta(&two, &new_first_byte(b"bello", b'a'));
    let error = indexed(forge).err().unwrap();
    assert!(
        matches!(error, PackError::MissingBase { id } if id == one.min(two)),
        "{error}"
    );
}

#[test]
fn deltas_that_make_far_too_much_are_refused() {
    let mut forge = Forge::new();
    let base = vec![7; 100];
    let place = forge.blob(&base);
    // 100 bytes become 2^40, says the delta.
    let delta = [
        [100].as_slice(),
        &[0x80, 0x80, 0x80, 0x80, 0x80, 0x20],
        &[0b1001_0000, 100],
    ]
    .concat();
    forge.delta(place, &delta);
    let error = indexed(forge).err().unwrap();
    assert!(
        matches!(error, PackError::ObjectTooLarge { size, .. } if size == 1 << 40),
        "{error}"
    );
}

#[test]
fn a_broken_delta_is_named_by_its_place() {
    let mut forge = Forge::new();
    let place = forge.blob(b"hello");
    let delta = forge.delta(place, &new_first_byte(b"other length", b'x'));
    let error = indexed(forge).err().unwrap();
    assert!(
        matches!(error, PackError::Delta { offset } if offset == delta as u64),
        "{error}"
    );
}

#[test]
fn a_very_long_chain_of_deltas_is_resolved() {
    let base: Vec<u8> = (0..100).collect();
    let mut forge = Forge::new();
    let mut place = forge.blob(&base);
    let mut content = base;
    for number in 0..30_000_u32 {
        let first = u8::try_from(number % 251).unwrap();
        place = forge.delta(place, &new_first_byte(&content, first));
        content[0] = first;
    }
    let index = indexed(forge).unwrap();
    assert!(index.find(&blob_id(&content)).is_some());
    assert_eq!(index.len(), 30_001);
}

#[test]
fn a_tree_that_is_none_makes_a_chain_useless() {
    let folder = TempDir::new().unwrap();
    let mut forge = Forge::new();
    forge.whole(2, b"not a tree");
    let pack = forge.write(folder.path(), "pack");
    let error = join(&[pack], &folder.path().join("joined"), SHA1).unwrap_err();
    assert!(
        matches!(error, PackError::MalformedObject { .. }),
        "{error}"
    );
}

#[test]
fn an_object_that_may_build_on_itself_is_refused() {
    let folder = TempDir::new().unwrap();
    let mut forge = Forge::new();
    let delta = new_first_byte(b"hello", b'j');
    let back = new_first_byte(b"jello", b'h');
    forge.named_delta(&blob_id(b"jello"), &back);
    forge.named_delta(&blob_id(b"hello"), &delta);
    forge.blob(b"hello");
    let pack = forge.write(folder.path(), "pack");
    let error = join(&[pack], &folder.path().join("joined"), SHA1).unwrap_err();
    assert!(
        matches!(error, PackError::DuplicateObject { id } if id == blob_id(b"hello")),
        "{error}"
    );
}

#[test]
fn an_object_that_is_twice_in_a_pack_is_kept_once() {
    let folder = TempDir::new().unwrap();
    let mut forge = Forge::new();
    forge.blob(b"hello");
    let again = forge.blob(b"hello");
    forge.delta(again, &new_first_byte(b"hello", b'j'));
    let pack = forge.write(folder.path(), "pack");
    let into = folder.path().join("joined");
    assert_eq!(join(&[pack], &into, SHA1).unwrap().objects, 2);
    let target = Source::empty(SHA1);
    git(
        target.path(),
        &["index-pack", "--strict", "--stdin"],
        &fs::read(&into).unwrap(),
    );
    assert!(stored(target.path()).contains(&blob_id(b"jello")));
}

/// Puts a true checksum at the end again.
fn sealed(mut pack: Vec<u8>) -> Vec<u8> {
    let end = pack.len() - SHA1.id_length();
    let mut hasher = Hasher::new(SHA1);
    hasher.update(&pack[..end]);
    pack[end..].copy_from_slice(hasher.finish().as_bytes());
    pack
}

#[test]
fn changed_packs_with_true_checksums_are_refused_or_sound() {
    let folder = TempDir::new().unwrap();
    let source = Source::random(70, SHA1, 12);
    let whole = fs::read(source.whole(&folder.path().join("whole"))).unwrap();
    let (changed, joined) = (folder.path().join("changed"), folder.path().join("joined"));
    let mut random = StdRng::seed_from_u64(70);
    let mut refused = 0;
    for _ in 0..400 {
        let mut pack = whole.clone();
        for _ in 0..random.random_range(1..4) {
            let place = random.random_range(8..pack.len() - SHA1.id_length());
            pack[place] = match random.random_range(0..3) {
                0 => random.random(),
                1 => pack[place] ^ 1 << random.random_range(0..8),
                _ => 0xff,
            };
        }
        fs::write(&changed, sealed(pack)).unwrap();
        if join(std::slice::from_ref(&changed), &joined, SHA1).is_err() {
            refused += 1;
            continue;
        }
        // What is taken all the same must be what git takes too.
        let target = Source::empty(SHA1);
        let bytes = fs::read(&joined).unwrap();
        git(target.path(), &["index-pack", "--stdin"], &bytes);
    }
    assert!(refused > 380, "{refused}");
}

#[test]
fn noise_is_refused_without_harm() {
    let mut random = StdRng::seed_from_u64(71);
    for _ in 0..2000 {
        let mut noise = b"PACK\0\0\0\x02\0\0\x01\0".to_vec();
        noise.extend((0..random.random_range(0..400)).map(|_| random.random::<u8>()));
        assert!(verified(&noise).is_err());
    }
}
