//! Folders that the system does not let us write, or not even read: told apart,
//! and readable vaults stay readable.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::process::Command;

use labkeep_vault::{CreateOptions, Error, Location, OpenOptions, Vault, VaultKey, inspect};

use crate::common::{Sandbox, at, save, some_pieces};

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

/// Runs one ignored test of this program where the system refuses to write:
/// as a user without rights on the folder, or on a read-only mount.
fn refused(script: &str, folder: &Path, key: &VaultKey, test: &str) {
    let output = Command::new("unshare")
        .args(["--user", "--mount", "sh", "-ec", script])
        .env("FOLDER", folder)
        .env("KEY", key.expose())
        .env(
            "PROGRAM",
            std::env::current_exe().expect("a test is a program"),
        )
        .env("TEST", test)
        .output()
        .expect("Debian's package util-linux is installed");
    let printed = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        output.status.success() && printed.contains("1 passed"),
        "{printed}"
    );
}

const AS_SOMEBODY: &str = r#"exec "$PROGRAM" --exact "permissions::$TEST" --ignored --nocapture"#;

#[test]
fn a_folder_without_permission_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    save(&sandbox.vault, None, at(0), some_pieces(1)).unwrap();
    let folders = [
        "",
        "data",
        "index",
        "snapshots",
        "keys",
        "labkeep",
        "labkeep/tmp",
    ];
    for folder in folders {
        set(&sandbox.folder().join(folder), 0o500).unwrap();
    }
    set(sandbox.home.path(), 0o500).unwrap();
    refused(
        AS_SOMEBODY,
        &sandbox.folder(),
        &sandbox.key,
        "where_nothing_can_be_written",
    );
    set(&sandbox.folder(), 0o000).unwrap();
    refused(
        AS_SOMEBODY,
        &sandbox.folder(),
        &sandbox.key,
        "where_nothing_can_be_read",
    );
    set(sandbox.home.path(), 0o700).unwrap();
    for folder in folders {
        set(&sandbox.folder().join(folder), 0o700).unwrap();
    }
    assert_eq!(sandbox.vault.snapshots().unwrap().len(), 1);
}

#[test]
#[ignore = "run by a_folder_without_permission_is_told without rights"]
fn where_nothing_can_be_written() {
    let folder = std::path::PathBuf::from(std::env::var_os("FOLDER").unwrap());
    let key = VaultKey::parse(&std::env::var("KEY").unwrap()).unwrap();
    let inspection = inspect(&location(&folder)).unwrap();
    assert!(!inspection.writable);
    let beside = folder.with_file_name("beside");
    assert!(matches!(create(&beside), Err(Error::NotWritable { .. })));
    assert!(!beside.exists());

    let vault = open(&folder, &key).unwrap();
    let id = vault.snapshots().unwrap()[0].id;
    let reader = vault.read(&id).unwrap();
    assert!(
        reader
            .read("projects/12/repository/refs")
            .unwrap()
            .is_some()
    );
    let error = save(&vault, None, at(60), some_pieces(2)).unwrap_err();
    assert!(matches!(error, Error::NotWritable { .. }), "{error:?}");
    let error = vault.forget(&[id]).unwrap_err();
    assert!(matches!(error, Error::NotWritable { .. }), "{error:?}");
}

#[test]
#[ignore = "run by a_folder_without_permission_is_told without rights"]
fn where_nothing_can_be_read() {
    let folder = std::path::PathBuf::from(std::env::var_os("FOLDER").unwrap());
    let key = VaultKey::parse(&std::env::var("KEY").unwrap()).unwrap();
    let error = open(&folder, &key).unwrap_err();
    assert!(matches!(error, Error::NotReadable { .. }), "{error:?}");
}

/// Bound onto itself, read-only.
const READ_ONLY: &str = r#"
    mount --bind "$FOLDER" "$FOLDER"
    mount -o remount,bind,ro "$FOLDER"
    exec "$PROGRAM" --exact "permissions::$TEST" --ignored --nocapture
"#;

#[test]
fn a_read_only_vault_can_be_read() {
    let sandbox = Sandbox::new();
    save(&sandbox.vault, None, at(0), some_pieces(1)).unwrap();
    let script = format!("exec unshare --map-root-user --mount sh -ec '{READ_ONLY}'");
    let output = Command::new("sh")
        .args(["-ec", &script])
        .env("FOLDER", sandbox.folder())
        .env("KEY", sandbox.key.expose())
        .env("PROGRAM", std::env::current_exe().unwrap())
        .env("TEST", "where_the_vault_is_read_only")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

#[test]
#[ignore = "run by a_read_only_vault_can_be_read in its mount"]
fn where_the_vault_is_read_only() {
    let folder = std::path::PathBuf::from(std::env::var_os("FOLDER").unwrap());
    let key = VaultKey::parse(&std::env::var("KEY").unwrap()).unwrap();
    assert!(!inspect(&location(&folder)).unwrap().writable);
    let vault = open(&folder, &key).unwrap();
    let id = vault.snapshots().unwrap()[0].id;
    let report = vault
        .check(
            labkeep_vault::CheckOptions::default(),
            labkeep_vault::unobserved(),
        )
        .unwrap();
    assert!(report.is_sound());
    for error in [
        save(&vault, None, at(60), some_pieces(2)).unwrap_err(),
        vault.forget(&[id]).unwrap_err(),
        vault.lease("tester").unwrap_err(),
    ] {
        assert!(matches!(error, Error::ReadOnly { .. }), "{error:?}");
    }
}
