//! Second copies: what goes there, what does not, and what is said.

use std::fs;

use anyhow::{Context, Result};
use labkeep_engine::Error;
use labkeep_engine::kind::Item;
use labkeep_engine::outcome::{Outcome, RunKind};
use labkeep_engine::view::{CopyInput, PlanInput, Severity};
use labkeep_settings::{Home, Retention};
use labkeep_tests::keeper::Keeper;
use labkeep_tests::world::many;

use crate::scene::{complete, copy, ended, last, place, said, touch, vault_for_copies};

async fn with_copy(keeper: &Keeper, retention: Retention) -> Result<String> {
    let from = keeper.labkeep.vaults()?.remove(0).id;
    let to = vault_for_copies(keeper, "offsite").await?.id;
    let input = CopyInput {
        from,
        to,
        retention,
    };
    Ok(keeper.labkeep.create_copy(&input)?.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_behind_is_copied_when_it_is_due_and_once() -> Result<()> {
    let keeper = Keeper::new(many(2)).await?;
    let labkeep = &keeper.labkeep;
    keeper.back_up().await?;
    with_copy(&keeper, Retention::default()).await?;
    let view = copy(labkeep)?;
    assert_eq!((view.behind, view.copied_at), (1, None));
    assert!(said(labkeep, "kit:")?.is_some(), "it has a key of its own");

    let due = labkeep.start_due_copies().await?;
    assert_eq!(due.len(), 1);
    let detail = complete(labkeep, due[0]).await?;
    assert_eq!(detail.run.kind, RunKind::Copy);
    assert_eq!(detail.run.items.captured, 1);
    assert!(detail.run.bytes.stored > 0);
    let view = copy(labkeep)?;
    assert_eq!((view.behind, &view.problem), (0, &None));
    assert!(view.copied_at.is_some());
    assert!(labkeep.start_due_copies().await?.is_empty());

    touch(&keeper, 1)?;
    keeper.back_up().await?;
    assert_eq!(copy(labkeep)?.behind, 1);
    let due = labkeep.start_due_copies().await?;
    complete(labkeep, due[0]).await?;
    // Both vaults are listed, and the history is that of the backups.
    let snapshots = labkeep.snapshots(None)?;
    assert_eq!(snapshots.len(), 4);
    let (offsite, first) = (&view.input.to, &view.input.from);
    for vault in [offsite, first] {
        assert_eq!(labkeep.snapshots(Some(vault))?.len(), 2);
    }
    let runs = labkeep.list_runs()?;
    let backups = runs.iter().filter(|run| run.kind == RunKind::Backup);
    assert_eq!(backups.count(), 2);
    let (id, _) = keeper.world.gitlab.projects().swap_remove(0);
    let project = labkeep.project(&keeper.account, Item::project(id)).await?;
    assert_eq!(project.versions.len(), 2, "a copy is no other version");
    // A disk of its own would be better.
    let remark = said(labkeep, "copy-disk:")?.context("a remark")?;
    assert_eq!(remark.severity, Severity::Info);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_copy_would_remove_or_did_remove_is_not_copied() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let labkeep = &keeper.labkeep;
    let mut made = Vec::new();
    for number in 0..5 {
        touch(&keeper, number)?;
        made.push(keeper.back_up().await?);
    }
    labkeep.pin_snapshot(&made[0], true).await?;
    let id = with_copy(&keeper, last(2)).await?;
    complete(labkeep, labkeep.start_copy(&id)?).await?;
    let offsite = copy(labkeep)?.input.to;
    let there = labkeep.snapshots(Some(&offsite))?;
    assert_eq!(there.len(), 3, "the last two, and the pinned one");
    assert!(there[2].pinned && !there[0].pinned);
    assert_eq!(copy(labkeep)?.behind, 0);
    let plan = labkeep.plan_prune(&offsite).await?;
    assert_eq!(plan.goes().count(), 0);

    touch(&keeper, 9)?;
    keeper.back_up().await?;
    complete(labkeep, labkeep.start_copy(&id)?).await?;
    let plan = labkeep.plan_prune(&offsite).await?;
    assert_eq!(plan.goes().count(), 1);
    complete(labkeep, labkeep.start_prune(&plan)?).await?;
    // What was removed there stays removed, whoever asks for the copy.
    complete(labkeep, labkeep.start_copy(&id)?).await?;
    assert_eq!(labkeep.snapshots(Some(&offsite))?.len(), 3);
    assert_eq!(copy(labkeep)?.behind, 0);
    // A longer retention brings what was never there.
    let mut input = copy(labkeep)?.input;
    input.retention = last(9);
    labkeep.update_copy(&id, &input)?;
    assert!(copy(labkeep)?.behind > 0);
    complete(labkeep, labkeep.start_copy(&id)?).await?;
    assert_eq!(labkeep.snapshots(Some(&offsite))?.len(), 5);
    assert_eq!(copy(labkeep)?.behind, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_is_not_copied_to_itself_nor_twice_to_another() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let labkeep = &keeper.labkeep;
    let first = labkeep.vaults()?.remove(0);
    let link = place(&keeper, "link");
    std::os::unix::fs::symlink(place(&keeper, "vault"), &link)?;
    let key = keeper.world.key.as_secret().clone();
    let same = labkeep
        .open_vault(&link.display().to_string(), key, None)
        .await?;
    let input = CopyInput {
        from: first.id.clone(),
        to: same.id.clone(),
        retention: Retention::default(),
    };
    let is_same =
        |error: &Error| matches!(error, Error::Vault(labkeep_vault::Error::SameVault { .. }));
    assert!(is_same(&labkeep.create_copy(&input).unwrap_err()));
    let between = labkeep.start_copy_between(&first.id, &same.id);
    assert!(is_same(&between.unwrap_err()));

    with_copy(&keeper, Retention::default()).await?;
    let again = copy(labkeep)?.input;
    let refused = labkeep.create_copy(&again).unwrap_err();
    assert!(matches!(refused, Error::CopiedAlready { .. }), "{refused}");
    let needed = labkeep.remove_vault(&again.to).await.unwrap_err();
    assert!(matches!(needed, Error::HasCopy { .. }), "{needed}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drive_that_is_away_is_waited_for_and_never_made_anew() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let labkeep = &keeper.labkeep;
    keeper.back_up().await?;
    let id = with_copy(&keeper, Retention::default()).await?;
    let (there, away) = (place(&keeper, "offsite"), place(&keeper, "unplugged"));
    fs::rename(&there, &away)?;
    assert!(labkeep.start_due_copies().await?.is_empty());
    let view = copy(labkeep)?;
    assert_eq!(view.waits_for.as_deref(), Some("the drive of offsite"));
    // Asked for, it fails and makes nothing; the mount point may be there.
    for is_mount_point in [false, true] {
        if is_mount_point {
            fs::create_dir(&there)?;
        }
        let failed = ended(labkeep, labkeep.start_copy(&id)?).await?;
        assert_eq!(failed.run.outcome, Some(Outcome::Failed));
        let is_empty = !there.exists() || fs::read_dir(&there)?.next().is_none();
        assert!(is_empty, "nothing was made");
        let made = labkeep
            .create_vault(&there.display().to_string(), None)
            .await;
        assert!(made.is_err(), "the place is that of a known vault");
    }
    let alarm = said(labkeep, "copy:")?.context("an alarm")?;
    assert_eq!(alarm.severity, Severity::Danger);
    fs::remove_dir(&there)?;
    fs::rename(&away, &there)?;
    // It failed just now: not at once again by itself, but when asked for.
    assert!(labkeep.start_due_copies().await?.is_empty());
    complete(labkeep, labkeep.start_copy(&id)?).await?;
    assert!(said(labkeep, "copy:")?.is_none());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_vaults_are_copied_by_name_without_a_second_copy_set_up() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let labkeep = &keeper.labkeep;
    let made = keeper.back_up().await?;
    vault_for_copies(&keeper, "offsite").await?;
    let run = labkeep.start_copy_between("vault", "offsite")?;
    let report = complete(labkeep, run).await?.report;
    assert!(
        report[0].text.starts_with("1 snapshot is copied"),
        "{report:?}"
    );
    let run = labkeep.start_copy_between("vault", "offsite")?;
    let report = complete(labkeep, run).await?.report;
    assert_eq!(report[0].text, "Everything is there already.");

    // The first vault burns: the project comes back from the other one.
    fs::remove_dir_all(place(&keeper, "vault"))?;
    let (project, path) = keeper.world.gitlab.projects().swap_remove(0);
    keeper.world.gitlab.delete_project(&path)?;
    let request = keeper.request(project);
    let owner = keeper.world.gitlab.tokens.owner.clone();
    let plan = keeper.plan(&request, Some(&owner)).await?;
    assert_ne!(plan.snapshot.id, made.id, "its copy");
    let restored = keeper.restore(&request, &owner).await?;
    assert_eq!(restored.run.outcome, Some(Outcome::Complete));
    assert!(keeper.shown(&path).await?.is_some());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prune_does_not_wait_for_a_copy() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let labkeep = &keeper.labkeep;
    let plan = labkeep.plans()?.remove(0);
    let input = PlanInput {
        retention: last(1),
        ..plan.input
    };
    labkeep.update_plan(&plan.id, &input)?;
    for number in 0..2 {
        touch(&keeper, number)?;
        keeper.back_up().await?;
    }
    let id = with_copy(&keeper, Retention::default()).await?;
    let vault = copy(labkeep)?.input.from;
    assert!(labkeep.prune_due(&vault).await?);
    // As a copy does that another process makes.
    let locks = Home::at(keeper.home()).locks();
    fs::create_dir_all(&locks)?;
    let lock = fs::File::create(locks.join(format!("vault-copied-{vault}.lock")))?;
    lock.lock()?;
    let prune = labkeep.start_prune(&labkeep.plan_prune(&vault).await?)?;
    let detail = ended(labkeep, prune).await?;
    assert_eq!(detail.run.outcome, Some(Outcome::Aborted), "{detail:?}");
    let reason = detail.run.reason.context("a reason")?;
    assert!(reason.ends_with("is being copied."), "{reason}");

    let running = labkeep.start_copy(&id)?;
    assert!(!labkeep.prune_due(&vault).await?, "the copy reads it");
    drop(lock);
    complete(labkeep, running).await?;
    assert!(labkeep.prune_due(&vault).await?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_copies_into_one_vault_come_one_after_the_other() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let labkeep = &keeper.labkeep;
    keeper.back_up().await?;
    with_copy(&keeper, Retention::default()).await?;
    let first = copy(labkeep)?.input;
    let shared = vault_for_copies(&keeper, "shared").await?.id;
    // The plan goes to another vault from now on.
    let plan = labkeep.plans()?.remove(0);
    let input = PlanInput {
        vault: first.to.clone(),
        ..plan.input
    };
    labkeep.update_plan(&plan.id, &input)?;
    keeper.back_up().await?;
    for from in [first.from, first.to] {
        labkeep.create_copy(&CopyInput {
            from,
            to: shared.clone(),
            retention: Retention::default(),
        })?;
    }
    let mut due = labkeep.start_due_copies().await?;
    assert_eq!(due.len(), 2, "one into each vault");
    while !due.is_empty() {
        for run in due {
            complete(labkeep, run).await?;
        }
        due = labkeep.start_due_copies().await?;
    }
    assert_eq!(labkeep.snapshots(Some(&shared))?.len(), 2);
    Ok(())
}
