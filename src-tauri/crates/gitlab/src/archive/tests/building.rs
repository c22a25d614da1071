//! What is built is what the real tar, gzip and git read.
use std::fs;
use std::path::Path;
use std::process::Command;

use super::sample::{SECRET, SNIPPET, Sample, attributes};
use crate::archive::{Archive, ArchiveError, DOCUMENT_LIMIT, DocumentFlaw, Limits, Repository};
use crate::git::pack::tests::source::{fsck, git, refs_of};
use crate::git::pack::{PackError, verify_bundle};

fn run(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && errors.is_empty(),
        "{program}: {errors}"
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn tar_and_git_read_what_was_built() {
    let sample = Sample::new();
    let (archive, facts) = sample.built("export.tar.gz");
    assert_eq!(fs::metadata(&archive).unwrap().len(), facts.bytes);
    let folder = sample.path("unpacked");
    fs::create_dir(&folder).unwrap();
    run("tar", &["-xzf", archive.to_str().unwrap()], &folder);
    let read = |path: &str| fs::read(folder.join(path)).unwrap();
    assert_eq!(read("VERSION"), b"0.2.4");
    assert_eq!(read("GITLAB_VERSION"), b"18.6.2-ee");
    assert_eq!(read("GITLAB_REVISION"), b"ef8041bebea");
    let project: serde_json::Value = serde_json::from_slice(&read("tree/project.json")).unwrap();
    assert_eq!(project, serde_json::Value::Object(attributes()));
    assert_eq!(
        read("tree/project/labels.ndjson"),
        b"{\"title\":\"bug\"}\n{\"title\":\"feature\"}\n"
    );
    assert_eq!(read("tree/project/push_rule.ndjson"), b"null\n");
    assert!(
        !folder.join("tree/project/milestones.ndjson").exists(),
        "none, no file"
    );
    assert!(!folder.join("project.design.bundle").exists());
    let list = format!("{{\"{}\":[0,2]}}", sample.oid());
    assert_eq!(read("lfs-objects.json"), list.as_bytes());
    assert_eq!(
        read(&format!("lfs-objects/{}", sample.oid())),
        vec![7; 300_000]
    );
    let picture = fs::read(sample.path("screen shot.png")).unwrap();
    assert_eq!(read(&format!("uploads/{SECRET}/screen shot.png")), picture);
    assert_eq!(
        read(&format!("uploads/{SECRET}/{}.png", "é".repeat(100))),
        picture
    );
    assert_eq!(read("avatar/logo.png"), picture);
    for bundle in [
        "project.bundle",
        "project.wiki.bundle",
        &format!("snippets/{SNIPPET}"),
    ] {
        let clone = sample.path(&format!("clone-{}", bundle.replace('/', "-")));
        let from = folder.join(bundle);
        git(
            &folder,
            &[
                "clone",
                "--quiet",
                "--mirror",
                from.to_str().unwrap(),
                clone.to_str().unwrap(),
            ],
            b"",
        );
        assert_eq!(refs_of(&clone), sample.source.refs());
        fsck(&clone);
    }
    let files = run("tar", &["-tzf", archive.to_str().unwrap()], &folder)
        .lines()
        .count();
    assert_eq!(files as u64, facts.files);
}

#[test]
fn the_same_content_gives_the_same_bytes() {
    let sample = Sample::new();
    let (one, _) = sample.built("one.tar.gz");
    let (other, _) = sample.built("other.tar.gz");
    assert_eq!(fs::read(one).unwrap(), fs::read(other).unwrap());
}

#[test]
fn what_was_built_is_read_again() {
    let sample = Sample::new();
    let (path, facts) = sample.built("export.tar.gz");
    let archive = Archive::open(&path, Limits::default()).unwrap();
    assert_eq!(archive.entries().len() as u64, facts.files);
    let content: u64 = archive.entries().iter().map(|entry| entry.size).sum();
    assert_eq!(content, facts.content);
    assert_eq!(archive.relations(), ["issues", "labels", "push_rule"]);
    assert_eq!(archive.read("VERSION", 10).unwrap(), b"0.2.4");
    assert!(matches!(
        archive.read("VERSION", 4),
        Err(ArchiveError::EntryTooLarge { .. })
    ));
    assert!(matches!(
        archive.read("nothing", 4),
        Err(ArchiveError::Missing { .. })
    ));
    let mut titles = Vec::new();
    let count = archive
        .documents::<ArchiveError>("labels", |line, document| {
            titles.push((line, document.to_vec()));
            Ok(())
        })
        .unwrap();
    assert_eq!(count, 2);
    assert_eq!(titles[1], (2, b"{\"title\":\"feature\"}".to_vec()));
    assert_eq!(
        archive
            .documents::<ArchiveError>("boards", |_, _| Ok(()))
            .unwrap(),
        0
    );
    let into = sample.path("project.bundle");
    let size = archive
        .extract(Repository::Project.bundle(), &into)
        .unwrap();
    assert_eq!(fs::metadata(&into).unwrap().len(), size);
    let bundle = fs::read(&into).unwrap();
    let (header, _) = verify_bundle(&mut bundle.as_slice()).unwrap();
    assert_eq!(header.refs[1..], sample.source.refs());
}

#[test]
fn a_caller_may_stop_among_the_documents() {
    let sample = Sample::new();
    let (path, _) = sample.built("export.tar.gz");
    let archive = Archive::open(&path, Limits::default()).unwrap();
    let mut seen = 0;
    let result = archive.documents("issues", |_, _| {
        seen += 1;
        Err(ArchiveError::NoProject)
    });
    assert!(matches!(result, Err(ArchiveError::NoProject)));
    assert_eq!(seen, 1);
}

#[test]
fn documents_that_gitlab_would_not_read_are_refused() {
    let sample = Sample::new();
    let mut builder = sample.builder();
    for (document, expected) in [
        ("[]", DocumentFlaw::NotAnObject),
        ("{", DocumentFlaw::NotJson),
    ] {
        let documents = ["{}", document].map(Ok);
        match builder.relation("issues", documents) {
            Err(ArchiveError::Document { line: 2, flaw, .. }) => assert_eq!(flaw, expected),
            other => panic!("{other:?}"),
        }
    }
    let bytes = DOCUMENT_LIMIT;
    let long = format!(
        "{{\"title\":\"{}\"}}",
        "x".repeat(usize::try_from(bytes).unwrap() - 12)
    );
    assert_eq!(long.len() as u64, bytes);
    match builder.relation("issues", [Ok(&long)]) {
        Err(ArchiveError::Document { line: 1, flaw, .. }) => {
            assert_eq!(flaw, DocumentFlaw::TooLong { bytes });
        }
        other => panic!("{other:?}"),
    }
    let fits = long.replacen("xx", "x", 1);
    assert_eq!(
        builder.relation("issues", [Ok(&fits)]).unwrap(),
        1,
        "with its line break it is 50 MiB"
    );
    let mut attributes = attributes();
    attributes.insert("description".to_owned(), long.into());
    assert!(matches!(
        builder.project(&attributes),
        Err(ArchiveError::Document { .. })
    ));
}

#[test]
fn a_document_over_several_lines_becomes_one() {
    let sample = Sample::new();
    let mut builder = sample.builder();
    builder.project(&attributes()).unwrap();
    builder
        .relation("labels", [Ok("{\n  \"title\": \"a\\nb\"\n}")])
        .unwrap();
    let into = sample.path("export.tar.gz");
    builder.finish(&into).unwrap();
    let archive = Archive::open(&into, Limits::default()).unwrap();
    let labels = archive.read("tree/project/labels.ndjson", 100).unwrap();
    assert_eq!(labels, b"{  \"title\": \"a\\nb\"}\n");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let sample = Sample::new();
    let mut builder = sample.builder();
    let file = sample.path("big.bin");
    assert!(matches!(
        builder.relation_from("../project", b"{}".as_slice()),
        Err(ArchiveError::Name { .. })
    ));
    for (secret, name) in [
        ("../etc", "passwd"),
        (SECRET, "../x"),
        (SECRET, ""),
        ("abc", "x"),
    ] {
        assert!(matches!(
            builder.upload(secret, name, &file),
            Err(ArchiveError::Name { .. })
        ));
    }
    assert!(builder.avatar("a/b", &file).is_err());
    assert!(builder.lfs_object("../x", &[], &file).is_err());
    assert!(builder.snippet("../x.bundle", &[], None, &[]).is_err());
    builder.avatar("a.png", &file).unwrap();
    assert!(matches!(
        builder.avatar("a.png", &file),
        Err(ArchiveError::Duplicate { .. })
    ));
}

#[test]
fn nothing_is_left_of_an_archive_that_was_not_finished() {
    let sample = Sample::new();
    let into = sample.path("out/export.tar.gz");
    let left = || fs::read_dir(sample.path("out")).map_or(0, Iterator::count);
    assert!(matches!(
        sample.builder().finish(&into),
        Err(ArchiveError::NoProject)
    ));
    let mut builder = sample.full();
    let wrong = "0".repeat(64);
    builder
        .lfs_object(&wrong, &[], &sample.path("big.bin"))
        .unwrap();
    match builder.finish(&into) {
        Err(ArchiveError::Digest { oid }) => assert_eq!(oid, wrong),
        other => panic!("{other:?}"),
    }
    let mut builder = sample.full();
    builder
        .upload("0123456789", "gone", &sample.path("gone"))
        .unwrap();
    assert!(matches!(
        builder.finish(&into),
        Err(ArchiveError::Io { .. })
    ));
    assert_eq!(left(), 0);
    sample.full().finish(&into).unwrap();
    assert_eq!(left(), 1);
}

#[test]
fn an_incomplete_chain_is_refused_at_once() {
    let sample = Sample::new();
    let mut builder = sample.builder();
    let refs = sample.source.refs();
    match builder.repository(Repository::Project, &refs, None, &[]) {
        Err(ArchiveError::Bundle { path, source }) => {
            assert_eq!(path, "project.bundle");
            assert!(matches!(source, PackError::MissingObject { .. }));
        }
        other => panic!("{other:?}"),
    }
}
