//! From the second backup on: only what changed is read, and what was saved
//! before can still be restored.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use labkeep_engine::backup::vanished::Why;
use labkeep_engine::kind::{Item, Kind};
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::LedgerState;
use labkeep_tests::git::{advertised, fsck, git};
use labkeep_tests::honesty;
use labkeep_tests::saved::Saved;
use labkeep_tests::world::{Wish, World, many};
use practice_gitlab::{Action, Change, FaultRule};

fn git_only() -> Wish {
    Wish::of(&[Kind::Repository])
}

fn sizes(saved: &Saved, item: Item) -> Result<Vec<u64>> {
    let line = saved.line(item, Kind::Repository)?;
    let packs = line
        .pieces
        .iter()
        .filter(|piece| piece.path.contains("/packs/"));
    Ok(packs.map(|pack| pack.size).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn quick_run_of_two_hundred_unchanged_projects_asks_ten_times_at_most() -> Result<()> {
    let world = World::new(many(200))?;
    let wish = || Wish::of(&[Kind::Labels]);
    let first = world.back_up(wish()).await?;
    assert_eq!(first.head.projects, 200);
    let second = world.back_up(wish()).await?;
    assert_eq!(second.outcome, Outcome::Complete);
    assert_eq!(second.requests.git, 0);
    let api = second.requests.api;
    assert!(api <= 10, "{api} requests");
    let unchanged = second.head.items.unchanged;
    assert_eq!(unchanged, second.head.items.total);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_project_that_changed_is_read_and_adds_one_small_pack() -> Result<()> {
    let world = World::new(many(5))?;
    let before = world.saved(&world.back_up(git_only()).await?)?;
    let (id, path) = world.gitlab.projects().swap_remove(2);
    world
        .gitlab
        .push_commit(&path, "main", &[("new.txt", "new\n")])?;
    let truth = world.truth(&git_only()).await?;
    let result = world.back_up(git_only()).await?;
    assert_eq!(result.requests.git, 2, "the list of refs and the pack");
    honesty::check(&world, &result, &truth, Some(&before))?;
    let saved = world.saved(&result)?;
    let (old, new) = (
        sizes(&before, Item::project(id))?,
        sizes(&saved, Item::project(id))?,
    );
    assert_eq!((old.len(), new.len()), (1, 2));
    assert_eq!(new[0], old[0]);
    assert!(new[1] < 1024, "{} bytes for one commit", new[1]);
    for line in saved.ledger.lines() {
        let is_changed = line.item() == Item::project(id) && line.kind == Kind::Repository;
        assert_eq!(line.state == LedgerState::Saved, is_changed, "{line:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn thorough_run_asks_git_once_a_repository() -> Result<()> {
    let world = World::new(many(6))?;
    world.back_up(git_only()).await?;
    let result = world.back_up(git_only().thorough()).await?;
    assert_eq!(result.outcome, Outcome::Complete);
    assert_eq!(result.requests.git, 6);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_force_push_and_a_deleted_branch_took_is_still_in_the_old_snapshot() -> Result<()> {
    let world = World::new(many(1))?;
    let (id, path) = world.gitlab.projects().swap_remove(0);
    let item = Item::project(id);
    world
        .gitlab
        .push_commit(&path, "side", &[("side.txt", "aside\n")])?;
    let old = advertised(&world.gitlab, &world.gitlab.tokens.minimal, &path)?;
    let first = world.saved(&world.back_up(git_only()).await?)?;

    let bare = world.gitlab.repository(&path)?;
    git(&bare, &["update-ref", "refs/heads/main", "main~1"])?;
    world.gitlab.change(&Change::DeleteBranch {
        project: path.clone(),
        branch: "side".to_owned(),
    })?;
    let new = advertised(&world.gitlab, &world.gitlab.tokens.minimal, &path)?;
    assert_ne!(old, new);
    let truth = world.truth(&git_only()).await?;
    let result = world.back_up(git_only().thorough()).await?;
    honesty::check(&world, &result, &truth, Some(&first))?;
    let second = world.saved(&result)?;
    for (saved, expected) in [(first, old), (second, new)] {
        let refs = saved.refs(item, "repository")?.to_bytes();
        assert_eq!(String::from_utf8(refs)?, expected);
        let folder = tempfile::tempdir()?;
        let rebuilt = saved.rebuild(item, Kind::Repository, folder.path())?;
        fsck(&rebuilt)?;
        let has = git(
            &rebuilt,
            &["for-each-ref", "--format=%(objectname) %(refname)"],
        )?;
        let head = git(&rebuilt, &["symbolic-ref", "HEAD"])?;
        assert_eq!(format!("{has}HEAD {head}"), expected);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn renamed_and_moved_projects_keep_their_packs_and_their_history() -> Result<()> {
    let world = World::new(many(3))?;
    let wish = Wish::default();
    let before = world.saved(&world.back_up(wish.clone()).await?)?;
    let projects = world.gitlab.projects();
    world.gitlab.rename_project(&projects[0].1, "flagship")?;
    let owner = &world.gitlab.users["owner"].username;
    world.gitlab.create_groups("fleet/yard", owner)?;
    world.gitlab.move_project(&projects[1].1, "fleet/yard")?;
    let truth = world.truth(&wish).await?;
    let result = world.back_up(wish).await?;
    assert_eq!(result.outcome, Outcome::Complete);
    assert!(result.vanished.is_empty());
    honesty::check(&world, &result, &truth, Some(&before))?;
    let saved = world.saved(&result)?;
    for ((id, _), path) in projects
        .iter()
        .zip(["fleet/flagship", "fleet/yard/ship-00002"])
    {
        let item = Item::project(*id);
        let (old, new) = (
            before.line(item, Kind::Repository)?,
            saved.line(item, Kind::Repository)?,
        );
        assert_eq!(new.path, path);
        assert_eq!(new.pieces, old.pieces, "the packs were read again");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_deleted_at_gitlab_stays_in_the_snapshots_before() -> Result<()> {
    let world = World::new(many(3))?;
    let before = world.saved(&world.back_up(Wish::default()).await?)?;
    let (id, path) = world.gitlab.projects().swap_remove(1);
    world.gitlab.delete_project(&path)?;
    let result = world.back_up(Wish::default()).await?;
    let gone: Vec<_> = result.vanished.iter().map(|v| (v.item, v.why)).collect();
    assert_eq!(gone, [(Item::project(id), Why::Gone)]);
    let saved = world.saved(&result)?;
    saved.check()?;
    assert!(!saved.ledger.items().contains(&Item::project(id)));
    let report = before.drill(Item::project(id))?;
    assert!(report.is_good(), "{:?}", report.bad);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_chain_of_packs_is_replaced_by_one() -> Result<()> {
    let world = World::new(many(1))?;
    let (id, path) = world.gitlab.projects().swap_remove(0);
    let item = Item::project(id);
    let mut lengths = Vec::new();
    let mut last = None;
    for number in 0..52 {
        let text = format!("{number}\n");
        world
            .gitlab
            .push_commit(&path, "main", &[("count.txt", &text)])?;
        let result = world.back_up(git_only()).await?;
        assert_eq!(result.outcome, Outcome::Complete);
        let saved = world.saved(&result)?;
        lengths.push(saved.packs(item, Kind::Repository)?);
        last = Some((result, saved));
    }
    let expected: Vec<usize> = (1..=50).chain([1, 2]).collect();
    assert_eq!(lengths, expected);
    let truth = world.truth(&git_only()).await?;
    let (result, _) = last.context("there were backups")?;
    honesty::check(&world, &result, &truth, None)?;
    // The longest chain is still whole.
    let snapshots = world.snapshots(&git_only())?;
    let longest = Saved::open(&world.vault, &snapshots[49].id)?;
    assert_eq!(longest.packs(item, Kind::Repository)?, 50);
    assert!(longest.drill(item)?.is_good());
    let distinct: BTreeSet<_> = snapshots.iter().map(|snapshot| snapshot.id).collect();
    assert_eq!(distinct.len(), 52);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stale_is_fresh_again_once_it_could_be_asked() -> Result<()> {
    let world = World::new(many(2))?;
    let item = Item::project(world.gitlab.projects()[0].0);
    world.back_up(git_only()).await?;
    let broken = FaultRule::new("POST git-upload-pack", Action::status(500));
    world.gitlab.set_faults(vec![broken]);
    let failed = world.back_up(git_only().thorough()).await?;
    assert_eq!(failed.outcome, Outcome::Partial);
    let line = world.saved(&failed)?.line(item, Kind::Repository)?.clone();
    assert!(line.stale_since.is_some(), "{line:?}");

    world.gitlab.set_faults(Vec::new());
    let healed = world.back_up(git_only()).await?;
    assert_eq!(healed.outcome, Outcome::Complete);
    let line = world.saved(&healed)?.line(item, Kind::Repository)?.clone();
    assert_eq!(line.state, LedgerState::Unchanged);
    assert_eq!((line.stale_since, line.reason), (None, None));
    Ok(())
}
