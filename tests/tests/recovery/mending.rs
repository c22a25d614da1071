//! Second copies that lost something: the next copy sends it again, a check
//! says whether that was enough, and what cannot be had is said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use labkeep_engine::Labkeep;
use labkeep_engine::kind::Item;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::{AttentionView, CopyInput, Remedy, RunDetail, Severity};
use labkeep_settings::Retention;
use labkeep_tests::disk::flip;
use labkeep_tests::keeper::Keeper;
use labkeep_tests::world::many;

use crate::scene::{complete, copy, ended, other_key, place, said, touch, vault_for_copies};

/// A vault with one snapshot, and its second copy.
pub async fn copied() -> Result<Keeper> {
    let keeper = Keeper::new(many(2)).await?;
    let labkeep = &keeper.labkeep;
    keeper.back_up().await?;
    let from = labkeep.vaults()?.remove(0).id;
    let to = vault_for_copies(&keeper, "offsite").await?.id;
    labkeep.create_copy(&CopyInput {
        from,
        to,
        retention: Retention::default(),
    })?;
    copy_what_is_due(labkeep).await?;
    Ok(keeper)
}

/// The copy that is due, which must end Complete.
async fn copy_what_is_due(labkeep: &Labkeep) -> Result<RunDetail> {
    let due = labkeep.start_due_copies().await?;
    ensure!(due.len() == 1, "{} are due", due.len());
    complete(labkeep, due[0]).await
}

pub async fn check(labkeep: &Labkeep, vault: &str) -> Result<RunDetail> {
    let run = labkeep.start_check(vault, 100).await?;
    ended(labkeep, run).await
}

/// The check that is due out of turn.
pub async fn due_check(labkeep: &Labkeep, vault: &str) -> Result<RunDetail> {
    let run = labkeep.start_due_check(vault).await?;
    ended(labkeep, run.context("no check is due")?).await
}

/// The pack files of a vault, the largest first.
fn packs(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut packs = Vec::new();
    for folder in fs::read_dir(folder.join("data"))? {
        for pack in fs::read_dir(folder?.path())? {
            let pack = pack?;
            packs.push((pack.metadata()?.len(), pack.path()));
        }
    }
    packs.sort_by(|one, other| other.cmp(one));
    Ok(packs.into_iter().map(|(_, pack)| pack).collect())
}

/// The new pack file of a vault that something large went into.
fn largest_since(folder: &Path, before: &[PathBuf]) -> Result<PathBuf> {
    let mut new = packs(folder)?;
    new.retain(|pack| !before.contains(pack));
    new.into_iter().next().context("a new pack file")
}

/// Gives a project something large that is nowhere else.
fn grow(keeper: &Keeper, path: &str) -> Result<()> {
    let text: String = (0..4000)
        .map(|_| uuid::Uuid::new_v4().to_string())
        .collect();
    let gitlab = &keeper.world.gitlab;
    gitlab.push_commit(path, "main", &[("large.txt", &text)])?;
    Ok(())
}

/// Damages what came between two backups in the vault and in its copy: GitLab
/// gives that very pack never again. A check of each finds it.
pub async fn lose_in_both(keeper: &Keeper) -> Result<()> {
    let labkeep = &keeper.labkeep;
    let (_, path) = keeper.world.gitlab.projects().swap_remove(0);
    let places = [place(keeper, "vault"), place(keeper, "offsite")];
    let before = [packs(&places[0])?, packs(&places[1])?];
    grow(keeper, &path)?;
    keeper.back_up().await?;
    copy_what_is_due(labkeep).await?;
    for (folder, before) in places.iter().zip(&before) {
        flip(&largest_since(folder, before)?)?;
    }
    let view = copy(labkeep)?;
    for vault in [&view.input.from, &view.input.to] {
        let bad = check(labkeep, vault).await?;
        assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    }
    Ok(())
}

fn danger(labkeep: &Labkeep) -> Result<Vec<AttentionView>> {
    let mut all = labkeep.home_view()?.attention;
    all.retain(|one| one.severity == Severity::Danger);
    Ok(all)
}

