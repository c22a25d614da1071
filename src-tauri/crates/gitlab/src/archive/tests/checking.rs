//! What the importer would make of archives, good and bad.
use std::path::Path;

use serde_json::json;

use super::sample::{SNIPPET, Sample, issue, minimal, packed};
use crate::archive::{ArchiveReport, DocumentFlaw, Flaw, Limits, Severity, check};

fn report(path: &Path) -> ArchiveReport {
    check(path, Limits::default()).unwrap()
}

fn report_of(files: &[(&str, &[u8])]) -> ArchiveReport {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("export.tar.gz");
    packed(&path, files);
    report(&path)
}

fn with<'a>(more: &[(&'a str, &'a [u8])]) -> Vec<(&'a str, &'a [u8])> {
    let mut files: Vec<(&str, &[u8])> = minimal();
    files.extend_from_slice(more);
    files
}

fn only(report: &ArchiveReport) -> (Severity, &str, Option<u64>, &Flaw) {
    assert_eq!(report.problems.len(), 1, "{report:?}");
    let problem = &report.problems[0];
    (problem.severity, &problem.path, problem.line, &problem.flaw)
}

#[test]
fn what_is_built_would_be_imported_whole() {
    let sample = Sample::new();
    let (path, _) = sample.built("export.tar.gz");
    let report = report(&path);
    assert_eq!(report.problems, []);
    assert!(report.is_whole() && report.is_importable());
    assert_eq!(report.gitlab_version.as_deref(), Some("18.6.2-ee"));
    assert_eq!(report.relations["issues"], 2);
    assert_eq!((report.uploads, report.lfs_objects), (2, 1));
    let bundles: Vec<_> = report
        .bundles
        .iter()
        .map(|bundle| bundle.path.as_str())
        .collect();
    let snippet = format!("snippets/{SNIPPET}");
    assert_eq!(bundles, ["project.bundle", "project.wiki.bundle", &snippet]);
    let refs = sample.source.refs().len() as u64 + 1;
    assert!(report.bundles.iter().all(|bundle| bundle.refs == refs));
    assert_eq!(
        report.bundles[0].objects,
        sample.source.objects().len() as u64
    );
}

#[test]
fn an_archive_needs_its_version_and_its_project() {
    assert!(report_of(&minimal()).is_whole());
    let none = report_of(&[("tree/project/labels.ndjson", b"{\"title\":\"a\"}\n")]);
    let missing: Vec<_> = none
        .problems
        .iter()
        .map(|problem| (problem.path.as_str(), &problem.flaw))
        .collect();
    assert_eq!(
        missing,
        [
            ("VERSION", &Flaw::Missing),
            ("tree/project.json", &Flaw::Missing)
        ]
    );
    assert!(!none.is_importable());
    let other = report_of(&[("VERSION", b"0.2.3"), ("tree/project.json", b"{}")]);
    let found = "0.2.3".to_owned();
    assert_eq!(
        only(&other),
        (Severity::Fatal, "VERSION", None, &Flaw::Version { found })
    );
    assert!(report_of(&[("VERSION", b"0.2.4\n"), ("tree/project.json", b"{}")]).is_whole());
    let broken = report_of(&[("VERSION", b"0.2.4"), ("tree/project.json", b"[]")]);
    assert_eq!(only(&broken).3, &Flaw::Document(DocumentFlaw::NotAnObject));
    assert!(!broken.is_importable());
}

#[test]
fn a_line_that_is_no_document_fails_the_whole() {
    for (text, flaw) in [
        (b"{\"title\":\"a\"}\n{\n".as_slice(), DocumentFlaw::NotJson),
        (b"{\"title\":\"a\"}\n7", DocumentFlaw::NotAnObject),
    ] {
        let report = report_of(&with(&[("tree/project/labels.ndjson", text)]));
        let path = "tree/project/labels.ndjson";
        assert_eq!(
            only(&report),
            (Severity::Fatal, path, Some(2), &Flaw::Document(flaw))
        );
        assert_eq!(report.relations["labels"], 2);
    }
}

#[test]
fn a_record_without_what_it_needs_is_lost_alone() {
    let mut issue = issue(1);
    issue["notes"][0]["author"] = json!(null);
    let text = format!("{}\n{issue}\n", super::sample::issue(2));
    let report = report_of(&with(&[("tree/project/issues.ndjson", text.as_bytes())]));
    let flaw = Flaw::Attribute {
        path: "notes[0].author".to_owned(),
    };
    assert_eq!(
        only(&report),
        (Severity::Lost, "tree/project/issues.ndjson", Some(2), &flaw)
    );
    assert!(report.is_importable() && !report.is_whole());
}

