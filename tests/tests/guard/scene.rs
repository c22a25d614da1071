//! What the tests of the guard have in common.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use labkeep_engine::keep::BackupWish;
use labkeep_engine::view::{LossAlarm, LossAnswer, LossOf, PlanView, RunDetail};
use labkeep_engine::{Error, Labkeep};
use labkeep_tests::keeper::Keeper;

/// Deletes so many projects, the first ones.
pub fn delete(keeper: &Keeper, number: usize) -> Result<Vec<String>> {
    let gitlab = &keeper.world.gitlab;
    let paths: Vec<String> = gitlab
        .projects()
        .into_iter()
        .map(|(_, path)| path)
        .collect();
    for path in &paths[..number] {
        gitlab.delete_project(path)?;
    }
    Ok(paths[..number].to_vec())
}

/// The alarm of the only plan.
pub fn alarm(labkeep: &Labkeep) -> Result<Option<LossAlarm>> {
    let plan: PlanView = labkeep.plans()?.into_iter().next().context("a plan")?;
    Ok(plan.loss)
}

/// Answers what the alarm shows now.
pub async fn answer(keeper: &Keeper, meant: bool) -> Result<LossAnswer> {
    let seen = alarm(&keeper.labkeep)?.context("an alarm")?.last;
    let plan = &keeper.plan;
    Ok(keeper.labkeep.answer_loss(plan, meant, seen).await?)
}

/// What is gone: of what, of which item, how many there were, how many went.
pub type Gone = (LossOf, Option<String>, u64, u64);

/// What the alarm says is gone, with where and of how many.
pub fn gone(labkeep: &Labkeep) -> Result<Vec<Gone>> {
    let losses = alarm(labkeep)?
        .map(|alarm| alarm.losses)
        .unwrap_or_default();
    Ok(losses
        .into_iter()
        .map(|loss| (loss.of, loss.path, loss.gone, loss.before))
        .collect())
}

/// Backs up, whatever the outcome.
pub async fn run(keeper: &Keeper) -> Result<RunDetail> {
    let wish = BackupWish { thorough: true };
    keeper
        .ended(keeper.labkeep.start_backup(&keeper.plan, wish)?)
        .await
}

/// Whether a prune is refused because of a loss.
pub async fn is_refused(labkeep: &Labkeep) -> Result<bool> {
    let vault = labkeep.vaults()?.remove(0).id;
    match labkeep.plan_prune(&vault).await {
        Ok(_) => Ok(false),
        Err(Error::LossUnanswered { .. }) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Changes something, so that the next snapshot is another one.
pub fn touch(keeper: &Keeper, number: usize) -> Result<()> {
    let gitlab = &keeper.world.gitlab;
    let (_, path) = gitlab.projects().pop().context("a project")?;
    let text = format!("{number}\n");
    gitlab.push_commit(&path, "main", &[("touched.txt", &text)])?;
    Ok(())
}

/// Debian's restic, on the vault.
pub fn restic(keeper: &Keeper, arguments: &[&str]) -> Result<String> {
    let folder = keeper.world.folder.path();
    let key = folder.join("key");
    fs::write(&key, keeper.world.key.expose())?;
    let output = Command::new("restic")
        .arg("-r")
        .arg(folder.join("vault"))
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
