//! Second copies, and what restic says of them.

use labkeep_vault::{
    CheckOptions, CreateOptions, Error, Location, OpenOptions, ReadShare, SnapshotFacts,
    SnapshotId, Vault, VaultKey, WriteStart, unobserved,
};
use tempfile::TempDir;

use crate::common::{
    Sandbox, as_before, at, bytes, documents, expected, file, noise, push_all, restic, save,
    some_pieces,
};

/// Another vault, on another disk as it were, with another key.
pub struct Other {
    home: TempDir,
    key: VaultKey,
    pub vault: Vault,
}

impl Other {
    pub fn new(alike: Option<Vault>) -> Self {
        let home = TempDir::new().unwrap();
        let key = VaultKey::generate();
        let location = Location::folder(&home.path().join("vault")).unwrap();
        let options = CreateOptions {
            alike,
            ..CreateOptions::default()
        };
        let vault = Vault::create(&location, &key, options).unwrap();
        Self { home, key, vault }
    }

    fn restic_ok(&self, arguments: &[&str]) -> String {
        let folder = self.home.path().join("vault");
        let output = restic(&folder, &self.key, arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {text}{errors}");
        text
    }
}

pub fn ids(snapshots: &[SnapshotFacts]) -> Vec<SnapshotId> {
    snapshots.iter().map(|snapshot| snapshot.id).collect()
}

/// What a copy has to have from the original.
pub fn same(one: &SnapshotFacts, other: &SnapshotFacts) {
    let plain = |facts: &SnapshotFacts| SnapshotFacts {
        id: one.id,
        parent: None,
        ..facts.clone()
    };
    assert_eq!(plain(one), plain(other));
}

/// Every file of two snapshots is the same.
pub fn same_content(one: (&Vault, SnapshotId), other: (&Vault, SnapshotId)) -> u64 {
    let (one, other) = (one.0.read(&one.1).unwrap(), other.0.read(&other.1).unwrap());
    let mut files = 0;
    one.walk::<Error>("", &mut |path, entry| {
        assert_eq!(other.entry(path)?.as_ref(), Some(entry), "{path}");
        if !entry.is_dir {
            assert_eq!(one.read(path)?, other.read(path)?, "{path}");
            files += 1;
        }
        Ok(())
    })
    .unwrap();
    other
        .walk::<Error>("", &mut |path, _| {
            assert!(one.entry(path)?.is_some(), "{path}");
            Ok(())
        })
        .unwrap();
    files
}

#[test]
fn a_copy_is_the_same_and_restic_says_so() {
    let sandbox = Sandbox::new();
    let from = &sandbox.vault;
    let first = save(from, None, at(0), some_pieces(1)).unwrap();
    let writer = from
        .writer(WriteStart {
            parent: Some(first.id),
            time: at(60),
            host: "elsewhere".to_owned(),
            plan: "nightly".to_owned(),
            tags: vec!["labkeep".to_owned(), "plan-1".to_owned()],
            run: "run-2".to_owned(),
        })
        .unwrap();
    let reader = from.read(&first.id).unwrap();
    let pieces = vec![
        as_before(&reader, "projects/12/repository/packs/000001.pack"),
        file(
            "projects/12/repository/packs/000002.pack",
            &noise(5, 40_000_000),
        ),
        bytes("projects/13/refs", "x"),
    ];
    let wanted = expected(&pieces);
    push_all(&writer, pieces);
    let written = writer.close_blocking().unwrap();
    let second = written.seal(documents(), &wanted).unwrap();

    let other = Other::new(Some(from.clone()));
    let to = &other.vault;
    let behind = from.missing_in(to).unwrap();
    assert_eq!(behind, [first.clone(), second.clone()]);
    let report = from.copy_to(to, &ids(&behind), unobserved()).unwrap();
    assert_eq!(report.copied.len(), 2);
    assert!(report.already_there.is_empty());
    assert!(report.bytes_read > 43_000_000, "{report:?}");
    assert!(report.bytes_stored > 43_000_000, "{report:?}");

    let copies = to.snapshots().unwrap();
    assert_eq!(copies.len(), 2);
    for (original, copy) in [&first, &second].into_iter().zip(&copies) {
        same(original, copy);
        assert!(same_content((from, original.id), (to, copy.id)) >= 5);
    }
    // The chain is the same, by the names in the other vault.
    assert_eq!(copies[1].parent, Some(copies[0].id));
    let check = other.restic_ok(&["check", "--read-data"]);
    assert!(check.contains("no errors were found"), "{check}");
    let listed: serde_json::Value =
        serde_json::from_str(&other.restic_ok(&["snapshots", "--json"])).unwrap();
    assert_eq!(listed[0]["original"], first.id.to_string());
    assert_eq!(listed[1]["hostname"], "elsewhere");
    let options = CheckOptions {
        read_data: ReadShare::All,
    };
    let report = to.check(options, unobserved()).unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);