#[test]
fn what_the_importer_does_not_know_is_told() {
    let report = report_of(&with(&[
        ("tree/project/hooks.ndjson", b"{}\n"),
        ("extra.txt", b"x"),
        ("max_iids.json", b"{}"),
    ]));
    let flaws: Vec<_> = report
        .problems
        .iter()
        .map(|problem| &problem.flaw)
        .collect();
    assert_eq!(flaws, [&Flaw::UnknownRelation, &Flaw::UnknownFile]);
    assert!(report.is_whole(), "nothing is lost that could be imported");
}

#[test]
fn bundles_are_read_to_their_end() {
    let sample = Sample::new();
    let bundle = sample.path("good.bundle");
    sample.source.run(&[
        "bundle",
        "create",
        "--quiet",
        bundle.to_str().unwrap(),
        "--all",
    ]);
    let good = std::fs::read(&bundle).unwrap();
    let report = report_of(&with(&[("project.bundle", &good)]));
    assert!(report.is_whole() && report.bundles.len() == 1);
    let mut bad = good.clone();
    let place = bad.len() - 500;
    bad[place] ^= 1;
    for broken in [
        bad.as_slice(),
        &good[..good.len() - 1],
        b"",
        b"# v2 git bundle\n",
    ] {
        let report = report_of(&with(&[("project.wiki.bundle", broken)]));
        let (severity, path, _, flaw) = only(&report);
        assert_eq!((severity, path), (Severity::Fatal, "project.wiki.bundle"));
        assert!(matches!(flaw, Flaw::Bundle { .. }), "{flaw:?}");
    }
    let part = sample.path("part.bundle");
    let arguments = [
        "bundle",
        "create",
        "--quiet",
        part.to_str().unwrap(),
        "branch-0",
        "branch-1",
        "branch-2",
        "^light",
    ];
    sample.source.run(&arguments);
    let part = std::fs::read(&part).unwrap();
    let report = report_of(&with(&[("project.bundle", &part)]));
    assert_eq!(only(&report).3, &Flaw::Prerequisites);
}

#[test]
fn lfs_objects_must_be_listed_and_true() {
    let oid = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(b"content"));
    let path = format!("lfs-objects/{oid}");
    let listed = format!("{{\"{oid}\":[0]}}");
    let report = |list: &str, content: &[u8]| {
        report_of(&with(&[
            ("lfs-objects.json", list.as_bytes()),
            (path.as_str(), content),
        ]))
    };
    assert!(report(&listed, b"content").is_whole());
    assert_eq!(only(&report("{}", b"content")).3, &Flaw::Unlisted);
    assert_eq!(only(&report(&listed, b"other")).3, &Flaw::Digest);
    assert_eq!(only(&report("[", b"content")).0, Severity::Fatal);
    let old = report_of(&with(&[(path.as_str(), b"content")]));
    assert!(old.is_whole(), "old archives have no list");
}

#[test]
fn uploads_and_avatars_must_be_where_the_importer_looks() {
    let secret = "0123456789abcdef0123456789abcdef";
    let path = format!("uploads/{secret}/a.png");
    assert!(report_of(&with(&[(path.as_str(), b"x"), ("avatar/a.PNG", b"x")])).is_whole());
    assert_eq!(
        only(&report_of(&with(&[("uploads/a.png", b"x")]))).3,
        &Flaw::Path
    );
    let snippet = report_of(&with(&[("snippets/1.bundle", b"x")]));
    assert_eq!(snippet.problems[0].flaw, Flaw::Path);
    let large = vec![0; 204_801];
    let report = report_of(&with(&[("avatar/a.png", &large)]));
    assert_eq!(only(&report).3, &Flaw::TooLarge { limit: 204_800 });
    assert_eq!(
        only(&report_of(&with(&[("avatar/a.svg", b"x")]))).3,
        &Flaw::FileKind
    );
}

#[test]
fn problems_without_number_are_counted_and_not_all_kept() {
    let text = "{}\n".repeat(5) + &"{\"title\":7}\n".repeat(5000);
    let report = report_of(&with(&[("tree/project/labels.ndjson", text.as_bytes())]));
    assert_eq!(report.counts[&Severity::Lost], 5000);
    assert_eq!(report.problems.len(), 1000);
    assert_eq!(report.problems[0].line, Some(6));
}
