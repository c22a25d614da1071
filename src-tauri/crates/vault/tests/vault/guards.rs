//! The guards of the design, each with a test of its name: whatever goes wrong
//! while a snapshot is written, there is no snapshot.

use std::fs;

use labkeep_vault::{Content, Error, PathProblem, Piece, Veto};

use crate::common::{
    Sandbox, as_before, at, bytes, file, no_snapshot, noise, push_all, save, some_pieces, spooled,
    start, write,
};

#[test]
fn unread_piece_vetoes_snapshot() {
    let sandbox = Sandbox::new();
    let piece = file("projects/1/b", b"content");
    let Content::File { path, .. } = &piece.content else {
        unreachable!("a file was made");
    };
    fs::remove_file(path).unwrap();
    let pieces = vec![
        bytes("projects/1/a", "a"),
        piece,
        bytes("projects/1/c", "c"),
    ];
    let error = write(&sandbox, pieces).unwrap_err();
    assert!(
        matches!(&error, Error::Vetoed(Veto::Reading { path, .. }) if path == "projects/1/b"),
        "{error:?}"
    );
    no_snapshot(&sandbox);
}

#[test]
fn short_read_vetoes_snapshot() {
    let sandbox = Sandbox::new();
    // Below, at and above the size at which content is cut into chunks.
    for size in [0, 5, 512 * 1024, 3_000_000] {
        let declared = size as u64 + 1;
        let piece = spooled("projects/1/a", &noise(1, size), declared);
        let error = write(&sandbox, vec![piece]).unwrap_err();
        let Error::Vetoed(Veto::Short {
            declared: d,
            delivered,
            ..
        }) = error
        else {
            panic!("{error:?}");
        };
        assert_eq!((d, delivered), (declared, size as u64));
    }
    no_snapshot(&sandbox);
}

#[test]
fn long_read_vetoes_snapshot() {
    let sandbox = Sandbox::new();
    for size in [1, 5, 512 * 1024, 512 * 1024 + 1, 3_000_000] {
        let piece = spooled("projects/1/a", &noise(1, size), size as u64 - 1);
        let error = write(&sandbox, vec![piece]).unwrap_err();
        assert!(
            matches!(error, Error::Vetoed(Veto::Long { .. })),
            "{error:?}"
        );
    }
    no_snapshot(&sandbox);
}

#[test]
fn cancelled_run_writes_no_snapshot() {
    let sandbox = Sandbox::new();
    let begun = || {
        let writer = sandbox.vault.writer(start(None, at(0))).unwrap();
        push_all(&writer, some_pieces(1));
        writer
    };
    begun().abort();
    no_snapshot(&sandbox);
    drop(begun());
    // The next writer waits for the dropped one.
    drop(begun().close_blocking().unwrap());
    no_snapshot(&sandbox);
    // What was written before is there for the next run.
    let packs = sandbox.vault.usage().unwrap().packs;
    assert!(packs > 0);
    let facts = save(&sandbox.vault, None, at(0), some_pieces(1)).unwrap();
    assert!(facts.bytes_added < 10_000, "{facts:?}");
    assert!(
        sandbox
            .restic_ok(&["check", "--read-data"])
            .contains("no errors")
    );
}

#[test]
fn a_writer_that_is_dropped_while_pushing_writes_no_snapshot() {
    let sandbox = Sandbox::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let writer = sandbox.vault.writer(start(None, at(0))).unwrap();
        let pushing = async {
            for n in 0..10_000 {
                let piece = bytes(&format!("projects/{n:05}/x"), noise(n, 100_000));
                writer.push(piece).await.unwrap();
            }
        };
        // Cancelled in the middle of a push, as a run is.
        tokio::select! {
            () = pushing => panic!("the channel has no bound"),
            () = async {
                while writer.progress().pieces < 50 {
                    tokio::task::yield_now().await;
                }
            } => {}
        }
        tokio::task::spawn_blocking(move || writer.abort())
            .await
            .unwrap();
    });
    no_snapshot(&sandbox);
}

#[test]
fn same_size_new_content_is_stored() {
    let sandbox = Sandbox::new();
    let path = "projects/1/refs";
    let mut parent = None;
    // The clock stands still, then goes backwards, then on.
    for (seconds, content) in [
        (0, "aaaa"),
        (0, "bbbb"),
        (-60, "cccc"),
        (-60, "dddd"),
        (60, "eeee"),
    ] {
        let pieces = vec![bytes(path, content)];
        let facts = save(&sandbox.vault, parent, at(seconds), pieces).unwrap();
        assert_eq!(facts.time, at(seconds));
        // Callers keep the time in milliseconds.
        let reader = sandbox.vault.read(&facts.id).unwrap();
        let modified = reader.entry(path).unwrap().unwrap().modified.unwrap();
        assert_eq!(modified.as_nanosecond() % 1_000_000, 0);
        let reader = sandbox.vault.read(&facts.id).unwrap();
        assert_eq!(reader.read(path).unwrap().unwrap(), content.as_bytes());
        parent = Some(facts.id);
    }
}