    // A run goes on from the copy.
    let third = save(to, Some(copies[1].id), at(120), some_pieces(1)).unwrap();
    assert_eq!(third.parent, Some(copies[1].id));
}

#[test]
fn what_is_there_is_not_copied_again_whatever_its_name() {
    let sandbox = Sandbox::new();
    let from = &sandbox.vault;
    let first = save(from, None, at(0), some_pieces(1)).unwrap();
    let (b, c) = (Other::new(None), Other::new(None));
    from.copy_to(&b.vault, &[first.id], unobserved()).unwrap();
    let again = from.copy_to(&b.vault, &[first.id], unobserved()).unwrap();
    assert!(again.copied.is_empty());
    assert_eq!(again.already_there[0].from, first.id);
    assert_eq!(
        again.already_there[0].to,
        b.vault.snapshots().unwrap()[0].id
    );
    assert_eq!(again.bytes_stored, 0);

    // From the copy to a third one, and back to the first.
    let copy = b.vault.snapshots().unwrap()[0].id;
    b.vault.copy_to(&c.vault, &[copy], unobserved()).unwrap();
    assert!(c.vault.missing_in(from).unwrap().is_empty());
    assert!(from.missing_in(&c.vault).unwrap().is_empty());
    let third = c.vault.snapshots().unwrap()[0].id;
    let back = c.vault.copy_to(from, &[third], unobserved()).unwrap();
    assert_eq!(back.already_there[0].to, first.id);

    // The same run in another snapshot is another snapshot.
    let second = save(from, None, at(1), some_pieces(1)).unwrap();
    assert_eq!(ids(&from.missing_in(&b.vault).unwrap()), [second.id]);
    let report = from.copy_to(&b.vault, &[second.id], unobserved()).unwrap();
    assert!(report.bytes_stored < 10_000, "{report:?}");
}

#[test]
fn a_copy_that_restic_made_is_known() {
    let sandbox = Sandbox::new();
    save(&sandbox.vault, None, at(0), some_pieces(1)).unwrap();
    let other = Other::new(Some(sandbox.vault.clone()));
    let folder = sandbox.folder();
    let password = sandbox.home.path().join("password");
    std::fs::write(&password, sandbox.key.expose()).unwrap();
    other.restic_ok(&[
        "copy",
        "--from-repo",
        folder.to_str().unwrap(),
        "--from-password-file",
        password.to_str().unwrap(),
    ]);
    assert_eq!(other.vault.snapshots().unwrap().len(), 1);
    assert!(sandbox.vault.missing_in(&other.vault).unwrap().is_empty());
}

