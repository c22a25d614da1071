//! A new machine: only the folder and the key.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use labkeep_engine::Labkeep;
use labkeep_engine::keep::ExportWish;
use labkeep_engine::outcome::{Outcome, RunKind};
use labkeep_engine::view::{
    ConnectRequest, CopyInput, PlanInput, Protection, Remedy, ScheduleView, Severity,
};
use labkeep_settings::Retention;
use labkeep_tests::keeper::{Keeper, open};
use labkeep_tests::world::many;
use labkeep_vault::VaultKey;
use practice_gitlab::{Action, FaultRule};

use crate::scene::{
    back_up, complete, copy, last, other_key, place, said, touch, vault_for_copies,
};

/// What was done on the first machine.
struct Life {
    keeper: Keeper,
    /// The second plan's ID.
    second: String,
    deleted: String,
    renamed: String,
}

/// Two plans, a partial run, a renamed and a deleted project, a pin, a second
/// copy.
async fn life() -> Result<Life> {
    let keeper = Keeper::new(many(4)).await?;
    let gitlab = &keeper.world.gitlab;
    let labkeep = &keeper.labkeep;
    let paths: Vec<String> = gitlab.projects().into_iter().map(|(_, p)| p).collect();
    let first = labkeep.plans()?.remove(0);
    let everything = PlanInput {
        schedule: ScheduleView::Daily { minute: 90 },
        retention: last(7),
        ..first.input
    };
    labkeep.update_plan(&first.id, &everything)?;
    let one = PlanInput {
        name: "One".to_owned(),
        include: vec![paths[3].clone()],
        ..everything
    };
    let second = labkeep.create_plan(&one)?.id;
    let to = vault_for_copies(&keeper, "offsite").await?.id;
    let from = labkeep.vaults()?.remove(0).id;
    labkeep.create_copy(&CopyInput {
        from,
        to,
        retention: Retention::default(),
    })?;

    let oldest = keeper.back_up().await?;
    labkeep.pin_snapshot(&oldest, true).await?;
    back_up(labkeep, &second).await?;
    gitlab.create_issue(&paths[1], "Too late")?;
    let rule = FaultRule::new("GET /projects/:id/issues", Action::status(403));
    gitlab.set_faults(vec![rule]);
    let partial = back_up(labkeep, &first.id).await?;
    assert_eq!(partial.run.outcome, Some(Outcome::Partial));
    gitlab.set_faults(Vec::new());
    let renamed = format!("{}-new", paths[1]);
    let name = renamed.rsplit('/').next().context("a name")?;
    gitlab.rename_project(&paths[1], name)?;
    gitlab.delete_project(&paths[0])?;
    let last = back_up(labkeep, &first.id).await?;
    assert_eq!(last.run.outcome, Some(Outcome::Complete), "{last:?}");
    complete(labkeep, labkeep.start_copy(&copy(labkeep)?.id)?).await?;
    Ok(Life {
        second,
        deleted: paths[0].clone(),
        renamed,
        keeper,
    })
}

async fn opened(home: &Path, folder: &Path, key: &VaultKey) -> Result<Labkeep> {
    let labkeep = open(home)?;
    labkeep
        .open_vault(&folder.display().to_string(), key.as_secret().clone(), None)
        .await?;
    Ok(labkeep)
}

