//! What a token and a role allow decides what is saved; what they do not allow
//! is in the ledger as that.

use anyhow::{Context, Result};
use labkeep_engine::backup::job::BackupError;
use labkeep_engine::kind::Kind;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::LedgerState;
use labkeep_tests::furnish::furnish;
use labkeep_tests::world::{Wish, World, many};
use practice_gitlab::TokenRequest;

#[tokio::test(flavor = "multi_thread")]
async fn a_developer_with_reading_scopes_gets_every_kind() -> Result<()> {
    let world = World::new(many(1))?;
    let made = furnish(&world).await?;
    let token = world.gitlab.tokens.developer_read.clone();
    let result = world.back_up(Wish::by(&token)).await?;
    assert_eq!(result.outcome, Outcome::Complete);
    let saved = world.saved(&result)?;
    saved.check()?;
    for line in saved.ledger.of(made.item()) {
        assert_eq!(line.state, LedgerState::Saved, "{line:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_guest_may_not_read_is_told_with_the_role_that_may() -> Result<()> {
    let world = World::new(many(1))?;
    let made = furnish(&world).await?;
    let guest = TokenRequest::new(
        &world.gitlab.users["guest"].username,
        &["read_api", "read_repository"],
    );
    let token = world.gitlab.make_token(&guest)?;
    let result = world.back_up(Wish::by(&token)).await?;
    let saved = world.saved(&result)?;
    saved.check()?;
    for kind in [Kind::Repository, Kind::MergeRequests] {
        let line = saved.line(made.item(), kind)?;
        assert_eq!(line.state, LedgerState::NoRight, "{line:?}");
        let reason = line.reason.as_deref().context("a reason")?;
        assert!(
            reason.contains("Guest") && reason.contains("Reporter"),
            "{reason}"
        );
        assert!(line.pieces.is_empty());
    }
    let issues = saved.line(made.item(), Kind::Issues)?;
    assert_eq!(issues.state, LedgerState::Saved);
    let remark = issues.reason.as_deref().context("a remark")?;
    assert!(remark.contains("Confidential"), "{remark}");
    assert!(saved.document(made.item(), "issues", made.secret).is_err());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_was_lost_is_a_failure_and_not_a_missing_right() -> Result<()> {
    let world = World::new(many(1))?;
    let made = furnish(&world).await?;
    let token = world.gitlab.tokens.developer_read.clone();
    let before = world.saved(&world.back_up(Wish::by(&token)).await?)?;
    let developer = &world.gitlab.users["developer"].username;
    world.gitlab.set_role(developer, &made.path, 0)?;
    world.gitlab.set_group_role(developer, "fleet", 10)?;
    let result = world.back_up(Wish::by(&token).thorough()).await?;
    assert_eq!(result.outcome, Outcome::Partial);
    let saved = world.saved(&result)?;
    saved.check()?;
    let line = saved.line(made.item(), Kind::Repository)?;
    assert_eq!(line.state, LedgerState::Failed, "{line:?}");
    assert!(line.stale_since.is_some());
    let kind = Kind::Repository;
    assert_eq!(
        saved.pieces(made.item(), kind)?,
        before.pieces(made.item(), kind)?
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_code_alone_is_refused_before_anything_is_written() -> Result<()> {
    let world = World::new(many(1))?;
    let token = world.gitlab.tokens.code_only.clone();
    let result = world.back_up(Wish::by(&token)).await;
    assert!(matches!(result, Err(BackupError::NoApi)), "{result:?}");
    assert!(world.vault.snapshots()?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_fine_grained_token_everything_is_tried_and_what_is_refused_is_told() -> Result<()> {
    let world = World::new(many(1))?;
    let made = furnish(&world).await?;
    let token = world.gitlab.tokens.granular.clone();
    let result = world.back_up(Wish::by(&token)).await?;
    let saved = world.saved(&result)?;
    saved.check()?;
    assert_eq!(
        saved.line(made.item(), Kind::Labels)?.state,
        LedgerState::Saved
    );
    let members = saved.line(made.item(), Kind::Members)?;
    assert_eq!(members.state, LedgerState::NoRight, "{members:?}");
    Ok(())
}
