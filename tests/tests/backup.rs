//! Backups of a practice GitLab into a real vault.

#[path = "backup/changes.rs"]
mod changes;
#[path = "backup/faults.rs"]
mod faults;
#[path = "backup/incremental.rs"]
mod incremental;
#[path = "backup/kinds.rs"]
mod kinds;
#[path = "backup/restic.rs"]
mod restic;
#[path = "backup/rights.rs"]
mod rights;
#[path = "backup/stopped.rs"]
mod stopped;

use anyhow::Result;
use labkeep_engine::kind::Kind;
use labkeep_engine::outcome::Outcome;
use labkeep_tests::world::{Wish, World, many};

#[tokio::test(flavor = "multi_thread")]
async fn second_quick_run_asks_git_nothing() -> Result<()> {
    let world = World::new(many(12))?;
    let git_only = || Wish::of(&[Kind::Repository]);
    let first = world.back_up(git_only()).await?;
    assert_eq!(first.outcome, Outcome::Complete);
    assert_eq!(first.head.projects, 12);
    world.gitlab.reset_requests();
    let second = world.back_up(git_only()).await?;
    assert_eq!(second.outcome, Outcome::Complete);
    assert_eq!(second.head.items.unchanged, second.head.items.total);
    assert_eq!(second.requests.git, 0);
    assert!(
        second.requests.api <= 10,
        "{} requests",
        second.requests.api
    );
    Ok(())
}
