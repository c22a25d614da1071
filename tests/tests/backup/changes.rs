//! GitLab does not hold still: things change, vanish and are refused while a
//! backup reads them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use labkeep_engine::kind::Kind;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::LedgerState;
use labkeep_gitlab::documents::without_only_in_export;
use labkeep_tests::furnish::furnish;
use labkeep_tests::honesty;
use labkeep_tests::world::{Wish, World, many};
use practice_gitlab::{Action, Change, FaultRule, TokenRequest};
use serde_json::json;

use crate::faults::GIT;

const DISCUSSIONS: &str = "GET /projects/:id/issues/:issue_iid/discussions";

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_during_a_run_is_in_this_snapshot_or_the_next() -> Result<()> {
    let world = World::new(many(1))?;
    let made = furnish(&world).await?;
    let project = made.path.clone();
    let files = [("late.txt".to_owned(), "late\n".to_owned())].into();
    let push = Change::Push {
        project: project.clone(),
        branch: "main".to_owned(),
        files,
    };
    let gone = Change::DeleteBranch {
        project: project.clone(),
        branch: "idea".to_owned(),
    };
    let issue = Change::CreateIssue {
        project: project.clone(),
        title: "Late".to_owned(),
    };
    let note = Change::CreateNote {
        project: project.clone(),
        issue: made.issue,
        body: "Late".to_owned(),
    };
    let renamed = Change::RenameProject {
        project,
        path: "elsewhere".to_owned(),
    };
    let cases = [
        (GIT, 2, push),
        (GIT, 2, gone),
        (DISCUSSIONS, 1, issue),
        (DISCUSSIONS, 2, note),
        ("GET /projects/:id/labels", 1, renamed),
    ];
    for (number, (route, nth, change)) in cases.into_iter().enumerate() {
        let rule = FaultRule::new(route, Action::Change(change.clone())).nth(nth);
        world.gitlab.set_faults(vec![rule]);
        let wish = Wish::default().for_plan(&format!("change-{number}"));
        let result = world.back_up(wish.clone()).await?;
        ensure!(
            result.outcome == Outcome::Complete,
            "{change:?}: {result:?}"
        );
        let before = world.saved(&result)?;
        before.check()?;
        world.gitlab.set_faults(Vec::new());
        let next = world.back_up(wish).await?;
        let truth = world.truth(&Wish::default()).await?;
        ensure!(next.outcome == Outcome::Complete, "{change:?}: {next:?}");
        honesty::check(&world, &next, &truth, Some(&before))
            .with_context(|| format!("{change:?}"))?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_deleted_while_it_is_read_hides_no_other() -> Result<()> {
    let world = Arc::new(World::new(many(1))?);
    let made = furnish(&world).await?;
    let slow = Action::Delay { milliseconds: 1500 };
    world
        .gitlab
        .set_faults(vec![FaultRule::new(DISCUSSIONS, slow)]);
    world.gitlab.reset_requests();
    let running = {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.back_up(Wish::of(&[Kind::Issues])).await })
    };
    while world.gitlab.requests().count(DISCUSSIONS) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let owner = world.client(&world.gitlab.tokens.owner)?;
    let path = format!("projects/{}/issues/{}", made.project, made.secret);
    owner.delete(&path, &[]).await?;
    let result = running.await??;
    world.gitlab.set_faults(Vec::new());
    let truth = world.truth(&Wish::of(&[Kind::Issues])).await?;
    let saved = world.saved(&result)?;
    let line = saved.line(made.item(), Kind::Issues)?;
    assert_eq!(line.state, LedgerState::Saved, "{line:?}");
    let real = truth.line(made.item(), Kind::Issues)?;
    assert_eq!(line.count, real.count);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_dies_during_the_run_leaves_the_earlier_versions() -> Result<()> {
    let world = World::new(many(3))?;
    let made = furnish(&world).await?;
    let request = TokenRequest {
        name: "dies".to_owned(),
        ..TokenRequest::new(
            &world.gitlab.users["owner"].username,
            &["read_api", "read_repository"],
        )
    };
    let token = world.gitlab.make_token(&request)?;
    let truth = world.truth(&Wish::default()).await?;
    let wish = Wish::by(&token).thorough();
    let first = world.back_up(wish.clone()).await?;
    let before = world.saved(&first)?;
    let expired = Action::Status {
        code: 401,
        body: Some(json!({
            "error": "invalid_token",
            "error_description":
                "Token is expired. You can either do re-authorization or token refresh."
        })),
        headers: [].into(),
    };
    let revoke = Action::Change(Change::RevokeToken {
        name: "dies".to_owned(),
    });
    for action in [expired, revoke] {
        let rule = FaultRule::new(DISCUSSIONS, action.clone()).first(1);
        world.gitlab.set_faults(vec![rule]);
        let result = world.back_up(wish.clone()).await?;
        ensure!(result.outcome == Outcome::Partial, "{action:?}: {result:?}");
        honesty::check(&world, &result, &truth, Some(&before))?;
        let saved = world.saved(&result)?;
        let line = saved.line(made.item(), Kind::Issues)?;
        let said = line.reason.clone().unwrap_or_default();
        assert!(said.contains("token"), "{action:?}: {said}");
        assert!(line.stale_since.is_some());
    }
    assert!(world.gitlab.failed_sign_ins() < 10, "near the ban");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_that_never_comes_whole_is_told_and_comes_with_the_next_run() -> Result<()> {
    let world = World::new(many(1))?;
    let (id, path) = world.gitlab.projects().swap_remove(0);
    let item = labkeep_engine::kind::Item::project(id);
    let wish = || Wish {
        patience: Some(Duration::from_millis(200)),
        ..Wish::of(&[Kind::Repository])
    };
    let before = world.saved(&world.back_up(wish()).await?)?;
    world
        .gitlab
        .push_commit(&path, "main", &[("more.txt", "more\n")])?;
    let truth = world.truth(&wish()).await?;
    for action in [
        Action::status(500),
        Action::status(503),
        crate::faults::limited(&[]),
        Action::Throttle { retry_after: 3600 },
        Action::Reset { after_bytes: 0 },
        Action::Reset { after_bytes: 60 },
        Action::Truncate { after_bytes: 60 },
        Action::WrongDigest { at_byte: 60 },
    ] {
        // The list of refs comes, what follows does not.
        let rules = (2..60).map(|nth| FaultRule::new(GIT, action.clone()).nth(nth));
        world.gitlab.set_faults(rules.collect());
        let result = world.back_up(wish()).await?;
        ensure!(result.outcome == Outcome::Partial, "{action:?}: {result:?}");
        honesty::check(&world, &result, &truth, Some(&before))
            .with_context(|| format!("{action:?}"))?;
        let line = result
            .ledger
            .line(item, Kind::Repository)
            .context("a line")?;
        ensure!(line.state == LedgerState::Failed, "{action:?}: {line:?}");
    }
    let damaged = Action::WrongDigest { at_byte: 60 };
    world
        .gitlab
        .set_faults(vec![FaultRule::new(GIT, damaged).nth(2)]);
    let result = world.back_up(wish()).await?;
    assert_eq!(result.outcome, Outcome::Complete);
    honesty::check(&world, &result, &truth, Some(&before))
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sources_of_documents_and_a_failing_export_give_the_same() -> Result<()> {
    let world = World::new(many(1))?;
    let made = furnish(&world).await?;
    for number in 0..30 {
        let iid = world
            .gitlab
            .create_issue(&made.path, &format!("Number {number}"))?;
        world.gitlab.create_note(&made.path, iid, "Noted")?;
    }
    let kinds = [
        Kind::Issues,
        Kind::MergeRequests,
        Kind::Labels,
        Kind::Milestones,
    ];
    let read = world.truth(&Wish::of(&kinds)).await?;
    let by_owner = Wish {
        token: Some(world.gitlab.tokens.owner.clone()),
        patience: Some(Duration::from_millis(200)),
        ..Wish::of(&kinds)
    };
    world.gitlab.reset_requests();
    let exported = world.truth(&by_owner).await?;
    let download = "GET /projects/:id/export_relations/download";
    assert!(world.gitlab.requests().count(download) > 0);
    for relation in ["issues", "merge_requests", "labels", "milestones"] {
        let of = |saved: &labkeep_tests::saved::Saved| -> Result<Vec<_>> {
            let documents = saved.documents(made.item(), relation)?;
            let comparable = |document| without_only_in_export(relation, document);
            Ok(documents.into_iter().map(comparable).collect())
        };
        let (exported, read) = (of(&exported)?, of(&read)?);
        assert!(!read.is_empty(), "{relation}");
        assert_eq!(exported, read, "{relation}");
    }
    for (number, (route, action)) in [
        ("POST /projects/:id/export_relations", Action::status(500)),
        (
            "GET /projects/:id/export_relations/status",
            Action::status(500),
        ),
        (download, Action::status(500)),
        (download, Action::Truncate { after_bytes: 30 }),
        (download, Action::WrongDigest { at_byte: 30 }),
    ]
    .into_iter()
    .enumerate()
    {
        world
            .gitlab
            .set_faults(vec![FaultRule::new(route, action.clone())]);
        let wish = by_owner.clone().for_plan(&format!("export-{number}"));
        let result = world.back_up(wish).await?;
        ensure!(result.outcome == Outcome::Complete, "{route} {action:?}");
        honesty::check(&world, &result, &read, None)
            .with_context(|| format!("{route} {action:?}"))?;
    }
    Ok(())
}