/// Debian's restic finds nothing wrong with any byte of the copy.
fn restic_is_content(keeper: &Keeper) -> Result<()> {
    let output = Command::new("restic")
        .args(["--no-cache", "check", "--read-data", "-r"])
        .arg(place(keeper, "offsite"))
        .env("RESTIC_PASSWORD", other_key(keeper)?.expose())
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_copy_lost_is_sent_again_and_a_check_says_so() -> Result<()> {
    let keeper = copied().await?;
    let labkeep = &keeper.labkeep;
    let offsite = copy(labkeep)?.input.to;
    assert!(labkeep.start_due_copies().await?.is_empty());
    let folder = place(&keeper, "offsite");
    for is_gone in [false, true] {
        for pack in packs(&folder)? {
            if is_gone {
                fs::remove_file(&pack)?;
            } else {
                flip(&pack)?;
            }
        }
        let bad = check(labkeep, &offsite).await?;
        assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
        let alarm = said(labkeep, "check:")?.context("an alarm")?;
        let next = "The next copy sends it again.";
        assert!(alarm.detail.contains(next), "{alarm:#?}");
        // No backup brings it back, so none need read anything in full.
        let rows = labkeep.projects()?.rows;
        assert!(rows.iter().all(|row| row.distrusted_since.is_none()));

        let sent = copy_what_is_due(labkeep).await?;
        let is_told = |line: &str| line.contains("had lost parts of 1 snapshot");
        assert!(
            sent.report.iter().any(|line| is_told(&line.text)),
            "{sent:#?}"
        );
        assert!(sent.run.bytes.stored > 0);
        // Nothing is well before it was looked at.
        assert!(said(labkeep, "check:")?.is_some());
        assert!(labkeep.snapshots(Some(&offsite))?[0].damaged);
        let good = due_check(labkeep, &offsite).await?;
        assert_eq!(good.run.outcome, Some(Outcome::Complete), "{good:#?}");
        assert_eq!(danger(labkeep)?, []);
        assert!(!labkeep.snapshots(Some(&offsite))?[0].damaged);
        assert!(labkeep.start_due_copies().await?.is_empty());
        assert!(labkeep.start_due_check(&offsite).await?.is_none());
        restic_is_content(&keeper)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_finds_by_itself_what_it_lacks() -> Result<()> {
    let keeper = copied().await?;
    let labkeep = &keeper.labkeep;
    let view = copy(labkeep)?;
    let folder = place(&keeper, "offsite");
    // Named by the index and not there; and by no index any more.
    for lost in [&["data"][..], &["data", "index"], &["index"]] {
        for part in lost {
            fs::remove_dir_all(folder.join(part))?;
            fs::create_dir(folder.join(part))?;
        }
        let sent = complete(labkeep, labkeep.start_copy(&view.id)?).await?;
        let is_told = |line: &str| line.contains("had lost parts of 1 snapshot");
        assert!(
            sent.report.iter().any(|line| is_told(&line.text)),
            "{lost:?}: {sent:#?}"
        );
        let good = due_check(labkeep, &view.input.to).await?;
        assert_eq!(good.run.outcome, Some(Outcome::Complete), "{good:#?}");
        restic_is_content(&keeper)?;
    }
    // A damaged index is no reason to do without the copy either.
    for index in fs::read_dir(folder.join("index"))? {
        flip(&index?.path())?;
    }
    complete(labkeep, labkeep.start_copy(&view.id)?).await?;
    assert_eq!(
        due_check(labkeep, &view.input.to).await?.run.outcome,
        Some(Outcome::Complete)
    );
    restic_is_content(&keeper)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_a_copy_lost_is_copied_again_and_missed_no_more() -> Result<()> {
    let keeper = copied().await?;
    let labkeep = &keeper.labkeep;
    let offsite = copy(labkeep)?.input.to;
    fs::remove_dir_all(place(&keeper, "offsite").join("snapshots"))?;
    fs::create_dir(place(&keeper, "offsite").join("snapshots"))?;
    let bad = check(labkeep, &offsite).await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    let sent = copy_what_is_due(labkeep).await?;
    assert_eq!(sent.run.items.captured, 1);
    let good = due_check(labkeep, &offsite).await?;
    assert_eq!(good.run.outcome, Some(Outcome::Complete), "{good:#?}");
    assert_eq!(danger(labkeep)?, []);
    assert_eq!(labkeep.snapshots(Some(&offsite))?.len(), 1);
    // What is missed would keep a prune from doing anything.
    let plan = labkeep.plan_prune(&offsite).await?;
    complete(labkeep, labkeep.start_prune(&plan)?).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_damaged_in_both_is_said_and_healed_one_after_the_other() -> Result<()> {
    let keeper = copied().await?;
    let labkeep = &keeper.labkeep;
    let view = copy(labkeep)?;
    let (first, offsite) = (&view.input.from, &view.input.to);
    for name in ["vault", "offsite"] {
        // The packs with data are larger than those with folders.
        fs::remove_file(&packs(&place(&keeper, name))?[0])?;
        let vault = if name == "vault" { first } else { offsite };
        let bad = check(labkeep, vault).await?;
        assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    }
    let due = labkeep.start_due_copies().await?;
    let sent = ended(labkeep, due[0]).await?;
    assert_eq!(sent.run.outcome, Some(Outcome::Partial), "{sent:#?}");
    let reason = sent.run.reason.context("a reason")?;
    assert_eq!(
        reason,
        "Parts of 1 snapshot in offsite stay lost: they are damaged in vault as well."
    );
    let remedy = sent.run.remedy.context("a remedy")?;
    assert!(remedy.starts_with("Back up now:"), "{remedy}");
    let bad = due_check(labkeep, offsite).await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");

    keeper.back_up().await?;
    let good = due_check(labkeep, first).await?;
    assert_eq!(good.run.outcome, Some(Outcome::Complete), "{good:#?}");
    complete(labkeep, labkeep.start_copy(&view.id)?).await?;
    let good = due_check(labkeep, offsite).await?;
    assert_eq!(good.run.outcome, Some(Outcome::Complete), "{good:#?}");
    assert_eq!(danger(labkeep)?, []);
    restic_is_content(&keeper)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_has_any_more_of_an_earlier_snapshot_is_told_and_alarms_no_more() -> Result<()>
{
    let keeper = copied().await?;
    let labkeep = &keeper.labkeep;
    let view = copy(labkeep)?;
    let (first, offsite) = (&view.input.from, &view.input.to);
    lose_in_both(&keeper).await?;
    touch(&keeper, 1)?;
    keeper.back_up().await?;
    assert_eq!(
        due_check(labkeep, first).await?.run.outcome,
        Some(Outcome::Partial)
    );
    // Known or not, it is no past before the copy could not send it.
    let bad = check(labkeep, offsite).await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    let sent = ended(labkeep, labkeep.start_copy(&view.id)?).await?;
    assert_eq!(sent.run.outcome, Some(Outcome::Partial), "{sent:#?}");
    let reason = sent.run.reason.context("a reason")?;
    assert_eq!(
        reason,
        "Parts of 1 snapshot in offsite stay lost: vault does not have them any more."
    );
    let past = due_check(labkeep, offsite).await?;
    assert_eq!(past.run.outcome, Some(Outcome::Partial), "{past:#?}");
    let again = complete(labkeep, labkeep.start_copy(&view.id)?).await?;
    let told = again.report.iter().filter(|l| l.text.contains("stay lost"));
    assert_eq!(told.count(), 1, "it is said again, and no news");
    assert_eq!(danger(labkeep)?, []);
    let damaged: Vec<bool> = labkeep
        .snapshots(Some(offsite))?
        .iter()
        .map(|one| one.damaged)
        .collect();
    assert_eq!(damaged, [false, true, false]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_given_up_that_a_copy_can_still_send() -> Result<()> {
    let keeper = copied().await?;
    let labkeep = &keeper.labkeep;
    let offsite = copy(labkeep)?.input.to;
    let (id, path) = keeper.world.gitlab.projects().swap_remove(0);
    keeper.world.gitlab.delete_project(&path)?;
    keeper.back_up().await?;
    for pack in packs(&place(&keeper, "offsite"))? {
        flip(&pack)?;
    }
    check(labkeep, &offsite).await?;
    let alarms = danger(labkeep)?;
    assert!(!alarms.is_empty());
    let gives_up = |one: &AttentionView| matches!(one.remedy, Some(Remedy::GiveUp { .. }));
    assert!(!alarms.iter().any(gives_up), "{alarms:#?}");

    copy_what_is_due(labkeep).await?;
    let good = due_check(labkeep, &offsite).await?;
    assert_eq!(good.run.outcome, Some(Outcome::Complete), "{good:#?}");
    // It comes back from the copy alone.
    fs::remove_dir_all(place(&keeper, "vault"))?;
    let owner = keeper.world.gitlab.tokens.owner.clone();
    let restored = keeper.restore(&keeper.request(id), &owner).await?;
    assert_eq!(restored.run.outcome, Some(Outcome::Complete));
    let project = labkeep.project(&keeper.account, Item::project(id)).await?;
    assert!(!project.versions.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_meets_damage_has_the_vault_checked() -> Result<()> {
    let keeper = copied().await?;
    let labkeep = &keeper.labkeep;
    let view = copy(labkeep)?;
    let before = packs(&place(&keeper, "vault"))?;
    let (_, path) = keeper.world.gitlab.projects().swap_remove(0);
    grow(&keeper, &path)?;
    keeper.back_up().await?;
    flip(&largest_since(&place(&keeper, "vault"), &before)?)?;
    let vault = &view.input.from;
    assert!(labkeep.start_due_check(vault).await?.is_none());
    let failed = ended(labkeep, labkeep.start_copy(&view.id)?).await?;
    assert_eq!(failed.run.outcome, Some(Outcome::Failed), "{failed:#?}");
    // Which of its parts are read is a matter of turns; that it is read is not.
    due_check(labkeep, vault).await?;
    Ok(())
}
