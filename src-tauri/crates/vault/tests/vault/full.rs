//! A disk that really is full: a small file system in memory, mounted in a
//! namespace of its own.
#![cfg(target_os = "linux")]

use std::path::PathBuf;
use std::process::Command;

use labkeep_vault::{
    CheckOptions, CreateOptions, Error, Location, ReadShare, Vault, VaultKey, inspect, unobserved,
};

use crate::common::{at, bytes, noise, save};

const SCRIPT: &str = r#"
    mount -t tmpfs -o size=24m tmpfs "$FOLDER"
    exec "$PROGRAM" --exact full::on_a_small_disk --ignored --nocapture
"#;

#[test]
fn a_full_disk_leaves_a_sound_vault() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-ec", SCRIPT])
        .env("FOLDER", folder.path())
        .env("PROGRAM", std::env::current_exe().unwrap())
        .output()
        .expect("Debian's package util-linux is installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

#[test]
#[ignore = "run by a_full_disk_leaves_a_sound_vault in its mount"]
fn on_a_small_disk() {
    let disk = PathBuf::from(std::env::var_os("FOLDER").unwrap());
    let location = Location::folder(&disk.join("vault")).unwrap();
    let key = VaultKey::generate();
    let vault = Vault::create(&location, &key, CreateOptions::default()).unwrap();
    assert!(inspect(&location).unwrap().free_bytes.unwrap() < 24 << 20);
    save(
        &vault,
        None,
        at(0),
        vec![bytes("projects/1/a", noise(1, 2_000_000))],
    )
    .unwrap();

    let many = (0..40).map(|n| bytes(&format!("projects/{n:02}/a"), noise(100 + n, 1_000_000)));
    let error = save(&vault, None, at(60), many.collect()).unwrap_err();
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    assert_eq!(vault.snapshots().unwrap().len(), 1);
    let left = std::fs::read_dir(disk.join("vault/labkeep/tmp"))
        .unwrap()
        .count();
    assert_eq!(left, 0, "half-written files take up room");

    let options = CheckOptions {
        read_data: ReadShare::All,
    };
    let report = vault.check(options, unobserved()).unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
    let reader = vault.read(&vault.snapshots().unwrap()[0].id).unwrap();
    assert_eq!(
        reader.read("projects/1/a").unwrap().unwrap(),
        noise(1, 2_000_000)
    );

    // With a little room again, the vault works.
    save(
        &vault,
        None,
        at(120),
        vec![bytes("projects/1/a", noise(1, 2_000_000))],
    )
    .unwrap();

    // No room for a copy: it is not begun.
    let elsewhere = tempfile::tempdir().unwrap();
    let large = Location::folder(&elsewhere.path().join("vault")).unwrap();
    let large = Vault::create(&large, &key, CreateOptions::default()).unwrap();
    let pieces = vec![bytes("projects/1/b", noise(8, 25_000_000))];
    let snapshot = save(&large, None, at(0), pieces).unwrap().id;
    let (before, room) = (vault.usage().unwrap(), vault.free_bytes().unwrap());
    let error = large
        .copy_to(&vault, &[snapshot], unobserved())
        .unwrap_err();
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    assert_eq!(vault.usage().unwrap(), before);
    assert_eq!(vault.free_bytes().unwrap(), room);

    // No room at all for a new vault: nothing of it is left.
    let filler = disk.join("filler");
    let full = std::fs::write(&filler, noise(7, 24_000_000)).is_err();
    assert!(full, "the disk is larger than it should be");
    let other = Location::folder(&disk.join("other")).unwrap();
    let error = Vault::create(&other, &key, CreateOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    assert!(!disk.join("other").exists());
}