/// Everything is known again, with how long it stays in that vault, and what is
/// missing is said.
fn is_whole(life: &Life, labkeep: &Labkeep, retention: Retention) -> Result<()> {
    let before = &life.keeper.labkeep;
    let snapshots = labkeep.snapshots(None)?;
    assert_eq!(snapshots.len(), 4);
    assert!(snapshots[3].pinned);

    let mut plans = labkeep.plans()?;
    plans.sort_by_key(|plan| plan.input.name.clone());
    let mut were = before.plans()?;
    were.sort_by_key(|plan| plan.input.name.clone());
    assert_eq!(plans.len(), 2);
    for (plan, was) in plans.iter().zip(&were) {
        assert_eq!(plan.id, was.id);
        assert_eq!(plan.input.name, was.input.name);
        assert_eq!(plan.input.include, was.input.include);
        assert_eq!(plan.input.schedule, was.input.schedule);
        assert_eq!(plan.input.retention, retention);
        assert_eq!(plan.next_at, None, "nothing happens without a token");
    }

    let shown = |labkeep: &Labkeep| -> Result<Vec<_>> {
        let runs = labkeep.list_runs()?.into_iter();
        let backups = runs.filter(|run| run.kind == RunKind::Backup);
        Ok(backups
            .map(|run| (run.id, run.outcome, run.items, run.missing, run.reason))
            .collect())
    };
    assert_eq!(shown(labkeep)?, shown(before)?);
    let runs = labkeep.list_runs()?;
    assert!(runs.iter().all(|run| run.elsewhere.is_some()));
    let newest: labkeep_settings::RunId = runs[0].id.parse()?;
    let ledger = labkeep.run_detail(newest)?.ledger;
    assert_eq!(ledger.len(), before.run_detail(newest)?.ledger.len());

    let rows = labkeep.projects()?.rows;
    let row = |path: &str| rows.iter().find(|row| row.path == path);
    let deleted = row(&life.deleted).context("the deleted project")?;
    assert!(deleted.gone_since.is_some() && deleted.last_saved_at.is_some());
    let renamed = row(&life.renamed).context("the renamed project")?;
    assert!(renamed.gone_since.is_none() && renamed.protected);
    assert_eq!(
        rows.iter().filter(|row| row.gone_since.is_some()).count(),
        1
    );

    let home = labkeep.home_view()?;
    assert_eq!(home.protection, Protection::NeedsAttention);
    let token = said(labkeep, "token:")?.context("what is missing")?;
    assert_eq!(token.severity, Severity::Danger);
    assert!(matches!(token.remedy, Some(Remedy::RenewToken { .. })));
    assert!(token.detail.contains("“One”"), "{}", token.detail);
    assert!(said(labkeep, "late:")?.is_none() && said(labkeep, "unread:")?.is_none());
    Ok(())
}

/// The deleted project comes back, into a folder and into GitLab.
async fn gives_back(life: &Life, labkeep: &Labkeep) -> Result<()> {
    let saved = labkeep.find_saved(None, "latest", &life.deleted).await?;
    let folder = tempfile::tempdir()?;
    let wish = ExportWish {
        folder: folder.path().join("out"),
        archive: false,
    };
    complete(
        labkeep,
        labkeep
            .start_export(&saved.snapshot, saved.item, wish)
            .await?,
    )
    .await?;
    assert!(fs::read_dir(folder.path().join("out"))?.next().is_some());

    let gitlab = &life.keeper.world.gitlab;
    let (account, item) = labkeep.find_item(None, &life.deleted)?;
    let request = labkeep_engine::view::RestoreRequest {
        account: account.id.to_string(),
        ..life.keeper.request(item.id)
    };
    let owner = gitlab.tokens.owner.clone();
    let run = labkeep
        .start_restore(request, Some(owner.as_str().into()))
        .await?;
    complete(labkeep, run).await?;
    assert!(life.keeper.shown(&life.deleted).await?.is_some());
    Ok(())
}

