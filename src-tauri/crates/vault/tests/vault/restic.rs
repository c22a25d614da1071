//! Debian's restic, a client that no one here wrote, works on what is written
//! here: it lists, checks, reads and restores.

use crate::common::{Sandbox, at, bytes, noise, save, some_pieces};

#[test]
fn restic_lists_checks_reads_and_restores_what_was_written() {
    let sandbox = Sandbox::new();
    let facts = save(&sandbox.vault, None, at(0), some_pieces(1)).unwrap();

    let snapshots: serde_json::Value =
        serde_json::from_str(&sandbox.restic_ok(&["snapshots", "--json"])).unwrap();
    let snapshot = &snapshots.as_array().unwrap()[0];
    assert_eq!(snapshots.as_array().unwrap().len(), 1);
    assert_eq!(snapshot["id"], facts.id.to_string());
    assert_eq!(snapshot["hostname"], "tester");
    assert!(
        snapshot["tags"]
            .as_array()
            .unwrap()
            .contains(&"run:run-1".into())
    );

    let listing = sandbox.restic_ok(&["ls", "latest"]);
    let files = [
        "/groups/3/group.json",
        "/labkeep.json",
        "/ledger.ndjson",
        "/projects/12/relations/issues.ndjson",
        "/projects/12/repository/packs/000001.pack",
        "/projects/7/empty",
        "/snippets/1/ä \"quoted\"",
        "/users.ndjson",
    ];
    for file in files {
        assert!(
            listing.lines().any(|line| line == file),
            "{file} in {listing}"
        );
    }

    let check = sandbox.restic_ok(&["check", "--read-data"]);
    assert!(check.contains("no errors were found"), "{check}");

    let dumped = sandbox.restic(&[
        "dump",
        "latest",
        "/projects/12/repository/packs/000001.pack",
    ]);
    assert_eq!(dumped.stdout, noise(1, 3_000_000));

    let target = sandbox.home.path().join("restored");
    sandbox.restic_ok(&["restore", "latest", "--target", target.to_str().unwrap()]);
    let restored = |path: &str| std::fs::read(target.join(path)).unwrap();
    assert_eq!(
        restored("projects/12/repository/packs/000001.pack"),
        noise(1, 3_000_000)
    );
    assert_eq!(restored("projects/7/empty"), b"");
    assert_eq!(restored("labkeep.json"), br#"{"format":1}"#);
}

#[test]
fn restic_finds_the_latest_of_several_snapshots() {
    let sandbox = Sandbox::new();
    save(&sandbox.vault, None, at(0), some_pieces(1)).unwrap();
    save(
        &sandbox.vault,
        None,
        at(60),
        vec![bytes("projects/1/refs", "second")],
    )
    .unwrap();
    let dumped = sandbox.restic(&["dump", "latest", "/projects/1/refs"]);
    assert_eq!(dumped.stdout, b"second");
    assert!(
        sandbox
            .restic_ok(&["check", "--read-data"])
            .contains("no errors")
    );
}
