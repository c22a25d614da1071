//! One run writes to a vault at a time; others queue, say so, and can be
//! cancelled while they do, in this process and in others.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use labkeep_engine::keep::BackupWish;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::{Phase, PlanInput, RunState, ScheduleView};
use labkeep_tests::keeper::Keeper;
use labkeep_tests::world::{World, many};
use practice_gitlab::{Action, FaultRule, Running};
use serde_json::Value;

use crate::machine::Machine;

/// The route that the first run is held at.
const GIT: &str = "POST git-upload-pack";

/// Holds every fetch, so that the first run keeps its turn.
fn hold(gitlab: &Running) {
    let slow = Action::Delay {
        milliseconds: 60_000,
    };
    gitlab.reset_requests();
    gitlab.set_faults(vec![FaultRule::new(GIT, slow)]);
}

/// Waits until something holds.
async fn until(what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    let end = Instant::now() + Duration::from_mins(1);
    while !holds()? {
        ensure!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_plan_of_a_vault_waits_and_can_be_cancelled() -> Result<()> {
    let world = World::new(many(2))?;
    let token = world.gitlab.tokens.minimal.clone();
    let projects = world.gitlab.projects();
    let keeper = Keeper::keep(world, &token, &[&projects[0].1]).await?;
    let labkeep = &keeper.labkeep;
    let first = labkeep.plans()?.swap_remove(0);
    let other = labkeep.create_plan(&PlanInput {
        name: "other".to_owned(),
        account: keeper.account.clone(),
        vault: first.input.vault.clone(),
        include: vec![projects[1].1.clone()],
        exclude: Vec::new(),
        kinds: None,
        schedule: ScheduleView::Manual,
        retention: labkeep_settings::Retention::default(),
        retention_open: false,
    })?;
    let gitlab = &keeper.world.gitlab;
    let wish = BackupWish::default();
    hold(gitlab);
    let running = labkeep.start_backup(&keeper.plan, wish)?;
    let fetches = || gitlab.requests().count(GIT);
    until("the first run fetches", || Ok(fetches() > 0)).await?;

    let queued = labkeep.start_backup(&other.id, wish)?;
    let asked = gitlab.requests().total;
    let seen = labkeep.running();
    let of = |id: &str| seen.iter().find(|progress| progress.run == id);
    let waiting = of(&queued.to_string()).context("it is under way")?;
    assert_eq!(
        (waiting.state, waiting.phase),
        (RunState::Queued, Phase::Waiting)
    );
    assert_eq!(labkeep.run_view(queued)?.state, RunState::Queued);
    assert_eq!(labkeep.run_view(running)?.state, RunState::Running);
    labkeep.cancel_run(queued)?;
    let began = Instant::now();
    let cancelled = keeper.ended(queued).await?;
    ensure!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(cancelled.run.outcome, Some(Outcome::Aborted));
    assert_eq!(gitlab.requests().total, asked, "who waits asks for nothing");
    assert_eq!(labkeep.run_view(running)?.state, RunState::Running);

    let queued = labkeep.start_backup(&other.id, wish)?;
    labkeep.cancel_run(running)?;
    assert_eq!(
        keeper.ended(running).await?.run.outcome,
        Some(Outcome::Aborted)
    );
    gitlab.set_faults(Vec::new());
    keeper.ended(queued).await?;

    let both = [
        labkeep.start_backup(&keeper.plan, wish)?,
        labkeep.start_backup(&other.id, wish)?,
    ];
    let mut spans = Vec::new();
    for run in both {
        let run = keeper.ended(run).await?.run;
        assert_eq!(run.outcome, Some(Outcome::Complete), "{run:?}");
        spans.push((run.started_at, run.ended_at.context("an end")?));
    }
    never_both(&mut spans)
}

fn never_both(spans: &mut [(i64, i64)]) -> Result<()> {
    spans.sort_unstable();
    for pair in spans.windows(2) {
        ensure!(
            pair[0].1 <= pair[1].0,
            "two wrote at the same time: {spans:?}"
        );
    }
    Ok(())
}

fn span(run: &Value) -> Result<(i64, i64)> {
    let at = |name: &str| {
        run[name]
            .as_i64()
            .with_context(|| format!("{name} in {run}"))
    };
    Ok((at("started_at")?, at("ended_at")?))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_process_waits_and_can_be_cancelled_by_a_third() -> Result<()> {
    let machine = Machine::new(2, "standard")?;
    machine.make_plan("other", "disk", &[])?;
    let gitlab = &machine.world.gitlab;
    hold(gitlab);
    let running = machine.begin(&["backup", "all"], "")?;
    let fetches = || gitlab.requests().count(GIT);
    until("the first run fetches", || Ok(fetches() > 0)).await?;
    let waiting = machine.begin(&["backup", "other"], "")?;
    let mut queued = None;
    until("the second run is listed", || {
        let runs = machine.runs()?;
        queued = runs.into_iter().find(|run| run["subject"] == "other");
        Ok(queued.is_some())
    })
    .await?;
    let queued = queued.context("it is listed")?;
    assert_eq!(queued["state"], "queued", "{queued}");
    let id = queued["id"].as_str().context("an ID")?;
    let asked = gitlab.requests().total;
    machine.json(&["cancel", id])?;
    let began = Instant::now();
    assert_eq!(waiting.end()?, Some(4));
    ensure!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(gitlab.requests().total, asked, "who waits asks for nothing");

    let waiting = machine.begin(&["backup", "other"], "")?;
    gitlab.set_faults(Vec::new());
    let first = machine.runs()?.pop().context("the first run")?;
    machine.json(&["cancel", first["id"].as_str().context("an ID")?])?;
    assert_eq!(running.end()?, Some(4));
    assert_eq!(waiting.end()?, Some(0));

    let both = [
        machine.begin(&["backup", "all", "--thorough"], "")?,
        machine.begin(&["backup", "other", "--thorough"], "")?,
    ];
    for one in both {
        assert_eq!(one.end()?, Some(0));
    }
    let runs = machine.runs()?;
    let mut spans = runs[..3].iter().map(span).collect::<Result<Vec<_>>>()?;
    never_both(&mut spans)
}
