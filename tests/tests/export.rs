//! Exports: out of the vault into plain files, without any GitLab.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use labkeep_engine::keep::{ExportWish, SnapshotRef};
use labkeep_engine::kind::{Item, Kind};
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::RunDetail;
use labkeep_tests::furnish::{Furnished, furnish};
use labkeep_tests::git::{fsck, git};
use labkeep_tests::keeper::Keeper;
use labkeep_tests::restored::{self, Authors};
use labkeep_tests::world::{World, many};
use serde_json::Value;

async fn furnished() -> Result<(Keeper, Furnished, SnapshotRef)> {
    let world = World::new(many(1))?;
    let made = furnish(&world).await?;
    let token = world.gitlab.tokens.minimal.clone();
    let keeper = Keeper::keep(world, &token, &[]).await?;
    let snapshot = keeper.back_up().await?;
    Ok((keeper, made, snapshot))
}

async fn export(
    keeper: &Keeper,
    snapshot: &SnapshotRef,
    item: Item,
    folder: &Path,
    archive: bool,
) -> Result<RunDetail> {
    let wish = ExportWish {
        folder: folder.to_owned(),
        archive,
    };
    let run = keeper.labkeep.start_export(snapshot, item, wish).await?;
    keeper.ended(run).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_holds_plain_repositories_and_documents() -> Result<()> {
    let (keeper, made, snapshot) = furnished().await?;
    let saved = keeper.saved(&snapshot)?;
    let folder = tempfile::tempdir()?;
    let into = folder.path().join("out");
    let detail = export(&keeper, &snapshot, made.item(), &into, false).await?;
    assert_eq!(detail.run.outcome, Some(Outcome::Complete), "{detail:#?}");
    for (name, kind) in [
        ("repository.git", Kind::Repository),
        ("wiki.git", Kind::Wiki),
    ] {
        let repository = into.join(name);
        fsck(&repository)?;
        let clone = folder.path().join(kind.name());
        let (from, to) = (
            repository.display().to_string(),
            clone.display().to_string(),
        );
        git(folder.path(), &["clone", "-q", "--mirror", &from, &to])?;
        let listed = git(
            &clone,
            &["for-each-ref", "--format=%(objectname) %(refname)"],
        )?;
        for (name, id) in saved.refs(made.item(), kind.name())?.named() {
            assert!(
                listed.contains(&format!("{id} {name}")),
                "{name} is not in\n{listed}"
            );
        }
    }
    for relation in [
        "issues",
        "merge_requests",
        "labels",
        "milestones",
        "project_members",
    ] {
        let text = fs::read_to_string(into.join(format!("relations/{relation}.ndjson")))?;
        let documents: Vec<Value> = text
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()?;
        assert_eq!(
            documents,
            saved.documents(made.item(), relation)?,
            "{relation}"
        );
    }
    let links = fs::read_to_string(into.join("extra/issue_links.ndjson"))?;
    assert_eq!(links.lines().count(), 2);
    let project: Value = serde_json::from_slice(&fs::read(into.join("project.json"))?)?;
    assert_eq!(project, saved.settings(made.item())?);
    let people = fs::read_to_string(into.join("users.ndjson"))?;
    assert!(people.contains("\"dana\""), "{people}");
    assert!(!into.join("MISSING.txt").exists());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_is_taken_by_gitlabs_own_import() -> Result<()> {
    let (keeper, made, snapshot) = furnished().await?;
    let folder = tempfile::tempdir()?;
    let detail = export(&keeper, &snapshot, made.item(), folder.path(), true).await?;
    assert_eq!(detail.run.outcome, Some(Outcome::Complete), "{detail:#?}");
    let file = Path::new(&detail.report[0].text).to_owned();
    assert!(file.starts_with(folder.path()), "{file:?}");
    import(&keeper, &file, "fleet", "by-hand").await?;
    let saved = keeper.saved(&snapshot)?;
    let path = "fleet/by-hand";
    // Links between issues are not in archives; everything else is.
    let checked = restored::check(&keeper.world, &saved, made.item(), path, Authors::Named).await;
    let error = checked.expect_err("an archive has no links");
    assert!(error.to_string().starts_with("links were"), "{error:#}");

    let again = export(&keeper, &snapshot, made.item(), folder.path(), true).await?;
    assert_eq!(again.run.outcome, Some(Outcome::Failed));
    let reason = again.run.reason.context("a reason")?;
    assert!(reason.contains("ever overwritten"), "{reason}");
    Ok(())
}

/// Imports an archive as GitLab's page does, with a client of its own.
async fn import(keeper: &Keeper, file: &Path, group: &str, path: &str) -> Result<()> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let api = format!("{}/api/v4/projects", keeper.world.gitlab.url);
    let token = &keeper.world.gitlab.tokens.owner;
    let part = reqwest::multipart::Part::bytes(fs::read(file)?).file_name("export.tar.gz");
    let form = reqwest::multipart::Form::new()
        .text("path", path.to_owned())
        .text("namespace", group.to_owned())
        .part("file", part);
    let sent = client
        .post(format!("{api}/import"))
        .header("PRIVATE-TOKEN", token);
    let begun: Value = sent
        .multipart(form)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    let status = format!("{api}/{}/import", begun["id"]);
    loop {
        let asked = client
            .get(&status)
            .header("PRIVATE-TOKEN", token)
            .send()
            .await?;
        let now: Value = asked.error_for_status()?.json().await?;
        match now["import_status"].as_str() {
            Some("finished") => {
                assert_eq!(now["failed_relations"], serde_json::json!([]));
                return Ok(());
            }
            Some("failed") => anyhow::bail!("{now}"),
            _ => tokio::task::yield_now().await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_used_is_left_alone() -> Result<()> {
    let (keeper, made, snapshot) = furnished().await?;
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("letter.txt"), "dear")?;
    let detail = export(&keeper, &snapshot, made.item(), folder.path(), false).await?;
    assert_eq!(detail.run.outcome, Some(Outcome::Failed));
    let reason = detail.run.reason.context("a reason")?;
    assert!(reason.contains("ever overwritten"), "{reason}");
    assert_eq!(fs::read_dir(folder.path())?.count(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_cannot_be_written_is_named_and_nothing_stays() -> Result<()> {
    let (keeper, made, snapshot) = furnished().await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("file");
    fs::write(&file, "no folder")?;
    for archive in [false, true] {
        let detail = export(&keeper, &snapshot, made.item(), &file.join("out"), archive).await?;
        assert_eq!(detail.run.outcome, Some(Outcome::Failed), "{detail:#?}");
        let reason = detail.run.reason.context("a reason")?;
        assert!(reason.contains(&file.display().to_string()), "{reason}");
        assert!(detail.run.remedy.is_some_and(|remedy| !remedy.is_empty()));
    }
    assert_eq!(fs::read_to_string(&file)?, "no folder");
    Ok(())
}
