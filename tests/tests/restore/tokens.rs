//! A write token for one restore: asked for with a reason, used, and gone.

use anyhow::Result;
use labkeep_engine::Code;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::{Mark, TokenNeed};
use labkeep_tests::furnish::furnish;
use labkeep_tests::keeper::Keeper;
use labkeep_tests::world::{World, many};

use super::told;

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_shown_before_anything_is_created() -> Result<()> {
    let world = World::new(many(1))?;
    let made = furnish(&world).await?;
    let token = world.gitlab.tokens.minimal.clone();
    let keeper = Keeper::keep(world, &token, &[]).await?;
    let snapshot = keeper.back_up().await?;
    let gitlab = &keeper.world.gitlab;
    gitlab.reset_requests();
    let plan = keeper.plan(&keeper.request(made.project), None).await?;
    let asked = gitlab.requests();
    assert!(
        asked.routes.keys().all(|route| route.starts_with("GET ")),
        "{asked:?}"
    );
    let TokenNeed::Write { reason, page } = &plan.token else {
        panic!("a token that may only read is not enough");
    };
    assert!(
        reason.contains("may write") && reason.contains("not kept"),
        "{reason}"
    );
    assert!(page.starts_with(&format!(
        "{}/-/user_settings/personal_access_tokens?",
        gitlab.url
    )));
    assert!(page.contains("scopes=api"), "{page}");
    assert_eq!(plan.snapshot.id, snapshot.id);
    assert_eq!(plan.destination, format!("{}-restored", made.path));
    assert!(plan.requests > 0 && plan.duration_ms > 0 && plan.bytes > 0);
    let says = |mark: Mark, words: &str| {
        plan.lines
            .iter()
            .any(|line| line.mark == mark && line.text.contains(words))
    };
    for (mark, words) in [
        (Mark::Good, "2 branches and 2 tags; wiki"),
        (Mark::Good, "4 issues and 2 merge requests"),
        (Mark::Good, "Links of"),
        (Mark::Changed, "Authors become you"),
        (Mark::Changed, "invited again"),
    ] {
        assert!(says(mark, words), "{words}: {:#?}", plan.lines);
    }
    let admin = gitlab.tokens.admin.clone();
    let plan = keeper
        .plan(&keeper.request(made.project), Some(&admin))
        .await?;
    assert_eq!(plan.token, TokenNeed::None);
    assert!(
        plan.lines
            .iter()
            .any(|line| line.text.contains("are found by their"))
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_only_read_restores_nothing() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let (id, path) = keeper.world.gitlab.projects().swap_remove(0);
    keeper.back_up().await?;
    keeper.world.gitlab.delete_project(&path)?;
    let readers = [
        None,
        Some(keeper.world.gitlab.tokens.developer_read.clone()),
        Some(keeper.world.gitlab.tokens.expired.clone()),
        Some(keeper.world.gitlab.tokens.revoked.clone()),
        Some(keeper.world.gitlab.tokens.code_only.clone()),
    ];
    for token in readers {
        let token = token.as_deref().map(Into::into);
        let refused = keeper
            .labkeep
            .start_restore(keeper.request(id), token)
            .await;
        let error = refused.expect_err("it may not write");
        assert_eq!(error.code(), Code::Token, "{error}");
        assert!(!error.advice().hint.is_empty());
    }
    assert!(keeper.world.gitlab.projects().is_empty());
    let restores = keeper.labkeep.list_runs()?;
    assert_eq!(restores.len(), 1, "no run was begun: {restores:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_one_restore_is_kept_nowhere() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let gitlab = &keeper.world.gitlab;
    let (id, path) = gitlab.projects().swap_remove(0);
    keeper.back_up().await?;
    gitlab.delete_project(&path)?;
    let secrets = keeper.secrets()?;
    assert!(secrets.contains(&gitlab.tokens.minimal));
    let owner = gitlab.tokens.owner.clone();
    // A restore that goes wrong first, for errors are where secrets leak.
    gitlab.set_import_sources(false);
    let failed = keeper.restore(&keeper.request(id), &owner).await?;
    assert_eq!(failed.run.outcome, Some(Outcome::Failed));
    gitlab.set_import_sources(true);
    let detail = keeper.resume(&failed.run.id, &owner).await?;
    assert_eq!(
        detail.run.outcome,
        Some(Outcome::Complete),
        "{}",
        told(&detail)
    );

    assert_eq!(
        keeper.secrets()?,
        secrets,
        "the schedule's token was replaced"
    );
    assert_eq!(keeper.files_with(&owner)?, Vec::<std::path::PathBuf>::new());
    assert_eq!(
        keeper.files_with(&gitlab.tokens.minimal)?,
        Vec::<std::path::PathBuf>::new()
    );
    assert!(!told(&detail).contains(&owner) && !told(&failed).contains(&owner));
    // The next restore has to ask again.
    let plan = keeper.plan(&keeper.request(id), None).await?;
    assert!(matches!(plan.token, TokenNeed::Write { .. }));
    // The schedule goes on with its own.
    keeper.back_up().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_up_a_restore_asks_for_a_token_again() -> Result<()> {
    use std::str::FromStr;

    let keeper = Keeper::new(many(1)).await?;
    let gitlab = &keeper.world.gitlab;
    let (id, path) = gitlab.projects().swap_remove(0);
    keeper.back_up().await?;
    gitlab.delete_project(&path)?;
    gitlab.set_import_sources(false);
    let owner = gitlab.tokens.owner.clone();
    let failed = keeper.restore(&keeper.request(id), &owner).await?;
    gitlab.set_import_sources(true);
    let run = labkeep_settings::RunId::from_str(&failed.run.id)?;
    let refused = keeper.labkeep.resume_run(run, None).await;
    assert_eq!(refused.expect_err("no token").code(), Code::Token);
    assert!(gitlab.projects().is_empty());
    Ok(())
}
