//! Making and opening vaults: every way it can fail is told apart, and leaves
//! everything as it was.

use std::fs;
use std::path::Path;

use labkeep_vault::{
    CreateOptions, Error, Format, Location, OpenOptions, State, Vault, VaultKey, inspect,
};

use crate::common::{Sandbox, at, bytes, restic, save, some_pieces, start};

fn location(folder: &Path) -> Location {
    Location::folder(folder).expect("a folder is a location")
}

fn create(folder: &Path) -> labkeep_vault::Result<Vault> {
    Vault::create(
        &location(folder),
        &VaultKey::generate(),
        CreateOptions::default(),
    )
}

fn open(folder: &Path, key: &VaultKey) -> labkeep_vault::Result<Vault> {
    Vault::open(&location(folder), key, OpenOptions::default())
}

#[test]
fn a_vault_is_made_in_a_missing_or_empty_folder() {
    let home = tempfile::tempdir().unwrap();
    let (missing, empty) = (home.path().join("missing"), home.path().join("empty"));
    fs::create_dir(&empty).unwrap();
    for (folder, state) in [(&missing, State::NoSuchFolder), (&empty, State::Empty)] {
        let before = inspect(&location(folder)).unwrap();
        assert_eq!(before.state, state);
        assert!(before.writable && before.free_bytes.is_some_and(|free| free > 0));
        create(folder).unwrap();
        let after = inspect(&location(folder)).unwrap();
        assert_eq!(after.state, State::Vault { version: Some(1) });
    }
    assert!(matches!(create(&empty), Err(Error::AlreadyAVault { .. })));
}

#[test]
fn restic_opens_the_vault_with_the_key_as_it_is_shown() {
    let sandbox = Sandbox::new();
    let config = sandbox.restic_ok(&["cat", "config"]);
    assert!(config.contains("\"version\": 2"), "{config}");
    assert!(config.contains(sandbox.vault.id().as_str()), "{config}");
    let typed = sandbox.key.expose().to_lowercase();
    let key = VaultKey::parse(&typed).unwrap();
    assert!(
        restic(&sandbox.folder(), &key, &["snapshots"])
            .status
            .success()
    );
}

#[test]
fn a_vault_that_restic_made_can_be_used() {
    let home = tempfile::tempdir().unwrap();
    let (folder, key) = (home.path().join("vault"), VaultKey::generate());
    assert!(restic(&folder, &key, &["init"]).status.success());
    let state = inspect(&location(&folder)).unwrap().state;
    assert_eq!(state, State::Vault { version: None });
    let vault = open(&folder, &key).unwrap();
    save(&vault, None, at(0), some_pieces(1)).unwrap();
    assert_eq!(vault.usage().unwrap().snapshots, 1);
    let output = restic(&folder, &key, &["check", "--read-data"]);
    assert!(output.status.success());
    let plan = vault.prune_plan(&[]).unwrap();
    vault
        .prune(plan, "tester", labkeep_vault::unobserved())
        .unwrap();
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("holiday.jpg"), "x").unwrap();
    assert_eq!(
        inspect(&location(home.path())).unwrap().state,
        State::NotEmpty
    );
    assert!(matches!(create(home.path()), Err(Error::NotEmpty { .. })));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    assert!(matches!(
        open(home.path(), &VaultKey::generate()),
        Err(Error::NotAVault { .. })
    ));
}

#[test]
fn a_drive_that_is_not_connected_is_not_made() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("usb/backup");
    assert_eq!(
        inspect(&location(&folder)).unwrap().state,
        State::Unreachable
    );
    let error = create(&folder).unwrap_err();
    assert!(matches!(&error, Error::NoSuchFolder { path } if path.ends_with("usb")));
    assert!(matches!(
        open(&folder, &VaultKey::generate()),
        Err(Error::NoSuchFolder { .. })
    ));
    assert!(!home.path().join("usb").exists());
}

#[test]
fn a_file_is_not_a_folder() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    assert_eq!(inspect(&location(&file)).unwrap().state, State::NotAFolder);
    assert!(matches!(create(&file), Err(Error::NotAFolder { .. })));
    assert!(matches!(
        open(&file, &VaultKey::generate()),
        Err(Error::NotAFolder { .. })
    ));
}