#[test]
fn unsorted_entries_are_refused() {
    let sandbox = Sandbox::new();
    let refused = |first: &str, second: &str| {
        let writer = sandbox.vault.writer(start(None, at(0))).unwrap();
        writer.push_blocking(bytes(first, "1")).unwrap();
        let error = writer.push_blocking(bytes(second, "2")).unwrap_err();
        // Nothing more is taken, and closing says why.
        assert!(matches!(
            writer.push_blocking(bytes("zzz/z", "3")),
            Err(Error::Closed)
        ));
        let closing = writer.close_blocking().unwrap_err();
        assert_eq!(closing.to_string(), error.to_string());
        error
    };
    assert!(matches!(refused("b/1", "a/1"), Error::Unsorted { .. }));
    assert!(matches!(
        refused("a/x.txt", "a/x/y"),
        Error::Unsorted { .. }
    ));
    assert!(matches!(
        refused("projects/9/x", "projects/10/x"),
        Error::Unsorted { .. }
    ));
    assert!(matches!(refused("a/1", "a/1"), Error::Duplicate { .. }));
    assert!(matches!(
        refused("a/1", "a/1/2"),
        Error::FileAndFolder { .. }
    ));
    assert!(matches!(
        refused("a/1", "a/../b"),
        Error::InvalidPath {
            problem: PathProblem::DotPart,
            ..
        }
    ));
    assert!(matches!(
        refused("a/1", "b"),
        Error::InvalidPath {
            problem: PathProblem::AtRoot,
            ..
        }
    ));
    no_snapshot(&sandbox);
}

#[test]
fn unchanged_pieces_are_not_read() {
    let sandbox = Sandbox::new();
    let first = save(&sandbox.vault, None, at(0), some_pieces(1)).unwrap();
    let reader = sandbox.vault.read(&first.id).unwrap();
    let again: Vec<_> = some_pieces(1)
        .iter()
        .map(|piece| as_before(&reader, &piece.path))
        .collect();
    let second = save(&sandbox.vault, Some(first.id), at(60), again).unwrap();
    assert_eq!(second.parent, Some(first.id));
    // Only the documents at the root are new.
    assert!(second.bytes_added < 3_000, "{second:?}");
    let reader = sandbox.vault.read(&second.id).unwrap();
    let pack = reader
        .read("projects/12/repository/packs/000001.pack")
        .unwrap();
    assert_eq!(pack.unwrap(), noise(1, 3_000_000));
    let entry = reader
        .entry("projects/12/repository/refs")
        .unwrap()
        .unwrap();
    assert_eq!(entry.modified, Some(at(0)));
}

#[test]
fn a_piece_that_is_not_as_before_vetoes_snapshot() {
    let sandbox = Sandbox::new();
    let first = save(&sandbox.vault, None, at(0), some_pieces(1)).unwrap();
    let path = "projects/12/repository/refs";
    let size = b"0123 refs/heads/main\n".len() as u64;
    let wrong = [
        (path, size + 1, at(0)),
        (path, size, at(1)),
        ("projects/12/repository/other", size, at(0)),
    ];
    for (path, size, captured) in wrong {
        for parent in [Some(first.id), None] {
            let writer = sandbox.vault.writer(start(parent, at(60))).unwrap();
            let piece = Piece {
                path: path.to_owned(),
                content: Content::AsBefore { size, captured },
            };
            writer.push_blocking(piece).unwrap();
            let error = writer.close_blocking().unwrap_err();
            assert!(
                matches!(error, Error::Vetoed(Veto::NotAsBefore { .. })),
                "{error:?}"
            );
        }
    }
    assert_eq!(sandbox.vault.snapshots().unwrap().len(), 1);
}

#[test]
fn a_parent_that_is_not_there_is_an_error() {
    let sandbox = Sandbox::new();
    let missing = "ab".repeat(32).parse().unwrap();
    let error = sandbox
        .vault
        .writer(start(Some(missing), at(0)))
        .unwrap_err();
    assert!(matches!(error, Error::SnapshotNotFound { snapshot } if snapshot == missing));
}

#[test]
fn spooled_files_are_removed_when_they_were_read_or_given_up() {
    let sandbox = Sandbox::new();
    let spools = tempfile::tempdir().unwrap();
    let spooled = |path: &str| {
        let file = tempfile::NamedTempFile::new_in(spools.path()).unwrap();
        fs::write(file.path(), b"content").unwrap();
        Piece {
            path: path.to_owned(),
            content: Content::File {
                path: file.into_temp_path(),
                size: 7,
            },
        }
    };
    let left = || fs::read_dir(spools.path()).unwrap().count();
    let written = write(&sandbox, vec![spooled("a/1"), spooled("a/2")]).unwrap();
    assert_eq!(left(), 0);
    drop(written);
    let writer = sandbox.vault.writer(start(None, at(0))).unwrap();
    writer.push_blocking(spooled("a/1")).unwrap();
    writer.push_blocking(spooled("a/2")).unwrap();
    writer.abort();
    assert_eq!(left(), 0);
}

#[test]
fn writers_on_one_vault_wait_for_each_other() {
    let sandbox = Sandbox::new();
    std::thread::scope(|scope| {
        for n in 0..4 {
            let vault = sandbox.reopened();
            scope.spawn(move || {
                let pieces = vec![
                    bytes("projects/1/a", noise(n, 50_000)),
                    bytes("projects/1/b", "same"),
                ];
                save(&vault, None, at(i64::try_from(n).unwrap()), pieces).unwrap();
            });
        }
    });
    assert_eq!(sandbox.vault.snapshots().unwrap().len(), 4);
    assert!(
        sandbox
            .restic_ok(&["check", "--read-data"])
            .contains("no errors")
    );
}
