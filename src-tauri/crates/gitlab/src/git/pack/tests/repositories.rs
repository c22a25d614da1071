//! Repositories made of packs, as the real git sees them.
use std::fmt::Write;
use std::fs;

use tempfile::TempDir;

use super::source::{Source, fsck, git, refs_of, stored};
use crate::git::object_id::{ObjectFormat, ObjectId};
use crate::git::pack::{BareRepository, Connectivity, Head, PackError, check_connectivity};

fn trim(output: Vec<u8>) -> String {
    String::from_utf8(output).unwrap().trim().to_owned()
}

#[test]
fn git_finds_the_same_in_a_repository_made_of_a_chain() {
    for (seed, format) in [(30, ObjectFormat::Sha1), (31, ObjectFormat::Sha256)] {
        let folder = TempDir::new().unwrap();
        let source = Source::random(seed, format, 60);
        let packs = source.chain(4, true, folder.path());
        let into = folder.path().join("made.git");
        let head = Head::Ref("refs/heads/old-3".to_owned());
        let made =
            BareRepository::build(&packs, &source.refs(), Some(&head), format, &into).unwrap();
        assert!(made.refused().is_empty());
        assert_eq!(refs_of(&into), source.refs());
        assert_eq!(stored(&into), source.objects());
        assert_eq!(
            trim(git(&into, &["symbolic-ref", "HEAD"], b"")),
            "refs/heads/old-3"
        );
        for entry in fs::read_dir(into.join("objects/pack")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "idx") {
                git(&into, &["verify-pack", path.to_str().unwrap()], b"");
            }
        }
        fsck(&into);
        git(
            &into,
            &["clone", "--quiet", "--mirror", ".", "../clone.git"],
            b"",
        );
        let found = check_connectivity(&made).unwrap();
        assert!(found.is_whole(), "{found:?}");
        let count = |kind: &str| {
            let filter = format!("--filter=object:type={kind}");
            source
                .reachable(&["--all", "--filter-provided-objects", &filter])
                .len() as u64
        };
        let expected = Connectivity {
            commits: count("commit"),
            trees: count("tree"),
            blobs: count("blob"),
            tags: count("tag"),
            ..Connectivity::default()
        };
        assert_eq!(found, expected);
        assert!(expected.tags >= 4 && expected.commits >= 60);
    }
}

#[test]
fn an_empty_repository_can_be_made() {
    for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
        let folder = TempDir::new().unwrap();
        let into = folder.path().join("deep/er/made.git");
        let head = Head::Ref("refs/heads/not-born".to_owned());
        let made = BareRepository::build(&[], &[], Some(&head), format, &into).unwrap();
        assert_eq!(check_connectivity(&made).unwrap(), Connectivity::default());
        assert_eq!(
            trim(git(&into, &["symbolic-ref", "HEAD"], b"")),
            "refs/heads/not-born"
        );
        assert_eq!(
            trim(git(&into, &["rev-parse", "--show-object-format"], b"")),
            format.as_str()
        );
        fsck(&into);
    }
}

#[test]
fn a_detached_head_counts_as_a_ref() {
    let folder = TempDir::new().unwrap();
    let source = Source::random(32, ObjectFormat::Sha1, 20);
    let packs = [source.whole(&folder.path().join("whole.pack"))];
    let into = folder.path().join("made.git");
    let head = Head::Object(source.id("light"));
    let made = BareRepository::build(&packs, &[], Some(&head), source.format, &into).unwrap();
    assert_eq!(
        trim(git(&into, &["rev-parse", "HEAD"], b"")),
        source.id("light").to_string()
    );
    let found = check_connectivity(&made).unwrap();
    assert_eq!(
        found.commits,
        source
            .run(&["rev-list", "--count", "light"])
            .trim()
            .parse::<u64>()
            .unwrap()
    );
}

#[test]
fn ten_thousand_refs_are_kept() {
    let folder = TempDir::new().unwrap();
    let source = Source::random(33, ObjectFormat::Sha1, 10);
    let tip = source.id("HEAD");
    let mut commands = String::new();
    for number in 0..10_000 {
        writeln!(commands, "create refs/merge-requests/{number}/head {tip}").unwrap();
    }
    git(
        source.path(),
        &["update-ref", "--stdin"],
        commands.as_bytes(),
    );
    let packs = [source.whole(&folder.path().join("whole.pack"))];
    let into = folder.path().join("made.git");
    let made = BareRepository::build(&packs, &source.refs(), None, source.format, &into).unwrap();
    assert_eq!(refs_of(&into), source.refs());
    assert_eq!(
        made.git().references().unwrap().count(),
        source.refs().len()
    );
    assert!(check_connectivity(&made).unwrap().is_whole());
}

#[test]
fn missing_objects_are_found_and_named() {
    let folder = TempDir::new().unwrap();
    let source = Source::random(34, ObjectFormat::Sha1, 40);
    let packs = source.chain(3, false, folder.path());
    let mut refs = source.refs();
    let gone: ObjectId = "2".repeat(40).parse().unwrap();
    refs.push((gone, "refs/heads/zz-gone".to_owned()));
    let into = folder.path().join("made.git");
    // Without the chain's first pack.
    let made = BareRepository::build(&packs[1..], &refs, None, source.format, &into).unwrap();
    let found = check_connectivity(&made).unwrap();
    assert!(!found.is_whole());
    assert!(found.missing.contains(&gone));
    let there = stored(&into);
    let all = source.objects();
    for id in &found.missing {
        assert!(!there.contains(id));
        assert!(*id == gone || all.contains(id));
    }
    let list = git(
        &into,
        &[
            "rev-list",
            "--objects",
            "--missing=print",
            "branch-0",
            "branch-1",
            "branch-2",
        ],
        b"",
    );
    for line in String::from_utf8(list).unwrap().lines() {
        if let Some(id) = line.strip_prefix('?') {
            assert!(
                found.missing.contains(&id.parse().unwrap()),
                "git misses {id} too"
            );
        }
    }
}

#[test]
fn refs_that_git_refuses_are_listed() {
    let folder = TempDir::new().unwrap();
    let source = Source::random(35, ObjectFormat::Sha1, 10);
    let packs = [source.whole(&folder.path().join("whole.pack"))];
    let tip = source.id("HEAD");
    let names = [
        "refs/heads/fine",
        "refs/heads/..",
        "refs/heads/a.lock",
        "refs/heads/sp ace",
    ];
    let refs: Vec<_> = names.iter().map(|name| (tip, (*name).to_owned())).collect();
    let into = folder.path().join("made.git");
    let made = BareRepository::build(&packs, &refs, None, source.format, &into).unwrap();
    assert_eq!(made.refused(), &names[1..]);
    assert_eq!(refs_of(&into), refs[..1]);
}

#[test]
fn a_folder_in_use_is_left_alone() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("mine"), "mine").unwrap();
    let result = BareRepository::build(&[], &[], None, ObjectFormat::Sha1, folder.path());
    assert!(matches!(result.err(), Some(PackError::NotEmpty { .. })));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
