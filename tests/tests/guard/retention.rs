//! How long snapshots stay: pins, second copies, what other machines removed.

use std::sync::Arc;

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use labkeep_engine::Labkeep;
use labkeep_engine::clock::Clock;
use labkeep_engine::keep::SnapshotRef;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::{AttentionView, CopyInput, Remedy, Severity};
use labkeep_settings::Retention;
use labkeep_tests::keeper::Keeper;
use labkeep_tests::world::{Wish, World, many};
use labkeep_vault::{CreateOptions, Location, SnapshotId, Vault, VaultKey};
use practice_gitlab::TokenRequest;

use crate::scene::{restic, touch};

fn last(number: u32) -> Retention {
    Retention {
        last: number,
        daily: 0,
        weekly: 0,
        monthly: 0,
        ..Retention::default()
    }
}

async fn several(keeper: &Keeper, number: usize) -> Result<Vec<SnapshotRef>> {
    let mut made = Vec::new();
    for number in 0..number {
        touch(keeper, number)?;
        made.push(keeper.back_up().await?);
    }
    Ok(made)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_snapshot_survives_every_retention_until_it_is_unpinned() -> Result<()> {
    let keeper = Keeper::new(many(2)).await?;
    let made = several(&keeper, 4).await?;
    keeper.labkeep.pin_snapshot(&made[0], true).await?;
    keeper.keep_last(1)?;
    let vault = keeper.labkeep.vaults()?.remove(0).id;
    let plan = keeper.labkeep.plan_prune(&vault).await?;
    let line = plan.snapshots.last().context("four lines")?;
    assert_eq!(
        (line.id.as_str(), line.why.as_str()),
        (made[0].id.as_str(), "pinned")
    );
    let detail = keeper.ended(keeper.labkeep.start_prune(&plan)?).await?;
    assert_eq!(
        detail.run.outcome,
        Some(Outcome::Complete),
        "{:?}",
        detail.run
    );
    let left: Vec<String> = keeper
        .labkeep
        .snapshots(None)?
        .into_iter()
        .map(|s| s.id)
        .collect();
    assert_eq!(left, [made[3].id.clone(), made[0].id.clone()]);

    let check = restic(&keeper, &["check", "--read-data"])?;
    assert!(check.contains("no errors were found"), "{check}");
    let listed: serde_json::Value =
        serde_json::from_str(&restic(&keeper, &["snapshots", "--json"])?)?;
    assert_eq!(listed.as_array().map(Vec::len), Some(2));

    keeper.labkeep.pin_snapshot(&made[0], false).await?;
    let plan = keeper.labkeep.plan_prune(&vault).await?;
    assert_eq!(
        plan.goes().map(|line| line.id.as_str()).collect::<Vec<_>>(),
        [made[0].id.as_str()]
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn pins_survive_the_loss_of_their_notes() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let made = several(&keeper, 3).await?;
    keeper.labkeep.pin_snapshot(&made[0], true).await?;
    let notes = keeper.world.folder.path().join("vault/labkeep/pinned");
    std::fs::remove_dir_all(&notes)?;
    keeper.keep_last(1)?;
    let vault = keeper.labkeep.vaults()?.remove(0).id;
    let plan = keeper.labkeep.plan_prune(&vault).await?;
    let going: Vec<&str> = plan.goes().map(|line| line.id.as_str()).collect();
    assert_eq!(going, [made[1].id.as_str()]);
    assert!(
        notes.join(&made[0].id).exists(),
        "every machine knows again"
    );
    let pinned = keeper.labkeep.snapshots(None)?;
    assert_eq!(pinned.iter().filter(|one| one.pinned).count(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_read_any_more_keeps_its_last_copy() -> Result<()> {
    let world = World::new(many(4))?;
    let gitlab = &world.gitlab;
    let user = "comes-back";
    gitlab.create_user(user, "Comes Back", "back@example.com");
    let paths: Vec<String> = gitlab.projects().into_iter().map(|(_, p)| p).collect();
    for path in &paths {
        gitlab.set_role(user, path, 30)?;
    }
    let request = TokenRequest::new(user, &["read_api", "read_repository"]);
    let token = gitlab.make_token(&request)?;
    let keeper = Keeper::keep(world, &token, &[]).await?;
    let whole = keeper.back_up().await?;
    // Out of sight for a while, then back as a Guest's.
    let gitlab = &keeper.world.gitlab;
    gitlab.set_role(user, &paths[0], 0)?;
    crate::scene::run(&keeper).await?;
    gitlab.set_role(user, &paths[0], 10)?;
    crate::scene::run(&keeper).await?;
    keeper.keep_last(1)?;
    let vault = keeper.labkeep.vaults()?.remove(0).id;
    let plan = keeper.labkeep.plan_prune(&vault).await?;
    let line = plan.snapshots.last().context("three lines")?;
    assert_eq!(line.id, whole.id);
    assert_eq!(
        (line.stays, line.why.as_str()),
        (true, "the last whole copy of 1 item")
    );
    assert_eq!(plan.goes().count(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shown_plan_is_not_executed_after_a_snapshot_was_pinned() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let made = several(&keeper, 3).await?;
    keeper.keep_last(1)?;
    let vault = keeper.labkeep.vaults()?.remove(0).id;
    let plan = keeper.labkeep.plan_prune(&vault).await?;
    // By another machine: this one does not know.
    let id: SnapshotId = made[0].id.parse()?;
    keeper.world.vault.pin(id)?;
    let detail = keeper.ended(keeper.labkeep.start_prune(&plan)?).await?;
    assert_eq!(detail.run.outcome, Some(Outcome::Failed));
    assert_eq!(keeper.world.vault.snapshots()?.len(), 3);
    // Nobody may be watching: it is told until a later one goes well.
    let told = |labkeep: &Labkeep| -> Result<Option<AttentionView>> {
        let all = labkeep.home_view()?.attention;
        Ok(all.into_iter().find(|one| one.key.starts_with("prune:")))
    };
    let warning = told(&keeper.labkeep)?.context("a warning")?;
    assert_eq!(warning.severity, Severity::Warning);
    let run = detail.run.id;
    assert_eq!(warning.remedy, Some(Remedy::ShowRun { run }));
    let plan = keeper.labkeep.plan_prune(&vault).await?;
    let detail = keeper.ended(keeper.labkeep.start_prune(&plan)?).await?;
    assert_eq!(detail.run.outcome, Some(Outcome::Complete));
    assert_eq!(told(&keeper.labkeep)?, None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_copy_keeps_its_snapshots_by_its_own_retention() -> Result<()> {
    let keeper = Keeper::new(many(2)).await?;
    let made = several(&keeper, 4).await?;
    let first = keeper.labkeep.vaults()?.remove(0);
    let location = keeper.world.folder.path().join("second");
    let key = VaultKey::generate();
    let second = Vault::create(
        &Location::folder(&location)?,
        &key,
        CreateOptions::default(),
    )?;
    let ids: Vec<SnapshotId> = made
        .iter()
        .map(|one| Ok(one.id.parse()?))
        .collect::<Result<_>>()?;
    keeper
        .world
        .vault
        .copy_to(&second, &ids, labkeep_vault::unobserved())?;
    let view = keeper
        .labkeep
        .open_vault(
            &location.display().to_string(),
            key.as_secret().clone(),
            None,
        )
        .await?;
    // Nobody has said yet how long they stay there.
    keeper.keep_last(1)?;
    let plan = keeper.labkeep.plan_prune(&view.id).await?;
    assert_eq!((plan.snapshots.len(), plan.goes().count()), (4, 0));
    assert!(!keeper.labkeep.prune_due(&view.id).await?);
    keeper.labkeep.create_copy(&CopyInput {
        from: first.id.clone(),
        to: view.id.clone(),
        retention: last(3),
    })?;
    let there = keeper.labkeep.plan_prune(&view.id).await?;
    assert_eq!(there.goes().count(), 1);
    let here = keeper.labkeep.plan_prune(&first.id).await?;
    assert_eq!(here.goes().count(), 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_machine_removed_is_neither_lost_nor_a_surprise() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let made = several(&keeper, 3).await?;
    let id: SnapshotId = made[0].id.parse()?;
    keeper.world.vault.forget(&[id])?;
    let vault = keeper.labkeep.vaults()?.remove(0).id;
    let check = keeper.labkeep.start_check(&vault, 0).await?;
    let detail = keeper.ended(check).await?;
    assert_eq!(
        detail.run.outcome,
        Some(Outcome::Complete),
        "{:?}",
        detail.run
    );
    assert_eq!(keeper.labkeep.snapshots(None)?.len(), 2);
    let plan = keeper.labkeep.plan_prune(&vault).await?;
    assert_eq!(plan.snapshots.len(), 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_backup_holds_back_the_prune_that_is_due() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    several(&keeper, 3).await?;
    keeper.keep_last(1)?;
    let vault = keeper.labkeep.vaults()?.remove(0).id;
    assert!(keeper.labkeep.prune_due(&vault).await?);
    keeper
        .world
        .gitlab
        .set_faults(vec![practice_gitlab::FaultRule::new(
            "GET /projects",
            practice_gitlab::Action::status(404),
        )]);
    let run = crate::scene::run(&keeper).await?;
    assert_ne!(run.run.outcome, Some(Outcome::Complete));
    assert_eq!(run.run.snapshot, None, "{:?}", run.run);
    assert!(!keeper.labkeep.prune_due(&vault).await?);
    keeper.world.gitlab.set_faults(Vec::new());
    keeper.back_up().await?;
    assert!(keeper.labkeep.prune_due(&vault).await?);
    Ok(())
}

/// A year ahead.
struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_hours(365 * 24)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_a_clock_that_is_ahead_says_when_it_really_was() -> Result<()> {
    let world = World::new(many(1))?;
    let wish = Wish {
        clock: Some(Arc::new(Ahead)),
        ..Wish::default()
    };
    let head = world.back_up(wish).await?.head;
    let hour = SignedDuration::from_hours(1);
    assert!(head.started > Timestamp::now() + hour, "{head:?}");
    assert!(head.ended < Timestamp::now() + hour, "{head:?}");
    Ok(())
}
