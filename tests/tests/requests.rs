//! How often GitLab is asked: the server's own count, not the client's. What
//! these hold, `make bench` measures with the numbers of a large instance.

use anyhow::Result;
use labkeep_engine::kind::Kind;
use labkeep_engine::outcome::Outcome;
use labkeep_tests::world::{Wish, World, many};

/// Requests of a run before the first page of projects: the token, the
/// instance, the groups and what may join them.
const BESIDES_PROJECTS: u64 = 8;

/// Projects on a page of GitLab's lists.
const PER_PAGE: u64 = 100;

struct Asked {
    api: u64,
    git: u64,
}

/// Backs up once, and tells what the server was asked.
async fn asked(world: &World, wish: Wish) -> Result<Asked> {
    world.gitlab.reset_requests();
    let result = world.back_up(wish).await?;
    assert_eq!(result.outcome, Outcome::Complete);
    let counted = world.gitlab.requests();
    let (api, git) = (counted.api(), counted.total - counted.api());
    assert_eq!(
        (result.requests.api, result.requests.git),
        (api, git),
        "a run that counts its requests wrongly misleads people"
    );
    Ok(Asked { api, git })
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_unchanged_projects_are_known_by_their_list() -> Result<()> {
    let world = World::new(many(200))?;
    let wish = || Wish::of(&[Kind::Labels]);
    let first = asked(&world, wish()).await?;
    assert!(first.api > 200, "the first run asks for every project");
    let second = asked(&world, wish()).await?;
    assert!(second.api <= 10, "{} requests", second.api);
    assert_eq!(second.git, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_unchanged_projects_cost_a_request_a_page() -> Result<()> {
    let world = World::new(many(2_000))?;
    let wish = || Wish::of(&[Kind::Settings]);
    asked(&world, wish()).await?;
    let second = asked(&world, wish()).await?;
    // At ten thousand this is a hundred pages, of 250 requests at most.
    let most = 2_000 / PER_PAGE + 1 + BESIDES_PROJECTS;
    assert!(second.api <= most, "{} requests", second.api);
    assert_eq!(second.git, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_repository_costs_a_thorough_run_one_git_request() -> Result<()> {
    let world = World::new(many(12))?;
    let wish = || Wish::of(&[Kind::Repository]);
    let first = asked(&world, wish()).await?;
    assert_eq!(first.git, 2 * 12, "the list of refs, and one pack");
    let quick = asked(&world, wish()).await?;
    assert_eq!(quick.git, 0);
    let thorough = asked(&world, wish().thorough()).await?;
    assert_eq!(thorough.git, 12);
    assert!(thorough.api <= 10, "{} requests", thorough.api);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_push_costs_one_list_of_refs_and_one_pack() -> Result<()> {
    let world = World::new(many(12))?;
    let wish = || Wish::of(&[Kind::Repository]);
    asked(&world, wish()).await?;
    let (_, path) = world.gitlab.projects().swap_remove(5);
    world
        .gitlab
        .push_commit(&path, "main", &[("log.txt", "One more.\n")])?;
    let after = asked(&world, wish()).await?;
    assert_eq!(after.git, 2);
    assert!(after.api <= 10, "{} requests", after.api);
    Ok(())
}
