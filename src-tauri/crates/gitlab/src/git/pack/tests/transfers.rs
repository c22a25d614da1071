//! What a transfer can do to a pack, and that none of it goes unseen.
use std::fs;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tempfile::TempDir;

use super::source::Source;
use crate::git::object_id::ObjectFormat;
use crate::git::pack::{PackError, PackFacts, Verifier, verify};

fn fed(
    bytes: &[u8],
    format: ObjectFormat,
    mut cut: impl FnMut() -> usize,
) -> Result<PackFacts, PackError> {
    let mut verifier = Verifier::new(format);
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(cut().clamp(1, rest.len()));
        verifier.feed(piece)?;
        rest = after;
    }
    verifier.finish()
}

fn small_pack() -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    let source = Source::random(1, ObjectFormat::Sha1, 4);
    fs::read(source.whole(&folder.path().join("pack"))).unwrap()
}

#[test]
fn packs_of_git_are_sound_however_they_arrive() {
    let folder = TempDir::new().unwrap();
    for (seed, format) in [(1, ObjectFormat::Sha1), (2, ObjectFormat::Sha256)] {
        let source = Source::random(seed, format, 60);
        let path = source.whole(&folder.path().join("pack"));
        let bytes = fs::read(&path).unwrap();
        let facts = verify(&path, format).unwrap();
        assert_eq!(facts.objects, source.objects().len() as u64);
        assert_eq!(facts.bytes, bytes.len() as u64);
        assert!(bytes.ends_with(facts.checksum.as_bytes()));
        let mut random = StdRng::seed_from_u64(seed);
        for size in [1, 7, 100, 5000] {
            assert_eq!(
                fed(&bytes, format, || random.random_range(1..=size)).unwrap(),
                facts
            );
        }
    }
}

#[test]
fn a_pack_cut_anywhere_is_an_error() {
    let pack = small_pack();
    for end in 0..pack.len() {
        let result = fed(&pack[..end], ObjectFormat::Sha1, || 4096);
        assert!(
            matches!(result, Err(PackError::Truncated { offset }) if offset <= end as u64),
            "{end}: {result:?}"
        );
    }
}

#[test]
fn a_single_flipped_bit_is_an_error() {
    let mut pack = small_pack();
    for place in 0..pack.len() {
        let bit = 1 << (place % 8);
        pack[place] ^= bit;
        let error = fed(&pack, ObjectFormat::Sha1, || 4096).unwrap_err();
        assert!(error.is_damage(), "{place}: {error}");
        pack[place] ^= bit;
    }
}

#[test]
fn what_follows_a_pack_is_an_error() {
    let mut pack = small_pack();
    let offset = pack.len() as u64;
    pack.push(0);
    for size in [1, 4096] {
        let result = fed(&pack, ObjectFormat::Sha1, || size);
        assert!(matches!(result, Err(PackError::TrailingData { offset: at }) if at == offset));
    }
}

#[test]
fn an_error_page_is_no_pack() {
    for page in [b"<html>".as_slice(), b"P4CK", b"PACKET and more"] {
        let result = fed(page, ObjectFormat::Sha1, || 1);
        assert!(
            matches!(
                result,
                Err(PackError::Signature | PackError::Version { .. })
            ),
            "{result:?}"
        );
    }
}

#[test]
fn an_empty_pack_is_a_pack() {
    for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
        let folder = TempDir::new().unwrap();
        let path = Source::empty(format).whole(&folder.path().join("pack"));
        let facts = verify(&path, format).unwrap();
        assert_eq!(
            (facts.objects, facts.bytes),
            (0, 12 + format.id_length() as u64)
        );
    }
}

#[test]
fn a_pack_of_the_other_format_is_an_error() {
    let folder = TempDir::new().unwrap();
    let path = Source::random(3, ObjectFormat::Sha256, 5).whole(&folder.path().join("pack"));
    assert!(verify(&path, ObjectFormat::Sha1).is_err());
}