#[test]
fn a_wrong_key_is_told_from_damage() {
    let sandbox = Sandbox::new();
    let folder = sandbox.folder();
    assert!(matches!(
        open(&folder, &VaultKey::generate()),
        Err(Error::WrongKey { .. })
    ));
    let file = fs::read_dir(folder.join("keys"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let content = fs::read(&file).unwrap();
    fs::write(&file, &content[..content.len() / 2]).unwrap();
    assert!(matches!(
        open(&folder, &sandbox.key),
        Err(Error::Damaged { .. })
    ));
    fs::remove_file(&file).unwrap();
    assert!(matches!(
        open(&folder, &sandbox.key),
        Err(Error::Missing { .. })
    ));
    fs::write(&file, &content).unwrap();
    open(&folder, &sandbox.key).unwrap();

    let config = folder.join("config");
    let mut content = fs::read(&config).unwrap();
    content[30] ^= 1;
    fs::write(&config, &content).unwrap();
    assert!(matches!(
        open(&folder, &sandbox.key),
        Err(Error::Damaged { .. })
    ));
}

#[test]
fn a_vault_of_a_newer_labkeep_is_refused_untouched() {
    let sandbox = Sandbox::new();
    let marker = sandbox.folder().join("labkeep/format");
    fs::write(&marker, r#"{"format":2,"more":true}"#).unwrap();
    let state = inspect(&location(&sandbox.folder())).unwrap().state;
    assert_eq!(state, State::NewerFormat { version: 2 });
    let error = open(&sandbox.folder(), &sandbox.key).unwrap_err();
    assert!(matches!(
        error,
        Error::NewerFormat {
            format: Format::Labkeep,
            found: 2,
            supported: 1,
            ..
        }
    ));
    assert!(matches!(
        create(&sandbox.folder()),
        Err(Error::AlreadyAVault { .. })
    ));
    assert_eq!(
        fs::read_to_string(&marker).unwrap(),
        r#"{"format":2,"more":true}"#
    );
}

#[test]
fn a_changed_key_opens_the_vault_and_the_old_one_does_not() {
    let sandbox = Sandbox::new();
    save(&sandbox.vault, None, at(0), some_pieces(1)).unwrap();
    let (folder, new, newest) = (sandbox.folder(), VaultKey::generate(), VaultKey::generate());
    sandbox.vault.change_key(&new).unwrap();
    assert!(matches!(
        open(&folder, &sandbox.key),
        Err(Error::WrongKey { .. })
    ));
    open(&folder, &new).unwrap().change_key(&newest).unwrap();
    assert!(matches!(open(&folder, &new), Err(Error::WrongKey { .. })));
    assert_eq!(
        open(&folder, &newest).unwrap().snapshots().unwrap().len(),
        1
    );
    assert!(
        restic(&folder, &newest, &["check", "--read-data"])
            .status
            .success()
    );
    // A vault that was open all the time goes on.
    save(&sandbox.vault, None, at(60), some_pieces(2)).unwrap();
}

#[test]
fn a_cache_changes_nothing_but_where_things_are_read() {
    let sandbox = Sandbox::new();
    let cache = sandbox.home.path().join("cache");
    let options = || OpenOptions {
        cache: Some(cache.clone()),
    };
    let opened = || Vault::open(&location(&sandbox.folder()), &sandbox.key, options()).unwrap();
    let first = save(&opened(), None, at(0), some_pieces(1)).unwrap().id;
    let second = save(&opened(), Some(first), at(60), some_pieces(2))
        .unwrap()
        .id;
    assert!(
        cache
            .join(sandbox.vault.id().as_str())
            .join("index")
            .is_dir()
    );
    for id in [first, second] {
        let (cached, plain) = (
            opened().read(&id).unwrap(),
            sandbox.vault.read(&id).unwrap(),
        );
        for file in ["labkeep.json", "projects/12/repository/packs/000001.pack"] {
            assert_eq!(cached.read(file).unwrap(), plain.read(file).unwrap());
        }
    }
    // A snapshot that was held back is in no list, cached or not.
    let writer = opened().writer(start(None, at(120))).unwrap();
    writer.push_blocking(bytes("a/b", "c")).unwrap();
    drop(writer.close_blocking().unwrap());
    assert_eq!(opened().snapshots().unwrap().len(), 2);
}

#[test]
fn a_vault_that_disappears_is_told_and_not_made_again() {
    let sandbox = Sandbox::new();
    let vault = &sandbox.vault;
    let id = save(vault, None, at(0), some_pieces(1)).unwrap().id;
    let elsewhere = sandbox.home.path().join("elsewhere");
    let writer = vault.writer(start(None, at(60))).unwrap();
    fs::rename(sandbox.folder(), &elsewhere).unwrap();
    // An empty mount point stays behind.
    fs::create_dir(sandbox.folder()).unwrap();

    writer.push_blocking(bytes("a/b", "new content")).unwrap();
    let error = writer.close_blocking().unwrap_err();
    assert!(matches!(error, Error::Gone { .. }), "{error:?}");
    for error in [
        vault.snapshots().unwrap_err(),
        vault.usage().unwrap_err(),
        vault.read(&id).unwrap_err(),
        vault.writer(start(None, at(60))).unwrap_err(),
        vault.forget(&[id]).unwrap_err(),
        vault.lease("tester").unwrap_err(),
        vault.change_key(&VaultKey::generate()).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Gone { .. }), "{error:?}");
    }
    assert_eq!(fs::read_dir(sandbox.folder()).unwrap().count(), 0);
    fs::remove_dir(sandbox.folder()).unwrap();
    fs::rename(&elsewhere, sandbox.folder()).unwrap();
    assert_eq!(vault.snapshots().unwrap().len(), 1);
}
