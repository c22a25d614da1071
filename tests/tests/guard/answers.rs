//! The alarm until somebody answers it, and what an answer does.

use anyhow::{Context, Result};
use labkeep_engine::Error;
use labkeep_engine::outcome::Outcome;
use labkeep_tests::keeper::Keeper;
use labkeep_tests::world::many;

use crate::scene::{alarm, answer, delete, gone, is_refused, run, touch};

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_survives_restarts_and_further_backups() -> Result<()> {
    let mut keeper = Keeper::new(many(6)).await?;
    keeper.back_up().await?;
    delete(&keeper, 4)?;
    let first = keeper.back_up().await?;
    keeper.start_again()?;
    touch(&keeper, 1)?;
    keeper.back_up().await?;
    let open = alarm(&keeper.labkeep)?.context("an alarm")?;
    assert_eq!(open.snapshot, first.id, "the first that lacks something");
    assert_eq!(open.losses.len(), 1);
    assert!(is_refused(&keeper.labkeep).await?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_prunes_until_the_answer_and_then_it_goes_on() -> Result<()> {
    let keeper = Keeper::new(many(6)).await?;
    for number in 0..3 {
        touch(&keeper, number)?;
        keeper.back_up().await?;
    }
    keeper.keep_last(1)?;
    let vault = keeper.labkeep.vaults()?.remove(0).id;
    let shown = keeper.labkeep.plan_prune(&vault).await?;
    assert_eq!(shown.goes().count(), 2);
    assert!(keeper.labkeep.prune_due(&vault).await?);
    delete(&keeper, 4)?;
    keeper.back_up().await?;
    // By the window, with a plan from before, and by itself.
    assert!(is_refused(&keeper.labkeep).await?);
    assert!(matches!(
        keeper.labkeep.start_prune(&shown),
        Err(Error::LossUnanswered { .. })
    ));
    assert!(!keeper.labkeep.prune_due(&vault).await?);
    assert_eq!(keeper.labkeep.start_due_prune(&vault).await?, None);
    assert_eq!(keeper.labkeep.snapshots(None)?.len(), 4);

    let said = answer(&keeper, true).await?;
    assert!(said.ended);
    assert!(alarm(&keeper.labkeep)?.is_none());
    let run = keeper.labkeep.start_due_prune(&vault).await?;
    let detail = keeper.ended(run.context("a prune is due")?).await?;
    assert_eq!(detail.run.outcome, Some(Outcome::Complete));
    // The newest, and the last one that has the deleted projects.
    assert_eq!(keeper.labkeep.snapshots(None)?.len(), 2);
    // Once a day, however often it is asked.
    touch(&keeper, 9)?;
    keeper.back_up().await?;
    assert_eq!(keeper.labkeep.start_due_prune(&vault).await?, None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loss_that_was_not_meant_keeps_what_was_before() -> Result<()> {
    let keeper = Keeper::new(many(6)).await?;
    let before = keeper.back_up().await?;
    let paths = delete(&keeper, 4)?;
    keeper.back_up().await?;
    let said = answer(&keeper, false).await?;
    assert!(!said.ended);
    assert_eq!(said.pinned.as_ref(), Some(&before.id));
    assert!(said.advice.hint.contains(&paths[0]), "{:?}", said.advice);
    assert!(is_refused(&keeper.labkeep).await?);
    let pinned: Vec<String> = keeper
        .labkeep
        .snapshots(None)?
        .into_iter()
        .filter(|snapshot| snapshot.pinned)
        .map(|snapshot| snapshot.id)
        .collect();
    assert_eq!(pinned, [before.id]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_machine_sees_the_loss_the_pin_and_later_the_answer() -> Result<()> {
    let keeper = Keeper::new(many(6)).await?;
    let before = keeper.back_up().await?;
    delete(&keeper, 4)?;
    keeper.back_up().await?;
    keeper.labkeep.pin_snapshot(&before, true).await?;

    let token = keeper.world.gitlab.tokens.minimal.clone();
    let (other, _home) = keeper.other_machine(&token).await?;
    let location = keeper.world.folder.path().join("vault");
    let key = keeper.world.key.as_secret().clone();
    other
        .open_vault(&location.display().to_string(), key, None)
        .await?;
    let losses = other.losses(None)?;
    assert_eq!(losses.len(), 1);
    assert_eq!(losses[0].plan, keeper.plan);
    assert!(
        other
            .home_view()?
            .attention
            .iter()
            .any(|one| one.key == format!("loss:{}", keeper.plan))
    );
    assert!(is_refused(&other).await?);
    let pinned = other.snapshots(None)?.into_iter().filter(|one| one.pinned);
    assert_eq!(
        pinned.map(|one| one.id).collect::<Vec<_>>(),
        std::slice::from_ref(&before.id)
    );

    answer(&keeper, true).await?;
    keeper.labkeep.pin_snapshot(&before, false).await?;
    assert!(is_refused(&other).await?, "it cannot know yet");
    touch(&keeper, 1)?;
    keeper.back_up().await?;
    assert!(!is_refused(&other).await?);
    assert!(other.snapshots(None)?.iter().all(|one| !one.pinned));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_answer_only_new_losses_alarm() -> Result<()> {
    let keeper = Keeper::new(many(10)).await?;
    keeper.back_up().await?;
    delete(&keeper, 3)?;
    run(&keeper).await?;
    assert_eq!(gone(&keeper.labkeep)?.len(), 1);
    let seen = alarm(&keeper.labkeep)?.context("an alarm")?.last;
    keeper.labkeep.answer_loss("everything", true, seen).await?;
    delete(&keeper, 1)?;
    run(&keeper).await?;
    assert_eq!(gone(&keeper.labkeep)?, []);
    delete(&keeper, 2)?;
    run(&keeper).await?;
    // Three of the seven that there were after the answer.
    let (_, _, number, before) = gone(&keeper.labkeep)?.remove(0);
    assert_eq!((number, before), (3, 7));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_about_what_was_shown_and_not_about_what_is_lost_meanwhile() -> Result<()> {
    let keeper = Keeper::new(many(12)).await?;
    keeper.back_up().await?;
    delete(&keeper, 4)?;
    keeper.back_up().await?;
    let shown = alarm(&keeper.labkeep)?.context("an alarm")?.last;
    // While somebody looks at it, the schedule goes on.
    delete(&keeper, 4)?;
    let worse = keeper.back_up().await?;
    let plan = &keeper.plan;
    let said = keeper.labkeep.answer_loss(plan, true, shown).await?;
    assert!(!said.ended, "{:?}", said.advice);
    let open = alarm(&keeper.labkeep)?.context("what nobody has seen")?;
    assert_eq!((open.snapshot, open.losses.len()), (worse.id, 1));
    assert!(is_refused(&keeper.labkeep).await?);
    assert!(answer(&keeper, true).await?.ended);
    assert!(!is_refused(&keeper.labkeep).await?);
    Ok(())
}
