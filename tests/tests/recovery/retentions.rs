//! How long snapshots stay when several machines, or several vaults, have a say.

use anyhow::{Context, Result};
use labkeep_engine::Labkeep;
use labkeep_engine::view::{CopyInput, PlanInput, Severity};
use labkeep_settings::Retention;
use labkeep_tests::keeper::Keeper;
use labkeep_tests::world::many;
use tempfile::TempDir;

use crate::scene::{
    back_up, complete, copy, last, other_key, place, said, touch, vault_for_copies,
};

fn keep(labkeep: &Labkeep, retention: Retention) -> Result<()> {
    let plan = labkeep.plans()?.remove(0);
    let input = PlanInput {
        retention,
        retention_open: false,
        ..plan.input
    };
    labkeep.update_plan(&plan.id, &input)?;
    Ok(())
}

/// A set-up Labkeep that keeps one snapshot, with three in its vault.
async fn three_where_one_stays() -> Result<Keeper> {
    let keeper = Keeper::new(many(1)).await?;
    keep(&keeper.labkeep, last(1))?;
    for number in 0..3 {
        touch(&keeper, number)?;
        keeper.back_up().await?;
    }
    Ok(keeper)
}

/// A machine that may read the same GitLab.
async fn other(keeper: &Keeper) -> Result<(Labkeep, TempDir)> {
    let token = keeper.world.gitlab.tokens.minimal.clone();
    keeper.other_machine(&token).await
}

async fn open(labkeep: &Labkeep, keeper: &Keeper, name: &str) -> Result<String> {
    let key = match name {
        "vault" => keeper.world.key.clone(),
        _ => other_key(keeper)?,
    };
    let folder = place(keeper, name).display().to_string();
    let opened = labkeep
        .open_vault(&folder, key.as_secret().clone(), None)
        .await?;
    Ok(opened.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retention_that_another_machine_made_longer_holds_here_as_well() -> Result<()> {
    let keeper = three_where_one_stays().await?;
    let (labkeep, _home) = other(&keeper).await?;
    let vault = open(&labkeep, &keeper, "vault").await?;
    assert_eq!(labkeep.plans()?[0].input.retention, last(1));
    keep(&keeper.labkeep, last(9))?;
    touch(&keeper, 9)?;
    keeper.back_up().await?;
    let plan = labkeep.plan_prune(&vault).await?;
    assert_eq!((plan.snapshots.len(), plan.goes().count()), (4, 0));
    assert_eq!(plan.snapshots[3].why, "last, as another machine wants it");
    assert!(!labkeep.prune_due(&vault).await?);
    // Also when this one made the newest of all.
    back_up(&labkeep, &keeper.plan).await?;
    assert_eq!(labkeep.plan_prune(&vault).await?.goes().count(), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_waits_for_a_token_removes_nothing_by_itself() -> Result<()> {
    let keeper = three_where_one_stays().await?;
    let home = tempfile::tempdir()?;
    let labkeep = labkeep_tests::keeper::open(home.path())?;
    let vault = open(&labkeep, &keeper, "vault").await?;
    assert_eq!(labkeep.plan_prune(&vault).await?.goes().count(), 2);
    assert!(!labkeep.prune_due(&vault).await?);
    assert_eq!(labkeep.start_due_prune(&vault).await?, None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_keeps_its_own_retention_in_whatever_order_vaults_are_opened() -> Result<()> {
    let keeper = three_where_one_stays().await?;
    let labkeep = &keeper.labkeep;
    let to = vault_for_copies(&keeper, "offsite").await?.id;
    let from = labkeep.vaults()?.remove(0).id;
    labkeep.create_copy(&CopyInput {
        from,
        to,
        retention: last(9),
    })?;
    touch(&keeper, 9)?;
    keeper.back_up().await?;
    complete(labkeep, labkeep.start_copy(&copy(labkeep)?.id)?).await?;

    let (labkeep, _home) = other(&keeper).await?;
    let offsite = open(&labkeep, &keeper, "offsite").await?;
    assert_eq!(labkeep.plans()?[0].input.retention, last(9));
    open(&labkeep, &keeper, "vault").await?;
    // What is decided about the plan does not shorten that of the copy.
    keep(&labkeep, last(1))?;
    let run = back_up(&labkeep, &keeper.plan).await?;
    assert!(run.run.snapshot.is_some(), "{run:?}");
    assert_eq!(labkeep.plan_prune(&offsite).await?.goes().count(), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_vault_says_is_asked_and_nothing_goes_before_it_is_answered() -> Result<()> {
    let keeper = three_where_one_stays().await?;
    vault_for_copies(&keeper, "offsite").await?;
    // By hand, so that no snapshot says how long it stays there.
    let run = keeper.labkeep.start_copy_between("vault", "offsite")?;
    complete(&keeper.labkeep, run).await?;

    let (labkeep, _home) = other(&keeper).await?;
    let offsite = open(&labkeep, &keeper, "offsite").await?;
    let plan = labkeep.plans()?.remove(0);
    assert!(plan.input.retention_open, "{plan:?}");
    let told = said(&labkeep, "retention:")?.context("it is said")?;
    assert_eq!(told.severity, Severity::Info);
    assert_eq!(
        told.detail,
        "The vault does not say how long this plan keeps its snapshots; nothing is removed until you choose."
    );
    back_up(&labkeep, &plan.id).await?;
    let planned = labkeep.plan_prune(&offsite).await?;
    assert_eq!((planned.snapshots.len(), planned.goes().count()), (4, 0));
    for line in &planned.snapshots {
        assert_eq!(line.why, "nobody has chosen yet how long it stays");
    }
    assert!(!labkeep.prune_due(&offsite).await?);
    // The new snapshot does not say it either, so that nobody takes it for an
    // answer; and a plan that is changed otherwise is none.
    let input = PlanInput {
        name: "Nightly".to_owned(),
        ..plan.input.clone()
    };
    assert!(labkeep.update_plan(&plan.id, &input)?.input.retention_open);
    let (again, _home) = other(&keeper).await?;
    open(&again, &keeper, "offsite").await?;
    assert!(again.plans()?[0].input.retention_open);

    // What would go by an answer can be seen before it is given.
    let preview = labkeep.preview_retention(&plan.id, last(1)).await?;
    assert_eq!(preview.goes().count(), 3);
    keep(&labkeep, last(1))?;
    assert_eq!(labkeep.plan_prune(&offsite).await?.goes().count(), 3);
    assert!(said(&labkeep, "retention:")?.is_none());
    assert!(labkeep.prune_due(&offsite).await?);
    Ok(())
}
