//! Whole projects that are gone.

use anyhow::Result;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::{LossOf, Remedy, Severity};
use labkeep_tests::keeper::Keeper;
use labkeep_tests::world::{World, many};
use practice_gitlab::TokenRequest;

use crate::scene::{alarm, delete, gone, is_refused, run};

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_group_alarms_and_the_run_keeps_its_outcome() -> Result<()> {
    let keeper = Keeper::new(many(14)).await?;
    keeper.back_up().await?;
    assert!(!is_refused(&keeper.labkeep).await?);
    let paths = delete(&keeper, 12)?;
    let detail = run(&keeper).await?;
    assert_eq!(detail.run.outcome, Some(Outcome::Complete));
    let reason = detail.run.reason.clone().unwrap_or_default();
    assert!(reason.contains("12 of 14 projects"), "{reason}");
    assert!(
        detail
            .log
            .iter()
            .any(|line| line.message.contains("12 of 14 projects are gone")),
        "{:?}",
        detail.log
    );
    assert_eq!(gone(&keeper.labkeep)?, [(LossOf::Items, None, 12, 14)]);
    let home = keeper.labkeep.home_view()?;
    let line = home
        .attention
        .iter()
        .find(|one| one.key == format!("loss:{}", keeper.plan))
        .expect("the alarm is among what needs the user");
    assert_eq!(line.severity, Severity::Danger);
    assert_eq!(
        line.title,
        "Much is gone at GitLab: 12 of 14 projects of “Everything”"
    );
    assert!(line.detail.contains(&paths[0]), "{}", line.detail);
    assert!(line.detail.contains("and 7 more"), "{}", line.detail);
    assert!(
        line.detail
            .ends_with("Nothing is removed from the vault until you say that it was meant.")
    );
    assert_eq!(
        line.remedy,
        Some(Remedy::AnswerLoss {
            plan: keeper.plan.clone()
        })
    );
    assert!(is_refused(&keeper.labkeep).await?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_gitlab_alarms_however_few_projects_there_were() -> Result<()> {
    let keeper = Keeper::new(many(2)).await?;
    keeper.back_up().await?;
    delete(&keeper, 2)?;
    run(&keeper).await?;
    assert_eq!(gone(&keeper.labkeep)?, [(LossOf::Items, None, 2, 2)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn fewer_than_the_thresholds_are_no_alarm() -> Result<()> {
    let keeper = Keeper::new(many(14)).await?;
    keeper.back_up().await?;
    // Three of fourteen are less than a quarter.
    delete(&keeper, 3)?;
    keeper.back_up().await?;
    assert_eq!(gone(&keeper.labkeep)?, []);
    // Two more are: five of fourteen within a week.
    delete(&keeper, 2)?;
    keeper.back_up().await?;
    assert_eq!(gone(&keeper.labkeep)?, [(LossOf::Items, None, 5, 14)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_sees_less_alarms_and_says_both() -> Result<()> {
    let world = World::new(many(6))?;
    let user = "sees-some";
    world
        .gitlab
        .create_user(user, "Sees Some", "some@example.com");
    for (_, path) in world.gitlab.projects() {
        world.gitlab.set_role(user, &path, 30)?;
    }
    let request = TokenRequest::new(user, &["read_api", "read_repository"]);
    let token = world.gitlab.make_token(&request)?;
    let keeper = Keeper::keep(world, &token, &[]).await?;
    keeper.back_up().await?;
    for (_, path) in &keeper.world.gitlab.projects()[..4] {
        keeper.world.gitlab.set_role(user, path, 0)?;
    }
    run(&keeper).await?;
    assert_eq!(gone(&keeper.labkeep)?, [(LossOf::Items, None, 4, 6)]);
    let home = keeper.labkeep.home_view()?;
    let detail = &home.attention[0].detail;
    assert!(
        detail.contains("or this token does not see them any more"),
        "{detail}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_renamed_moved_or_left_out_is_not_gone() -> Result<()> {
    let keeper = Keeper::new(many(8)).await?;
    keeper.back_up().await?;
    let gitlab = &keeper.world.gitlab;
    let projects = gitlab.projects();
    for (number, (_, path)) in projects[..3].iter().enumerate() {
        gitlab.rename_project(path, &format!("renamed-{number}"))?;
    }
    gitlab.create_groups("elsewhere", &gitlab.users["owner"].username)?;
    for (_, path) in &projects[3..6] {
        gitlab.move_project(path, "elsewhere")?;
    }
    keeper.back_up().await?;
    assert_eq!(gone(&keeper.labkeep)?, []);
    let plan = keeper.labkeep.plans()?.remove(0);
    let mut input = plan.input;
    input.exclude = vec!["elsewhere/**".to_owned()];
    keeper.labkeep.update_plan(&plan.id, &input)?;
    keeper.back_up().await?;
    assert!(alarm(&keeper.labkeep)?.is_none());
    Ok(())
}
