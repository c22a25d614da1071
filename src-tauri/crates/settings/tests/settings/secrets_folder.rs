//! Secrets in a folder: for this user alone, or not at all.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use labkeep_settings::{AccountId, SecretKey, Secrets, SecretsError, SecretsFolder, VaultEntryId};
use secrecy::{ExposeSecret, SecretString};

use crate::common::text;

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
}

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path)
        .expect("it is there")
        .permissions()
        .mode()
        & 0o777
}

fn key() -> SecretKey {
    SecretKey::AccountToken(AccountId::random())
}

#[test]
fn secrets_are_files_for_this_user_alone() {
    let around = tempfile::tempdir().unwrap();
    let folder = around.path().join("secrets");
    let secrets = SecretsFolder::create(&folder).unwrap();
    let key = key();
    assert!(secrets.get(&key).unwrap().is_none());
    secrets
        .set(&key, "a label", &SecretString::from("glpat-1"))
        .unwrap();
    secrets
        .set(&key, "a label", &SecretString::from("glpat-2"))
        .unwrap();
    assert_eq!(
        secrets.get(&key).unwrap().unwrap().expose_secret(),
        "glpat-2"
    );
    assert_eq!(mode_of(&folder), 0o700);
    assert_eq!(mode_of(&folder.join(key.to_string())), 0o600);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    secrets.delete(&key).unwrap();
    secrets.delete(&key).unwrap();
    assert!(secrets.get(&key).unwrap().is_none());
}

#[test]
fn a_folder_that_others_may_use_is_refused() {
    let around = tempfile::tempdir().unwrap();
    let folder = around.path().join("secrets");
    let secrets = SecretsFolder::create(&folder).unwrap();
    let key = key();
    secrets.set(&key, "", &SecretString::from("x")).unwrap();
    for open in [0o750, 0o705, 0o701, 0o770, 0o777] {
        mode(&folder, open);
        let refused = |error: SecretsError| {
            assert!(
                matches!(&error, SecretsError::TooOpen { mode, .. } if *mode == open),
                "{error:?}"
            );
        };
        refused(SecretsFolder::open(&folder).unwrap_err());
        refused(secrets.get(&key).unwrap_err());
        refused(secrets.set(&key, "", &SecretString::from("y")).unwrap_err());
        refused(secrets.delete(&key).unwrap_err());
    }
    mode(&folder, 0o500);
    assert_eq!(secrets.get(&key).unwrap().unwrap().expose_secret(), "x");
}

#[test]
fn a_file_that_others_may_use_is_refused() {
    let around = tempfile::tempdir().unwrap();
    let secrets = SecretsFolder::create(&around.path().join("secrets")).unwrap();
    let key = key();
    secrets.set(&key, "", &SecretString::from("x")).unwrap();
    let file = around.path().join("secrets").join(key.to_string());
    for open in [0o640, 0o604, 0o602] {
        mode(&file, open);
        let error = secrets.get(&key).unwrap_err();
        assert!(matches!(error, SecretsError::TooOpen { mode, .. } if mode == open));
    }
    mode(&file, 0o400);
    assert!(secrets.get(&key).unwrap().is_some());
}

#[test]
fn the_folders_own_problems_are_told_apart() {
    let around = tempfile::tempdir().unwrap();
    let missing = around.path().join("missing");
    assert!(matches!(
        SecretsFolder::open(&missing).unwrap_err(),
        SecretsError::FolderMissing { .. }
    ));
    let file = around.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(
        SecretsFolder::open(&file).unwrap_err(),
        SecretsError::NotAFolder { .. }
    ));
    let secrets = SecretsFolder::create(&around.path().join("secrets")).unwrap();
    let bad = SecretKey::VaultOption(VaultEntryId::random(), "../../etc".to_owned());
    assert!(matches!(
        secrets.get(&bad).unwrap_err(),
        SecretsError::Name { .. }
    ));
    let key = key();
    secrets.set(&key, "", &SecretString::from("x")).unwrap();
    fs::write(
        around.path().join("secrets").join(key.to_string()),
        b"\xff\xfe",
    )
    .unwrap();
    assert!(matches!(
        secrets.get(&key).unwrap_err(),
        SecretsError::NotText { .. }
    ));
}

#[test]
fn the_line_break_of_an_editor_is_no_part_of_a_secret() {
    let around = tempfile::tempdir().unwrap();
    let secrets = SecretsFolder::create(&around.path().join("secrets")).unwrap();
    let key = key();
    secrets
        .set(&key, "", &SecretString::from("glpat-1\r\n"))
        .unwrap_err();
    let file = around.path().join("secrets").join(key.to_string());
    assert!(!file.exists());
    fs::write(&file, "glpat-1\r\n").unwrap();
    mode(&file, 0o600);
    assert_eq!(
        secrets.get(&key).unwrap().unwrap().expose_secret(),
        "glpat-1"
    );
}

/// As Kubernetes mounts a secret: links below a folder of mode 1777, read-only.
const MOUNT: &str = r#"
    mount -t tmpfs -o mode=1777 tmpfs "$FOLDER"
    mkdir "$FOLDER/..data" && printf glpat-mounted > "$FOLDER/..data/$NAME"
    chmod "$MODE" "$FOLDER/..data/$NAME"
    ln -s "..data/$NAME" "$FOLDER/$NAME"
    mount -o remount,ro "$FOLDER"
    exec "$PROGRAM" --exact secrets_folder::in_a_mounted_folder --ignored --nocapture
"#;

#[test]
fn mounted_secrets_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    for (file_mode, sound) in [("0400", "yes"), ("0440", "yes"), ("0444", "no")] {
        let output = Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-ec", MOUNT])
            .env("FOLDER", folder.path())
            .env("NAME", key.to_string())
            .env("MODE", file_mode)
            .env("SOUND", sound)
            .env("PROGRAM", std::env::current_exe().unwrap())
            .output()
            .expect("Debian's package util-linux is installed");
        let text = text(&output);
        assert!(
            output.status.success() && text.contains("1 passed"),
            "{text}"
        );
    }
}

#[test]
#[ignore = "run by mounted_secrets_are_read in its mount"]
fn in_a_mounted_folder() {
    let secrets = SecretsFolder::open(Path::new(&std::env::var("FOLDER").unwrap())).unwrap();
    let key: SecretKey = std::env::var("NAME").unwrap().parse().unwrap();
    if std::env::var("SOUND").unwrap() == "yes" {
        let kept = secrets.get(&key).unwrap().unwrap();
        assert_eq!(kept.expose_secret(), "glpat-mounted");
        let value = SecretString::from("x");
        for error in [
            secrets.set(&key, "", &value).unwrap_err(),
            secrets.delete(&key).unwrap_err(),
        ] {
            assert!(matches!(error, SecretsError::ReadOnly { .. }), "{error:?}");
        }
    } else {
        let error = secrets.get(&key).unwrap_err();
        assert!(
            matches!(error, SecretsError::TooOpen { mode: 0o444, .. }),
            "{error:?}"
        );
    }
}
