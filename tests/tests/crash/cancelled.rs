//! Every kind of run ends within two seconds of being cancelled, wherever it
//! is: in the middle of a large repository, or waiting for a slow GitLab.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use labkeep_engine::Labkeep;
use labkeep_engine::keep::{BackupWish, ExportWish};
use labkeep_engine::kind::Item;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::{PlanInput, RunDetail, ScheduleView};
use labkeep_settings::{Retention, RunId};
use labkeep_tests::keeper::Keeper;
use labkeep_tests::world::{World, many};
use labkeep_vault::{CreateOptions, Location, Vault};
use practice_gitlab::{Action, FaultRule};

use crate::machine::dense;

/// How long a run may take to end.
const SOON: Duration = Duration::from_secs(2);

/// Commits of the large repository.
const COMMITS: u32 = 10_000;

/// Shares of a whole run at which it is cancelled.
const MOMENTS: [f64; 3] = [0.2, 0.5, 0.8];

/// A Labkeep that protects one large project.
async fn large() -> Result<Keeper> {
    let world = World::new(many(1))?;
    let (_, path) = world.gitlab.projects().swap_remove(0);
    write_history(&world.gitlab.repository(&path)?)?;
    world
        .gitlab
        .push_commit(&path, "main", &[("new.txt", "new\n")])?;
    let token = world.gitlab.tokens.minimal.clone();
    let keeper = Keeper::keep(world, &token, &[]).await?;
    keeper.back_up().await?;
    Ok(keeper)
}

/// Gives a repository a branch with many commits.
fn write_history(repository: &Path) -> Result<()> {
    let mut import = Command::new("git")
        .arg("-C")
        .arg(repository)
        .args(["fast-import", "--quiet", "--done"])
        .stdin(Stdio::piped())
        .spawn()?;
    let mut stream = BufWriter::new(import.stdin.take().context("a pipe was asked for")?);
    for number in 0..COMMITS {
        let (seconds, text) = (1_600_000_000 + number, dense(number.into(), 3_000));
        writeln!(stream, "commit refs/heads/large")?;
        writeln!(stream, "committer Ada <ada@example.com> {seconds} +0000")?;
        writeln!(stream, "data 6\nChange")?;
        writeln!(stream, "M 100644 inline folder/{}.txt", number % 97)?;
        writeln!(stream, "data {}\n{text}", text.len())?;
    }
    writeln!(stream, "done")?;
    drop(stream);
    ensure!(import.wait()?.success(), "git fast-import failed");
    Ok(())
}

/// Cancels a run and measures how long it takes to end.
async fn cancel(labkeep: &Labkeep, run: RunId) -> Result<(RunDetail, Duration)> {
    let began = Instant::now();
    match labkeep.cancel_run(run) {
        // It had come to its end just then.
        Err(labkeep_engine::Error::HasEnded) => {}
        asked => asked?,
    }
    labkeep.wait_for(run).await?;
    Ok((labkeep.run_detail(run)?, began.elapsed()))
}

fn is_soon(what: &str, detail: &RunDetail, took: Duration) -> Result<()> {
    println!("{what}: {:?} after {took:?}", detail.run.outcome);
    ensure!(took < SOON, "{what} took {took:?}");
    Ok(())
}

