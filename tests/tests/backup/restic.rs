//! Without Labkeep: Debian's restic and git alone get everything out of a
//! vault, as the recovery kit says.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use labkeep_engine::kind::Kind;
use labkeep_engine::layout;
use labkeep_tests::furnish::furnish;
use labkeep_tests::git::{fsck, git};
use labkeep_tests::world::{Wish, World, many};

fn restic(world: &World, arguments: &[&str]) -> Result<String> {
    let key = world.folder.path().join("key");
    fs::write(&key, world.key.expose())?;
    let output = Command::new("restic")
        .arg("-r")
        .arg(world.folder.path().join("vault"))
        .arg("--no-cache")
        .arg("--password-file")
        .arg(&key)
        .args(arguments)
        .output()?;
    ensure!(
        output.status.success(),
        "restic {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn restic_and_git_alone_get_everything_out() -> Result<()> {
    let world = World::new(many(2))?;
    let made = furnish(&world).await?;
    world.back_up(Wish::default()).await?;
    world
        .gitlab
        .push_commit(&made.path, "main", &[("second.txt", "second\n")])?;
    let result = world.back_up(Wish::default()).await?;
    let saved = world.saved(&result)?;

    let listed: serde_json::Value =
        serde_json::from_str(&restic(&world, &["snapshots", "--json"])?)?;
    assert_eq!(listed.as_array().map(Vec::len), Some(2));
    let check = restic(&world, &["check", "--read-data"])?;
    assert!(check.contains("no errors were found"), "{check}");
    let target = world.folder.path().join("restored");
    restic(
        &world,
        &["restore", "latest", "--target", &target.to_string_lossy()],
    )?;

    let mut files = 0;
    saved
        .reader
        .walk::<labkeep_vault::Error>("", &mut |path, entry| {
            if !entry.is_dir {
                let ours = saved.reader.read(path)?;
                let theirs = fs::read(target.join(path)).ok();
                assert_eq!(ours, theirs, "{path}");
                files += 1;
            }
            Ok(())
        })?;
    assert_eq!(files, saved_files(&target)?);

    for kind in [Kind::Repository, Kind::Wiki] {
        let folder = target.join(made.item().folder()).join(kind.name());
        let rebuilt = world.folder.path().join(format!("{}.git", kind.name()));
        by_the_kit(&folder, &rebuilt)?;
        fsck(&rebuilt)?;
        let has = git(
            &rebuilt,
            &["for-each-ref", "--format=%(objectname) %(refname)"],
        )?;
        let head = git(&rebuilt, &["symbolic-ref", "HEAD"])?;
        let refs = saved.piece(made.item(), &layout::refs_path(kind.name()))?;
        assert_eq!(format!("{has}HEAD {head}"), String::from_utf8(refs)?);
    }
    assert_eq!(saved.packs(made.item(), Kind::Repository)?, 2);
    Ok(())
}

/// The commands on the recovery kit.
fn by_the_kit(repository: &Path, into: &Path) -> Result<()> {
    let script = r#"
        git init -q --bare "$1"
        for pack in "$0"/packs/*.pack; do
            git -C "$1" unpack-objects -q < "$pack"
        done
        while read -r id ref; do
            [ "$id" = HEAD ] && git -C "$1" symbolic-ref HEAD "$ref" ||
            git -C "$1" update-ref "$ref" "$id"
        done < "$0"/refs
    "#;
    let status = Command::new("sh")
        .args(["-ec", script])
        .arg(repository)
        .arg(into)
        .status()?;
    ensure!(status.success(), "the kit's commands failed");
    Ok(())
}

fn saved_files(folder: &Path) -> Result<u64> {
    let mut files = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files += if entry.file_type()?.is_dir() {
            saved_files(&entry.path())?
        } else {
            1
        };
    }
    Ok(files)
}
