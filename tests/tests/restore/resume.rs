//! A restore that stops anywhere goes on where it stopped, and nothing is
//! created twice.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::{RestoreRequest, RunDetail};
use labkeep_settings::RunId;
use labkeep_tests::furnish::{Furnished, furnish};
use labkeep_tests::keeper::{self, Keeper};
use labkeep_tests::restored::{self, Authors};
use labkeep_tests::world::{World, many};
use practice_gitlab::{Action, FaultRule};

use super::told;

/// The request at which a restore is held, by the stage that it is in.
const STAGES: [(&str, &str); 4] = [
    ("uploading", "POST /projects/import"),
    ("importing", "GET /projects/:id/import"),
    ("linking", LINK),
    ("comparing", "GET /projects/:id/issues"),
];

const LINK: &str = "POST /projects/:id/issues/:issue_iid/links";

async fn furnished() -> Result<(Keeper, Furnished)> {
    let world = World::new(many(1))?;
    let made = furnish(&world).await?;
    let token = world.gitlab.tokens.minimal.clone();
    let keeper = Keeper::keep(world, &token, &[]).await?;
    keeper.back_up().await?;
    Ok((keeper, made))
}

/// Waits until a route was asked.
async fn asked(keeper: &Keeper, route: &str) -> Result<()> {
    for _ in 0..2000 {
        if keeper.world.gitlab.requests().count(route) > 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    anyhow::bail!("{route} was never asked")
}

fn hold(keeper: &Keeper, route: &str) {
    let action = Action::Delay {
        milliseconds: 60_000,
    };
    keeper.world.gitlab.reset_requests();
    keeper
        .world
        .gitlab
        .set_faults(vec![FaultRule::new(route, action)]);
}

/// The run is Complete, there is one project more, and it is whole.
async fn is_whole(
    keeper: &Keeper,
    made: &Furnished,
    detail: &RunDetail,
    before: usize,
) -> Result<()> {
    ensure!(
        detail.run.outcome == Some(Outcome::Complete),
        "{}",
        told(detail)
    );
    let projects = keeper.world.gitlab.projects();
    ensure!(projects.len() == before + 1, "{projects:?}");
    let url = detail.run.result_url.clone().context("a page")?;
    let path = url
        .strip_prefix(&format!("{}/", keeper.world.gitlab.url))
        .context("a page of this GitLab")?;
    let snapshot = keeper.labkeep.find_snapshot("latest")?;
    let saved = keeper.saved(&snapshot)?;
    restored::check(&keeper.world, &saved, made.item(), path, Authors::Named).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_cancelled_at_any_stage_goes_on_where_it_stopped() -> Result<()> {
    let (keeper, made) = furnished().await?;
    let owner = keeper.world.gitlab.tokens.owner.clone();
    for (stage, route) in STAGES {
        let before = keeper.world.gitlab.projects().len();
        hold(&keeper, route);
        let token = Some(owner.as_str().into());
        let request = keeper.request(made.project);
        let run = keeper.labkeep.start_restore(request, token).await?;
        asked(&keeper, route).await.context(stage)?;
        keeper.labkeep.cancel_run(run)?;
        let stopped = keeper.ended(run).await?;
        assert_eq!(
            stopped.run.outcome,
            Some(Outcome::Aborted),
            "{}",
            told(&stopped)
        );
        assert!(stopped.run.resumable);
        assert!(stopped.run.reason.is_some() && stopped.run.remedy.is_some());
        keeper.world.gitlab.set_faults(Vec::new());
        let detail = keeper.resume(&stopped.run.id, &owner).await?;
        is_whole(&keeper, &made, &detail, before)
            .await
            .context(stage)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_cancelled_before_it_sends_anything_goes_on() -> Result<()> {
    let (keeper, made) = furnished().await?;
    let owner = keeper.world.gitlab.tokens.owner.clone();
    let before = keeper.world.gitlab.projects().len();
    let token = Some(owner.as_str().into());
    let request = keeper.request(made.project);
    let run = keeper.labkeep.start_restore(request, token).await?;
    keeper.labkeep.cancel_run(run)?;
    let stopped = keeper.ended(run).await?;
    assert_eq!(
        stopped.run.outcome,
        Some(Outcome::Aborted),
        "{}",
        told(&stopped)
    );
    assert_eq!(
        keeper
            .world
            .gitlab
            .requests()
            .count("POST /projects/import"),
        0
    );
    let detail = keeper.resume(&stopped.run.id, &owner).await?;
    is_whole(&keeper, &made, &detail, before).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_whose_process_dies_at_any_stage_goes_on_where_it_stopped() -> Result<()> {
    let (mut keeper, made) = furnished().await?;
    let owner = keeper.world.gitlab.tokens.owner.clone();
    for (stage, route) in STAGES {
        let before = keeper.world.gitlab.projects().len();
        hold(&keeper, route);
        let mut child = other_process(&keeper, &keeper.request(made.project), &owner)?;
        let waited = asked(&keeper, route).await.context(stage);
        child.kill()?;
        child.wait()?;
        waited?;
        keeper.world.gitlab.set_faults(Vec::new());
        keeper.start_again()?;
        let run = keeper.labkeep.list_runs()?.swap_remove(0);
        assert_eq!(run.outcome, Some(Outcome::Aborted));
        assert!(run.resumable, "{run:?}");
        let scratch = keeper.home().join("cache/scratch");
        let left = std::fs::read_dir(scratch)?.count();
        assert_eq!(left, 0, "what was unpacked lies about");
        let detail = keeper.resume(&run.id, &owner).await?;
        is_whole(&keeper, &made, &detail, before)
            .await
            .context(stage)?;
    }
    Ok(())
}

/// Starts the restore in a process of its own; the token goes in by stdin.
fn other_process(keeper: &Keeper, request: &RestoreRequest, token: &str) -> Result<Child> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--exact", "--ignored", "resume::restore_in_this_process"])
        .env("LABKEEP_TEST_HOME", keeper.home())
        .env("LABKEEP_TEST_REQUEST", serde_json::to_string(request)?)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let mut stdin = child.stdin.take().context("a pipe was asked for")?;
    stdin.write_all(token.as_bytes())?;
    Ok(child)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the process that another test ends"]
async fn restore_in_this_process() -> Result<()> {
    let home = std::env::var("LABKEEP_TEST_HOME")?;
    let request: RestoreRequest = serde_json::from_str(&std::env::var("LABKEEP_TEST_REQUEST")?)?;
    let token = std::io::read_to_string(std::io::stdin())?;
    let labkeep = keeper::open(home.as_ref())?;
    let run = labkeep
        .start_restore(request, Some(token.as_str().into()))
        .await?;
    labkeep.wait_for(run).await?;
    Ok(())
}

/// Every request that a restore sends.
const ROUTES: [&str; 9] = [
    "POST /projects/import",
    "GET /projects/:id/import",
    LINK,
    "GET /projects/:id",
    "GET /projects/:id/issues",
    "GET /projects/:id/merge_requests",
    "GET /projects/:id/labels",
    "GET /projects/:id/milestones",
    "POST git-upload-pack",
];

/// Restores with one sort of fault at the first use of every route, taking up
/// what failed, until it is Complete.
async fn through(action: Action) -> Result<()> {
    let (keeper, made) = furnished().await?;
    let owner = keeper.world.gitlab.tokens.owner.clone();
    let before = keeper.world.gitlab.projects().len();
    let token = Some(owner.as_str().into());
    let faults = ROUTES.map(|route| FaultRule::new(route, action.clone()).first(1));
    keeper.world.gitlab.set_faults(faults.to_vec());
    let request = keeper.request(made.project);
    let run = keeper.labkeep.start_restore(request, token).await?;
    let mut detail = keeper.ended(run).await?;
    for _ in 0..ROUTES.len() {
        if detail.run.outcome == Some(Outcome::Complete) {
            break;
        }
        assert_eq!(
            detail.run.outcome,
            Some(Outcome::Failed),
            "{}",
            told(&detail)
        );
        assert!(detail.run.resumable && detail.run.remedy.is_some());
        detail = keeper.resume(&detail.run.id, &owner).await?;
    }
    keeper.world.gitlab.set_faults(Vec::new());
    is_whole(&keeper, &made, &detail, before).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_waits_for_closed_limits() -> Result<()> {
    through(Action::Throttle { retry_after: 1 }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_survives_a_failing_server() -> Result<()> {
    through(Action::status(502)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_survives_cut_connections() -> Result<()> {
    through(Action::Reset { after_bytes: 0 }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_makes_no_second_project_and_no_second_link() -> Result<()> {
    through(Action::Reset { after_bytes: 1 }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_cut_short_makes_no_second_project() -> Result<()> {
    through(Action::Truncate { after_bytes: 1 }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_of_somebody_else_is_never_taken_for_the_restored_one() -> Result<()> {
    let (keeper, made) = furnished().await?;
    let gitlab = &keeper.world.gitlab;
    let owner = gitlab.tokens.owner.clone();
    gitlab.delete_project(&made.path)?;
    // Nothing is answered until the sendings are used up.
    let rule = FaultRule::new("POST /projects/import", Action::status(502));
    gitlab.set_faults(vec![rule]);
    let failed = keeper
        .restore(&keeper.request(made.project), &owner)
        .await?;
    assert_eq!(
        failed.run.outcome,
        Some(Outcome::Failed),
        "{}",
        told(&failed)
    );
    gitlab.set_faults(Vec::new());
    let theirs = gitlab.create_project(&made.path, "max")?;
    let again = keeper.resume(&failed.run.id, &owner).await?;
    assert_eq!(again.run.outcome, Some(Outcome::Failed), "{}", told(&again));
    let reason = again.run.reason.context("a reason")?;
    assert!(reason.contains("ever overwritten"), "{reason}");
    assert_eq!(gitlab.project_id(&made.path)?, theirs);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ended_well_is_not_taken_up_again() -> Result<()> {
    let (keeper, made) = furnished().await?;
    let owner = keeper.world.gitlab.tokens.owner.clone();
    let detail = keeper
        .restore(&keeper.request(made.project), &owner)
        .await?;
    let id = RunId::from_str(&detail.run.id)?;
    let again = keeper
        .labkeep
        .resume_run(id, Some(owner.as_str().into()))
        .await;
    assert!(again.is_err());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_was_deleted_since_is_imported_anew() -> Result<()> {
    let (keeper, made) = furnished().await?;
    let gitlab = &keeper.world.gitlab;
    let owner = gitlab.tokens.owner.clone();
    let before = gitlab.projects();
    let route = "GET /projects/:id/issues";
    hold(&keeper, route);
    let request = keeper.request(made.project);
    let token = Some(owner.as_str().into());
    let run = keeper.labkeep.start_restore(request, token).await?;
    asked(&keeper, route).await?;
    keeper.labkeep.cancel_run(run)?;
    let stopped = keeper.ended(run).await?;
    gitlab.set_faults(Vec::new());
    let projects = gitlab.projects();
    let (_, restored) = projects
        .iter()
        .find(|project| !before.contains(project))
        .context("it was imported")?;
    gitlab.delete_project(restored)?;
    let detail = keeper.resume(&stopped.run.id, &owner).await?;
    is_whole(&keeper, &made, &detail, before.len()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_is_refused_does_not_undo_the_import() -> Result<()> {
    let (keeper, made) = furnished().await?;
    let gitlab = &keeper.world.gitlab;
    let owner = gitlab.tokens.owner.clone();
    let before = gitlab.projects().len();
    // The answer to the import is lost, and then nobody may look.
    gitlab.set_faults(vec![
        FaultRule::new("POST /projects/import", Action::Truncate { after_bytes: 1 }),
        FaultRule::new("GET /projects/:id/import", Action::status(403)),
    ]);
    let request = keeper.request(made.project);
    let failed = keeper.restore(&request, &owner).await?;
    assert_eq!(
        failed.run.outcome,
        Some(Outcome::Failed),
        "{}",
        told(&failed)
    );
    gitlab.set_faults(Vec::new());
    let detail = keeper.resume(&failed.run.id, &owner).await?;
    is_whole(&keeper, &made, &detail, before).await
}
