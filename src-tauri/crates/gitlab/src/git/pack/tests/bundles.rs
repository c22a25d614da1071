//! Bundles, as the real git sees them.
use std::fs;
use std::io::BufReader;
use std::process::Command;

use tempfile::TempDir;

use super::source::{Source, fsck, git, refs_of};
use crate::git::object_id::ObjectFormat;
use crate::git::pack::{PackError, read_bundle_header, verify_bundle, write_bundle};

#[test]
fn git_verifies_and_clones_what_is_written() {
    for (seed, format) in [(20, ObjectFormat::Sha1), (21, ObjectFormat::Sha256)] {
        let folder = TempDir::new().unwrap();
        let source = Source::random(seed, format, 60);
        let packs = source.chain(4, true, folder.path());
        let (refs, head) = (source.refs(), source.id("HEAD"));
        let mut bundle = Vec::new();
        let facts = write_bundle(&refs, Some(&head), &packs, &mut bundle).unwrap();
        let path = folder.path().join("project.bundle");
        fs::write(&path, &bundle).unwrap();
        git(
            source.path(),
            &["bundle", "verify", "--quiet", path.to_str().unwrap()],
            b"",
        );
        git(
            folder.path(),
            &["clone", "--quiet", "--mirror", "project.bundle", "clone"],
            b"",
        );
        let clone = folder.path().join("clone");
        assert_eq!(refs_of(&clone), refs);
        let cloned = git(&clone, &["rev-parse", "HEAD"], b"");
        assert_eq!(String::from_utf8(cloned).unwrap().trim(), head.to_string());
        fsck(&clone);
        let (header, read) = verify_bundle(&mut BufReader::new(bundle.as_slice())).unwrap();
        assert_eq!(read, facts);
        assert_eq!(header.format, format);
        assert_eq!(header.refs[0], (head, "HEAD".to_owned()));
        assert_eq!(header.refs[1..], refs);
    }
}

#[test]
fn bundles_of_git_are_read() {
    for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
        let folder = TempDir::new().unwrap();
        let source = Source::random(22, format, 20);
        let path = folder.path().join("git.bundle");
        source.run(&[
            "bundle",
            "create",
            "--quiet",
            path.to_str().unwrap(),
            "--all",
        ]);
        let mut from = BufReader::new(fs::File::open(&path).unwrap());
        let (header, facts) = verify_bundle(&mut from).unwrap();
        assert_eq!(facts.objects, source.objects().len() as u64);
        for found in source.refs() {
            assert!(header.refs.contains(&found));
        }
    }
}

#[test]
fn a_bundle_that_builds_on_others_says_so() {
    let folder = TempDir::new().unwrap();
    let source = Source::random(23, ObjectFormat::Sha1, 20);
    let path = folder.path().join("git.bundle");
    source.run(&[
        "bundle",
        "create",
        "--quiet",
        path.to_str().unwrap(),
        "branch-0",
        "branch-1",
        "branch-2",
        "^light",
    ]);
    let mut from = BufReader::new(fs::File::open(&path).unwrap());
    let needed = read_bundle_header(&mut from).unwrap().prerequisites;
    assert!(needed.contains(&source.id("light")), "{needed:?}");
}

#[test]
fn a_bundle_without_refs_or_with_missing_ones_is_not_written() {
    let folder = TempDir::new().unwrap();
    let source = Source::random(24, ObjectFormat::Sha1, 10);
    let packs = [source.whole(&folder.path().join("whole.pack"))];
    let mut bundle = Vec::new();
    assert!(matches!(
        write_bundle(&[], None, &packs, &mut bundle),
        Err(PackError::EmptyBundle)
    ));
    let absent = "1".repeat(40).parse().unwrap();
    let refs = [(absent, "refs/heads/gone".to_owned())];
    let error = write_bundle(&refs, None, &packs, &mut bundle).unwrap_err();
    assert!(matches!(error, PackError::MissingObject { id } if id == absent));
    let refs = [(source.id("HEAD"), "refs/heads/a\nb".to_owned())];
    let error = write_bundle(&refs, None, &packs, &mut bundle).unwrap_err();
    assert!(matches!(error, PackError::RefName { .. }));
    assert!(bundle.is_empty());
}

#[test]
fn a_full_disk_while_writing_is_an_error() {
    struct Full(usize);
    impl std::io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self
                .0
                .checked_sub(bytes.len())
                .ok_or(std::io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let folder = TempDir::new().unwrap();
    let source = Source::random(25, ObjectFormat::Sha1, 10);
    let packs = [source.whole(&folder.path().join("whole.pack"))];
    for room in [0, 50, 2000] {
        let result = write_bundle(&source.refs(), None, &packs, &mut Full(room));
        assert!(
            matches!(result, Err(PackError::Write { .. })),
            "{room}: {result:?}"
        );
    }
}

#[test]
fn the_oracle_is_there() {
    assert!(
        Command::new("git")
            .arg("--version")
            .output()
            .unwrap()
            .status
            .success()
    );
}
