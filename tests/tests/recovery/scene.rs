//! What the tests of recovery have in common.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use labkeep_engine::Labkeep;
use labkeep_engine::keep::BackupWish;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::{AttentionView, CopyView, RunDetail, VaultView};
use labkeep_settings::{Retention, RunId};
use labkeep_tests::keeper::Keeper;
use labkeep_vault::VaultKey;

/// The last so many, and nothing else.
pub fn last(number: u32) -> Retention {
    Retention {
        last: number,
        daily: 0,
        weekly: 0,
        monthly: 0,
        ..Retention::default()
    }
}

/// A vault for copies, in a folder of that name.
pub async fn vault_for_copies(keeper: &Keeper, name: &str) -> Result<VaultView> {
    let folder = place(keeper, name).display().to_string();
    let vault = keeper
        .labkeep
        .create_vault(&folder, Some(name.to_owned()))
        .await?;
    Ok(vault)
}

/// Where a folder of that name is.
pub fn place(keeper: &Keeper, name: &str) -> PathBuf {
    keeper.world.folder.path().join(name)
}

/// The key of the vault that was made for copies.
pub fn other_key(keeper: &Keeper) -> Result<VaultKey> {
    let first = keeper.world.key.expose();
    let keys: Vec<VaultKey> = keeper
        .secrets()?
        .iter()
        .filter_map(|secret| VaultKey::parse(secret).ok())
        .filter(|key| key.expose() != first)
        .collect();
    keys.into_iter().next().context("a second key")
}

/// The only second copy.
pub fn copy(labkeep: &Labkeep) -> Result<CopyView> {
    labkeep.copies()?.into_iter().next().context("a copy")
}

/// Waits for a run's end.
pub async fn ended(labkeep: &Labkeep, run: RunId) -> Result<RunDetail> {
    labkeep.wait_for(run).await?;
    Ok(labkeep.run_detail(run)?)
}

/// Waits for a run, which must end Complete.
pub async fn complete(labkeep: &Labkeep, run: RunId) -> Result<RunDetail> {
    let detail = ended(labkeep, run).await?;
    ensure!(
        detail.run.outcome == Some(Outcome::Complete),
        "{:?}: {:?} {:?}",
        detail.run.outcome,
        detail.run.reason,
        detail.report
    );
    Ok(detail)
}

/// Backs a plan up, whatever the outcome.
pub async fn back_up(labkeep: &Labkeep, plan: &str) -> Result<RunDetail> {
    let run = labkeep.start_backup(plan, BackupWish::default())?;
    ended(labkeep, run).await
}

/// What Home says under a key that begins so.
pub fn said(labkeep: &Labkeep, key: &str) -> Result<Option<AttentionView>> {
    let all = labkeep.home_view()?.attention;
    Ok(all.into_iter().find(|one| one.key.starts_with(key)))
}

/// Changes something, so that the next snapshot is another one.
pub fn touch(keeper: &Keeper, number: usize) -> Result<()> {
    let gitlab = &keeper.world.gitlab;
    let (_, path) = gitlab.projects().pop().context("a project")?;
    let text = format!("{number}\n");
    gitlab.push_commit(&path, "main", &[("touched.txt", &text)])?;
    Ok(())
}
