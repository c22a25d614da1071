//! A GitLab that does not take the import, or takes only some of it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::{Mark, RunDetail};
use labkeep_tests::keeper::Keeper;
use labkeep_tests::world::many;
use practice_gitlab::{Action, Deletion, FaultRule};
use serde_json::{Value, json};

use super::told;

/// A Labkeep whose one project is saved and deleted at GitLab.
async fn bereft() -> Result<(Keeper, u64, String)> {
    let keeper = Keeper::new(many(1)).await?;
    let (id, path) = keeper.world.gitlab.projects().swap_remove(0);
    keeper.back_up().await?;
    keeper.world.gitlab.delete_project(&path)?;
    Ok((keeper, id, path))
}

fn failed_with(detail: &RunDetail, words: &[&str]) -> Result<()> {
    assert_eq!(
        detail.run.outcome,
        Some(Outcome::Failed),
        "{}",
        told(detail)
    );
    let reason = detail.run.reason.clone().context("a reason")?;
    let remedy = detail.run.remedy.clone().context("a remedy")?;
    for word in words {
        let both = format!("{reason} {remedy}");
        assert!(both.contains(word), "{both:?} lacks {word:?}");
    }
    Ok(())
}

fn answer(code: u16, body: Value) -> Action {
    Action::Status {
        code,
        body: Some(body),
        headers: BTreeMap::new(),
    }
}

fn import_status(status: &str, error: &Value, failed: &Value) -> Action {
    let body = json!({
        "id": 1,
        "import_status": status,
        "import_error": error,
        "failed_relations": failed,
    });
    answer(200, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_has_its_own_sentence_and_creates_nothing() -> Result<()> {
    let (keeper, id, path) = bereft().await?;
    let gitlab = &keeper.world.gitlab;
    let owner = gitlab.tokens.owner.clone();

    gitlab.set_import_sources(false);
    let detail = keeper.restore(&keeper.request(id), &owner).await?;
    failed_with(&detail, &["import source", "Nothing was created"])?;
    gitlab.set_import_sources(true);

    // A role that is too small is known before anything is sent.
    let developer = gitlab.tokens.developer.clone();
    let plan = keeper.plan(&keeper.request(id), Some(&developer)).await?;
    let blocker = plan.blocker.context("the role is too small")?;
    let words = ["Maintainer or Owner", "fleet", "Nothing was created"];
    assert!(
        words.iter().all(|word| blocker.contains(word)),
        "{blocker:?}"
    );
    let token = Some(developer.as_str().into());
    let refused = keeper.labkeep.start_restore(keeper.request(id), token);
    let error = refused.await.expect_err("the role is too small");
    assert_eq!(error.advice().to_string(), blocker);

    let message = json!({"message": "413 Request Entity Too Large"});
    let rule = FaultRule::new("POST /projects/import", answer(413, message));
    gitlab.set_faults(vec![rule]);
    let detail = keeper.restore(&keeper.request(id), &owner).await?;
    failed_with(
        &detail,
        &["larger than this GitLab accepts", "maximum import size"],
    )?;
    gitlab.set_faults(Vec::new());

    assert!(gitlab.projects().is_empty());
    // What was refused can be taken up once it is allowed.
    let detail = keeper.resume(&detail.run.id, &owner).await?;
    assert_eq!(
        detail.run.outcome,
        Some(Outcome::Complete),
        "{}",
        told(&detail)
    );
    assert!(keeper.shown(&path).await?.is_some());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_fails_at_gitlab_leaves_nothing_half_made() -> Result<()> {
    let (keeper, id, path) = bereft().await?;
    let gitlab = &keeper.world.gitlab;
    let owner = gitlab.tokens.owner.clone();
    let said = "Import version mismatch: Required 0.2.5 but was 0.2.4";
    let failing = || {
        let action = import_status("failed", &json!(said), &json!([]));
        FaultRule::new("GET /projects/:id/import", action)
    };
    for deletion in [Deletion::Immediate, Deletion::Delayed { days: 7 }] {
        gitlab.set_deletion(deletion);
        gitlab.set_faults(vec![failing()]);
        let detail = keeper.restore(&keeper.request(id), &owner).await?;
        failed_with(&detail, &[said, "removed again"])?;
        assert!(
            gitlab.projects().is_empty(),
            "{deletion:?} {:?} {}",
            gitlab.projects(),
            told(&detail)
        );
    }
    // Where it cannot be removed, that is said, and resuming removes it.
    let refusing = FaultRule::new("DELETE /projects/:id", Action::status(403));
    gitlab.set_faults(vec![failing(), refusing]);
    let detail = keeper.restore(&keeper.request(id), &owner).await?;
    failed_with(&detail, &[said, "unfinished project is left", &path])?;
    let left = gitlab.project_id(&path)?;
    gitlab.set_faults(Vec::new());
    let detail = keeper.resume(&detail.run.id, &owner).await?;
    assert_eq!(
        detail.run.outcome,
        Some(Outcome::Complete),
        "{}",
        told(&detail)
    );
    assert_ne!(gitlab.project_id(&path)?, left);
    assert_eq!(gitlab.projects().len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_gitlab_did_not_take_are_told_and_make_it_partial() -> Result<()> {
    let (keeper, id, _) = bereft().await?;
    let gitlab = &keeper.world.gitlab;
    let failed = json!([{
        "id": 1,
        "created_at": "2026-01-01T00:00:00.000Z",
        "exception_class": "ActiveRecord::RecordInvalid",
        "exception_message": "Validation failed: Title can't be blank",
        "source": "process_relation_item!",
        "relation_name": "issues",
        "line_number": 3,
    }]);
    let action = import_status("finished", &Value::Null, &failed);
    // The import is really under way, so its end is waited for first.
    let delay = Action::Delay { milliseconds: 500 };
    gitlab.set_faults(vec![
        FaultRule::new("GET /projects/:id/import", delay).first(1),
        FaultRule::new("GET /projects/:id/import", action),
    ]);
    let owner = gitlab.tokens.owner.clone();
    let detail = keeper.restore(&keeper.request(id), &owner).await?;
    assert_eq!(
        detail.run.outcome,
        Some(Outcome::Partial),
        "{}",
        told(&detail)
    );
    let line = detail
        .report
        .iter()
        .find(|line| line.text.contains("Title can't be blank"))
        .context("the line is told")?;
    assert_eq!(line.mark, Mark::Bad);
    assert!(
        line.text.contains("issues") && line.text.contains("line 4"),
        "{line:?}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_after_the_import_is_told_and_makes_it_partial() -> Result<()> {
    use practice_gitlab::Change;

    let (keeper, id, path) = bereft().await?;
    let gitlab = &keeper.world.gitlab;
    let push = Change::Push {
        project: path.clone(),
        branch: "main".to_owned(),
        files: BTreeMap::from([("late.txt".to_owned(), "late".to_owned())]),
    };
    gitlab.set_faults(vec![
        FaultRule::new("POST git-upload-pack", Action::Change(push)).first(1),
    ]);
    let owner = gitlab.tokens.owner.clone();
    let detail = keeper.restore(&keeper.request(id), &owner).await?;
    assert_eq!(
        detail.run.outcome,
        Some(Outcome::Partial),
        "{}",
        told(&detail)
    );
    let bad = detail.report.iter().find(|line| line.mark == Mark::Bad);
    assert!(bad.is_some_and(|line| line.text.contains("refs/heads/main")));
    assert!(detail.run.missing > 0);
    Ok(())
}