/// With a token the backups go on where they were.
async fn goes_on(life: &Life, labkeep: &Labkeep) -> Result<()> {
    let gitlab = &life.keeper.world.gitlab;
    let account = labkeep.accounts()?.remove(0).id;
    let request = ConnectRequest {
        url: gitlab.url.clone(),
        ca_file: None,
        account: Some(account),
    };
    let token = gitlab.tokens.minimal.clone();
    labkeep
        .connect_account(request, token.as_str().into(), None)
        .await?;
    assert_eq!(labkeep.accounts()?.len(), 1);
    assert!(said(labkeep, "token:")?.is_none());
    assert!(labkeep.plans()?.iter().all(|plan| plan.next_at.is_some()));

    gitlab.reset_requests();
    let next = back_up(labkeep, &life.second).await?;
    assert_eq!(next.run.outcome, Some(Outcome::Complete));
    assert_eq!(next.run.items.unchanged, next.run.items.total, "{next:?}");
    assert!(gitlab.requests().total < 15, "{:?}", gitlab.requests());
    assert!(next.run.elsewhere.is_none());
    assert_eq!(labkeep.plans()?.len(), 2);
    assert_eq!(labkeep.list_runs()?[0].id, next.run.id);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_machine_knows_everything_from_the_vault_and_goes_on() -> Result<()> {
    let life = life().await?;
    let home = tempfile::tempdir()?;
    let vault = place(&life.keeper, "vault");
    let labkeep = opened(home.path(), &vault, &life.keeper.world.key).await?;
    is_whole(&life, &labkeep, last(7))?;
    gives_back(&life, &labkeep).await?;
    goes_on(&life, &labkeep).await?;

    // The second copy is known as such as soon as its vault is.
    let key = other_key(&life.keeper)?;
    let offsite = place(&life.keeper, "offsite").display().to_string();
    labkeep
        .open_vault(&offsite, key.as_secret().clone(), None)
        .await?;
    assert_eq!(labkeep.plans()?.len(), 2);
    let backups = labkeep.list_runs()?.into_iter();
    assert_eq!(backups.filter(|run| run.kind == RunKind::Backup).count(), 5);
    let second = copy(&labkeep)?;
    assert_eq!(second.behind, 1);
    let gone = labkeep.projects()?.rows;
    let gone = gone.iter().filter(|row| row.gone_since.is_some()).count();
    assert_eq!(gone, 1);
    complete(&labkeep, labkeep.start_copy(&second.id)?).await?;
    assert_eq!(copy(&labkeep)?.behind, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_copy_alone_is_as_good() -> Result<()> {
    let life = life().await?;
    fs::remove_dir_all(place(&life.keeper, "vault"))?;
    let home = tempfile::tempdir()?;
    let key = other_key(&life.keeper)?;
    let offsite = place(&life.keeper, "offsite");
    let labkeep = opened(home.path(), &offsite, &key).await?;
    is_whole(&life, &labkeep, Retention::default())?;
    gives_back(&life, &labkeep).await?;
    goes_on(&life, &labkeep).await
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_that_cannot_be_read_are_told_and_hide_no_others() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let damaged = keeper.back_up().await?;
    touch(&keeper, 1)?;
    keeper.back_up().await?;
    let vault = place(&keeper, "vault");
    let file = vault.join("snapshots").join(&damaged.id);
    let mut content = fs::read(&file)?;
    let middle = content.len() / 2;
    content[middle] ^= 1;
    fs::write(&file, content)?;

    let home = tempfile::tempdir()?;
    let labkeep = opened(home.path(), &vault, &keeper.world.key).await?;
    assert_eq!(labkeep.snapshots(None)?.len(), 1);
    assert_eq!(labkeep.plans()?.len(), 1);
    let told = said(&labkeep, "unread:")?.context("it is told")?;
    assert_eq!(told.severity, Severity::Danger);
    assert!(
        told.detail
            .starts_with("1 snapshot of this vault cannot be read")
    );
    assert!(matches!(told.remedy, Some(Remedy::CheckVault { .. })));
    Ok(())
}

/// The key of the keeper's vault, as text.
fn typed(key: &VaultKey) -> secrecy::SecretString {
    key.as_secret().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_lost_is_kept_again_when_the_vault_is_opened() -> Result<()> {
    let mut keeper = Keeper::new(many(1)).await?;
    keeper.back_up().await?;
    let vault = keeper.labkeep.vaults()?.remove(0);
    for secret in fs::read_dir(keeper.home().join("secrets"))? {
        let path = secret?.path();
        if path.to_string_lossy().contains("vault-key") {
            fs::remove_file(path)?;
        }
    }
    keeper.start_again()?;
    let lost = keeper.labkeep.start_check(&vault.id, 0).await;
    let advice = lost.expect_err("the key is gone").advice();
    assert!(advice.hint.contains("Open the vault again"), "{advice:?}");

    let key = keeper.world.key.clone();
    let wrong = VaultKey::generate();
    let labkeep = &keeper.labkeep;
    let refused = labkeep
        .open_vault(&vault.location, typed(&wrong), None)
        .await;
    assert!(refused.is_err());
    let with_slash = format!("{}/", vault.location);
    let again = labkeep.open_vault(&with_slash, typed(&key), None).await?;
    assert_eq!(again.id, vault.id);
    assert_eq!(labkeep.vaults()?.len(), 1);
    keeper.start_again()?;
    complete(
        &keeper.labkeep,
        keeper.labkeep.start_check(&vault.id, 0).await?,
    )
    .await?;
    keeper.back_up().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_vault_in_the_place_of_a_known_one_is_refused() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    keeper.back_up().await?;
    let known = keeper.labkeep.vaults()?.remove(0);
    vault_for_copies(&keeper, "other").await?;
    let key = other_key(&keeper)?;
    fs::rename(place(&keeper, "vault"), place(&keeper, "away"))?;
    fs::rename(place(&keeper, "other"), place(&keeper, "vault"))?;
    let labkeep = &keeper.labkeep;
    let refused = labkeep.open_vault(&known.location, typed(&key), None).await;
    let advice = refused.expect_err("it is another one").advice();
    assert!(advice.message.contains("is not the one"), "{advice:?}");
    // The key of the right one stays.
    fs::rename(place(&keeper, "vault"), place(&keeper, "other"))?;
    fs::rename(place(&keeper, "away"), place(&keeper, "vault"))?;
    complete(labkeep, labkeep.start_check(&known.id, 0).await?).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_was_moved_stays_the_same_one() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let snapshot = keeper.back_up().await?;
    let vault = keeper.labkeep.vaults()?.remove(0);
    let (from, to) = (place(&keeper, "vault"), place(&keeper, "moved"));
    fs::rename(&from, &to)?;
    let labkeep = &keeper.labkeep;
    let key = keeper.world.key.clone();
    let to = to.display().to_string();
    let moved = labkeep.open_vault(&to, typed(&key), None).await?;
    assert_eq!(
        (moved.id.as_str(), moved.location.as_str()),
        (vault.id.as_str(), to.as_str())
    );
    assert_eq!(labkeep.vaults()?.len(), 1);
    let found = labkeep.find_snapshot(&snapshot.id)?;
    let run = labkeep.start_drill(&found, Vec::new()).await?;
    complete(labkeep, run).await?;
    complete(
        labkeep,
        labkeep.start_backup(&keeper.plan, labkeep_engine::keep::BackupWish::default())?,
    )
    .await?;

    // By another path it is the same place; as a copy of its files it is not.
    let link = place(&keeper, "link").display().to_string();
    std::os::unix::fs::symlink(&to, &link)?;
    let same = labkeep.open_vault(&link, typed(&key), None).await?;
    assert_eq!(
        (same.id.as_str(), same.location.as_str()),
        (vault.id.as_str(), to.as_str())
    );
    let twin = place(&keeper, "twin");
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .arg(&to)
        .arg(&twin)
        .status()?;
    assert!(copied.success());
    let twin = twin.display().to_string();
    let refused = labkeep.open_vault(&twin, typed(&key), None).await;
    assert!(refused.is_err(), "there are two of it");
    fs::remove_dir_all(&to)?;
    let moved = labkeep.open_vault(&twin, typed(&key), None).await?;
    assert_eq!((moved.id, moved.location), (vault.id, twin));
    assert_eq!(labkeep.vaults()?.len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_of_a_vault_with_two_entries_is_one_snapshot() -> Result<()> {
    let mut keeper = Keeper::new(many(1)).await?;
    let snapshot = keeper.back_up().await?;
    // As an earlier version left it that opened a vault by two paths.
    let file = labkeep_settings::Home::at(keeper.home()).settings_file();
    let mut settings: serde_json::Value = serde_json::from_slice(&fs::read(&file)?)?;
    let vaults = settings["vaults"].as_array_mut().context("the vaults")?;
    let mut other = vaults[0].clone();
    other["id"] = labkeep_settings::VaultEntryId::random().to_string().into();
    other["location"] = place(&keeper, "nowhere").display().to_string().into();
    vaults.insert(0, other);
    fs::write(&file, serde_json::to_vec(&settings)?)?;
    keeper.start_again()?;
    assert_eq!(keeper.labkeep.vaults()?.len(), 2);
    let found = keeper.labkeep.find_snapshot(&snapshot.id)?;
    assert_eq!(found.vault.location, snapshot.vault.location);
    let run = keeper.labkeep.start_drill(&found, Vec::new()).await?;
    complete(&keeper.labkeep, run).await?;
    Ok(())
}