#[test]
fn vaults_that_restic_made_are_copied_and_take_copies() {
    let home = TempDir::new().unwrap();
    let key = VaultKey::generate();
    let made = |name: &str, version: &str| {
        let folder = home.path().join(name);
        let output = restic(&folder, &key, &["init", "--repository-version", version]);
        assert!(output.status.success(), "{output:?}");
        let location = Location::folder(&folder).unwrap();
        Vault::open(&location, &key, OpenOptions::default()).unwrap()
    };
    let (old, new) = (made("old", "1"), made("new", "2"));
    // With what no vault of Labkeep's has: a link, and nothing compressed.
    let data = home.path().join("data");
    std::fs::create_dir_all(data.join("folder/empty")).unwrap();
    std::fs::write(data.join("folder/text"), "text ".repeat(10_000)).unwrap();
    std::os::unix::fs::symlink("text", data.join("folder/link")).unwrap();
    let output = restic(
        &home.path().join("old"),
        &key,
        &["backup", data.to_str().unwrap()],
    );
    assert!(output.status.success(), "{output:?}");
    save(&new, None, at(0), some_pieces(1)).unwrap();

    let sandbox = Sandbox::new();
    for (from, to) in [(&old, &sandbox.vault), (&new, &old), (&old, &new)] {
        let wanted = ids(&from.missing_in(to).unwrap());
        from.copy_to(to, &wanted, unobserved()).unwrap();
        assert!(from.missing_in(to).unwrap().is_empty());
    }
    for (folder, key) in [
        (home.path().join("old"), &key),
        (home.path().join("new"), &key),
        (sandbox.folder(), &sandbox.key),
    ] {
        let output = restic(&folder, key, &["check", "--read-data"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{folder:?} {text}");
        assert!(text.contains("no errors were found"), "{text}");
    }
    assert_eq!(old.snapshots().unwrap().len(), 2);
    assert_eq!(new.snapshots().unwrap().len(), 2);
    let target = home.path().join("restored");
    sandbox.restic_ok(&["restore", "latest", "--target", target.to_str().unwrap()]);
    let restored = target.join(data.strip_prefix("/").unwrap()).join("folder");
    assert_eq!(std::fs::read(restored.join("text")).unwrap().len(), 50_000);
    let link = std::fs::read_link(restored.join("link")).unwrap();
    assert_eq!(link.to_str(), Some("text"));
}

#[test]
fn a_vault_made_for_copies_shares_their_data() {
    let sandbox = Sandbox::new();
    let content = || vec![file("projects/1/pack", &noise(3, 12_000_000))];
    let original = save(&sandbox.vault, None, at(0), content()).unwrap();
    let stored = |alike| {
        let other = Other::new(alike);
        sandbox
            .vault
            .copy_to(&other.vault, &[original.id], unobserved())
            .unwrap();
        save(&other.vault, None, at(60), content())
            .unwrap()
            .bytes_added
    };
    assert!(stored(Some(sandbox.vault.clone())) < 10_000);
    assert!(stored(None) > 1_000_000);
}

#[test]
fn a_vault_is_not_copied_into_itself_and_what_is_not_there_not_at_all() {
    let sandbox = Sandbox::new();
    let first = save(&sandbox.vault, None, at(0), some_pieces(1)).unwrap();
    let error = sandbox
        .vault
        .copy_to(&sandbox.reopened(), &[first.id], unobserved())
        .unwrap_err();
    assert!(matches!(error, Error::SameVault { .. }));
    let other = Other::new(None);
    let unknown = "ab".repeat(32).parse().unwrap();
    let error = sandbox
        .vault
        .copy_to(&other.vault, &[first.id, unknown], unobserved())
        .unwrap_err();
    assert!(matches!(error, Error::SnapshotNotFound { snapshot } if snapshot == unknown));
    assert!(other.vault.snapshots().unwrap().is_empty());
}

#[test]
fn what_was_removed_from_the_copies_is_not_behind() {
    let sandbox = Sandbox::new();
    let first = save(&sandbox.vault, None, at(0), some_pieces(1)).unwrap();
    let second = save(&sandbox.vault, None, at(60), some_pieces(2)).unwrap();
    let other = Other::new(None);
    let both = [first.id, second.id];
    let report = sandbox
        .vault
        .copy_to(&other.vault, &both, unobserved())
        .unwrap();
    other.vault.forget(&[report.copied[0].to]).unwrap();
    assert!(sandbox.vault.missing_in(&other.vault).unwrap().is_empty());
    assert!(other.vault.removed().unwrap().contains(&first.id));
    // It comes back to whoever asks for it.
    let report = sandbox
        .vault
        .copy_to(&other.vault, &both, unobserved())
        .unwrap();
    assert_eq!(report.copied[0].from, first.id);
    assert_eq!(other.vault.snapshots().unwrap().len(), 2);
}
