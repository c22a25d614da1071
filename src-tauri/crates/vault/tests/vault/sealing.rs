//! What a snapshot is made of: exactly what was expected, and the documents at
//! its root.

use labkeep_vault::{Content, Error, Expected, PathProblem, Piece, Veto};

use crate::common::{
    Sandbox, at, bytes, documents, expected, file, no_snapshot, noise, save, some_pieces, spooled,
    start, write,
};

#[test]
fn what_was_expected_has_to_be_written_and_nothing_else() {
    let sandbox = Sandbox::new();
    let sealed = |change: &dyn Fn(&mut Vec<Expected>)| {
        let pieces = some_pieces(1);
        let mut expected = expected(&pieces);
        change(&mut expected);
        let written = write(&sandbox, pieces).unwrap();
        match written.seal(documents(), &expected) {
            Err(Error::Vetoed(veto)) => veto,
            other => panic!("{other:?}"),
        }
    };
    let other = Expected {
        path: "projects/12/x".to_owned(),
        size: 1,
    };
    assert!(matches!(
        sealed(&|e| e.push(other.clone())),
        Veto::NotWritten { path } if path == "projects/12/x"
    ));
    assert!(matches!(
        sealed(&|e| drop(e.remove(2))),
        Veto::NotExpected { path } if path == "projects/12/relations/issues.ndjson"
    ));
    assert!(matches!(
        sealed(&|e| e[1].size += 1),
        Veto::OtherSize { .. }
    ));
    assert!(matches!(sealed(&Vec::clear), Veto::NotExpected { .. }));
    no_snapshot(&sandbox);
}

#[test]
fn documents_lie_at_the_root_and_have_content() {
    let sandbox = Sandbox::new();
    let sealed = |document: Piece| {
        let pieces = some_pieces(1);
        let expected = expected(&pieces);
        let written = write(&sandbox, pieces).unwrap();
        written.seal(vec![document], &expected).unwrap_err()
    };
    assert!(matches!(
        sealed(bytes("a/b", "x")),
        Error::InvalidPath {
            problem: PathProblem::InFolder,
            ..
        }
    ));
    let as_before = Content::AsBefore {
        size: 1,
        captured: at(0),
    };
    assert!(matches!(
        sealed(Piece {
            path: "a".to_owned(),
            content: as_before
        }),
        Error::InvalidPath {
            problem: PathProblem::NotNew,
            ..
        }
    ));
    // A document cannot take a folder's name.
    assert!(matches!(
        sealed(bytes("projects", "x")),
        Error::FileAndFolder { .. }
    ));
    let short = spooled("ledger.ndjson", b"abc", 4);
    assert!(matches!(sealed(short), Error::Vetoed(Veto::Short { .. })));
    no_snapshot(&sandbox);
}

#[test]
fn documents_take_their_place_among_the_folders() {
    let sandbox = Sandbox::new();
    let facts = save(&sandbox.vault, None, at(0), some_pieces(1)).unwrap();
    let reader = sandbox.vault.read(&facts.id).unwrap();
    let names: Vec<_> = reader
        .list("")
        .unwrap()
        .into_iter()
        .map(|e| e.name)
        .collect();
    let sorted = [
        "groups",
        "labkeep.json",
        "ledger.ndjson",
        "projects",
        "snippets",
        "users.ndjson",
    ];
    assert_eq!(names, sorted);
    assert_eq!(facts.files, 10);
}

#[test]
fn a_snapshot_of_nothing_but_documents_is_one() {
    let sandbox = Sandbox::new();
    let facts = save(&sandbox.vault, None, at(0), Vec::new()).unwrap();
    let reader = sandbox.vault.read(&facts.id).unwrap();
    assert_eq!(reader.list("").unwrap().len(), 3);
    assert!(
        sandbox
            .restic_ok(&["check", "--read-data"])
            .contains("no errors")
    );
}

#[test]
fn tags_that_restic_would_split_are_refused() {
    let sandbox = Sandbox::new();
    for tag in ["a,b", "", " "] {
        let mut start = start(None, at(0));
        start.tags.push(tag.to_owned());
        let error = sandbox.vault.writer(start).unwrap_err();
        assert!(matches!(error, Error::InvalidTag { .. }));
    }
}

#[test]
fn reading_ends_in_the_middle_of_a_file_when_asked_to() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    let sandbox = Sandbox::new();
    let pieces = vec![file("projects/1/x", &noise(7, 3 << 20))];
    let facts = save(&sandbox.vault, None, at(1), pieces).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    let reader = sandbox.vault.read(&facts.id).unwrap();
    let reader = reader.stoppable(move || asked.load(Ordering::SeqCst));
    assert_eq!(reader.read("projects/1/x").unwrap().unwrap().len(), 3 << 20);
    stop.store(true, Ordering::SeqCst);
    let mut content = Vec::new();
    let end = reader.copy_to("projects/1/x", &mut content);
    assert!(matches!(end, Err(Error::Aborted)), "{end:?}");
    assert!(content.is_empty());
}