/// Runs something to its end, and then cancels it at several moments.
async fn anywhere<F: Future<Output = Result<RunId>>>(
    what: &str,
    labkeep: &Labkeep,
    start: impl Fn() -> F,
) -> Result<()> {
    let run = start().await?;
    let began = Instant::now();
    labkeep.wait_for(run).await?;
    let whole = began.elapsed();
    let detail = labkeep.run_detail(run)?;
    ensure!(
        detail.run.outcome == Some(Outcome::Complete),
        "{what}: {:?}",
        detail.run
    );
    let mut aborted = 0;
    for share in MOMENTS {
        let run = start().await?;
        tokio::time::sleep(whole.mul_f64(share)).await;
        let (detail, took) = cancel(labkeep, run).await?;
        is_soon(&format!("{what} at {share} of {whole:?}"), &detail, took)?;
        let outcome = detail.run.outcome;
        ensure!(
            matches!(outcome, Some(Outcome::Aborted | Outcome::Complete)),
            "{what}: {:?}",
            detail.run
        );
        aborted += u32::from(outcome == Some(Outcome::Aborted));
    }
    ensure!(aborted > 0, "{what} was never stopped");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_works_on_a_large_repository_ends_soon() -> Result<()> {
    let keeper = large().await?;
    let labkeep = &keeper.labkeep;
    let (project, _) = keeper.world.gitlab.projects().swap_remove(0);
    let snapshot = labkeep.find_snapshot("latest")?;
    let vault = labkeep.plans()?.swap_remove(0).input.vault;

    anywhere("drill", labkeep, || async {
        Ok(labkeep.start_drill(&snapshot, Vec::new()).await?)
    })
    .await?;
    let number = AtomicU32::new(0);
    for archive in [false, true] {
        anywhere(&format!("export, archive: {archive}"), labkeep, || async {
            let next = number.fetch_add(1, Ordering::Relaxed);
            let folder = keeper.home().join(format!("export-{next}"));
            let wish = ExportWish { folder, archive };
            let item = Item::project(project);
            Ok(labkeep.start_export(&snapshot, item, wish).await?)
        })
        .await?;
    }
    anywhere("check", labkeep, || async {
        Ok(labkeep.start_check(&vault, 100).await?)
    })
    .await?;
    anywhere("copy", labkeep, || async {
        let next = number.fetch_add(1, Ordering::Relaxed);
        let folder = keeper.world.folder.path().join(format!("copy-{next}"));
        let location = Location::folder(&folder)?;
        Vault::create(&location, &keeper.world.key, CreateOptions::default())?;
        let key = keeper.world.key.as_secret().clone();
        let name = Some(format!("copy {next}"));
        let to = labkeep
            .open_vault(&folder.display().to_string(), key, name)
            .await?;
        Ok(labkeep.start_copy_between(&vault, &to.id)?)
    })
    .await?;
    let left = std::fs::read_dir(keeper.home().join("cache/scratch"))?.count();
    assert_eq!(left, 0, "nothing of a stopped run lies about");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prune_ends_soon() -> Result<()> {
    let keeper = Keeper::new(many(2)).await?;
    let labkeep = &keeper.labkeep;
    let first = labkeep.plans()?.swap_remove(0);
    let plan = labkeep.create_plan(&PlanInput {
        name: "last one".to_owned(),
        retention: Retention {
            last: 1,
            daily: 0,
            weekly: 0,
            monthly: 0,
            ..Retention::default()
        },
        schedule: ScheduleView::Manual,
        ..first.input.clone()
    })?;
    let path = keeper.world.gitlab.projects().swap_remove(0).1;
    let round = AtomicU32::new(0);
    let vault = &first.input.vault;
    anywhere("prune", labkeep, || async {
        for _ in 0..3 {
            let text = dense(round.fetch_add(1, Ordering::Relaxed).into(), 1 << 20);
            keeper
                .world
                .gitlab
                .push_commit(&path, "main", &[("large.txt", &text)])?;
            let run = labkeep.start_backup(&plan.id, BackupWish::default())?;
            labkeep.wait_for(run).await?;
        }
        let planned = labkeep.plan_prune(vault).await?;
        ensure!(planned.goes().count() > 0, "there is something to prune");
        Ok(labkeep.start_prune(&planned)?)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_ends_soon_wherever_gitlab_is_slow() -> Result<()> {
    let keeper = large().await?;
    let labkeep = &keeper.labkeep;
    let gitlab = &keeper.world.gitlab;
    let (project, _) = gitlab.projects().swap_remove(0);
    let owner = gitlab.tokens.owner.clone();
    for route in [
        "POST /projects/import",
        "GET /projects/:id/import",
        "GET /projects/:id/issues",
    ] {
        gitlab.reset_requests();
        let slow = Action::Delay {
            milliseconds: 60_000,
        };
        gitlab.set_faults(vec![FaultRule::new(route, slow)]);
        let request = keeper.request(project);
        let run = labkeep
            .start_restore(request, Some(owner.as_str().into()))
            .await?;
        let end = Instant::now() + Duration::from_mins(1);
        while gitlab.requests().count(route) == 0 {
            ensure!(Instant::now() < end, "{route} was never asked");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let (detail, took) = cancel(labkeep, run).await?;
        is_soon(route, &detail, took)?;
        ensure!(
            detail.run.outcome == Some(Outcome::Aborted),
            "{:?}",
            detail.run
        );
        gitlab.set_faults(Vec::new());
        if let Some(url) = detail.run.result_url {
            let path = url
                .rsplit_once(&gitlab.url)
                .context("a page of this GitLab")?
                .1;
            gitlab.delete_project(path.trim_start_matches('/'))?;
        }
    }
    let began = Instant::now();
    let token = || Some(owner.as_str().into());
    let run = labkeep
        .start_restore(keeper.request(project), token())
        .await?;
    labkeep.wait_for(run).await?;
    let whole = began.elapsed();
    for share in MOMENTS {
        let run = labkeep
            .start_restore(keeper.request(project), token())
            .await?;
        tokio::time::sleep(whole.mul_f64(share)).await;
        let (detail, took) = cancel(labkeep, run).await?;
        is_soon(&format!("restore at {share} of {whole:?}"), &detail, took)?;
    }
    Ok(())
}
